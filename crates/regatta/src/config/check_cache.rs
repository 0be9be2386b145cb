//! Checks of the keys about reusing results, which say nothing without `inputs`.

use std::ops::Range;

use super::declaration::{Root, SuiteTable};
use super::field::Given;
use crate::diagnostic::{Diagnostic, quote};

/// Checks that no suite says how its result is reused while its result is never reused.
pub(super) fn check_cache(root: &Root) -> Vec<Diagnostic> {
    let suites = root.suites.entries().iter();
    let mut problems = Vec::new();
    for suite in suites.filter(|it| it.table.inputs.0.is_none()) {
        for (key, span) in idle_keys(&suite.table) {
            let message = format!(
                "`{key}` of suite {} has no effect without `inputs`",
                quote(&suite.name)
            );
            let problem = Diagnostic::at(span, message)
                .note("a suite without `inputs` runs every time, in the whole environment")
                .help(format!("add `inputs`, or remove `{key}`"));
            problems.push(problem);
        }
    }
    problems
}

fn idle_keys(table: &SuiteTable) -> Vec<(&'static str, Range<usize>)> {
    fn span<T>(given: &Given<T>) -> Option<Range<usize>> {
        given.0.as_ref().map(|it| it.span.clone())
    }
    let keys = [
        ("outputs", span(&table.outputs)),
        ("env_inputs", span(&table.env_inputs)),
        ("pass_env", span(&table.pass_env)),
        ("tools", span(&table.tools)),
        ("cache", span(&table.cache)),
    ];
    let given = keys.into_iter();
    given.filter_map(|(key, span)| Some((key, span?))).collect()
}
