//! What the data of a page says of one suite.

use regatta_core::cases::{Case, CaseList, CaseOutcome};
use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Failure, Outcome, Reason, Sample, Status, Verdict};

use super::gather::Gathering;
use super::kind::Kind;
use super::logs::{ShownTail, file_name, shown_attempts};
use super::model::{Attempt, Cache, CaseRow, Cases, PastData, Quarantine, Rounds, SuiteData, Tail};
use super::words::{duration, seconds};
use crate::report::record::{AttemptRecord, Record, describe_failure};
use crate::report::terminal::describe_failure_in_history;

/// How many looks at an attempt's usage are told: more than a bar has points on most screens.
const SAMPLES: usize = 60;

/// How many cases of one suite are listed.
const CASES: usize = 2_000;

impl<'r> Gathering<'r> {
    /// Returns what is said of a suite, and adds its logs to those of the page.
    pub(super) fn suite(&mut self, task: TaskId) -> SuiteData<'r> {
        let record = self.record;
        let suite = record.suite(task);
        let known = &record.tasks[task.index()];
        let attempts: Vec<Attempt> = shown_attempts(&known.attempts)
            .map(|attempt| self.attempt(task, attempt))
            .collect();
        let usages = || {
            let ends = known.attempts.iter().filter_map(|it| it.end.as_ref());
            ends.filter_map(|end| end.report.usage)
        };
        let ran = known.attempts.iter().filter_map(AttemptRecord::duration);
        let telling = known.telling_attempt().and_then(|it| it.end.as_ref());
        let cases = telling.and_then(|end| end.report.cases.as_deref());
        let dependencies = suite.depends_on.iter();
        SuiteData {
            name: &suite.name,
            description: &suite.description,
            category: &suite.category,
            kind: Kind::of(record, task),
            words: describe_end(record, task),
            news: describe_failure_in_history(record, task),
            command: &suite.command_line,
            tags: &suite.tags,
            owner: suite.owner.as_deref(),
            after: dependencies
                .filter_map(|name| self.by_name.get(name.as_str()).copied())
                .collect(),
            groups: &suite.parallel_group,
            cpus: suite.cpus,
            root: self.roots.get(&task).map(|root| root.index()),
            start: known.started().map(|it| seconds(it.0)),
            end: known.ended().map(|it| seconds(it.0)),
            ran: known.started().map(|_| seconds(ran.sum())),
            cpu: usages()
                .next()
                .map(|_| seconds(usages().map(|it| it.cpu).sum())),
            memory: usages().map(|it| it.max_rss_bytes).max(),
            slack: self.slack[task.index()].map(seconds),
            attempt_count: (known.attempts.len() > attempts.len()).then(|| known.latest_number()),
            attempts,
            past: record.past(task).map(past_data),
            cache: self.cache(task),
            not_stored: known.not_stored.as_deref(),
            cases: cases.map(cases_data),
            quarantine: suite.quarantine.as_deref().map(|it| Quarantine {
                reason: &it.reason,
                owner: &it.owner,
                issue: &it.issue,
                expires: &it.expires,
                expired: it.expired,
            }),
            diagnosis: record.diagnosis_file(task).map(|it| file_name(&it)),
            rounds: record.header.repeat.map(|_| Rounds {
                total: known.words.rounds,
                failed: known.words.failed,
                passed_attempts: known.tally.passed,
                failed_attempts: known.tally.failed,
            }),
        }
    }

    fn attempt(&mut self, task: TaskId, attempt: &'r AttemptRecord) -> Attempt {
        let end = attempt.end.as_ref();
        let report = end.map(|it| &it.report);
        let usage = report.and_then(|it| it.usage);
        let left = report.into_iter();
        let left = left.flat_map(|it| it.leftovers.iter().chain(&it.survivors));
        let log = self.record.log_file(task, attempt);
        Attempt {
            number: attempt.number,
            kind: end.map_or(Kind::Skipped, |it| Kind::of_status(it.verdict.status())),
            words: end.map_or_else(
                || "was cut short".into(),
                |it| describe_verdict(&it.verdict, attempt),
            ),
            slot: attempt.slot,
            start: attempt.started.map(|it| seconds(it.0)),
            end: end.map(|it| seconds(it.at.0)),
            waits: self.waits.of(self.record, task, attempt),
            cpu: usage.map(|it| seconds(it.cpu)),
            memory: usage.map(|it| it.max_rss_bytes),
            samples: report.map_or_else(Vec::new, |it| thin_out(&it.samples)),
            log: log.map(|it| file_name(&it)),
            tail: self.tail((task, attempt.number), attempt),
            printed: report.map(|it| it.log.bytes),
            leftovers: left.map(|it| format!("{} ({})", it.name, it.pid)).collect(),
        }
    }

    /// Adds the end of a log, or what the journal has of it, and returns its place.
    fn tail(&mut self, key: (TaskId, u32), attempt: &AttemptRecord) -> Option<usize> {
        let report = attempt.end.as_ref().map(|it| &it.report);
        let shown = if let Some(tail) = self.tails_read.get(&key) {
            ShownTail::new(tail)
        } else {
            let report = report.filter(|it| !it.excerpt.is_empty())?;
            ShownTail::of_excerpt(&report.excerpt, report.log.bytes)
        };
        let verdict = attempt.end.as_ref().map(|it| it.verdict.status());
        let shown = match verdict {
            Some(Status::Failed) => shown.with_first_error(),
            _ => shown,
        };
        Some(self.add_tail(shown))
    }

    fn add_tail(&mut self, shown: ShownTail) -> usize {
        self.tails.push(Tail {
            lines: shown.lines,
            first_error: shown.first_error,
            cut: shown.cut_bytes,
        });
        self.tails.len() - 1
    }

    fn cache(&mut self, task: TaskId) -> Option<Cache<'r>> {
        let record = self.record;
        let probe = record.tasks[task.index()].probe.as_ref()?;
        let log = record.last_log_file(task).filter(|_| probe.hit);
        let tail = self.tails_read.get(&(task, 0)).filter(|_| probe.hit);
        let shown = tail.map(ShownTail::new);
        Some(Cache {
            at: seconds(probe.at.0),
            key: probe.key.as_deref(),
            hit: probe.hit,
            reason: &probe.reason,
            saved: seconds(probe.saved),
            log: log.map(|it| file_name(&it)),
            tail: shown.map(|it| self.add_tail(it)),
        })
    }
}

