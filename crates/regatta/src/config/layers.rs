//! Layers of settings: what holds by default, and how a table's values are laid over it.
//!
//! Does not know in which order the layers come; that is `resolve.rs`.

use std::time::Duration;

use regatta_core::terms::{FailFast, FlakyVerdict, Leftovers, Retries};

use super::declaration::{RunTable, TermsTable};
use super::field::Located;
use super::model::{Run, Terms};
use super::setting::{Ci, Origin, Setting};
use super::value::{MaxParallel, NameList};

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
        fast_excludes: Setting::default_value(vec!["acceptance".to_owned()]),
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
    overlay(
        &mut run.max_parallel,
        table.max_parallel.as_ref(),
        origin,
        |value| *value,
    );
    overlay(
        &mut run.fail_fast,
        table.fail_fast.as_ref(),
        origin,
        |value| *value,
    );
    overlay(&mut run.log_dir, table.log_dir.as_ref(), origin, |value| {
        value.0.clone()
    });
    overlay(
        &mut run.fast_excludes,
        table.fast_excludes.as_ref(),
        origin,
        NameList::names,
    );
    overlay_terms(&mut run.terms, &table.terms, origin);
}

/// Lays what a table says over `terms`.
pub(super) fn overlay_terms(terms: &mut Terms, table: &TermsTable, origin: OriginAt<'_>) {
    overlay(
        &mut terms.timeout,
        table.timeout.as_ref(),
        origin,
        |value| value.map(|length| length.0),
    );
    overlay(
        &mut terms.grace_period,
        table.grace_period.as_ref(),
        origin,
        |value| value.0,
    );
    overlay(
        &mut terms.slow_after,
        table.slow_after.as_ref(),
        origin,
        |value| value.map(|length| length.0),
    );
    overlay(
        &mut terms.idle_timeout,
        table.idle_timeout.as_ref(),
        origin,
        |value| value.map(|length| length.0),
    );
    overlay(
        &mut terms.retries,
        table.retries.as_ref(),
        origin,
        Clone::clone,
    );
    overlay(&mut terms.flaky, table.flaky.as_ref(), origin, |value| {
        *value
    });
    overlay(
        &mut terms.leftovers,
        table.leftovers.as_ref(),
        origin,
        |value| *value,
    );
    overlay(
        &mut terms.max_log_bytes,
        table.max_log.as_ref(),
        origin,
        |value| value.0,
    );
}

fn overlay<T, V>(
    setting: &mut Setting<T>,
    given: Option<&Located<V>>,
    origin: OriginAt<'_>,
    convert: impl FnOnce(&V) -> T,
) {
    if let Some(given) = given {
        *setting = Setting {
            value: convert(&given.value),
            origin: origin(given.span.start),
        };
    }
}
