//! The terminal this process talks to, if there is one.

use std::io::{stderr, stdout};
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;

use crate::report::terminal::Size;

/// Returns the size of the terminal behind stdout, else behind stderr; `None` where neither is one or it does
/// not say.
#[must_use]
pub fn size() -> Option<Size> {
    size_of(stdout()).or_else(|| size_of(stderr()))
}

fn size_of(stream: impl AsFd) -> Option<Size> {
    let size = tcgetwinsize(stream).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some(Size {
        columns: size.ws_col,
        rows: size.ws_row,
    })
}
