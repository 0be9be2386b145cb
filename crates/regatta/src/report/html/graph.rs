//! The picture of the graph: where its boxes and lines are, for the script to draw.

use std::collections::BTreeMap;

use regatta_core::id::{Id, TaskId};
use serde::Serialize;

use crate::graph_layout::{End, Layout, Metrics, Rect, lay_out};
use crate::report::record::Record;

/// From so many suites on there is no picture: nobody could read it, and finding it would hold up the end of a run.
const MOST: usize = 600;

/// What one letter of a label takes, and what stands beside it.
const LETTER: i32 = 7;
const AROUND: i32 = 34;
const LETTERS: usize = 28;

/// A picture.
///
/// *Units*: pixels of the picture; *Shape*: rectangles are left, top, width, height.
#[derive(Serialize)]
pub(super) struct Picture {
    size: (i32, i32),
    /// One a suite.
    nodes: Vec<[i32; 4]>,
    /// Suites that nothing tells apart, drawn as one.
    frames: Vec<([i32; 4], usize)>,
    wires: Vec<Line>,
}

/// A line, as the `d` of a path, and whether the critical path goes along it.
#[derive(Serialize)]
struct Line(String, #[serde(skip_serializing_if = "is_false")] bool);

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to skip_serializing_if"
)]
fn is_false(it: &bool) -> bool {
    !*it
}

/// Returns the picture; `None` without edges, and where there are too many suites.
pub(super) fn draw(
    record: &Record,
    by_name: &BTreeMap<&str, usize>,
    path: &[usize],
) -> Option<Picture> {
    let tasks = || (0..record.tasks.len()).map(TaskId::from_index);
    if record.tasks.len() > MOST {
        return None;
    }
    let edges: Vec<(usize, usize)> = tasks()
        .flat_map(|task| {
            let before = record.suite(task).depends_on.iter();
            let before = before.filter_map(|it| by_name.get(it.as_str()));
            before.map(move |&it| (it, task.index()))
        })
        .collect();
    if edges.is_empty() {
        return None;
    }
    let widths: Vec<i32> = tasks()
        .map(|task| label_width(&record.suite(task).name))
        .collect();
    let layout = lay_out(&widths, &edges, &Metrics::default());
    Some(Picture {
        size: (layout.width, layout.height),
        nodes: layout.nodes.iter().map(|it| sides(*it)).collect(),
        frames: (layout.frames.iter())
            .map(|it| (sides(it.rect), it.members.len()))
            .collect(),
        wires: (layout.wires.iter())
            .map(|wire| {
                let along = |from, to| {
                    stands_for(&layout, wire.from, from) && stands_for(&layout, wire.to, to)
                };
                let is_critical = path.windows(2).any(|it| along(it[0], it[1]));
                Line(wire.path(), is_critical)
            })
            .collect(),
    })
}

fn stands_for(layout: &Layout, end: End, node: usize) -> bool {
    match end {
        End::Node(it) => it == node,
        End::Frame(it) => layout.frames[it].members.contains(&node),
    }
}

fn label_width(name: &str) -> i32 {
    let letters = name.chars().count().min(LETTERS);
    AROUND + LETTER * i32::try_from(letters).unwrap_or_default()
}

fn sides(rect: Rect) -> [i32; 4] {
    [rect.x, rect.y, rect.width, rect.height]
}
