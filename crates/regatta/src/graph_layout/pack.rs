//! Parts of a picture that have nothing to do with each other, set beside and below each other like books on shelves.

use super::picture::{Metrics, Point};

/// Widths to heights of a picture that is pleasant to look at.
const ASPECT: f64 = 1.7;

/// Returns where each part begins, and the size of the whole.
///
/// The tallest stand first, so that little of a shelf stays empty; of equally tall ones, the first given.
pub(super) fn pack(sizes: &[(i32, i32)], metrics: &Metrics) -> (Vec<Point>, (i32, i32)) {
    let gap = metrics.row_gap * 3;
    let area: f64 = sizes
        .iter()
        .map(|&(width, height)| f64::from(width + gap) * f64::from(height + gap))
        .sum();
    #[expect(clippy::cast_possible_truncation, reason = "a picture is far smaller")]
    let balanced = (area * ASPECT).sqrt() as i32;
    let widest = sizes.iter().map(|it| it.0).max().unwrap_or(0);
    let limit = widest.max(balanced).max(metrics.preferred_width);
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&it| std::cmp::Reverse(sizes[it].1));
    let mut corners = vec![Point { x: 0, y: 0 }; sizes.len()];
    let (mut x, mut y, mut shelf, mut width) = (0, 0, 0, 0);
    for part in order {
        let (part_width, part_height) = sizes[part];
        if x > 0 && x + part_width > limit {
            (x, y) = (0, y + shelf + gap);
            shelf = 0;
        }
        corners[part] = Point { x, y };
        shelf = shelf.max(part_height);
        width = width.max(x + part_width);
        x += part_width + gap;
    }
    (corners, (width, y + shelf))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_shelf_is_followed_by_another() {
        let metrics = Metrics {
            preferred_width: 100,
            row_gap: 2,
            ..Metrics::default()
        };
        let (corners, size) = pack(&[(60, 10), (90, 30), (30, 10)], &metrics);
        let places: Vec<(i32, i32)> = corners.iter().map(|it| (it.x, it.y)).collect();
        assert_eq!(places, [(0, 36), (0, 0), (66, 36)]);
        assert_eq!(size, (96, 46));
    }
}
