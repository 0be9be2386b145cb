//! The bytes of one line: an event, its place in the stream, and the sum that proves the line whole.
//!
//! Every format keeps this envelope, so an old program can tell a newer journal from a damaged one. It
//! knows no file.

use std::io::Write;

use regatta_core::event::{Event, RunHeader};
use regatta_core::id::{Id, TaskId};
use regatta_core::time::Time;
use serde::{Deserialize, Serialize};

/// Above this the buffer is given back: only the header of a large plan needs more.
const KEPT_BYTES: usize = 64 * 1024;

/// Renders events as lines, numbered from 0.
#[derive(Debug, Default)]
pub struct LineRenderer {
    /// The number of the next line.
    next: u64,
    /// The suite's name of each task, once the header was rendered.
    names: Vec<String>,
    /// The latest line.
    line: Vec<u8>,
}

/// The fields before an event's own.
#[derive(Serialize)]
struct Prefix<'a> {
    seq: u64,
    at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    suite: Option<&'a str>,
}

/// Where a line stands in its journal.
#[derive(Deserialize)]
pub(super) struct Place {
    /// Counts from 0 without gaps.
    pub(super) seq: u64,
    /// When its event happened.
    pub(super) at: Time,
}

impl LineRenderer {
    /// Returns a renderer that goes on with a stream of which `count` lines exist, the header among them.
    pub(super) fn resume(header: &RunHeader, count: u64) -> Self {
        Self {
            next: count,
            names: task_names(header),
            line: Vec::new(),
        }
    }

    /// Returns the next line of the stream, with its newline.
    ///
    /// *Shape*: one JSON object: `seq`, `at`, for an event of one task its `suite` by name, the event's own
    /// fields, and last `crc`: eight hexadecimal digits of CRC-32 over all bytes before `,"crc"`.
    pub fn render_line(&mut self, at: Time, event: &Event) -> &[u8] {
        if let Event::RunStarted(header) = event {
            self.names = task_names(header);
        }
        let task = find_task(event);
        let prefix = Prefix {
            seq: self.next,
            at,
            suite: task.and_then(|task| self.names.get(task.index()).map(String::as_str)),
        };
        let line = &mut self.line;
        line.clear();
        line.shrink_to(KEPT_BYTES);
        append_json(line, &prefix);
        // Two objects become one: the brace between them turns into a comma.
        line.pop();
        let seam = line.len();
        append_json(line, event);
        line[seam] = b',';
        line.pop();
        let end = render_end(line);
        line.extend_from_slice(end.as_bytes());
        line.push(b'\n');
        self.next += 1;
        line
    }
}

fn task_names(header: &RunHeader) -> Vec<String> {
    let name = |suite: &_| header.suites[Id::index(*suite)].name.clone();
    header.tasks.iter().map(name).collect()
}

/// Returns whether a line, without its newline, ends in the sum of its own bytes.
pub(super) fn is_whole(line: &[u8]) -> bool {
    // Compared as text and not as a number, so that no other spelling of the same sum passes.
    line.len()
        .checked_sub(render_end(b"").len())
        .map(|length| line.split_at(length))
        .is_some_and(|(body, end)| end == render_end(body).as_bytes())
}

/// Returns the task that an event is about, `None` when it is about the whole run.
pub(super) fn find_task(event: &Event) -> Option<TaskId> {
    match event {
        Event::RunStarted(_)
        | Event::RepositoryRead(_)
        | Event::RoundFinished { .. }
        | Event::RunCancelled { .. }
        | Event::RunFinished { .. } => None,
        Event::AttemptStarted { attempt, .. }
        | Event::Slow { attempt, .. }
        | Event::Stopping { attempt, .. }
        | Event::AttemptFinished { attempt, .. }
        | Event::RetryScheduled { attempt, .. } => Some(attempt.task),
        Event::Probed { task, .. }
        | Event::NotStored { task, .. }
        | Event::TaskRoundFinished { task, .. }
        | Event::TaskFinished { task, .. } => Some(*task),
    }
}

fn render_end(body: &[u8]) -> String {
    format!(",\"crc\":\"{:08x}\"}}", crc32fast::hash(body))
}

fn append_json(line: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(line.by_ref(), value)
        .expect("strings, numbers and lists of them always are JSON");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use regatta_core::id::AttemptId;

    use super::*;

    fn slow() -> Event {
        Event::Slow {
            attempt: AttemptId {
                task: TaskId(0),
                number: 2,
            },
            running: Duration::from_millis(1_500),
            last_line: Some("a \"quoted\" line".into()),
        }
    }

    #[test]
    fn a_line_is_one_object_with_its_place_first_and_its_sum_last() {
        let mut renderer = LineRenderer {
            names: vec!["unit".into()],
            ..LineRenderer::default()
        };
        let at = Time(Duration::from_micros(2_000_001));
        let first = String::from_utf8(renderer.render_line(at, &slow()).to_vec()).unwrap();
        let body = r#"{"seq":0,"at":2.000001,"suite":"unit","event":"slow","task":0,"attempt":2,"running":1.5,"last_line":"a \"quoted\" line""#;
        let sum = crc32fast::hash(body.as_bytes());
        assert_eq!(first, format!("{body},\"crc\":\"{sum:08x}\"}}\n"));
        let second = renderer.render_line(at, &slow());
        assert!(second.starts_with(br#"{"seq":1,"#));
    }

    #[test]
    fn only_the_exact_sum_makes_a_line_whole() {
        let mut renderer = LineRenderer::default();
        let line = renderer.render_line(Time::BEGIN, &slow()).to_vec();
        let line = line.strip_suffix(b"\n").unwrap();
        assert!(is_whole(line));
        assert!(!is_whole(&line[1..]));
        assert!(!is_whole(b""));
        let shouted = String::from_utf8(line.to_vec()).unwrap();
        let (body, sum) = shouted.split_at(line.len() - 10);
        assert!(!is_whole(
            format!(
                "{body}{}",
                sum.replace(|it: char| it.is_ascii_hexdigit(), "A")
            )
            .as_bytes()
        ));
    }
}
