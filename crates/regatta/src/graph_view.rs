//! The dependency graph as text, for people and for the tools that draw it. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use regatta_core::event::CategoryHeader;
use regatta_core::plan::Suite;

/// Returns the graph as a forest: each suite under what it depends on.
///
/// A suite with several dependencies stands in full under the first one it is met at; elsewhere it is named
/// with an arrow and not descended into, so the text grows with the graph and not with its paths.
#[must_use]
pub fn render_text(suites: &[Suite]) -> String {
    let graph = Graph::new(suites);
    let mut text = String::new();
    let mut shown = vec![Shown::Not; suites.len()];
    for (index, suite) in suites.iter().enumerate() {
        if graph.dependencies[index].is_empty() {
            writeln!(text, "{}", suite.name).expect("a String takes all");
            graph.write_dependents(&mut text, &mut shown, index);
        }
    }
    text
}

/// Returns the graph in Graphviz's DOT language: an edge points from a suite to the one that waits for it.
///
/// *Source*: graphviz.org/doc/info/lang.html.
#[must_use]
pub fn render_dot(suites: &[Suite], categories: &[CategoryHeader]) -> String {
    let mut text = "digraph suites {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    let mut write = |line: String| writeln!(text, "{line}").expect("a String takes all");
    for (number, category) in categories.iter().enumerate() {
        let mut members = members(suites, category).peekable();
        if members.peek().is_none() {
            continue;
        }
        write(format!("  subgraph cluster_{number} {{"));
        write(format!("    label={};", dot_quote(&category.title)));
        for (_, suite) in members {
            let tooltip = dot_quote(&suite.description);
            write(format!(
                "    {} [tooltip={tooltip}];",
                dot_quote(&suite.name)
            ));
        }
        write("  }".to_owned());
    }
    for (dependency, suite) in edges(suites) {
        write(format!(
            "  {} -> {};",
            dot_quote(&suites[dependency].name),
            dot_quote(&suites[suite].name)
        ));
    }
    write("}".to_owned());
    text
}

/// Returns the graph as a Mermaid flow chart: an arrow points from a suite to the one that waits for it.
///
/// *Source*: mermaid.js.org/syntax/flowchart.html.
#[must_use]
pub fn render_mermaid(suites: &[Suite], categories: &[CategoryHeader]) -> String {
    let mut text = "flowchart LR\n".to_owned();
    let mut write = |line: String| writeln!(text, "{line}").expect("a String takes all");
    for (number, category) in categories.iter().enumerate() {
        let mut members = members(suites, category).peekable();
        if members.peek().is_none() {
            continue;
        }
        let title = mermaid_quote(&category.title);
        write(format!("  subgraph c{number} [{title}]"));
        for (index, suite) in members {
            write(format!("    s{index}[{}]", mermaid_quote(&suite.name)));
        }
        write("  end".to_owned());
    }
    for (dependency, suite) in edges(suites) {
        write(format!("  s{dependency} --> s{suite}"));
    }
    text
}

/// Whether a suite's dependents have been shown already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Not,
    InFull,
}

/// Edges by position, in both directions.
struct Graph<'s> {
    suites: &'s [Suite],
    dependencies: Vec<Vec<usize>>,
    dependents: Vec<Vec<usize>>,
}

/// A line that is still to be written, with what stands before it.
struct Branch {
    index: usize,
    prefix: String,
    position: Position,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Between,
    Last,
}

impl<'s> Graph<'s> {
    fn new(suites: &'s [Suite]) -> Self {
        let mut dependencies = vec![Vec::new(); suites.len()];
        let mut dependents = vec![Vec::new(); suites.len()];
        for (dependency, suite) in edges(suites) {
            dependencies[suite].push(dependency);
            dependents[dependency].push(suite);
        }
        Self {
            suites,
            dependencies,
            dependents,
        }
    }

    /// Writes what waits for `root`, depth first. A stack of its own keeps a chain of ten thousand suites
    /// off the program's.
    fn write_dependents(&self, text: &mut String, shown: &mut [Shown], root: usize) {
        shown[root] = Shown::InFull;
        let mut stack = self.branches(root, "");
        while let Some(branch) = stack.pop() {
            let Branch {
                index,
                prefix,
                position,
            } = branch;
            let (elbow, below) = match position {
                Position::Between => ("├── ", "│   "),
                Position::Last => ("└── ", "    "),
            };
            let repeated = shown[index] == Shown::InFull && !self.dependents[index].is_empty();
            let mark = if repeated { " → above" } else { "" };
            let also = self.other_dependencies(index);
            let name = &self.suites[index].name;
            writeln!(text, "{prefix}{elbow}{name}{also}{mark}").expect("a String takes all");
            if shown[index] == Shown::Not {
                shown[index] = Shown::InFull;
                stack.extend(self.branches(index, &format!("{prefix}{below}")));
            }
        }
    }

    /// Returns the dependents of a suite so that the first is popped first.
    fn branches(&self, index: usize, prefix: &str) -> Vec<Branch> {
        let dependents = self.dependents[index].iter().rev().enumerate();
        let branches = dependents.map(|(from_end, &index)| Branch {
            index,
            prefix: prefix.to_owned(),
            position: if from_end == 0 {
                Position::Last
            } else {
                Position::Between
            },
        });
        branches.collect()
    }

