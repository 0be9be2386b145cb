//! GitLab: sections of a job's log.
//!
//! *Source*: "Custom collapsible sections" in GitLab's documentation of job logs.

/// Returns the beginning of a section. `at` is in Unix seconds, `id` of letters, digits, `_`, `.` and `-`.
pub(super) fn open_section(id: &str, at: i64, title: &str) -> String {
    format!("\u{1b}[0Ksection_start:{at}:{id}[collapsed=true]\r\u{1b}[0K{title}\n")
}

pub(super) fn close_section(id: &str, at: i64) -> String {
    format!("\u{1b}[0Ksection_end:{at}:{id}\r\u{1b}[0K\n")
}
