//! What a wait has to tell: output, exits and signals, in the order they were noticed.

use crate::{Sampled, Signal, Status, Usage};

/// Something that happened while the caller waited.
#[derive(Debug)]
pub enum Happening {
    /// A running command printed something: at most one for each command and wait.
    Printed {
        /// The command.
        key: u64,
    },
    /// A piece of the output of a command that is followed.
    Output {
        /// The command.
        key: u64,
        /// The bytes as printed. Pieces come in order, leave no gap, and break anywhere.
        bytes: Vec<u8>,
    },
    /// A command is over: its output has been read, what it left behind dealt with, its log file
    /// closed. The last happening of its key.
    Exited {
        /// The command.
        key: u64,
        /// How it ended and what it cost.
        ended: Ended,
    },
    /// This process was asked to stop. Never `Signal::Kill`.
    Signal(Signal),
    /// The terminal changed its size.
    Resized,
    /// The user pressed a key; the byte is as the terminal sends it. Only where `Guardian::want_keys` was called.
    Key(u8),
    /// Whether keys can be pressed has changed.
    Keyboard(Keyboard),
    /// The user wants a pause: `Supervisor::pause` is expected to follow. Only with a guardian.
    Suspended,
    /// The pause is over: `Supervisor::resume` is expected to follow.
    Resumed,
    /// The guardian died, and with it everybody who wanted to know how the run ends. Nothing is left to do but to
    /// drop the supervisor.
    Abandoned,
    /// A `Waker` was used, once or more.
    Woken,
    /// A descriptor that the caller attends to has something to read.
    Readable,
}

/// Whether keys can be pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyboard {
    /// They can: this process and its guardian are in the foreground of a terminal.
    Here,
    /// They cannot, any more or at all.
    Gone,
}

/// The measured facts of a command that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code or the deadly signal.
    pub status: Status,
    /// What the command consumed, with the children it waited for and those it abandoned that were gone by its end.
    pub usage: Usage,
    /// What was seen of its processes while it ran; `None` for a command that was over before the first look.
    pub sampled: Option<Sampled>,
    /// The processes it started, directly or not, that were still alive when it exited, sorted by
    /// pid.
    pub leftovers: Vec<Leftover>,
    /// Processes that were alive then and shed every sign of whose they are; another command that was running may
    /// have started them.
    pub suspects: Vec<Leftover>,
    /// Leftovers that could not be ended: of another user, or stuck in the kernel.
    pub survivors: Vec<Leftover>,
    /// What became of its output.
    pub log: LogEnd,
}

/// A process that outlived its command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The process id.
    pub pid: i32,
    /// The short name the kernel keeps, at most 15 bytes.
    pub name: String,
}

/// What became of a command's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// All the bytes the command printed, whether kept or not.
    pub bytes: u64,
    /// How many of them the cap on the log left out, from the middle.
    pub elided_bytes: u64,
    /// The first failure to write the log file, after which it received nothing more.
    pub error: Option<String>,
}
