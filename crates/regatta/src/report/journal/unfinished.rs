//! Telling, at the price of two small reads, that the run of a journal never came to its end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use regatta_core::event::Event;
use serde::Deserialize;

/// More than the last line of a finished run takes.
const END_BYTES: u64 = 4 * 1024;

/// Returns the id of the run that the journal at `path` tells of, if it tells of no end. Whether that run still goes on
/// cannot be seen here. `None` as well where there is no journal, or none that names its run.
#[must_use]
pub fn unfinished_run(path: &Path) -> Option<String> {
    read(path).ok().flatten()
}

fn read(path: &Path) -> io::Result<Option<String>> {
    #[derive(Deserialize)]
    struct Opening {
        run_id: String,
    }
    // Opening a pipe would wait for someone to write into it.
    if !path.symlink_metadata()?.is_file() {
        return Ok(None);
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES)))?;
    let mut end = Vec::new();
    file.by_ref().take(END_BYTES).read_to_end(&mut end)?;
    if is_end(&end) {
        return Ok(None);
    }
    file.rewind()?;
    let mut line = Vec::new();
    BufReader::new(file).read_until(b'\n', &mut line)?;
    let opening: Option<Opening> = serde_json::from_slice(&line).ok();
    Ok(opening.map(|it| it.run_id))
}

/// Returns whether the last whole line tells the end of a run.
fn is_end(bytes: &[u8]) -> bool {
    let line = bytes.strip_suffix(b"\n");
    let line = line.and_then(|it| it.rsplit(|&byte| byte == b'\n').next());
    line.is_some_and(|it| matches!(serde_json::from_slice(it), Ok(Event::RunFinished { .. })))
}
