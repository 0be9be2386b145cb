//! What a layout is given and what it comes to: sizes, rectangles and lines. It knows neither suites nor SVG's elements.

use std::fmt::Write as _;

/// The sizes that every picture shares.
///
/// *Units*: those of the picture; what the caller calls a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metrics {
    /// How tall a node is. Even, so that its middle is a whole number.
    pub node_height: i32,
    /// What stays free between two nodes, one above the other.
    pub row_gap: i32,
    /// What stays free between two columns of nodes, where few lines pass.
    pub column_gap: i32,
    /// What stays free between a frame and its nodes.
    pub frame_padding: i32,
    /// The room above the nodes of a frame, for its heading.
    pub frame_header: i32,
    /// How wide the picture may become before parts that have nothing to do with each other are set below each other.
    pub preferred_width: i32,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            node_height: 26,
            row_gap: 8,
            column_gap: 44,
            frame_padding: 8,
            frame_header: 18,
            preferred_width: 1100,
        }
    }
}

/// A place in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
}

/// A rectangle in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rect {
    /// Its left side.
    pub x: i32,
    /// Its upper side.
    pub y: i32,
    /// How wide it is.
    pub width: i32,
    /// How tall it is.
    pub height: i32,
}

impl Rect {
    /// Returns its right side.
    #[must_use]
    pub fn right(&self) -> i32 {
        self.x + self.width
    }

    /// Returns its lower side.
    #[must_use]
    pub fn bottom(&self) -> i32 {
        self.y + self.height
    }

    pub(super) fn moved(self, by: Point) -> Self {
        Self {
            x: self.x + by.x,
            y: self.y + by.y,
            ..self
        }
    }
}

/// Nodes that depend on the same nodes and that the same nodes depend on, drawn as one.
///
/// A line to or from a frame stands for one to or from each of its nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Around all its nodes.
    pub rect: Rect,
    /// *Shape*: positions of nodes, in the order they were given.
    pub members: Vec<usize>,
}

/// What a line begins or ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A node, by its position.
    Node(usize),
    /// A frame, by its position in [`Layout::frames`].
    Frame(usize),
}

/// A line from what is waited for to what waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    /// What is waited for.
    pub from: End,
    /// What waits.
    pub to: End,
    /// *Shape*: at least two, from left to right. Two of one height are joined by a straight line, others by a curve that
    /// leaves and arrives level.
    pub points: Vec<Point>,
}

impl Wire {
    /// Returns the line as the `d` of an SVG path.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for (index, &point) in self.points.iter().enumerate() {
            let before = index.checked_sub(1).map(|it| self.points[it]);
            write_step(&mut path, before, point);
        }
        path
    }
}

fn write_step(path: &mut String, before: Option<Point>, Point { x, y }: Point) {
    match before {
        None => write!(path, "M{x} {y}"),
        Some(before) if before.y == y => write!(path, "H{x}"),
        Some(before) => {
            let middle = i32::midpoint(before.x, x);
            write!(path, "C{middle} {} {middle} {y} {x} {y}", before.y)
        }
    }
    .expect("a String takes all");
}

/// Where everything stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// How wide the picture is; everything is between 0 and this.
    pub width: i32,
    /// How tall the picture is.
    pub height: i32,
    /// *Shape*: as the nodes were given. No two of them touch.
    pub nodes: Vec<Rect>,
    /// *Shape*: in the order of their first nodes.
    pub frames: Vec<Frame>,
    /// *Shape*: sorted by what they begin and end at, each pair once.
    pub wires: Vec<Wire>,
    /// How many edges were not drawn, since a longer way says the same, or since they close a circle.
    pub left_out: usize,
}

impl Layout {
    /// Returns what an edge that touches a node is drawn at.
    #[must_use]
    pub fn end_of(&self, node: usize) -> End {
        let frames = &self.frames;
        let frame = frames.iter().position(|it| it.members.contains(&node));
        frame.map_or(End::Node(node), End::Frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_points_are_joined_by_a_straight_line() {
        let wire = Wire {
            from: End::Node(0),
            to: End::Node(1),
            points: [(0, 5), (10, 5), (20, 9)]
                .map(|(x, y)| Point { x, y })
                .to_vec(),
        };
        assert_eq!(wire.path(), "M0 5H10C15 5 15 9 20 9");
    }
}
