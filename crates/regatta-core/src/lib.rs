//! Regatta's pure core: what a run is, and what happens next in one.

pub mod terms;
