//! From a graph to its picture: reduce, fold, draw each component, set them side by side.

use super::component::{Part, Stretch, Wanted, draw_component};
use super::pack::pack;
use super::picture::{End, Frame, Layout, Metrics, Point, Rect, Wire};
use super::reduce::reduce;
use super::twins::{Unit, Units, fold_twins};

/// Widths to heights of a frame, measured in what its nodes take.
const FRAME_ASPECT: f64 = 1.1;

/// Lays out a graph: `widths` has the width that each node's label needs, `edges` name what is waited for and what waits.
///
/// The order of the edges does not matter, nor does an edge that is given twice. Nodes that nothing tells apart stand in
/// the order they were given.
#[must_use]
pub fn lay_out(widths: &[i32], edges: &[(usize, usize)], metrics: &Metrics) -> Layout {
    let reduced = reduce(widths.len(), edges);
    let units = fold_twins(&reduced);
    let mut components = find_components(&units);
    let mut grids: Vec<Grid> = units
        .list
        .iter()
        .map(|unit| Grid::new(unit, widths, metrics, Shape::Balanced))
        .collect();
    // The frame of suites that nothing joins stands below all others and takes what width there is.
    let is_loose = |members: &Vec<usize>| members.len() == 1 && units.list[members[0]].is_frame();
    let loose = components.iter().position(is_loose);
    let loose = loose.map(|at| components.remove(at));
    let mut parts: Vec<Part> = components
        .iter()
        .map(|members| draw(members, &units, &grids, metrics))
        .collect();
    let sizes: Vec<(i32, i32)> = parts.iter().map(|it| (it.width, it.height)).collect();
    let (mut corners, (mut width, mut height)) = pack(&sizes, metrics);
    if let Some(members) = loose {
        let unit = &units.list[members[0]];
        grids[members[0]] = Grid::new(unit, widths, metrics, Shape::AtLeast(width));
        let part = draw(&members, &units, &grids, metrics);
        let y = if height == 0 {
            0
        } else {
            height + 3 * metrics.row_gap
        };
        corners.push(Point { x: 0, y });
        (width, height) = (width.max(part.width), y + part.height);
        components.push(members);
        parts.push(part);
    }
    let mut layout = Layout {
        width,
        height,
        nodes: vec![Rect::default(); widths.len()],
        frames: Vec::new(),
        wires: Vec::new(),
        left_out: reduced.left_out,
    };
    let mut placed = vec![Rect::default(); units.list.len()];
    for ((members, part), &corner) in components.iter().zip(&parts).zip(&corners) {
        for (&unit, rect) in members.iter().zip(&part.units) {
            placed[unit] = rect.moved(corner);
        }
    }
    let ends = place_nodes(&mut layout, &units, &grids, &placed);
    for ((members, part), corner) in components.iter().zip(parts).zip(corners) {
        for (from, to, points) in part.lines {
            let points = points.into_iter().map(|it| Point {
                x: it.x + corner.x,
                y: it.y + corner.y,
            });
            layout.wires.push(Wire {
                from: ends[members[from]],
                to: ends[members[to]],
                points: points.collect(),
            });
        }
    }
    layout.wires.sort_by_key(|wire| (wire.from, wire.to));
    layout
}

/// Returns the units that hang together, each list sorted, in the order of their first ones.
fn find_components(units: &Units) -> Vec<Vec<usize>> {
    let mut components = Vec::new();
    let mut seen = vec![false; units.list.len()];
    for root in 0..seen.len() {
        if seen[root] {
            continue;
        }
        seen[root] = true;
        let mut members = vec![root];
        let mut next = 0;
        while let Some(&unit) = members.get(next) {
            next += 1;
            for &neighbour in units.before[unit].iter().chain(&units.after[unit]) {
                if !std::mem::replace(&mut seen[neighbour], true) {
                    members.push(neighbour);
                }
            }
        }
        members.sort_unstable();
        components.push(members);
    }
    components
}

fn draw(members: &[usize], units: &Units, grids: &[Grid], metrics: &Metrics) -> Part {
    let local = |unit: &usize| members.binary_search(unit).expect("neighbours are members");
    let translate = |lists: &[Vec<usize>]| -> Vec<Vec<usize>> {
        let lists = members
            .iter()
            .map(|&it| lists[it].iter().map(local).collect());
        lists.collect()
    };
    let wanted: Vec<Wanted> = members.iter().map(|&it| grids[it].wanted).collect();
    draw_component(
        &wanted,
        &translate(&units.before),
        &translate(&units.after),
        metrics,
    )
}

