//! Which column a unit stands in: right of everything it waits for, and no further left than helps.

/// Returns the column of each unit, from 0. Units that wait for nothing stand right before the first that waits for them,
/// so that their lines are short.
pub(super) fn find_layers(before: &[Vec<usize>], after: &[Vec<usize>]) -> Vec<usize> {
    let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut stack: Vec<usize> = (0..before.len()).filter(|&it| missing[it] == 0).collect();
    let mut layers = vec![0; before.len()];
    while let Some(unit) = stack.pop() {
        for &next in &after[unit] {
            layers[next] = layers[next].max(layers[unit] + 1);
            missing[next] -= 1;
            if missing[next] == 0 {
                stack.push(next);
            }
        }
    }
    for unit in 0..before.len() {
        if before[unit].is_empty()
            && let Some(first) = after[unit].iter().map(|&it| layers[it]).min()
        {
            layers[unit] = first - 1;
        }
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_stands_right_of_what_it_waits_for_and_close_to_what_waits_for_it() {
        // 0 → 1 → 2, and 3 → 2.
        let before = [vec![], vec![0], vec![1, 3], vec![]];
        let after = [vec![1], vec![2], vec![], vec![2]];
        assert_eq!(find_layers(&before, &after), [0, 1, 2, 1]);
    }
}
