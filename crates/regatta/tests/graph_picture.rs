//! Pictures of graphs: well-formed, in words as well as in colours, whatever suites are called.

mod terminal_support;

use std::time::Duration;

use regatta::graph_picture::{Mark, Scene, render_svg};
use regatta::report::record::{Record, RunState};
use regatta_core::plan::Suite;
use terminal_support::{Script, categories, suite};

fn suites() -> Vec<Suite> {
    let waits = |name: &str, depends_on: &[&str]| Suite {
        depends_on: depends_on.iter().map(|it| (*it).to_owned()).collect(),
        ..suite("unit", name, "Checks <things> & \"more\"")
    };
    vec![
        waits("build", &[]),
        waits("api", &["build"]),
        waits("web", &["api", "build"]),
        waits("docs", &[]),
    ]
}

fn record() -> Record {
    let mut script = Script::new(suites());
    script.start(0, "build");
    script.pass(1500, "build");
    script.start(1500, "api");
    script.fail(2000, "api", 3, &[]);
    script.block(2000, "web", "api");
    let mut record = Record::new(script.header.clone());
    for (at, event) in &script.events {
        record.apply(*at, event);
    }
    record
}

/// Walks through the tags of a document and returns how many elements it has.
fn count_elements(text: &str) -> usize {
    let mut open = Vec::new();
    let mut elements = 0;
    for piece in text.split('<').skip(1) {
        let (tag, content) = piece.split_once('>').expect("a tag ends");
        assert!(!content.contains('>'), "{content}");
        let name: String = tag.chars().take_while(|it| !it.is_whitespace()).collect();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
        } else {
            elements += 1;
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    elements
}

#[test]
fn each_suite_has_what_the_run_said_of_it() {
    let record = record();
    let scene = Scene::new(
        &suites(),
        &categories(),
        Some((&record, RunState::Interrupted)),
    );
    let marks: Vec<Mark> = scene.nodes.iter().map(|it| it.mark).collect();
    assert_eq!(
        marks,
        [Mark::Passed, Mark::Failed, Mark::Blocked, Mark::Skipped]
    );
    let times: Vec<Option<Duration>> = scene.nodes.iter().map(|it| it.time).collect();
    let ms = |it| Some(Duration::from_millis(it));
    assert_eq!(times, [ms(1500), ms(500), None, None]);
    assert_eq!(
        scene.run.as_ref().map(|it| it.critical_path.clone()),
        Some(vec![0, 1])
    );
    assert_eq!(
        scene.words_of(2),
        "web\nChecks <things> & \"more\"\nblocked: Dependency api did not pass\nwaits for api, build\ncategory unit"
    );
    assert_eq!(
        scene.description(),
        "Dependency graph of 4 suites: 1 failed, 1 blocked, 1 passed, 1 skipped. Failed: api. Critical path: build, api."
    );
}

#[test]
fn a_picture_is_well_formed_and_says_everything_in_words() {
    let record = record();
    let with_run = Scene::new(
        &suites(),
        &categories(),
        Some((&record, RunState::Interrupted)),
    );
    let without = Scene::new(&suites(), &categories(), None);
    for (scene, words) in [
        (
            &with_run,
            [
                "1 of 4 suites failed",
                "1 blocked",
                "critical path",
                "failed in 0.5s: exit code 3",
            ],
        ),
        (
            &without,
            [
                "4 suites and 3 dependencies",
                "waits for api, build",
                "1 line left out that follows from others",
                "category unit",
            ],
        ),
    ] {
        let svg = render_svg(scene);
        assert!(count_elements(&svg) > 20);
        for word in words {
            assert!(svg.contains(word), "{word} in {svg}");
        }
        assert!(svg.contains("Checks &lt;things&gt; &amp; &quot;more&quot;"));
        for foreign in ["href", "url(", "<script", "@import"] {
            assert!(
                !svg.contains(foreign),
                "a picture asks nobody for {foreign}"
            );
        }
    }
}

#[test]
fn suites_that_the_run_did_not_have_are_marked_so() {
    let record = record();
    let mut more = suites();
    more.push(suite("lint", "new", ""));
    let scene = Scene::new(&more, &categories(), Some((&record, RunState::Interrupted)));
    assert_eq!(scene.nodes[4].mark, Mark::NotRun);
}
