//! The pages in `docs`: the reference is what the schema says, and every link leads somewhere.
//!
//! `REGATTA_UPDATE=1` writes the reference anew.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use regatta::config;
use serde_json::Value;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the pages of the site, from its table of contents.
fn pages() -> Vec<PathBuf> {
    let contents = read(&docs().join("SUMMARY.md"));
    links(&contents).map(|link| docs().join(link)).collect()
}

/// Returns where the links of a page lead, those on the web and within the page excepted.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.split("](").skip(1);
    let targets = ends.filter_map(|rest| rest.split(')').next());
    let files = targets.map(|it| it.split('#').next().unwrap_or(it));
    files.filter(|it| !it.is_empty() && !it.contains("://"))
}

#[test]
fn the_reference_is_what_the_schema_says() {
    let path = docs().join("configuration.md");
    let reference = render_reference(&config::schema());
    if env::var_os("REGATTA_UPDATE").is_some() {
        fs::write(&path, &reference).expect("the reference can be written");
    }
    assert!(
        read(&path) == reference,
        "docs/configuration.md is out of date; REGATTA_UPDATE=1 cargo test -p regatta --test docs"
    );
}

#[test]
fn every_page_is_in_the_contents_and_every_link_leads_to_a_file() {
    let listed: BTreeSet<PathBuf> = pages().iter().map(|it| absolute(it)).collect();
    for folder in [docs(), docs().join("design")] {
        for entry in fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("an entry can be read").path();
            let is_page = path.extension().is_some_and(|it| it == "md");
            if is_page && !path.ends_with("SUMMARY.md") {
                assert!(
                    listed.contains(&absolute(&path)),
                    "docs/SUMMARY.md does not name {}",
                    path.display()
                );
            }
        }
    }
    let root = docs().join("..");
    let top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|it| root.join(it));
    for page in pages().into_iter().chain(top) {
        let text = read(&page);
        let folder = page.parent().expect("a page lies in a folder");
        for link in links(&text) {
            assert!(
                folder.join(link).exists(),
                "{} links to {link}",
                page.display()
            );
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn render_reference(schema: &Value) -> String {
    let tables = &schema["properties"];
    let suite = &tables["suites"]["additionalProperties"];
    let retries = &suite["properties"]["retries"]["anyOf"][1];
    let mut text = String::from(
        "# regatta.toml, key by key\n\n\
         This page is made from the JSON Schema that `regatta schema` prints. A key that is not here is an error.\n\
         Where a duration is asked for, `300`, `\"5m\"` and `\"1m 30s\"` are understood; where a size is, `65536` and `\"64MiB\"`.\n",
    );
    let sections = [
        ("[run]", &tables["run"]),
        ("[profile.NAME]", &tables["profile"]),
        ("[suites.NAME]", suite),
        ("retries = { … }", retries),
        (
            "[categories.NAME]",
            &tables["categories"]["additionalProperties"],
        ),
        ("[groups.NAME]", &tables["groups"]["additionalProperties"]),
    ];
    for (title, table) in sections {
        let _ = write!(text, "\n## `{title}`\n");
        let about = table["description"].as_str();
        if let Some(about) = about {
            let _ = write!(text, "\n{about}\n");
        }
        if title == "[profile.NAME]" {
            text.push_str("\nThe keys are those of `[run]`.\n");
            continue;
        }
        text.push_str("\n| key | default | meaning |\n|---|---|---|\n");
        let properties = table["properties"].as_object().expect("a table has keys");
        for (key, property) in properties {
            let _ = writeln!(
                text,
                "| `{key}`{} | {} | {} |",
                if is_required(table, key) {
                    " (required)"
                } else {
                    ""
                },
                property.get("default").map_or(String::new(), code),
                meaning(property),
            );
        }
    }
    text
}

fn is_required(table: &Value, key: &str) -> bool {
    let required = table["required"].as_array();
    required.is_some_and(|it| it.iter().any(|name| name == key))
}

/// Returns what a key means, and the words it takes where there are few.
fn meaning(property: &Value) -> String {
    let description = property["description"]
        .as_str()
        .expect("a key is described");
    let words = property["enum"].as_array();
    let words = words.map(|words| {
        let words: Vec<String> = words.iter().map(code).collect();
        format!(" One of {}.", words.join(", "))
    });
    format!("{description}{}", words.unwrap_or_default()).replace('|', "\\|")
}

fn code(value: &Value) -> String {
    format!("`{value}`")
}
