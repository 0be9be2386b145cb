//! `regatta completions`: the script that makes a shell ask this program for words.

use clap_complete::env::Shells;

use super::output::print_bytes;
use crate::cli::{CommandFailure, CompletionsArgs};

pub(super) fn completions(args: &CompletionsArgs) -> Result<u8, CommandFailure> {
    let shells = Shells::builtins();
    let shell = shells
        .completer(&args.shell)
        .expect("the command line admits only known shells");
    let mut script = Vec::new();
    shell
        .write_registration("COMPLETE", "regatta", "regatta", "regatta", &mut script)
        .expect("memory takes every script");
    print_bytes(&script)?;
    Ok(0)
}
