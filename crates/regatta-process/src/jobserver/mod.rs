//! Tokens: the right to run one more job, handed on as bytes in pipes, as GNU make does it.
//!
//! Knows how tokens move and how many there are; who shall have them is the caller's business.

mod ledger;
mod outer;
mod purse;

pub use outer::Outer;
pub use purse::{Form, Purse, Purses};
