//! Nodes that stand for each other in the picture: same before, same after. Many of them become one unit with a frame.

use std::collections::BTreeMap;

use super::reduce::Reduced;

/// Fewer alike nodes than these are drawn apart: a frame around two says less than two boxes.
const FEWEST: usize = 4;

/// What is placed: a node, or a frame of nodes.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    /// *Shape*: positions of nodes, sorted; never empty.
    pub(super) members: Vec<usize>,
}

impl Unit {
    pub(super) fn is_frame(&self) -> bool {
        self.members.len() > 1
    }
}

/// The graph of units.
#[derive(Debug, Clone)]
pub(super) struct Units {
    /// *Shape*: sorted by their first members.
    pub(super) list: Vec<Unit>,
    /// *Shape*: indexed by unit; sorted, each once.
    pub(super) before: Vec<Vec<usize>>,
    /// *Shape*: indexed by unit; sorted, each once.
    pub(super) after: Vec<Vec<usize>>,
}

/// Folds alike nodes together.
pub(super) fn fold_twins(graph: &Reduced) -> Units {
    let nodes = graph.before.len();
    let mut alike: BTreeMap<(&[usize], &[usize]), Vec<usize>> = BTreeMap::new();
    for node in 0..nodes {
        let neighbours = (graph.before[node].as_slice(), graph.after[node].as_slice());
        alike.entry(neighbours).or_default().push(node);
    }
    let mut units = Vec::new();
    for members in alike.into_values() {
        if members.len() >= FEWEST {
            units.push(Unit { members });
        } else {
            units.extend(members.into_iter().map(|it| Unit { members: vec![it] }));
        }
    }
    units.sort_unstable_by_key(|unit| unit.members[0]);
    let mut unit_of = vec![0; nodes];
    for (index, unit) in units.iter().enumerate() {
        for &member in &unit.members {
            unit_of[member] = index;
        }
    }
    // All members have the same neighbours, so the first speaks for them.
    let translate = |lists: &[Vec<usize>]| -> Vec<Vec<usize>> {
        let lists = units.iter().map(|unit| {
            let mut list: Vec<usize> = lists[unit.members[0]]
                .iter()
                .map(|&it| unit_of[it])
                .collect();
            list.sort_unstable();
            list.dedup();
            list
        });
        lists.collect()
    };
    Units {
        before: translate(&graph.before),
        after: translate(&graph.after),
        list: units,
    }
}

#[cfg(test)]
mod tests {
    use super::super::reduce::reduce;
    use super::*;

    fn members(nodes: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
        let units = fold_twins(&reduce(nodes, edges)).list;
        units.into_iter().map(|it| it.members).collect()
    }

    #[test]
    fn four_alike_are_one_and_three_are_not() {
        assert_eq!(
            members(5, &[(0, 1), (0, 2), (0, 3), (0, 4)]),
            [vec![0], vec![1, 2, 3, 4]]
        );
        assert_eq!(members(4, &[(0, 1), (0, 2), (0, 3)]).len(), 4);
    }

    #[test]
    fn two_frames_are_joined_by_one_edge() {
        let edges: Vec<(usize, usize)> = (0..4)
            .flat_map(|from| (4..8).map(move |to| (from, to)))
            .collect();
        let units = fold_twins(&reduce(8, &edges));
        assert_eq!(units.list.len(), 2);
        assert_eq!(units.after, [vec![1], vec![]]);
        assert_eq!(units.before, [vec![], vec![0]]);
    }
}
