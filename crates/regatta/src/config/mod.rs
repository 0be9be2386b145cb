//! Configuration: from `regatta.toml` to a checked [`Config`], or to every mistake in it at once.
//!
//! Three steps. [`load`] reads the text into tables whose every value carries its place, [`resolve()`]
//! checks what concerns several tables and lays flags and variables over profile over `[run]` over
//! defaults, and [`Config`] is what the rest of the program sees. What may be written is declared
//! once, in `declaration.rs`; `regatta schema` prints the same declaration.

mod check_cache;
mod check_dependencies;
mod check_suites;
mod declaration;
mod discover;
mod display;
mod document;
mod field;
mod layers;
mod model;
mod quarantine;
mod resolve;
mod schema;
mod setting;
mod table;
mod text_file;
mod value;

pub use discover::discover;
pub use document::{Document, load, load_bytes};
pub use model::{
    CacheUse, Cases, Category, Command, Config, Group, InputPattern, JobserverUse, Reuse, Run,
    Suite, Terms,
};
pub use quarantine::{QUARANTINE_NAME, quarantine, quarantine_bytes};
pub use resolve::{Overrides, resolve};
pub use schema::schema;
pub use setting::{Ci, Origin, Setting};
pub use value::MaxParallel;
