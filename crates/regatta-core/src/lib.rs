//! Regatta's pure core.
