//! The run as a timeline in Chrome's trace event format, which Perfetto and Chrome's own viewer open.

mod counters;
mod flows;
mod lanes;

use serde_json::{Value, json};

use self::counters::counters;
use self::flows::flows;
use self::lanes::{find_attempts, lanes, marks};
use super::plain::one_line;
use super::source::Source;

/// The one process of the timeline.
const PROCESS: u32 = 1;

/// Returns the timeline of a run as JSON.
///
/// *Shape*: one event a line. Lanes are slots, each attempt is a complete (`X`) event, each arrow goes from a suite to one
/// that waited for it, and the counters tell how many suites ran, and the CPUs and the memory they used where that was
/// measured.
///
/// *Units*: microseconds since the run began.
///
/// *Source*: "Trace Event Format", the Chromium project's document about the JSON that its viewer reads.
#[must_use]
pub fn render_trace(source: &Source<'_>) -> String {
    let attempts = find_attempts(source);
    let record = source.record;
    let mut events = lanes(source, &attempts);
    events.extend(attempts.iter().map(|attempt| attempt.event(record)));
    events.extend(marks(source));
    events.extend(flows(record, &attempts));
    events.extend(counters(&attempts));
    let header = &record.header;
    let about = json!({
        "run_id": header.run_id,
        "project": one_line(&header.project),
        "started": header.timestamp,
        "host": one_line(&header.host.name),
        "state": source.state,
        "version": header.version,
    });
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let lines = lines.join(",\n");
    format!("{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":[\n{lines}\n]}}\n")
}

/// Returns a time in the unit of the format.
fn microseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
