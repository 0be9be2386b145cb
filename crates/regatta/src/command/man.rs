//! `regatta man`: the manual page.

use clap::CommandFactory;

use super::output::print_bytes;
use crate::cli::{Cli, CommandFailure};

pub(super) fn man() -> Result<u8, CommandFailure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .expect("memory takes every page");
    print_bytes(&page)?;
    Ok(0)
}
