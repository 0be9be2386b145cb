//! The edges that are worth a line: without those that a longer way says already, and without those that close a circle.

/// A graph without circles, and without edges that follow from others.
#[derive(Debug, Clone)]
pub(super) struct Reduced {
    /// *Shape*: indexed by node; sorted, each once.
    pub(super) before: Vec<Vec<usize>>,
    /// *Shape*: indexed by node; sorted, each once.
    pub(super) after: Vec<Vec<usize>>,
    /// How many edges were left out.
    pub(super) left_out: usize,
}

/// Reduces the graph of `nodes` nodes. Edges that name other nodes, or one node twice, are passed over.
pub(super) fn reduce(nodes: usize, edges: &[(usize, usize)]) -> Reduced {
    let mut edges: Vec<(usize, usize)> = edges
        .iter()
        .copied()
        .filter(|&(from, to)| from != to && from < nodes && to < nodes)
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let order = find_order(nodes, &edges);
    let mut place = vec![0; nodes];
    for (at, &node) in order.iter().enumerate() {
        place[node] = at;
    }
    let mut before = vec![Vec::new(); nodes];
    for &(from, to) in &edges {
        // Only an edge of a circle points backwards.
        if place[from] < place[to] {
            before[to].push(from);
        }
    }
    let mut ancestors: Vec<Bits> = vec![Bits::default(); nodes];
    let mut after = vec![Vec::new(); nodes];
    let mut kept = 0;
    for &node in &order {
        // The latest first: whatever it stands behind need not be said again.
        before[node].sort_unstable_by_key(|&it| std::cmp::Reverse(place[it]));
        let mut known = Bits::new(nodes);
        before[node].retain(|&it| {
            let is_new = !known.contains(it);
            if is_new {
                known.insert(it);
                known.unite(&ancestors[it]);
            }
            is_new
        });
        before[node].sort_unstable();
        kept += before[node].len();
        for &it in &before[node] {
            after[it].push(node);
        }
        ancestors[node] = known;
    }
    for list in &mut after {
        list.sort_unstable();
    }
    Reduced {
        before,
        after,
        left_out: edges.len() - kept,
    }
}

/// Returns the nodes so that edges point forward: of those that may come next, the first given. Where only circles are
/// left, the first given node of them is taken as if nothing came before it.
fn find_order(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    use std::collections::BTreeSet;
    let mut missing = vec![0_usize; nodes];
    let mut after = vec![Vec::new(); nodes];
    for &(from, to) in edges {
        missing[to] += 1;
        after[from].push(to);
    }
    let mut ready: BTreeSet<usize> = (0..nodes).filter(|&it| missing[it] == 0).collect();
    let mut left: BTreeSet<usize> = (0..nodes).filter(|&it| missing[it] > 0).collect();
    let mut order = Vec::with_capacity(nodes);
    while let Some(node) = ready.pop_first().or_else(|| left.pop_first()) {
        order.push(node);
        for &next in &after[node] {
            missing[next] = missing[next].saturating_sub(1);
            if missing[next] == 0 && left.remove(&next) {
                ready.insert(next);
            }
        }
    }
    order
}

/// A set of nodes.
#[derive(Debug, Clone, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(nodes: usize) -> Self {
        Self(vec![0; nodes.div_ceil(64)])
    }

    fn contains(&self, node: usize) -> bool {
        self.0[node / 64] >> (node % 64) & 1 == 1
    }

    fn insert(&mut self, node: usize) {
        self.0[node / 64] |= 1 << (node % 64);
    }

    fn unite(&mut self, other: &Self) {
        for (mine, other) in self.0.iter_mut().zip(&other.0) {
            *mine |= other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(nodes: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let reduced = reduce(nodes, edges);
        let before = reduced.before.iter().enumerate();
        before
            .flat_map(|(to, list)| list.iter().map(move |&from| (from, to)))
            .collect()
    }

    #[test]
    fn an_edge_that_follows_from_others_is_left_out() {
        assert_eq!(
            kept(4, &[(0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (1, 3)]),
            [(0, 1), (1, 2), (2, 3)]
        );
        assert_eq!(
            kept(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]),
            [(0, 1), (0, 2), (1, 3), (2, 3)]
        );
    }

    #[test]
    fn what_makes_no_sense_is_passed_over() {
        assert_eq!(kept(2, &[(0, 0), (0, 1), (0, 1), (1, 7)]), [(0, 1)]);
    }

    #[test]
    fn a_circle_loses_the_edge_that_closes_it() {
        assert_eq!(kept(3, &[(0, 1), (1, 2), (2, 0)]), [(0, 1), (1, 2)]);
        assert_eq!(reduce(3, &[(0, 1), (1, 2), (2, 0)]).left_out, 1);
    }
}
