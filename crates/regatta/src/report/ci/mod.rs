//! What servers for continuous integration understand of a log: folded parts, annotations, test results.
//!
//! Suites print whatever they like, and each of these servers obeys lines of a certain shape. So foreign text never
//! reaches such a log without its guard.

mod annotations;
mod azure;
mod buildkite;
mod github;
mod gitlab;
mod guard;
mod part;
mod service;
mod teamcity;
mod voice;

pub use github::SUMMARY_BYTES;
pub use guard::{Guard, disguise_json};
pub use part::Part;
pub use service::{Service, find_service};
pub use voice::{Logs, Voice};
