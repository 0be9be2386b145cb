//! The picture of units that have to do with each other: their columns, their rows, and the lines between them.

use super::crossings::reduce_crossings;
use super::lattice::{Lattice, Vertex};
use super::layers::find_layers;
use super::picture::{Metrics, Point, Rect};
use super::rows::{Spacing, find_rows};

/// How tall the place is where a line passes a column.
const PASS: i32 = 4;

/// What each line in the gap between two columns adds to its width, so that many lines are not steep.
const GAP_PER_LINE: i32 = 2;

/// How much the lines may add at most.
const GAP_MOST: i32 = 90;

/// The size a unit asks for, and whether its column may widen it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) stretch: Stretch,
}

/// Whether a unit becomes as wide as the widest of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stretch {
    Yes,
    No,
}

/// The picture of one component, with its upper left corner at 0.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) width: i32,
    pub(super) height: i32,
    /// *Shape*: indexed by unit of the component.
    pub(super) units: Vec<Rect>,
    /// Between which units, and how.
    pub(super) lines: Vec<(usize, usize, Vec<Point>)>,
}

/// Draws one component; `before` and `after` name its units by position.
pub(super) fn draw_component(
    wanted: &[Wanted],
    before: &[Vec<usize>],
    after: &[Vec<usize>],
    metrics: &Metrics,
) -> Part {
    let mut lattice = Lattice::new(&find_layers(before, after), after);
    reduce_crossings(&mut lattice);
    let heights = lattice.vertices.iter().map(|vertex| match vertex {
        Vertex::Unit(unit) => wanted[*unit].height,
        Vertex::Pass(_) => PASS,
    });
    let spacing = Spacing {
        heights: heights.collect(),
        gap: metrics.row_gap,
    };
    let rows = find_rows(&lattice, &spacing);
    let columns = find_columns(&lattice, wanted, metrics);
    let units: Vec<Rect> = (0..wanted.len())
        .map(|unit| {
            let column = &columns[lattice.layer_of[unit]];
            let Wanted {
                width,
                height,
                stretch,
            } = wanted[unit];
            Rect {
                x: column.x,
                y: rows[unit] - height / 2,
                width: match stretch {
                    Stretch::Yes => column.stretched,
                    Stretch::No => width,
                },
                height,
            }
        })
        .collect();
    let bottoms = rows.iter().zip(&spacing.heights);
    Part {
        width: columns.last().map_or(0, |it| it.x + it.width),
        height: bottoms
            .map(|(row, height)| row + height / 2)
            .max()
            .unwrap_or(0),
        lines: find_lines(&lattice, &columns, &rows, &units),
        units,
    }
}

struct Column {
    x: i32,
    width: i32,
    /// How wide units are that may be stretched.
    stretched: i32,
}

fn find_columns(lattice: &Lattice, wanted: &[Wanted], metrics: &Metrics) -> Vec<Column> {
    let mut x = 0;
    let columns = lattice.layers.iter().map(|layer| {
        let of_units = |only: Option<Stretch>| {
            let units = layer.iter().filter_map(|&it| wanted.get(it));
            let units = units.filter(|it| only.is_none_or(|only| it.stretch == only));
            units.map(|it| it.width).max().unwrap_or(0)
        };
        let column = Column {
            x,
            width: of_units(None),
            stretched: of_units(Some(Stretch::Yes)),
        };
        let lines: usize = layer.iter().map(|&it| lattice.right[it].len()).sum();
        let lines = i32::try_from(lines).unwrap_or(GAP_MOST);
        let more = lines.saturating_mul(GAP_PER_LINE).min(GAP_MOST);
        x += column.width + metrics.column_gap + more;
        column
    });
    columns.collect()
}

/// Follows every line from its beginning through the columns it passes.
fn find_lines(
    lattice: &Lattice,
    columns: &[Column],
    rows: &[i32],
    units: &[Rect],
) -> Vec<(usize, usize, Vec<Point>)> {
    let mut lines = Vec::new();
    for (unit, rect) in units.iter().enumerate() {
        let y = rows[unit];
        let mut points = vec![Point { x: rect.right(), y }];
        let column = &columns[lattice.layer_of[unit]];
        if rect.right() < column.x + column.width {
            points.push(Point {
                x: column.x + column.width,
                y,
            });
        }
        let mut vertex = unit;
        loop {
            let mut next = None;
            for &to in &lattice.right[vertex] {
                if let Vertex::Unit(target) = lattice.vertices[to] {
                    let mut points = points.clone();
                    points.push(Point {
                        x: units[target].x,
                        y: rows[target],
                    });
                    lines.push((unit, target, points));
                } else {
                    // All lines of a unit share one way through the columns.
                    next = Some(to);
                }
            }
            let Some(pass) = next else { break };
            let column = &columns[lattice.layer_of[pass]];
            points.extend([column.x, column.x + column.width].map(|x| Point { x, y: rows[pass] }));
            vertex = pass;
        }
    }
    lines
}
