//! Regatta: suites in parallel.

pub mod report;