/// How the nodes of a unit stand in it.
struct Grid {
    wanted: Wanted,
    columns: usize,
    cell: Rect,
    /// From one cell to the next.
    step: Point,
}

/// How wide a frame becomes.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// A little wider than tall.
    Balanced,
    /// As wide as this where it has enough nodes, and no narrower than when balanced.
    AtLeast(i32),
}

impl Grid {
    fn new(unit: &Unit, widths: &[i32], metrics: &Metrics, shape: Shape) -> Self {
        let width = unit.members.iter().map(|&it| widths[it].max(1)).max();
        let width = width.unwrap_or(1);
        let height = metrics.node_height;
        if !unit.is_frame() {
            let wanted = Wanted {
                width,
                height,
                stretch: Stretch::Yes,
            };
            let cell = Rect {
                x: 0,
                y: 0,
                width,
                height,
            };
            return Self {
                wanted,
                columns: 1,
                cell,
                step: Point { x: 0, y: 0 },
            };
        }
        let gap = metrics.row_gap;
        let step = Point {
            x: width + gap,
            y: height + gap,
        };
        let count = unit.members.len();
        let columns = match shape {
            Shape::Balanced => balanced_columns(count, step),
            Shape::AtLeast(width) => {
                let room = (width - 2 * metrics.frame_padding + gap) / step.x;
                let room = usize::try_from(room).unwrap_or(0).min(count);
                balanced_columns(count, step).max(room)
            }
        };
        let rows = count.div_ceil(columns);
        let (padding, header) = (metrics.frame_padding, metrics.frame_header);
        let whole =
            |cells: usize, step: i32| step * i32::try_from(cells).unwrap_or(i32::MAX / step) - gap;
        let inner = whole(rows, step.y) + header;
        let wanted = Wanted {
            width: whole(columns, step.x) + 2 * padding,
            // The middle of a unit has to be a whole number.
            height: (inner + 2 * padding + 1) & !1,
            stretch: Stretch::No,
        };
        Self {
            wanted,
            columns,
            cell: Rect {
                x: padding,
                y: padding + header,
                width,
                height,
            },
            step,
        }
    }
}

/// Returns how many columns make a grid of cells a little wider than tall, with few cells empty.
fn balanced_columns(count: usize, step: Point) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "counts of nodes are small")]
    let cells = count as f64;
    let columns = (cells * f64::from(step.y) * FRAME_ASPECT / f64::from(step.x)).sqrt();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a root of a positive number, and small"
    )]
    let columns = (columns.round() as usize).clamp(1, count);
    // As few columns as fill the same number of rows.
    count.div_ceil(count.div_ceil(columns))
}

/// Sets the nodes into their units, and returns what lines of each unit begin and end at.
fn place_nodes(layout: &mut Layout, units: &Units, grids: &[Grid], placed: &[Rect]) -> Vec<End> {
    let mut ends = Vec::with_capacity(placed.len());
    for ((unit, grid), rect) in units.list.iter().zip(grids).zip(placed) {
        if !unit.is_frame() {
            layout.nodes[unit.members[0]] = *rect;
            ends.push(End::Node(unit.members[0]));
            continue;
        }
        for (at, &member) in unit.members.iter().enumerate() {
            let cell = |at: usize, step: i32| step * i32::try_from(at).unwrap_or(0);
            layout.nodes[member] = grid.cell.moved(Point {
                x: rect.x + cell(at % grid.columns, grid.step.x),
                y: rect.y + cell(at / grid.columns, grid.step.y),
            });
        }
        ends.push(End::Frame(layout.frames.len()));
        layout.frames.push(Frame {
            rect: *rect,
            members: unit.members.clone(),
        });
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_picture_of_no_size() {
        assert_eq!(lay_out(&[], &[], &Metrics::default()), Layout::default());
    }

    #[test]
    fn a_fan_is_one_line_to_one_frame() {
        let edges: Vec<(usize, usize)> = (1..401).map(|it| (0, it)).collect();
        let layout = lay_out(&vec![120; 401], &edges, &Metrics::default());
        assert_eq!(layout.frames.len(), 1);
        assert_eq!(layout.wires.len(), 1);
        assert_eq!(layout.end_of(7), End::Frame(0));
        assert!(layout.height < 1300, "{} is too tall", layout.height);
    }
}
