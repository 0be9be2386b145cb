//! Regatta: suites in parallel.

pub mod report;
pub mod config;
pub mod diagnostic;
pub mod select;
