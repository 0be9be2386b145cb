//! Where attempts run. There is one place so far: this machine.

mod case_desk;
mod diagnosis;
mod environment;
mod error_words;
mod examiner;
mod excerpt;
mod first_error;
mod launch;
mod local;
mod outputs_dir;
mod private_dir;
mod usage;

pub use examiner::Examination;
pub use excerpt::{last_line, last_lines};
pub use launch::{Launch, Part, Told, Visible};
pub use local::{Local, Occurrence, Workplace, system_signal};
pub use private_dir::{private_root, remove_left_behind};
