//! What a plan comes to: its floor, its course, and, while it runs, its end.

mod course;
mod floor;
mod outlook;

pub use course::{Course, Step};
pub use floor::{Floor, Limit, find_longest_path};
pub use outlook::{Outlook, Range, Stand};
