//! How far down everything stands in its column: near the middle of what it is joined to, in the order that was found, and
//! without touching.
//!
//! For one column, given where its neighbours stand, the best heights are those with the least squared distance to the
//! wished ones. With the needed distances taken off they need only be sorted, which pooling adjacent violators solves.
//!
//! *Source*: M. Ayer, H. D. Brunk, G. M. Ewing, W. T. Reid and E. Silverman, "An Empirical Distribution Function for
//! Sampling with Incomplete Information", 1955.

use super::lattice::{Lattice, Vertex};

/// Rounds of going through all columns, there and back, at least.
const FEWEST_ROUNDS: usize = 6;

/// And at most; long lines need more of them to become straight.
const MOST_ROUNDS: usize = 40;

/// What all rounds together may touch.
const EFFORT: usize = 250_000;

/// How hard a vertex that nothing pulls holds its place.
const AT_REST: f64 = 0.05;

/// What a column is given: how tall each vertex is, and what stays free between two.
///
/// Heights are even, so that middles are whole numbers.
pub(super) struct Spacing {
    /// *Shape*: indexed by vertex.
    pub(super) heights: Vec<i32>,
    pub(super) gap: i32,
}

/// Returns the middle of each vertex, so that the highest edge is at 0.
pub(super) fn find_rows(lattice: &Lattice, spacing: &Spacing) -> Vec<i32> {
    let mut rows = vec![0.0; lattice.vertices.len()];
    for layer in &lattice.layers {
        let offsets = spacing.offsets(layer);
        let last = offsets.last().copied().unwrap_or(0);
        for (&vertex, offset) in layer.iter().zip(&offsets) {
            rows[vertex] = f64::from(*offset) - f64::from(last) / 2.0;
        }
    }
    let columns = lattice.layers.len();
    let size = lattice.vertices.len() + lattice.pieces();
    let rounds = (EFFORT / size.max(1)).clamp(FEWEST_ROUNDS, MOST_ROUNDS);
    for round in 0..rounds {
        let [there, back] = if round + 2 < rounds {
            [Pull::Left, Pull::Right]
        } else {
            [Pull::Both, Pull::Both]
        };
        for column in 0..columns {
            settle(lattice, column, there, spacing, &mut rows);
        }
        for column in (0..columns).rev() {
            settle(lattice, column, back, spacing, &mut rows);
        }
    }
    round_rows(lattice, spacing, &rows)
}

/// Which neighbours a column follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pull {
    Left,
    Right,
    Both,
}

impl Spacing {
    /// Returns how far below the first vertex of a column each one's middle is at least.
    fn offsets(&self, layer: &[usize]) -> Vec<i32> {
        let mut offsets = Vec::with_capacity(layer.len());
        let mut offset = 0;
        for (at, &vertex) in layer.iter().enumerate() {
            if at > 0 {
                offset += self.heights[layer[at - 1]] / 2 + self.gap + self.heights[vertex] / 2;
            }
            offsets.push(offset);
        }
        offsets
    }
}

/// Moves the vertices of a column towards the neighbours that pull.
fn settle(lattice: &Lattice, column: usize, pull: Pull, spacing: &Spacing, rows: &mut [f64]) {
    let layer = &lattice.layers[column];
    let offsets = spacing.offsets(layer);
    let mut pools: Vec<Pool> = Vec::with_capacity(layer.len());
    for (&vertex, &offset) in layer.iter().zip(&offsets) {
        let (wished, weight) = wish(lattice, vertex, pull, rows);
        let mut pool = Pool {
            value: wished - f64::from(offset),
            weight,
            size: 1,
        };
        while let Some(above) = pools.pop_if(|above| above.value > pool.value) {
            pool = above.joined(pool);
        }
        pools.push(pool);
    }
    let values = pools
        .iter()
        .flat_map(|pool| std::iter::repeat_n(pool.value, pool.size));
    for ((&vertex, offset), value) in layer.iter().zip(offsets).zip(values) {
        rows[vertex] = value + f64::from(offset);
    }
}

/// Vertices of a column that stand as close as they may.
#[derive(Clone, Copy)]
struct Pool {
    value: f64,
    weight: f64,
    size: usize,
}

impl Pool {
    fn joined(self, below: Self) -> Self {
        let weight = self.weight + below.weight;
        Self {
            value: (self.value * self.weight + below.value * below.weight) / weight,
            weight,
            size: self.size + below.size,
        }
    }
}

/// Returns where a vertex would best stand, and how much that matters.
fn wish(lattice: &Lattice, vertex: usize, pull: Pull, rows: &[f64]) -> (f64, f64) {
    let left = if pull == Pull::Right {
        &[]
    } else {
        lattice.left[vertex].as_slice()
    };
    let right = if pull == Pull::Left {
        &[]
    } else {
        lattice.right[vertex].as_slice()
    };
    let mut sum = rows[vertex] * AT_REST;
    let mut weight = AT_REST;
    for &neighbour in left.iter().chain(right) {
        let tension = tension(lattice.vertices[vertex], lattice.vertices[neighbour]);
        sum += rows[neighbour] * tension;
        weight += tension;
    }
    (sum / weight, weight)
}

/// Returns how much a piece of a line wants to be level. The middle of a long line should be straight.
fn tension(one: Vertex, other: Vertex) -> f64 {
    match (one, other) {
        (Vertex::Pass(_), Vertex::Pass(_)) => 8.0,
        (Vertex::Unit(_), Vertex::Unit(_)) => 1.0,
        _ => 2.0,
    }
}

/// Rounds to whole numbers without bringing vertices closer together than they may be.
fn round_rows(lattice: &Lattice, spacing: &Spacing, rows: &[f64]) -> Vec<i32> {
    let mut rounded = vec![0; rows.len()];
    for layer in &lattice.layers {
        for (&vertex, offset) in layer.iter().zip(spacing.offsets(layer)) {
            // Rounding keeps order, and offsets are whole numbers.
            #[expect(clippy::cast_possible_truncation, reason = "a picture is far smaller")]
            let value = (rows[vertex] - f64::from(offset)).round() as i32;
            rounded[vertex] = value + offset;
        }
    }
    let tops = rounded.iter().zip(&spacing.heights);
    let top = tops
        .map(|(row, height)| row - height / 2)
        .min()
        .unwrap_or(0);
    for row in &mut rounded {
        *row -= top;
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_stands_in_the_middle_of_its_children() {
        let after = [vec![1, 2, 3], vec![], vec![], vec![]];
        let lattice = Lattice::new(&[0, 1, 1, 1], &after);
        let spacing = Spacing {
            heights: vec![20; 4],
            gap: 10,
        };
        assert_eq!(find_rows(&lattice, &spacing), [40, 10, 40, 70]);
    }

    #[test]
    fn a_long_line_is_straight() {
        let after = [vec![1, 2], vec![2], vec![3], vec![]];
        let lattice = Lattice::new(&[0, 1, 4, 5], &after);
        let spacing = Spacing {
            heights: vec![20; lattice.vertices.len()],
            gap: 10,
        };
        let rows = find_rows(&lattice, &spacing);
        let passes: Vec<i32> = (0..rows.len())
            .filter(|&it| lattice.vertices[it] == Vertex::Pass(1))
            .map(|it| rows[it])
            .collect();
        assert_eq!(passes.len(), 2);
        assert_eq!(passes[0], passes[1]);
    }
}
