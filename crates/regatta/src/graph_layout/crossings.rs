//! The order within columns: lines that cross are hard to follow, so few should.
//!
//! *Source*: the layer-by-layer sweep of K. Sugiyama, S. Tagawa and M. Toda, "Methods for Visual Understanding of
//! Hierarchical System Structures", 1981, with barycentres; crossings are counted as inversions, after W. Barth,
//! M. Jünger and P. Mutzel, "Simple and Efficient Bilayer Cross Counting", 2002.

use super::lattice::Lattice;

/// Sweeps over the whole picture, at most.
const SWEEPS: usize = 24;

/// Sweeps without a better order, at most.
const PATIENCE: usize = 6;

/// What all sweeps together may touch, so that a huge graph is drawn less well instead of late.
const EFFORT: usize = 600_000;

/// Orders the columns so that few lines cross. Never returns an order that is worse than the one it found.
pub(super) fn reduce_crossings(lattice: &mut Lattice) {
    let size = lattice.vertices.len() + lattice.pieces();
    let sweeps = (EFFORT / size.max(1)).clamp(2, SWEEPS);
    let mut place = vec![0; lattice.vertices.len()];
    for layer in &lattice.layers {
        note_places(layer, &mut place);
    }
    let mut best = lattice.layers.clone();
    let mut fewest = count(lattice, &place);
    let mut patience = PATIENCE;
    for sweep in 0..sweeps {
        if fewest == 0 || patience == 0 {
            break;
        }
        let columns = lattice.layers.len();
        for step in 1..columns {
            let (column, neighbours) = if sweep % 2 == 0 {
                (step, &lattice.left)
            } else {
                (columns - 1 - step, &lattice.right)
            };
            sort_by_neighbours(&mut lattice.layers[column], neighbours, &place);
            note_places(&lattice.layers[column], &mut place);
        }
        swap_neighbours(lattice, &mut place);
        let crossings = count(lattice, &place);
        if crossings < fewest {
            fewest = crossings;
            best.clone_from(&lattice.layers);
            patience = PATIENCE;
        } else {
            patience -= 1;
        }
    }
    lattice.layers = best;
}

fn note_places(layer: &[usize], place: &mut [usize]) {
    for (at, &vertex) in layer.iter().enumerate() {
        place[vertex] = at;
    }
}

/// Sorts a column by the middle of each vertex's neighbours. Who has none stays where it is among the others.
fn sort_by_neighbours(layer: &mut [usize], neighbours: &[Vec<usize>], place: &[usize]) {
    let middle = |vertex: usize| -> Option<f64> {
        let list = &neighbours[vertex];
        let sum: usize = list.iter().map(|&it| place[it]).sum();
        // A column has far fewer vertices than a float has digits.
        #[expect(clippy::cast_precision_loss, reason = "counts of vertices are small")]
        let middle = (sum as f64) / (list.len() as f64);
        (!list.is_empty()).then_some(middle)
    };
    let mut keyed: Vec<(f64, usize)> = layer
        .iter()
        .filter_map(|&it| Some((middle(it)?, it)))
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut sorted = keyed.into_iter().map(|(_, it)| it);
    for slot in layer.iter_mut() {
        if middle(*slot).is_some() {
            *slot = sorted.next().expect("each of them was sorted");
        }
    }
}

/// Swaps vertices that stand next to each other where that alone takes crossings away.
fn swap_neighbours(lattice: &mut Lattice, place: &mut [usize]) {
    for column in 0..lattice.layers.len() {
        for at in 1..lattice.layers[column].len() {
            let (upper, lower) = (lattice.layers[column][at - 1], lattice.layers[column][at]);
            let crossings = |a: usize, b: usize| {
                cross(&lattice.left[a], &lattice.left[b], place)
                    + cross(&lattice.right[a], &lattice.right[b], place)
            };
            if crossings(lower, upper) < crossings(upper, lower) {
                lattice.layers[column].swap(at - 1, at);
                place[upper] = at;
                place[lower] = at - 1;
            }
        }
    }
}

/// Returns how many lines of two vertices cross when the first stands above the second.
fn cross(upper: &[usize], lower: &[usize], place: &[usize]) -> usize {
    let mut crossings = 0;
    for &above in upper {
        crossings += lower.iter().filter(|&&it| place[it] < place[above]).count();
    }
    crossings
}

/// Returns how many pairs of lines cross in the whole picture.
fn count(lattice: &Lattice, place: &[usize]) -> usize {
    let columns = lattice.layers.iter();
    columns
        .map(|layer| count_right_of(layer, lattice, place))
        .sum()
}

fn count_right_of(layer: &[usize], lattice: &Lattice, place: &[usize]) -> usize {
    let mut ends = Vec::new();
    for &vertex in layer {
        let from = ends.len();
        ends.extend(lattice.right[vertex].iter().map(|&it| place[it]));
        ends[from..].sort_unstable();
    }
    // A tree of sums over the places of the next column: how many lines end at or above each.
    let size = ends.iter().max().map_or(0, |it| it + 1);
    let mut sums = vec![0_usize; size + 1];
    let mut crossings = 0;
    for (seen, &end) in ends.iter().enumerate() {
        let mut at = end + 1;
        let mut not_below = 0;
        while at > 0 {
            not_below += sums[at];
            at &= at - 1;
        }
        crossings += seen - not_below;
        let mut at = end + 1;
        while at <= size {
            sums[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    crossings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossings(lattice: &Lattice) -> usize {
        let mut place = vec![0; lattice.vertices.len()];
        for layer in &lattice.layers {
            note_places(layer, &mut place);
        }
        count(lattice, &place)
    }

    #[test]
    fn crossed_lines_are_uncrossed() {
        let after = [vec![5], vec![4], vec![3], vec![], vec![], vec![]];
        let mut lattice = Lattice::new(&[0, 0, 0, 1, 1, 1], &after);
        lattice.layers[1] = vec![3, 4, 5];
        assert_eq!(crossings(&lattice), 3);
        reduce_crossings(&mut lattice);
        assert_eq!(crossings(&lattice), 0);
    }

    #[test]
    fn what_cannot_be_uncrossed_is_counted() {
        let after = [vec![2, 3], vec![2, 3], vec![], vec![]];
        let mut lattice = Lattice::new(&[0, 0, 1, 1], &after);
        reduce_crossings(&mut lattice);
        assert_eq!(crossings(&lattice), 1);
    }
}