/// Returns how a suite ended, in a few words that fit after its name.
pub(super) fn describe_end(record: &Record, task: TaskId) -> String {
    let known = &record.tasks[task.index()];
    let last = known.attempts.last();
    let took = last.and_then(AttemptRecord::duration).map(duration);
    let took = took.unwrap_or_default();
    match known.verdict_or_interrupted() {
        Verdict::Passed => format!("passed in {took}"),
        Verdict::Cached => "not run: nothing that decides it has changed".into(),
        Verdict::Flaky => {
            let number = known.latest_number();
            let failed = known.attempts.iter().rev().find_map(|it| {
                let end = it.end.as_ref()?;
                match &end.verdict {
                    Verdict::Failed(failure) => Some(describe_failure(failure, number)),
                    _ => None,
                }
            });
            let before = failed.map_or_else(String::new, |it| format!(", after {it}"));
            format!("passed at attempt {number}{before}")
        }
        Verdict::Failed(_) | Verdict::Skipped(_) => record.error_message(task).unwrap_or_default(),
    }
}

fn describe_verdict(verdict: &Verdict, attempt: &AttemptRecord) -> String {
    match verdict {
        Verdict::Passed | Verdict::Cached | Verdict::Flaky | Verdict::Failed(Failure::Flaky) => {
            "passed".into()
        }
        Verdict::Failed(failure) => describe_failure(failure, attempt.number),
        Verdict::Skipped(Reason::Condition(code)) => format!("skipped itself (exit code {code})"),
        Verdict::Skipped(Reason::Interrupted) => "interrupted".into(),
        Verdict::Skipped(_) => match verdict.outcome() {
            Outcome::Blocked => "blocked".into(),
            _ => "cancelled".into(),
        },
    }
}

fn past_data(past: &regatta_core::past::Past) -> PastData<'_> {
    PastData {
        runs: past.runs,
        failing: past.failing,
        usual: past
            .usual
            .map(|it| (seconds(it.duration), seconds(it.spread))),
        flaky: past.flaky.map(|it| (it.failures, it.attempts)),
        flips: past.flips,
        trail: &past.trail,
    }
}

/// Returns few of many looks, evenly, the last one among them.
fn thin_out(samples: &[Sample]) -> Vec<(f64, f64, u64)> {
    let step = samples.len().div_ceil(SAMPLES).max(1);
    let last = samples.len().saturating_sub(1);
    let kept = samples.iter().enumerate();
    let kept = kept.filter(|(place, _)| place % step == 0 || *place == last);
    kept.map(|(_, it)| (seconds(it.at), seconds(it.cpu), it.memory_bytes))
        .collect()
}

fn cases_data(list: &CaseList) -> Cases<'_> {
    let counts = &list.counts;
    let has_trouble =
        |case: &&Case| matches!(case.outcome, CaseOutcome::Failed | CaseOutcome::Error);
    // What failed is listed first, and in any case.
    let failed = list.cases.iter().filter(has_trouble);
    let others = list.cases.iter().filter(|it| !has_trouble(it));
    let shown: Vec<CaseRow<'_>> = failed.chain(others).take(CASES).map(case_row).collect();
    let hidden = (list.cases.len() - shown.len()) as u64;
    Cases {
        format: &list.format,
        counts: [counts.total, counts.passed, counts.failed, counts.skipped],
        list: shown,
        left_out: list.left_out + hidden,
        trouble: list.trouble.as_deref(),
    }
}

fn case_row(case: &Case) -> CaseRow<'_> {
    let letter = match case.outcome {
        CaseOutcome::Passed => 'p',
        CaseOutcome::Failed => 'f',
        CaseOutcome::Error => 'e',
        CaseOutcome::Skipped => 's',
    };
    let place = case.file.as_ref().map(|file| match case.line {
        Some(line) => format!("{file}:{line}"),
        None => file.clone(),
    });
    let took = case.duration.map(seconds);
    let message = case.message.as_deref();
    CaseRow(&case.class, &case.name, letter, took, message, place)
}
