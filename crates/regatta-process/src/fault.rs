//! Faults on request: the k-th operation of a kind fails, once, so that a test can see what becomes of a
//! run when the system refuses. Knows the kinds of operations, and not what any of them is for.

use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;

/// A kind of operation that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Opening or creating something: a file, a directory, a pipe.
    Open,
    /// Writing to a file.
    Write,
    /// Making sure that a file or directory would outlive a power cut.
    Fsync,
    /// Giving something another name.
    Rename,
    /// Starting a process.
    Fork,
}

const OPERATIONS: [(&str, Operation); 5] = [
    ("open", Operation::Open),
    ("write", Operation::Write),
    ("fsync", Operation::Fsync),
    ("rename", Operation::Rename),
    ("fork", Operation::Fork),
];

const ERRORS: [(&str, Errno); 9] = [
    ("EACCES", Errno::ACCESS),
    ("EAGAIN", Errno::AGAIN),
    ("EDQUOT", Errno::DQUOT),
    ("EIO", Errno::IO),
    ("EMFILE", Errno::MFILE),
    ("ENFILE", Errno::NFILE),
    ("ENOMEM", Errno::NOMEM),
    ("ENOSPC", Errno::NOSPC),
    ("EROFS", Errno::ROFS),
];

/// The one fault of this process, where there is to be one.
static FAULT: OnceLock<Fault> = OnceLock::new();

/// Prepares the fault that `text` describes: `operation:k:errno`, as in `write:3:ENOSPC`. Only the first
/// call in a process has an effect.
///
/// # Errors
///
/// What is wrong with the text, and which words it may hold.
pub fn arm(text: &str) -> Result<(), String> {
    let fault = Fault::parse(text)?;
    FAULT.get_or_init(|| fault);
    Ok(())
}

/// Asked right before an operation of this kind: returns the error it is to fail with, if it is.
///
/// When it strikes, a line on stderr says so.
///
/// # Errors
///
/// The prepared one.
#[inline]
pub fn check(operation: Operation) -> Result<(), Errno> {
    match FAULT.get() {
        None => Ok(()),
        Some(fault) => fault.strike(operation),
    }
}

struct Fault {
    operation: Operation,
    /// Counts from 1.
    number: u64,
    error: Errno,
    /// The operations of this kind so far.
    seen: AtomicU64,
}

impl Fault {
    fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let (Some(operation), Some(number), Some(error), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(format!(
                "`{text}` is no fault; write operation:k:errno, such as write:3:ENOSPC"
            ));
        };
        let number = number.parse().ok().filter(|it| *it > 0);
        Ok(Self {
            operation: find("operation", &OPERATIONS, operation)?,
            number: number.ok_or_else(|| format!("k counts from 1 in the fault `{text}`"))?,
            error: find("errno", &ERRORS, error)?,
            seen: AtomicU64::new(0),
        })
    }

    fn strike(&self, operation: Operation) -> Result<(), Errno> {
        if operation != self.operation
            || self.seen.fetch_add(1, Ordering::Relaxed) + 1 != self.number
        {
            return Ok(());
        }
        let (operation, _) = OPERATIONS[self.operation as usize];
        let line = format!(
            "injected fault: {operation} {}: {}\n",
            self.number, self.error
        );
        // Where stderr is gone, nobody can be told.
        let _ = std::io::stderr().write_all(line.as_bytes());
        Err(self.error)
    }
}

fn find<T: Copy>(what: &str, words: &[(&str, T)], word: &str) -> Result<T, String> {
    let found = words.iter().find(|(it, _)| *it == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(it, _)| *it).collect();
        format!(
            "`{word}` is no {what} of a fault; choose one of {}",
            known.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_strikes_once_and_its_own_kind_alone() {
        let fault = Fault::parse("rename:2:EIO").unwrap();
        let mut struck = Vec::new();
        for (_, operation) in OPERATIONS.iter().cycle().take(20) {
            if let Err(error) = fault.strike(*operation) {
                struck.push((*operation, error, fault.seen.load(Ordering::Relaxed)));
            }
        }
        assert_eq!(struck, [(Operation::Rename, Errno::IO, 2)]);
    }

    #[test]
    fn every_operation_is_found_by_its_own_place() {
        for (index, (_, operation)) in OPERATIONS.iter().enumerate() {
            assert_eq!(*operation as usize, index);
        }
    }

    #[test]
    fn what_is_no_fault_says_why() {
        for (text, part) in [
            ("", "`` is no fault"),
            ("write:1", "operation:k:errno"),
            ("write:1:EIO:2", "operation:k:errno"),
            ("read:1:EIO", "open, write, fsync, rename, fork"),
            ("write:0:EIO", "k counts from 1"),
            ("write:-1:EIO", "k counts from 1"),
            ("write:1:EWHAT", "`EWHAT` is no errno"),
        ] {
            let error = Fault::parse(text).err().expect(text);
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(Fault::parse("fork:18446744073709551615:EAGAIN").is_ok());
    }
}
