//! Properties of the layout of dependency graphs: nothing covers anything, lines lead forward, and the same graph always
//! gives the same picture.

use std::collections::BTreeSet;

use proptest::prelude::*;
use regatta::graph_layout::{End, Layout, Metrics, Rect, lay_out};

/// Widths of labels, and edges from lower to higher positions of a shuffled order.
#[derive(Debug, Clone)]
struct Graph {
    widths: Vec<i32>,
    edges: Vec<(usize, usize)>,
}

fn graphs() -> impl Strategy<Value = Graph> {
    (1_usize..48).prop_flat_map(|nodes| {
        let widths = prop::collection::vec(20_i32..240, nodes);
        let order = Just((0..nodes).collect::<Vec<_>>()).prop_shuffle();
        // A small range of beginnings makes nodes alike, so that frames come about.
        let ends = (0..nodes.min(6), 0..nodes).prop_union_with(nodes);
        let edges = prop::collection::vec(ends, 0..nodes * 2);
        (widths, order, edges).prop_map(|(widths, order, edges)| {
            let edges = edges
                .into_iter()
                .filter(|(a, b)| a != b)
                .map(|(a, b)| (order[a.min(b)], order[a.max(b)]));
            Graph {
                edges: edges.collect(),
                widths,
            }
        })
    })
}

/// A pair from few beginnings, or from all of them.
trait UnionWith {
    fn prop_union_with(self, nodes: usize) -> BoxedStrategy<(usize, usize)>;
}

impl<S: Strategy<Value = (usize, usize)> + 'static> UnionWith for S {
    fn prop_union_with(self, nodes: usize) -> BoxedStrategy<(usize, usize)> {
        prop_oneof![self, (0..nodes, 0..nodes)].boxed()
    }
}

fn draw(graph: &Graph) -> Layout {
    lay_out(&graph.widths, &graph.edges, &Metrics::default())
}

fn touch(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn contains(outer: Rect, inner: Rect) -> bool {
    outer.x <= inner.x
        && outer.y <= inner.y
        && inner.right() <= outer.right()
        && inner.bottom() <= outer.bottom()
}

fn rect(layout: &Layout, end: End) -> Rect {
    match end {
        End::Node(node) => layout.nodes[node],
        End::Frame(frame) => layout.frames[frame].rect,
    }
}

/// What stands for itself in the picture: frames, and nodes outside of them.
fn ends(layout: &Layout) -> BTreeSet<End> {
    (0..layout.nodes.len())
        .map(|it| layout.end_of(it))
        .collect()
}

/// The nodes that are before each node, at any distance.
fn ancestors(nodes: usize, edges: &[(usize, usize)]) -> Vec<BTreeSet<usize>> {
    let mut all = vec![BTreeSet::new(); nodes];
    loop {
        let mut grown = false;
        for &(from, to) in edges {
            let more: BTreeSet<usize> = all[from].iter().copied().chain([from]).collect();
            let size = all[to].len();
            all[to].extend(more);
            grown |= all[to].len() > size;
        }
        if !grown {
            return all;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_covers_anything(graph in graphs()) {
        let layout = draw(&graph);
        let whole = Rect { x: 0, y: 0, width: layout.width, height: layout.height };
        for (a, one) in layout.nodes.iter().enumerate() {
            prop_assert!(one.width >= graph.widths[a], "a label has room");
            prop_assert!(contains(whole, *one));
            for other in &layout.nodes[..a] {
                prop_assert!(!touch(*one, *other), "{one:?} and {other:?}");
            }
        }
        for (frame, other) in layout.frames.iter().enumerate().flat_map(|(at, it)| {
            layout.frames[..at].iter().map(move |other| (it, other))
        }) {
            prop_assert!(!touch(frame.rect, other.rect));
        }
        for frame in &layout.frames {
            prop_assert!(contains(whole, frame.rect));
            for (node, rect) in layout.nodes.iter().enumerate() {
                if frame.members.contains(&node) {
                    prop_assert!(contains(frame.rect, *rect));
                } else {
                    prop_assert!(!touch(frame.rect, *rect));
                }
            }
        }
    }

    #[test]
    fn lines_lead_forward_and_around_everything(graph in graphs()) {
        let layout = draw(&graph);
        for wire in &layout.wires {
            let (from, to) = (rect(&layout, wire.from), rect(&layout, wire.to));
            let (first, last) = (wire.points[0], *wire.points.last().expect("a line has points"));
            prop_assert_eq!((first.x, first.y), (from.right(), from.y + from.height / 2));
            prop_assert_eq!((last.x, last.y), (to.x, to.y + to.height / 2));
            for pair in wire.points.windows(2) {
                prop_assert!(pair[0].x < pair[1].x, "{:?}", wire);
                let covered = Rect {
                    x: pair[0].x,
                    y: pair[0].y.min(pair[1].y),
                    width: pair[1].x - pair[0].x,
                    height: (pair[0].y - pair[1].y).abs().max(1),
                };
                for end in ends(&layout) {
                    prop_assert!(!touch(covered, rect(&layout, end)), "{wire:?} crosses {end:?}");
                }
            }
        }
    }

    #[test]
    fn the_lines_say_what_the_edges_say(graph in graphs()) {
        let layout = draw(&graph);
        let nodes = graph.widths.len();
        let members = |end: End| match end {
            End::Node(node) => vec![node],
            End::Frame(frame) => layout.frames[frame].members.clone(),
        };
        let mut drawn = Vec::new();
        for wire in &layout.wires {
            for from in members(wire.from) {
                drawn.extend(members(wire.to).into_iter().map(|to| (from, to)));
            }
        }
        prop_assert_eq!(ancestors(nodes, &drawn), ancestors(nodes, &graph.edges));
        let edges: BTreeSet<_> = graph.edges.iter().copied().collect();
        prop_assert_eq!(drawn.len() + layout.left_out, edges.len());
    }

    #[test]
    fn the_order_of_the_edges_does_not_matter(
        (graph, shuffled) in graphs().prop_flat_map(|graph| {
            let edges = graph.edges.iter().chain(&graph.edges).copied().collect::<Vec<_>>();
            (Just(graph), Just(edges).prop_shuffle())
        })
    ) {
        let again = Graph { widths: graph.widths.clone(), edges: shuffled };
        prop_assert_eq!(draw(&graph), draw(&again));
    }

    #[test]
    fn edges_that_make_no_sense_do_no_harm(
        widths in prop::collection::vec(1_i32..99, 0..12),
        edges in prop::collection::vec((0_usize..14, 0_usize..14), 0..40),
    ) {
        let layout = draw(&Graph { widths: widths.clone(), edges });
        prop_assert_eq!(layout.nodes.len(), widths.len());
        for wire in &layout.wires {
            prop_assert!(rect(&layout, wire.from).right() < rect(&layout, wire.to).x);
        }
    }
}

#[test]
fn alike_nodes_stand_in_the_order_they_were_given() {
    let edges: Vec<(usize, usize)> = (1..10).map(|it| (0, it)).collect();
    let layout = lay_out(&[80; 10], &edges, &Metrics::default());
    let frame = &layout.frames[0];
    let places: Vec<(i32, i32)> = frame
        .members
        .iter()
        .map(|&it| (layout.nodes[it].y, layout.nodes[it].x))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}
