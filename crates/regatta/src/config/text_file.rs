//! Reading a file that may be anything: never blocks, never reads without end.

use std::fs::{File, FileType, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Larger files are refused: no configuration is that large, many a mistaken path is.
const LARGEST_BYTES: u64 = 8 << 20;

/// Returns the bytes of `file`, at most [`LARGEST_BYTES`].
///
/// *Errors*: why the file cannot be read, as a clause that fits after "cannot read the file: ".
pub(super) fn read_file(file: &Path) -> Result<Vec<u8>, String> {
    // Opening a FIFO without this flag waits for a writer that may never come.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(flags.bits()).expect("open flags fit into a C int"))
        .open(file);
    read_bytes(&opened.map_err(|error| error.to_string())?)
}

fn read_bytes(file: &File) -> Result<Vec<u8>, String> {
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        let kind = name_kind(metadata.file_type());
        return Err(format!("it is {kind}, not a regular file"));
    }
    let mut bytes = Vec::new();
    // One byte more than is allowed tells "too large" from "just right", whatever the metadata says.
    file.take(LARGEST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(format!("it is larger than {} MiB", LARGEST_BYTES >> 20));
    }
    Ok(bytes)
}

fn name_kind(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a FIFO"
    } else {
        "a device"
    }
}
