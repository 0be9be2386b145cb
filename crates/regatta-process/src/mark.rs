//! The two variables by which a process says where it comes from, wherever it went.

use std::ffi::CStr;

/// Names the run. Every process of a run has it, and no process of another.
pub(crate) const RUN_MARK: &str = "REGATTA_RUN_ID=";

/// Names the command within all runs.
pub(crate) const ATTEMPT_MARK: &str = "REGATTA_ATTEMPT=";

/// Returns the entry of an environment that begins so.
pub(crate) fn find_mark<'a>(
    env: impl IntoIterator<Item = &'a CStr>,
    name: &str,
) -> Option<&'a CStr> {
    env.into_iter()
        .find(|entry| entry.to_bytes().starts_with(name.as_bytes()))
}
