//! What a picture shows, and where: suites with what a run said of them, laid out. How it is drawn is none of its business.

use std::collections::BTreeMap;
use std::time::Duration;

use regatta_core::event::CategoryHeader;
use regatta_core::id::{Id, TaskId};
use regatta_core::plan::Suite;
use unicode_width::UnicodeWidthStr;

use super::mark::Mark;
use crate::graph_layout::{Layout, Metrics, lay_out};
use crate::graph_view::edges;
use crate::report::critical_path::find_critical_path;
use crate::report::record::{AttemptRecord, Record, RunState};
use crate::report::terminal::short;

/// Names are cut beyond this many cells; the whole name stands in the description of the node.
const LONGEST: usize = 44;

/// How wide a cell of the font is, in tenths of a pixel: 0.6 of its size in the usual ones, and a little more.
const CELL_TENTHS: usize = 73;

/// Everything a picture shows.
#[derive(Debug, Clone)]
pub struct Scene {
    /// *Shape*: as the suites were given.
    pub nodes: Vec<Node>,
    /// Where they stand.
    pub layout: Layout,
    /// What is known of the run that is shown.
    pub run: Option<SceneRun>,
    /// How many edges there are, drawn or not.
    pub edges: usize,
}

/// A suite.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// The name as it is drawn.
    pub label: String,
    /// What it is, in the words of its owner.
    pub description: String,
    /// The title of its category.
    pub category: String,
    /// What is known of it.
    pub mark: Mark,
    /// Why it did not pass.
    pub error: Option<String>,
    /// How long its last attempt took.
    pub time: Option<Duration>,
    /// Whether it is part of the chain that the run waited for.
    pub is_critical: bool,
    /// *Shape*: positions of nodes.
    pub waits_for: Vec<usize>,
}

/// A run that is shown.
#[derive(Debug, Clone)]
pub struct SceneRun {
    /// Its id.
    pub id: String,
    /// How far it came.
    pub state: RunState,
    /// How long it took so far.
    pub time: Duration,
    /// The chain that it waited for.
    ///
    /// *Shape*: positions of nodes, in the order they ran.
    pub critical_path: Vec<usize>,
}

impl Scene {
    /// Lays the suites out, with what a run said of them where there is one. Suites are recognised by their names.
    #[must_use]
    pub fn new(
        suites: &[Suite],
        categories: &[CategoryHeader],
        run: Option<(&Record, RunState)>,
    ) -> Self {
        let edges = edges(suites);
        let mut nodes: Vec<Node> = suites.iter().map(|it| declared(it, categories)).collect();
        for &(dependency, suite) in &edges {
            nodes[suite].waits_for.push(dependency);
        }
        let run = run.map(|(record, state)| apply(&mut nodes, record, state));
        let widths: Vec<i32> = nodes.iter().map(Node::width).collect();
        Self {
            layout: lay_out(&widths, &edges, &Metrics::default()),
            nodes,
            run,
            edges: edges.len(),
        }
    }

    /// Returns how many nodes have each mark, the worst first.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Mark, usize> {
        let mut counts = BTreeMap::new();
        for node in &self.nodes {
            *counts.entry(node.mark).or_default() += 1;
        }
        counts
    }
}

impl Node {
    /// Returns how long it took, as the picture shows it.
    #[must_use]
    pub fn shown_time(&self) -> Option<String> {
        self.time.map(short)
    }

    /// Returns how wide its box is: mark, name and time.
    fn width(&self) -> i32 {
        let mark = if self.mark.shape().is_some() { 16 } else { 0 };
        let time = self.shown_time().map_or(0, |it| text_width(&it) + 10);
        mark + text_width(&self.label) + time + 18
    }
}

/// Returns how wide a text is at most in the font of the picture.
pub(super) fn text_width(text: &str) -> i32 {
    i32::try_from((text.width() * CELL_TENTHS).div_ceil(10)).unwrap_or(i32::MAX / 64)
}

fn declared(suite: &Suite, categories: &[CategoryHeader]) -> Node {
    let category = categories.iter().find(|it| it.name == suite.category);
    Node {
        name: suite.name.clone(),
        label: cut(&suite.name),
        description: suite.description.clone(),
        category: category.map_or(&suite.category, |it| &it.title).clone(),
        mark: Mark::Declared,
        error: None,
        time: None,
        is_critical: false,
        waits_for: Vec::new(),
    }
}

/// Cuts a name in its middle, since names of one project differ at both ends.
fn cut(name: &str) -> String {
    if name.width() <= LONGEST {
        return name.to_owned();
    }
    let half = (LONGEST - 1) / 2;
    let mut width = 0;
    let fits = |character: &char, width: &mut usize| {
        *width += UnicodeWidthStr::width(character.to_string().as_str());
        *width <= half
    };
    let head: String = name.chars().take_while(|it| fits(it, &mut width)).collect();
    width = 0;
    let tail: Vec<char> = name
        .chars()
        .rev()
        .take_while(|it| fits(it, &mut width))
        .collect();
    head + "…" + &tail.into_iter().rev().collect::<String>()
}

fn apply(nodes: &mut [Node], record: &Record, state: RunState) -> SceneRun {
    let positions: BTreeMap<String, usize> = nodes
        .iter()
        .enumerate()
        .map(|(position, node)| (node.name.clone(), position))
        .collect();
    let find = |task: TaskId| positions.get(&record.suite(task).name).copied();
    for node in nodes.iter_mut() {
        node.mark = Mark::NotRun;
    }
    for (index, known) in record.tasks.iter().enumerate() {
        let task = TaskId::from_index(index);
        let Some(position) = find(task) else { continue };
        let node = &mut nodes[position];
        node.mark = Mark::of(known.outcome());
        node.error = record.error_message(task);
        node.time = known.attempts.last().and_then(AttemptRecord::duration);
    }
    let path: Vec<usize> = find_critical_path(record)
        .into_iter()
        .filter_map(find)
        .collect();
    for &position in &path {
        nodes[position].is_critical = true;
    }
    SceneRun {
        id: record.header.run_id.clone(),
        state,
        time: record.finished.map_or(record.latest, |it| it.at).0,
        critical_path: path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_both_its_ends() {
        let name = format!("integration-{}-postgres", "x".repeat(60));
        let label = cut(&name);
        assert!(label.width() <= LONGEST, "{label}");
        assert!(
            label.starts_with("integration-x") && label.ends_with("x-postgres"),
            "{label}"
        );
        assert_eq!(cut("short"), "short");
    }
}
