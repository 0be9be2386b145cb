//! Test cases that suites tell of by themselves, read from what their attempts leave.
//!
//! Pure readers of bytes, one a format: `junit`, `tap`, `go_json`, `libtest`; they give case after case to a `collector`,
//! which bounds what is kept. `recognise` tells formats apart, `place` finds files and lines in what was said. Around
//! them: `files` (which were written), `attempt` (all that one left) and `service` (a thread for what is long).

mod attempt;
mod collector;
mod excerpt;
mod files;
mod go_json;
mod junit;
mod libtest;
mod lines;
mod lossy;
mod place;
mod recognise;
mod seconds;
mod service;
mod tap;

pub use attempt::{Question, Wanted, parse};
pub use collector::{Collector, Room};
pub use files::Sight;
pub use service::{Answer, Reader};
