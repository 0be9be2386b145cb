//! Where a jobserver is, as the variable `MAKEFLAGS` tells it.
//!
//! *Source*: the GNU make manual, "Sharing Job Slots with GNU make"; its `--jobserver-fds` is what versions before 4.2
//! called the same.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// What comes before the address, newest first.
const FLAGS: [&[u8]; 2] = [b"--jobserver-auth=", b"--jobserver-fds="];

/// Where somebody's jobserver is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A FIFO.
    Fifo(PathBuf),
    /// Two descriptors that were inherited: one to read, one to write. Negative where make did not hand them on.
    Descriptors(i32, i32),
    /// Something that this program does not understand.
    Unknown(String),
}

/// Returns where the jobserver is that `MAKEFLAGS` tells of. The last one counts: make appends its own to what it was
/// given.
#[must_use]
pub fn find_address(makeflags: &OsStr) -> Option<Address> {
    let words = options(makeflags.as_bytes());
    let last = words.rev().find_map(address_in)?;
    Some(match last.strip_prefix(b"fifo:") {
        Some(path) => Address::Fifo(OsStr::from_bytes(path).into()),
        None => descriptors(last).unwrap_or_else(|| {
            let text = String::from_utf8_lossy(last).into_owned();
            Address::Unknown(text)
        }),
    })
}

/// Returns the `MAKEFLAGS` of a suite whose jobserver is at `address`. Of what was inherited everything stays but how many
/// jobs there are, and another jobserver.
#[must_use]
pub fn with_address(inherited: Option<&OsStr>, slots: u32, address: &[u8]) -> OsString {
    let inherited = inherited.map(OsStr::as_bytes).unwrap_or_default();
    let mut flags = Vec::new();
    // The first word may be letters without a dash; without such letters make begins with a blank.
    let kept = options(inherited).filter(|word| address_in(word).is_none() && !is_jobs(word));
    for (index, word) in kept.enumerate() {
        if index > 0 || word.starts_with(b"-") {
            flags.push(b' ');
        }
        flags.extend_from_slice(word);
    }
    flags.extend_from_slice(format!(" -j{slots}").as_bytes());
    // Very old clients look for the older flag, and a FIFO is none of theirs.
    let names = if address.starts_with(b"fifo:") {
        &FLAGS[..1]
    } else {
        &FLAGS[..]
    };
    for name in names.iter().rev() {
        flags.push(b' ');
        flags.extend_from_slice(name);
        flags.extend_from_slice(address);
    }
    if let Some(variables) = variables(inherited) {
        flags.extend_from_slice(b" -- ");
        flags.extend_from_slice(variables);
    }
    OsString::from_vec(flags)
}

/// Returns the options, which end where variables of make's command line begin.
fn options(makeflags: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    let words = makeflags.split(u8::is_ascii_whitespace);
    let words: Vec<&[u8]> = words.take_while(|word| *word != b"--").collect();
    words.into_iter().filter(|word| !word.is_empty())
}

/// Returns the variables of make's command line.
fn variables(makeflags: &[u8]) -> Option<&[u8]> {
    let mark = b" -- ";
    let at = makeflags
        .windows(mark.len())
        .position(|part| part == mark)?;
    Some(&makeflags[at + mark.len()..])
}

fn address_in(word: &[u8]) -> Option<&[u8]> {
    FLAGS.iter().find_map(|flag| word.strip_prefix(*flag))
}

/// Returns whether a word says how many jobs there are, such as `-j`, `-j8` or `--jobs=8`.
fn is_jobs(word: &[u8]) -> bool {
    let count = word
        .strip_prefix(b"-j")
        .or_else(|| word.strip_prefix(b"--jobs="));
    word == b"--jobs" || count.is_some_and(|it| it.iter().all(u8::is_ascii_digit))
}

fn descriptors(text: &[u8]) -> Option<Address> {
    let (reader, writer) = str::from_utf8(text).ok()?.split_once(',')?;
    let address = Address::Descriptors(reader.parse().ok()?, writer.parse().ok()?);
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(makeflags: &str) -> Option<Address> {
        find_address(makeflags.as_ref())
    }

    #[test]
    fn the_last_jobserver_counts_and_no_variable_is_one() {
        let fifo = |path: &str| Some(Address::Fifo(path.into()));
        let descriptors = |reader, writer| Some(Address::Descriptors(reader, writer));
        assert_eq!(found(""), None);
        assert_eq!(found("kw -j4"), None);
        assert_eq!(found(" -j4 --jobserver-auth=3,4"), descriptors(3, 4));
        assert_eq!(found(" -j --jobserver-fds=3,4 -j"), descriptors(3, 4));
        assert_eq!(found("w -j4 --jobserver-auth=-2,-2"), descriptors(-2, -2));
        let both = " -j --jobserver-auth=3,4 --jobserver-auth=fifo:/tmp/x";
        assert_eq!(found(both), fifo("/tmp/x"));
        let both =
            " -j --jobserver-auth=fifo:/tmp/x --jobserver-auth=3,4 -- A=--jobserver-auth=1,2";
        assert_eq!(found(both), descriptors(3, 4));
        let unknown = Some(Address::Unknown("gmake_semaphore_7".into()));
        assert_eq!(found(" --jobserver-auth=gmake_semaphore_7"), unknown);
    }

    #[test]
    fn what_was_inherited_stays_but_for_jobs() {
        let with = |inherited: &str, address: &[u8]| {
            let flags = with_address(Some(inherited.as_ref()), 4, address);
            flags.into_string().unwrap()
        };
        let fifo = b"fifo:/f";
        assert_eq!(with("", fifo), " -j4 --jobserver-auth=fifo:/f");
        assert_eq!(
            with("", b"8,9"),
            " -j4 --jobserver-fds=8,9 --jobserver-auth=8,9"
        );
        assert_eq!(
            with("kw -j --jobserver-auth=3,4 --no-print-directory", fifo),
            "kw --no-print-directory -j4 --jobserver-auth=fifo:/f"
        );
        assert_eq!(
            with(" -j8 --warn -- CC=clang J=-j3 -- X=1", fifo),
            " --warn -j4 --jobserver-auth=fifo:/f -- CC=clang J=-j3 -- X=1"
        );
        assert_eq!(
            with_address(None, 1, fifo),
            OsString::from(" -j1 --jobserver-auth=fifo:/f")
        );
    }
}
