//! What a page says about the run as a whole: where and how it ran, and what to be wary of.

use regatta_core::id::{Id, TaskId};
use regatta_core::terms::FailFast;
use regatta_core::verdict::UsageMethod;

use crate::report::floor::FloorCause;
use crate::report::record::Record;

/// How many warnings of one kind are told one by one.
const MOST: usize = 20;

/// Returns why a run could not have been shorter, to follow its time.
pub(super) fn describe_floor(record: &Record, cause: &FloorCause) -> String {
    match cause {
        FloorCause::Path => "the longest path of dependencies".into(),
        FloorCause::Work => format!("the work there is for {} slots", record.header.max_parallel),
        FloorCause::Memory => "the memory that suites shared".into(),
        FloorCause::Group(name) => format!("group {name}"),
    }
}

/// Returns the settings and the surroundings of a run, each with its name.
pub(super) fn find_facts(record: &Record) -> Vec<(&'static str, String)> {
    let header = &record.header;
    let mut facts = vec![
        ("Run", header.run_id.clone()),
        ("Started", header.timestamp.clone()),
        ("Regatta", header.version.clone()),
        ("Host", header.host.name.clone()),
        ("System", header.host.os.clone()),
        ("CPUs the run could use", header.host.cpus.to_string()),
        ("Slots", header.max_parallel.to_string()),
    ];
    if let Some(git) = &record.repository {
        let dirty = if git.dirty {
            ", with changed files"
        } else {
            ""
        };
        facts.push(("Commit", format!("{}{dirty}", git.commit)));
        let branch = git.branch.clone();
        facts.push(("Branch", branch.unwrap_or_else(|| "detached".into())));
    }
    facts.push(("Project folder", header.root.clone()));
    facts.push(("Log directory", header.log_dir.clone()));
    facts.push((
        "After a failure",
        match header.fail_fast {
            FailFast::Off => "everything else runs",
            FailFast::Soon => "nothing more starts",
            FailFast::Now => "nothing more starts, what runs is ended",
        }
        .into(),
    ));
    let optional = [
        ("Profile", header.profile.clone()),
        ("Selection", header.selection.clone()),
    ];
    facts.extend(
        optional
            .into_iter()
            .filter_map(|(name, it)| Some((name, it?))),
    );
    for group in &header.groups {
        facts.push((
            "Group",
            format!("{}, {} at a time", group.name, group.capacity),
        ));
    }
    let exit = record.finished.map(|it| it.exit_code.to_string());
    facts.push(("Exit code", exit.unwrap_or_else(|| "none".into())));
    if let Some(method) = find_method(record) {
        facts.push(("CPU time and memory", method));
    }
    facts
}

/// Returns how usage was measured, in all the ways that some suite's was.
fn find_method(record: &Record) -> Option<String> {
    let ends = record.tasks.iter().flat_map(|it| &it.attempts);
    let usages = ends.filter_map(|it| it.end.as_ref()?.report.usage);
    let methods: Vec<UsageMethod> = usages.map(|it| it.method).collect();
    let ways = [
        (
            UsageMethod::Wait4,
            "wait4(2) for short suites: CPU time of the command and of all it waited for; memory of its largest process",
        ),
        (
            UsageMethod::Sampled,
            "looks at the processes now and then: memory of all of them together",
        ),
        (UsageMethod::Cgroup, "the control group of the suite"),
    ];
    let seen = ways.iter().filter(|(method, _)| methods.contains(method));
    let words: Vec<&str> = seen.map(|(_, words)| *words).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// Returns what a reader should know that no verdict says.
pub(super) fn find_warnings(record: &Record) -> Vec<String> {
    let mut warnings = Vec::new();
    if record.finished.is_none() {
        warnings.push("The run has no end: it goes on, or it was killed.".to_owned());
    }
    for suite in &record.header.suites {
        if let Some(entry) = suite.expired_quarantine() {
            warnings.push(format!(
                "The quarantine of {} expired on {} ({}).",
                suite.name, entry.expires, entry.place
            ));
        }
    }
    let before = warnings.len();
    for index in 0..record.tasks.len() {
        let task = TaskId::from_index(index);
        let name = &record.suite(task).name;
        for end in record.tasks[index]
            .attempts
            .iter()
            .filter_map(|it| it.end.as_ref())
        {
            let report = &end.report;
            if let Some(error) = &report.log.error {
                warnings.push(format!(
                    "The log of {name} could not be written whole: {error}"
                ));
            }
            if report.log.elided_bytes > 0 {
                let bytes = report.log.elided_bytes;
                warnings.push(format!(
                    "The log of {name} lacks {bytes} bytes in its middle."
                ));
            }
            for survivor in &report.survivors {
                warnings.push(format!(
                    "Process {} ({}) of {name} could not be ended.",
                    survivor.pid, survivor.name
                ));
            }
            match report.leftovers.len() {
                0 => {}
                1 => warnings.push(format!("{name} left 1 process behind.")),
                count => warnings.push(format!("{name} left {count} processes behind.")),
            }
            if let Some(trouble) = report.cases.as_ref().and_then(|it| it.trouble.as_ref()) {
                warnings.push(format!(
                    "The cases of {name} could not all be read: {trouble}"
                ));
            }
        }
    }
    let surplus = (warnings.len() - before).saturating_sub(MOST);
    if surplus > 1 {
        warnings.truncate(before + MOST);
        warnings.push(format!("{surplus} more of that kind."));
    }
    warnings
}
