//! The words about a suite's entry in the quarantine.

use regatta_core::plan::Quarantine;

/// Returns until when an entry holds, or that it does not any more, and why it is there, on one line that may hold
/// foreign text.
pub(super) fn describe_quarantine(entry: &Quarantine) -> String {
    let Quarantine {
        reason,
        owner,
        issue,
        expires,
        ..
    } = entry;
    let until = if entry.expired {
        format!("Quarantine expired, held until {expires}")
    } else {
        format!("Quarantined until {expires}")
    };
    format!("{until}: {reason} ({owner}, {issue})")
}
