//! Units in columns, with every line cut into pieces from one column to the next.
//!
//! Lines that begin at one unit share their pieces as long as they can, so a unit that many wait for sends out one line
//! that branches late.

/// A unit, or the place where a line passes a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vertex {
    Unit(usize),
    /// Lines that began at this unit.
    Pass(usize),
}

/// The columns and what joins them.
#[derive(Debug, Clone)]
pub(super) struct Lattice {
    /// *Shape*: the units first, at their own positions; then the passes.
    pub(super) vertices: Vec<Vertex>,
    /// *Shape*: indexed by vertex.
    pub(super) layer_of: Vec<usize>,
    /// *Shape*: indexed by column; vertices from top to bottom.
    pub(super) layers: Vec<Vec<usize>>,
    /// *Shape*: indexed by vertex; vertices of the column before.
    pub(super) left: Vec<Vec<usize>>,
    /// *Shape*: indexed by vertex; vertices of the next column.
    pub(super) right: Vec<Vec<usize>>,
}

impl Lattice {
    /// Cuts the lines of a graph whose columns are known. The first order in a column follows the lines from the top left.
    pub(super) fn new(layer_of_unit: &[usize], after: &[Vec<usize>]) -> Self {
        let units = layer_of_unit.len();
        let columns = layer_of_unit.iter().max().map_or(0, |it| it + 1);
        let mut lattice = Self {
            vertices: (0..units).map(Vertex::Unit).collect(),
            layer_of: layer_of_unit.to_vec(),
            layers: vec![Vec::new(); columns],
            left: vec![Vec::new(); units],
            right: vec![Vec::new(); units],
        };
        for (unit, after) in after.iter().enumerate() {
            lattice.add_lines(unit, after);
        }
        lattice.fill_columns();
        lattice
    }

    /// Returns how many pieces of lines there are.
    pub(super) fn pieces(&self) -> usize {
        self.right.iter().map(Vec::len).sum()
    }

    fn add_lines(&mut self, unit: usize, after: &[usize]) {
        let mut targets = after.to_vec();
        targets.sort_by_key(|&it| self.layer_of[it]);
        let mut end = unit;
        for target in targets {
            while self.layer_of[end] + 1 < self.layer_of[target] {
                let pass = self.vertices.len();
                self.vertices.push(Vertex::Pass(unit));
                self.layer_of.push(self.layer_of[end] + 1);
                self.left.push(Vec::new());
                self.right.push(Vec::new());
                self.join(end, pass);
                end = pass;
            }
            self.join(end, target);
        }
    }

    fn join(&mut self, from: usize, to: usize) {
        self.right[from].push(to);
        self.left[to].push(from);
    }

    fn fill_columns(&mut self) {
        let mut seen = vec![false; self.vertices.len()];
        for root in 0..self.vertices.len() {
            let mut stack = vec![root];
            while let Some(vertex) = stack.pop() {
                if !self.left[vertex].is_empty() && vertex == root {
                    // It comes with the first line that leads to it.
                    break;
                }
                if std::mem::replace(&mut seen[vertex], true) {
                    continue;
                }
                self.layers[self.layer_of[vertex]].push(vertex);
                stack.extend(self.right[vertex].iter().rev());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_unit_share_their_pieces() {
        // 0 is waited for by 1 in the next column and by 2 and 3, three columns on.
        let lattice = Lattice::new(&[0, 1, 3, 3], &[vec![1, 2, 3], vec![], vec![], vec![]]);
        let passes = &lattice.vertices[4..];
        assert_eq!(passes, [Vertex::Pass(0), Vertex::Pass(0)]);
        assert_eq!(lattice.layers, [vec![0], vec![1, 4], vec![5], vec![2, 3]]);
        assert_eq!(lattice.right[5], [2, 3]);
        assert_eq!(lattice.pieces(), 5);
    }
}
