//! What `regatta watch` consists of: folders that tell of changes, the content that tells whether something changed,
//! and what is to run next.

mod agenda;
mod content;
mod echoes;
mod folders;
mod links;

pub use agenda::{Agenda, Step, Wish};
pub use content::Contents;
pub use echoes::{Echo, Echoes};
pub use folders::{Batch, Folders, Scope};
