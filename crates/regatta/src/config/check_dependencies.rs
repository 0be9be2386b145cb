//! Checks of `depends_on`: every entry names another suite once, and nothing depends on itself.

use std::collections::BTreeMap;
use std::ops::Range;

use super::declaration::{Root, SuiteTable};
use super::field::Located;
use super::table::Entry;
use crate::diagnostic::{Diagnostic, Place, Source, find_similar, quote};

/// Names are compared with every suite for a suggestion; after so many slips that is not worth it.
const MOST_SUGGESTIONS: usize = 100;

/// No further cycle is told once those told have this many steps: a tangle has no end of them.
const MOST_STEPS: usize = 1_000;

/// Checks every `depends_on` of the document.
pub(super) fn check_dependencies(root: &Root, source: &Source) -> Vec<Diagnostic> {
    let suites = root.suites.entries();
    let mut graph = Graph::new(suites, source);
    let mut problems = graph.connect();
    problems.extend(graph.find_cycles());
    problems
}

/// One entry of a suite's `depends_on` that names another suite.
struct Edge {
    /// Index of the suite it names.
    to: usize,
    span: Range<usize>,
}

struct Graph<'a> {
    suites: &'a [Entry<SuiteTable>],
    source: &'a Source,
    by_name: BTreeMap<&'a str, usize>,
    /// By suite.
    edges: Vec<Vec<Edge>>,
}

impl<'a> Graph<'a> {
    fn new(suites: &'a [Entry<SuiteTable>], source: &'a Source) -> Self {
        let numbered = suites.iter().enumerate();
        Self {
            suites,
            source,
            by_name: numbered
                .map(|(index, suite)| (suite.name.as_str(), index))
                .collect(),
            edges: Vec::new(),
        }
    }

    /// Finds the suite behind each entry; returns what is wrong with the others.
    fn connect(&mut self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for (index, suite) in self.suites.iter().enumerate() {
            let mut earlier = BTreeMap::new();
            let mut edges = Vec::new();
            for entry in suite.table.depends_on.located_names() {
                let edge = match earlier.insert(&entry.value, entry) {
                    Some(twin) => Err(self.describe_twin(suite, entry, twin)),
                    None => self.find_edge(index, entry, problems.len()),
                };
                match edge {
                    Ok(edge) => edges.push(edge),
                    Err(problem) => problems.push(problem),
                }
            }
            self.edges.push(edges);
        }
        problems
    }

    /// Returns the edge of an entry of suite `from`; `told` problems have been found before it.
    fn find_edge(
        &self,
        from: usize,
        entry: &Located<String>,
        told: usize,
    ) -> Result<Edge, Diagnostic> {
        let name = quote(&self.suites[from].name);
        let span = entry.span.clone();
        match self.by_name.get(entry.value.as_str()).copied() {
            Some(to) if to == from => {
                let problem = Diagnostic::at(span, format!("suite {name} depends on itself"));
                Err(problem.help("remove the entry"))
            }
            Some(to) => Ok(Edge { to, span }),
            None => {
                let wanted = quote(&entry.value);
                let message =
                    format!("suite {name} depends on {wanted}, but no suite has that name");
                let help = (told < MOST_SUGGESTIONS)
                    .then(|| self.find_suggestion(&entry.value))
                    .flatten()
                    .unwrap_or_else(|| "declare that suite, or remove the entry".to_owned());
                Err(Diagnostic::at(span, message).help(help))
            }
        }
    }

    fn find_suggestion(&self, wanted: &str) -> Option<String> {
        let similar = find_similar(wanted, self.by_name.keys().copied())?;
        let declared = &self.suites[self.by_name[similar]];
        let line = self.source.line(declared.span.start);
        let (name, file) = (quote(similar), self.source.name());
        Some(format!("did you mean {name}, defined at {file}:{line}?"))
    }

    fn describe_twin(
        &self,
        suite: &Entry<SuiteTable>,
        entry: &Located<String>,
        twin: &Located<String>,
    ) -> Diagnostic {
        let (name, wanted) = (quote(&suite.name), quote(&entry.value));
        let message = format!("suite {name} depends on {wanted} twice");
        let (file, line) = (self.source.name(), self.source.line(twin.span.start));
        let help = format!("remove one; the other is at {file}:{line}");
        Diagnostic::at(entry.span.clone(), message).help(help)
    }

    /// Walks depth first; every edge back to a suite on the present path closes a cycle.
    fn find_cycles(&self) -> Vec<Diagnostic> {
        let mut cycles = Vec::new();
        let mut steps = 0;
        // The suites on the present path, each with the number of its edges already walked.
        let mut path: Vec<(usize, usize)> = Vec::new();
        let mut states = vec![State::New; self.suites.len()];
        for start in 0..self.suites.len() {
            if states[start] == State::New {
                states[start] = State::OnPath { depth: 0 };
                path.push((start, 0));
            }
            while let Some((suite, walked)) = path.last_mut() {
                let Some(edge) = self.edges[*suite].get(*walked) else {
                    states[*suite] = State::Done;
                    path.pop();
                    continue;
                };
                *walked += 1;
                match states[edge.to] {
                    State::New => {
                        states[edge.to] = State::OnPath { depth: path.len() };
                        path.push((edge.to, 0));
                    }
                    State::OnPath { depth } if steps < MOST_STEPS => {
                        steps += path.len() - depth;
                        cycles.push(self.describe_cycle(&path[depth..]));
                    }
                    State::OnPath { .. } | State::Done => {}
                }
            }
        }
        cycles
    }

    /// Returns the diagnostic of a cycle, told from the suite that the file has first.
    fn describe_cycle(&self, path: &[(usize, usize)]) -> Diagnostic {
        let mut path = path.to_vec();
        let first = path.iter().map(|(suite, _)| suite).min();
        let position = path.iter().position(|(suite, _)| Some(suite) == first);
        path.rotate_left(position.unwrap_or(0));

        let name = |suite: usize| quote(&self.suites[suite].name);
        let round = path.iter().chain(path.first());
        let names: Vec<String> = round.map(|(suite, _)| name(*suite)).collect();
        let places = path.iter().map(|(suite, walked)| {
            let edge = &self.edges[*suite][walked - 1];
            Place {
                span: edge.span.clone(),
                label: Some(format!("{} depends on {}", name(*suite), name(edge.to))),
            }
        });
        Diagnostic {
            places: places.collect(),
            ..Diagnostic::nowhere(format!("dependency cycle: {}", names.join(" -> ")))
        }
        .help(format!(
            "remove one of these {} entries",
            count_word(path.len())
        ))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    OnPath { depth: usize },
    Done,
}

fn count_word(count: usize) -> String {
    let words = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let word = count.checked_sub(2).and_then(|index| words.get(index));
    word.map_or_else(|| count.to_string(), |word| (*word).to_owned())
}
