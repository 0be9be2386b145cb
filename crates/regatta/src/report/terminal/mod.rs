//! The text for people, on a terminal or anywhere else: written from the events alone.

mod assembler;
mod bounds;
mod clean;
mod closing;
mod colour;
mod descriptor;
mod ends;
mod fold;
mod footer;
mod header;
mod lines;
mod list;
mod look;
mod options;
mod outlet;
mod page;
mod past;
mod progress;
mod prospect;
mod quarantine;
mod region;
mod row;
mod run;
mod sink;
mod subscriber;
mod symbols;
mod wish;

pub use colour::{ColourChoice, choose_colour};
pub use descriptor::Descriptor;
pub use list::render_list;
pub use look::{clock, short};
pub use options::{Colour, Counter, Mode, Options, Size, Verbose};
pub use sink::{Memory, Sink};
pub use subscriber::Terminal;
pub use symbols::{Symbols, choose_symbols};
pub use wish::{KeyHints, Starts};
