//! Regatta: suites in parallel.

pub mod report;
pub mod diagnostic;
