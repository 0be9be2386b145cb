//! The lines about a suite in shards: one when it starts, and one when all of them are over. A shard that fails before the
//! others are over is told at once, in a line of its own.

use std::time::Duration;

use regatta_core::id::{Id, TaskId};
use regatta_core::verdict::{Failure, Status, Verdict};

use crate::report::record::{AttemptRecord, TaskRecord, describe_failed_shards, describe_failure};

use super::ends::{Word, write_detail, write_remarks};
use super::lines::Lines;
use super::look::{Tone, seconds};
use super::page::Page;
use super::past::describe_failure_in_history;

/// Of how many failed shards the output is shown.
const SHOWN: usize = 3;

impl Lines<'_> {
    /// Writes what the word on one shard says to people: nothing for most of them, and all about the suite for the last.
    pub(super) fn write_shard_end(&self, page: &mut Page, task: TaskId, verdict: &Verdict) {
        match self.progress.word(task) {
            Some(word) => self.write_suite_end(page, task, word),
            None => self.write_early_failure(page, task, verdict),
        }
    }

    fn write_early_failure(&self, page: &mut Page, task: TaskId, verdict: &Verdict) {
        let failure = match verdict {
            // All shards will say that, and once is enough.
            Verdict::Failed(failure) if *failure != Failure::NotSharded => failure,
            _ => return,
        };
        let number = self.record.tasks[task.index()].latest_number();
        let why = describe_failure(failure, number);
        let why = page.look.clean(&why).into_owned();
        let symbol = page.paint(Tone::Caution, page.look.symbols.attention);
        page.line(format_args!(
            "  {symbol} {} failed ({why})",
            self.label(task)
        ));
    }

    fn write_suite_end(&self, page: &mut Page, task: TaskId, word: &Verdict) {
        let siblings = self.record.siblings(task);
        let whole = self.record.whole(task);
        let telling = siblings.iter().copied().find(|it| {
            let shard = &self.record.tasks[it.index()];
            shard.verdict.as_ref().or(shard.words.worst.as_ref()) == Some(word)
        });
        let telling = telling.unwrap_or(task);
        let Some(what) = self.describe_suite_end(&whole, telling, word) else {
            return;
        };
        let cases = whole.cases();
        let told = Word {
            verdict: word,
            what,
            cases: cases.as_deref(),
        };
        self.write_word(page, task, told);
        let failed: Vec<TaskId> = siblings
            .iter()
            .copied()
            .filter(|it| self.record.tasks[it.index()].status() == Status::Failed)
            .collect();
        if !failed.is_empty() && whole.words.failed <= 1 {
            let past = describe_failure_in_history(self.record, telling);
            if let Some(past) = past {
                write_detail(page, past);
            }
        }
        // What ran everything has nothing to show in any of its shards.
        let shown = match word {
            Verdict::Failed(Failure::NotSharded) => 1,
            _ => SHOWN,
        };
        for &shard in failed.iter().take(shown) {
            if let Some(last) = self.record.tasks[shard.index()].attempts.last() {
                self.write_output(page, shard, last);
            }
        }
        if let Some(more @ 1..) = failed.len().checked_sub(SHOWN) {
            write_detail(
                page,
                format_args!("{more} more of its shards failed; their logs are beside that"),
            );
        }
        for shard in siblings {
            let last = self.record.tasks[shard.index()].attempts.last();
            if let Some(end) = last.and_then(|it| it.end.as_ref()) {
                write_remarks(page, end, word);
            }
        }
    }

    /// Returns the words for a suite whose shards all have theirs; `None` for one that never started because nothing
    /// did any more.
    fn describe_suite_end(
        &self,
        whole: &TaskRecord,
        telling: TaskId,
        word: &Verdict,
    ) -> Option<String> {
        let count = whole.shards.len();
        Some(match word {
            Verdict::Passed => format!("passed in {} ({count} shards)", time_taken(whole)),
            Verdict::Flaky => {
                let attempt = whole.latest_number();
                let took = time_taken(whole);
                format!("passed in {took} ({count} shards, flaky: attempt {attempt})")
            }
            Verdict::Cached => {
                let saved = whole.probe.as_ref().map(|probe| probe.saved);
                format!("cached ({} saved)", seconds(saved.unwrap_or_default()))
            }
            Verdict::Failed(_) => format!("failed ({})", describe_failed_shards(whole)),
            Verdict::Skipped(_) => {
                let last = self.record.tasks[telling.index()].attempts.last();
                return self.describe_end(telling, word, last);
            }
        })
    }
}

/// Returns the time from the first start of a shard's last attempt to the last end of one.
fn time_taken(whole: &TaskRecord) -> String {
    let last: Vec<&AttemptRecord> = (whole.shards.iter())
        .filter_map(|shard| shard.attempts.last())
        .collect();
    let start = last.iter().filter_map(|it| it.started).min();
    let end = last.iter().filter_map(|it| Some(it.end.as_ref()?.at)).max();
    let took = start.zip(end).map(|(start, end)| end - start);
    seconds(took.unwrap_or(Duration::ZERO))
}
