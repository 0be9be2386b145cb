//! Layers of settings: what holds by default, and how a table's values are laid over it.
//!
//! Does not know in which order the layers come; that is `resolve.rs`.

use std::time::Duration;

use regatta_core::terms::{FailFast, FlakyVerdict, Leftovers, Retries};

use super::declaration::{RunTable, TermsTable};
use super::field::Given;
use super::model::{JobserverUse, Run, Terms};
use super::setting::{Ci, Origin, Setting};
use super::value::MaxParallel;

/// The categories that `--fast` leaves out when the file does not say.
pub(super) const DEFAULT_FAST_EXCLUDES: [&str; 1] = ["acceptance"];

/// Returns what holds when nobody says anything.
pub(super) fn default_run(ci: Ci) -> Run {
    let grace_period = match ci {
        Ci::No => Setting::default_value(Duration::from_secs(10)),
        Ci::Yes => Setting {
            value: Duration::from_secs(3),
            origin: Origin::Ci,
        },
    };
    Run {
        max_parallel: Setting::default_value(MaxParallel::Auto),
        fail_fast: Setting::default_value(FailFast::Off),
        log_dir: Setting::default_value("test-logs".into()),
        fast_excludes: Setting::default_value(DEFAULT_FAST_EXCLUDES.map(str::to_owned).into()),
        jobserver: Setting::default_value(JobserverUse::Off),
        thread_hints: Setting::default_value(false),
        html_report: Setting::default_value(true),
        terms: Terms {
            timeout: Setting::default_value(Some(Duration::from_mins(5))),
            grace_period,
            slow_after: Setting::default_value(Some(Duration::from_mins(1))),
            idle_timeout: Setting::default_value(None),
            retries: Setting::default_value(Retries::none()),
            flaky: Setting::default_value(FlakyVerdict::Pass),
            leftovers: Setting::default_value(Leftovers::Kill),
            max_log_bytes: Setting::default_value(64 << 20),
        },
    }
}

/// From the first byte of a value to its origin.
pub(super) type OriginAt<'a> = &'a dyn Fn(usize) -> Origin;

/// Lays what a table says over `run`.
pub(super) fn overlay_run(run: &mut Run, table: &RunTable, origin: OriginAt<'_>) {
    overlay(&mut run.max_parallel, &table.max_parallel, origin);
    overlay(&mut run.fail_fast, &table.fail_fast, origin);
    overlay(&mut run.log_dir, &table.log_dir, origin);
    if let Some(given) = &table.fast_excludes.0 {
        run.fast_excludes = Setting {
            value: table.fast_excludes.names(),
            origin: origin(given.span.start),
        };
    }
    overlay(&mut run.jobserver, &table.jobserver, origin);
    overlay(&mut run.thread_hints, &table.thread_hints, origin);
    overlay(&mut run.html_report, &table.html_report, origin);
    overlay_terms(&mut run.terms, &table.terms, origin);
}

/// Lays what a table says over `terms`.
pub(super) fn overlay_terms(terms: &mut Terms, table: &TermsTable, origin: OriginAt<'_>) {
    overlay(&mut terms.timeout, &table.timeout, origin);
    overlay(&mut terms.grace_period, &table.grace_period, origin);
    overlay(&mut terms.slow_after, &table.slow_after, origin);
    overlay(&mut terms.idle_timeout, &table.idle_timeout, origin);
    overlay(&mut terms.retries, &table.retries, origin);
    overlay(&mut terms.flaky, &table.flaky, origin);
    overlay(&mut terms.leftovers, &table.leftovers, origin);
    overlay(&mut terms.max_log_bytes, &table.max_log, origin);
}

fn overlay<T: Clone>(setting: &mut Setting<T>, given: &Given<T>, origin: OriginAt<'_>) {
    if let Some(given) = &given.0 {
        *setting = Setting {
            value: given.value.clone(),
            origin: origin(given.span.start),
        };
    }
}
