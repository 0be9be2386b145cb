//! Which of several machines runs which suites. Pure: the same suites, durations and number of machines give the same
//! parts everywhere, in whatever order the suites come.

mod balance;
mod parts;
mod units;
mod useful;

pub use parts::{Item, Split, split};
pub use useful::{Machine, find_useful_count};
