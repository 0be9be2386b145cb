//! Regatta: suites in parallel.