    fn other_dependencies(&self, index: usize) -> String {
        let names: Vec<&str> = self.dependencies[index]
            .iter()
            .map(|&it| self.suites[it].name.as_str())
            .collect();
        if names.len() > 1 {
            format!(" (after {})", names.join(", "))
        } else {
            String::new()
        }
    }
}

/// Returns the edges as positions of a dependency and its dependent, in the order of the dependents.
#[must_use]
pub fn edges(suites: &[Suite]) -> Vec<(usize, usize)> {
    let positions: BTreeMap<&str, usize> = suites
        .iter()
        .enumerate()
        .map(|(index, suite)| (suite.name.as_str(), index))
        .collect();
    let mut edges = Vec::new();
    for (index, suite) in suites.iter().enumerate() {
        let known = suite.depends_on.iter();
        // Under --no-deps a dependency may not be part of the graph.
        let known = known.filter_map(|name| positions.get(name.as_str()));
        edges.extend(known.map(|&dependency| (dependency, index)));
    }
    edges
}

fn members<'s>(
    suites: &'s [Suite],
    category: &'s CategoryHeader,
) -> impl Iterator<Item = (usize, &'s Suite)> {
    let suites = suites.iter().enumerate();
    suites.filter(|(_, suite)| suite.category == category.name)
}

fn dot_quote(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}

fn mermaid_quote(text: &str) -> String {
    let escaped = text.replace('#', "#35;").replace('"', "#quot;");
    format!("\"{}\"", escaped.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    fn suites(declared: &[(&str, &str, &[&str])]) -> Vec<Suite> {
        let suites = declared.iter().map(|(name, category, depends_on)| Suite {
            name: (*name).to_owned(),
            description: format!("The \"{name}\" suite"),
            category: (*category).to_owned(),
            depends_on: depends_on.iter().map(|it| (*it).to_owned()).collect(),
            ..Suite::default()
        });
        suites.collect()
    }

    fn diamond() -> Vec<Suite> {
        suites(&[
            ("build", "unit", &[]),
            ("left", "unit", &["build"]),
            ("right", "unit", &["build"]),
            ("join", "integration", &["left", "right"]),
            ("last", "integration", &["join"]),
            ("alone", "lint", &[]),
        ])
    }

    fn categories() -> Vec<CategoryHeader> {
        ["unit", "lint", "acceptance", "integration"]
            .map(|name| CategoryHeader {
                name: name.to_owned(),
                title: name.to_owned(),
                icon: String::new(),
            })
            .to_vec()
    }

    #[test]
    fn text_shows_each_suite_under_what_it_waits_for() {
        assert_snapshot!(render_text(&diamond()), @"
        build
        ├── left
        │   └── join (after left, right)
        │       └── last
        └── right
            └── join (after left, right) → above
        alone
        ");
    }

    #[test]
    fn dot_groups_by_category() {
        assert_snapshot!(render_dot(&diamond(), &categories()), @r#"
        digraph suites {
          rankdir=LR;
          node [shape=box];
          subgraph cluster_0 {
            label="unit";
            "build" [tooltip="The \"build\" suite"];
            "left" [tooltip="The \"left\" suite"];
            "right" [tooltip="The \"right\" suite"];
          }
          subgraph cluster_1 {
            label="lint";
            "alone" [tooltip="The \"alone\" suite"];
          }
          subgraph cluster_3 {
            label="integration";
            "join" [tooltip="The \"join\" suite"];
            "last" [tooltip="The \"last\" suite"];
          }
          "build" -> "left";
          "build" -> "right";
          "left" -> "join";
          "right" -> "join";
          "join" -> "last";
        }
        "#);
    }

    #[test]
    fn mermaid_groups_by_category() {
        assert_snapshot!(render_mermaid(&diamond(), &categories()), @r#"
        flowchart LR
          subgraph c0 ["unit"]
            s0["build"]
            s1["left"]
            s2["right"]
          end
          subgraph c1 ["lint"]
            s5["alone"]
          end
          subgraph c3 ["integration"]
            s3["join"]
            s4["last"]
          end
          s0 --> s1
          s0 --> s2
          s1 --> s3
          s2 --> s3
          s3 --> s4
        "#);
    }

    #[test]
    fn quotes_and_signs_of_a_title_stay_text() {
        assert_eq!(
            mermaid_quote("a \"b\" #1\n"),
            "\"a #quot;b#quot; #351 \"".replace("#351", "#35;1")
        );
        assert_eq!(dot_quote("a \"b\"\\"), r#""a \"b\"\\""#);
    }

    #[test]
    fn a_long_chain_does_not_exhaust_the_stack() {
        let chain: Vec<Suite> = (0..2000)
            .map(|number| Suite {
                name: format!("s{number}"),
                depends_on: (number > 0)
                    .then(|| format!("s{}", number - 1))
                    .into_iter()
                    .collect(),
                ..Suite::default()
            })
            .collect();
        assert_eq!(render_text(&chain).lines().count(), 2000);
    }
}
