//! What a suite finds when it starts.

use insta::assert_snapshot;

use super::QUIET;
use crate::support::{Place, normalise};

#[test]
fn the_variables_of_a_suite() {
    let place = Place::new(
        "[suites.shows]\ncommand = 'exec env'\ntimeout = '90s'\n\
         env = { OWN = 'a value', LANG = 'C', TEST_TIMEOUT = '7', REGATTA_SLOT = '99' }\n",
    );
    let output = place
        .regatta(&["--suites", "shows", "--progress", "none"])
        .variable("INHERITED", "yes")
        .variable("REGATTA_FAIL_FAST", "1")
        .variable("REGATTA_CONFIG", "regatta.toml")
        .variable("REGATTA_MAX_PARALLEL", "1")
        .variable("REGATTA_SLOT", "4")
        .variable("REGATTA_PID", "4")
        .variable("REGATTA_RUN_ID", "other")
        .variable("TEST_SHARD_INDEX", "3")
        .variable("REGATTA_UNRELATED", "kept")
        .run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    let log = place.anonymise(&normalise(&place.read("test-logs/shows.log")));
    let path = format!("PATH={}", std::env::var("PATH").unwrap());
    let log = log.replace(&path, "PATH=[PATH]");
    let mut lines: Vec<&str> = log
        .lines()
        .filter(|it| !it.starts_with("TMPDIR="))
        .collect();
    lines.sort_unstable();
    // The folder for temporary files has a random name.
    let shown: Vec<&str> = lines
        .into_iter()
        .map(|it| {
            if it.starts_with("TEST_TMPDIR=") {
                "TEST_TMPDIR=[TMP]"
            } else {
                it
            }
        })
        .collect();
    assert_snapshot!(shown.join("\n"), @"
    BAZEL_TEST=1
    HOME=[PLACE]
    INHERITED=yes
    LANG=C
    OWN=a value
    PATH=[PATH]
    PWD=[PLACE]
    PYTEST_ADDOPTS=--junitxml=[PLACE]/test-logs/shows.xml
    REGATTA_ATTEMPT=[RUN]/shows/1
    REGATTA_RUN_ID=[RUN]
    REGATTA_SLOT=0
    REGATTA_SUITE=shows
    REGATTA_UNRELATED=kept
    TERM=dumb
    TEST_TIMEOUT=7
    TEST_TMPDIR=[TMP]
    TEST_UNDECLARED_OUTPUTS_DIR=[PLACE]/test-logs/shows.outputs
    XML_OUTPUT_FILE=[PLACE]/test-logs/shows.xml
    ");
}

#[test]
fn the_private_folder_is_empty_private_and_gone_afterwards() {
    let command = r#"ls -A "$TEST_TMPDIR" | wc -l; stat -c %a "$TEST_TMPDIR/.." ; touch "$TEST_TMPDIR/trash"; mkdir "$TEST_TMPDIR/deep"; chmod 500 "$TEST_TMPDIR/deep"; echo "$TEST_TMPDIR" >> ../folders"#;
    let suite = |name: &str| format!("[suites.{name}]\ndir = 'in'\ncommand = '''{command}'''\n");
    let place = Place::new(&["a", "b"].map(suite).concat());
    place.write("in/here", "");
    let output = place.regatta(&["-j", "1", "--progress", "none"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    for suite in ["a", "b"] {
        let log = place.read(&format!("test-logs/{suite}.log"));
        assert_eq!(log, "0\n700\n");
    }
    for folder in place.read("folders").lines() {
        assert!(
            folder.starts_with(&*place.temporary().to_string_lossy()),
            "{folder}"
        );
        assert!(!std::path::Path::new(folder).exists(), "{folder}");
    }
}

#[test]
fn attachments_are_kept_and_their_folder_is_not_when_there_are_none() {
    let place = Place::new(
        "[suites.attaches]\ncommand = 'echo trace > \"$TEST_UNDECLARED_OUTPUTS_DIR/trace\"; echo \"<x/>\" > \"$XML_OUTPUT_FILE\"'\n\
         [suites.plain]\ncommand = 'true'\n",
    );
    let output = place.regatta(&QUIET).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(place.read("test-logs/attaches.outputs/trace"), "trace\n");
    assert_eq!(place.read("test-logs/attaches.xml"), "<x/>\n");
    assert!(!place.has("test-logs/plain.outputs"));
}

#[test]
fn a_second_attempt_keeps_its_folder_for_attachments_to_itself() {
    // While `again` waits for its second attempt, `between` leaves an unused folder behind; while that
    // attempt runs, `late` and `later` need one each.
    let place = Place::new(
        r#"
        [suites.again]
        retries = { count = 1, delay = "1s", jitter = false }
        command = """
            case $REGATTA_ATTEMPT in */1) exit 1;; esac
            touch second; until [ -e later ]; do sleep 0.01; done
            touch "$TEST_UNDECLARED_OUTPUTS_DIR/trace"
        """
        [suites.between]
        command = """
            failed='"suite":"again","event":"attempt_finished"'
            until grep -qs "$failed" test-logs/events.jsonl; do sleep 0.01; done
        """
        [suites.waits]
        command = "until [ -e second ]; do sleep 0.01; done"
        [suites.late]
        command = "until [ -e later ]; do sleep 0.01; done"
        depends_on = ["waits"]
        [suites.later]
        command = "touch later"
        depends_on = ["waits"]
        "#,
    );
    let output = place.regatta(&["-j", "3", "--progress", "none"]).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert!(place.has("test-logs/again.outputs/trace"), "{output}");
    let folders = place.names("test-logs");
    let folders: Vec<_> = folders
        .iter()
        .filter(|it| it.ends_with(".outputs"))
        .collect();
    assert_eq!(folders, ["again.outputs"]);
}

#[test]
fn standard_input_is_at_its_end_and_no_descriptor_is_inherited() {
    let place = Place::new(
        "[suites.reads]\ncommand = 'cat; echo read $?; ls /proc/self/fd'\n\
         [suites.groups]\ncommand = ['bash', '-c', 'read -r _ _ _ _ group _ < /proc/$$/stat; [ $group = $$ ] && echo own']\n",
    );
    let output = place.regatta(&QUIET).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    // Descriptor 3 is the folder that ls lists.
    assert_eq!(place.read("test-logs/reads.log"), "read 0\n0\n1\n2\n3\n");
    assert_eq!(place.read("test-logs/groups.log"), "own\n");
}

#[test]
fn a_string_is_for_the_shell_and_an_array_is_not() {
    let place = Place::new(
        "[suites.shell]\ncommand = 'echo $HOME | wc -l'\n\
         [suites.direct]\ncommand = ['echo', '$HOME', '|', 'two words']\n\
         [suites.inside]\ncommand = 'pwd'\ndir = 'deep/er'\n",
    );
    place.write("deep/er/file", "");
    let output = place.regatta(&QUIET).run();
    assert!(output.starts_with("exit 0\n"), "{output}");
    assert_eq!(place.read("test-logs/shell.log"), "1\n");
    assert_eq!(place.read("test-logs/direct.log"), "$HOME | two words\n");
    let here = place.anonymise(&place.read("test-logs/inside.log"));
    assert_eq!(here, "[PLACE]/deep/er\n");
}
