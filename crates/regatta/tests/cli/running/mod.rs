//! What a run does with its suites.

mod affected;
mod attempts;
mod cases;
mod environment;
mod forensics;
mod limits;
mod order;
mod outputs;
mod outstanding;
mod quarantine;
mod reported;
mod rounds;
mod servers;
mod shards;
mod signals;
mod stopping;
mod verdicts;
mod watching;
mod writing;

/// Shows the summary alone, which does not depend on who was quicker.
const QUIET: [&str; 2] = ["--progress", "none"];
