//! The floors of this crate: a module may only use modules of the floors below its own.

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. Modules of one floor do not know each other.
const FLOORS: [&[&str]; 6] = [
    &[
        "clock",
        "diagnostic",
        "graph_layout",
        "ignored",
        "jobserver",
        "log_dir",
        "memory",
        "pattern",
        "repository",
        "shell",
        "split",
        "wish",
    ],
    &["cache", "cases", "config", "graph_view", "report", "watch"],
    &[
        "affected",
        "backend",
        "machine_output",
        "outstanding",
        "plan_view",
        "processors",
        "recipes",
        "definition",
        "graph_picture",
        "history",
        "screen",
        "select",
    ],
    &["audience", "planning"],
    &["cli", "drive"],
    &["command"],
];

fn floor(module: &str) -> usize {
    let floor = FLOORS.iter().position(|floor| floor.contains(&module));
    floor.unwrap_or_else(|| panic!("module `{module}` has no floor; give it one in this test"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the sources can be read") {
        let path = entry.expect("the sources can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// Returns the modules of this crate that a source text names after `crate::`.
fn used(text: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => {
                let end = list.find('}').expect("a list of imports ends");
                list[..end].split(',').collect()
            }
            None => vec![rest],
        };
        modules.extend(names.into_iter().map(|name| {
            let name = name.trim_start();
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
            name[..end.unwrap_or(name.len())].to_owned()
        }));
    }
    modules.retain(|name| !name.is_empty());
    modules
}

#[test]
fn no_module_uses_one_of_its_own_floor_or_above() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut seen = 0;
    for file in files {
        let inside = file.strip_prefix(&root).expect("it was found there");
        let first = inside.iter().next().expect("a file has a name");
        let module = first.to_string_lossy().trim_end_matches(".rs").to_owned();
        if module == "lib" || module == "main" {
            continue;
        }
        let text = fs::read_to_string(&file).expect("the sources can be read");
        for used in used(&text) {
            seen += 1;
            assert!(
                used == module || floor(&used) < floor(&module),
                "{} is on floor {} and uses `{used}` of floor {}",
                inside.display(),
                floor(&module),
                floor(&used)
            );
        }
    }
    assert!(
        seen > 50,
        "the test found only {seen} imports: it looks in the wrong place"
    );
}

#[test]
fn imports_are_read_in_both_forms() {
    let text = "use crate::config::{self, Config};\nuse crate::{repository, screen,\n    shell};";
    assert_eq!(used(text), ["config", "repository", "screen", "shell"]);
}
