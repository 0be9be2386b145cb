//! A result on its way into the store and back: log, manifest and outputs.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;

use regatta_core::cases::CaseList;
use regatta_core::manifest::{Digest, Manifest};
use regatta_process::fault::{self, Operation};
use rustix::fs::OFlags;

use super::entry::{Entry, Log, Output};
use super::keeper::{Keeper, Pending};
use super::outputs;
use super::question::Attempted;
use super::recipe::Recipe;
use super::stat::now_ns;

/// Logs up to this length are part of their entry.
const MOST_INLINE_BYTES: u64 = 8 << 10;

impl Keeper {
    /// Returns the test cases that belong to a result. What a newer program wrote is passed over.
    pub(super) fn cases(&self, entry: &Entry) -> io::Result<Option<Box<CaseList>>> {
        let Some(digest) = entry.cases else {
            return Ok(None);
        };
        let bytes = self.store.content_bytes(digest)?;
        Ok(serde_json::from_slice(&bytes).ok())
    }

    /// Puts outputs and log where the suite would have left them; returns the digest of all outputs there are then.
    pub(super) fn bring_back(&self, recipe: &Recipe, entry: &Entry) -> io::Result<Digest> {
        let dir = recipe.folder(&self.settings.root);
        let look = || outputs::look(&dir, &recipe.outputs, &self.stats).map_err(io::Error::other);
        let mut made = look()?;
        if !entry.outputs.iter().all(|it| made.outputs.contains(it)) {
            outputs::restore(&self.store, &dir, &entry.outputs, &made)?;
            made = look()?;
            if let Some(missing) = entry.outputs.iter().find(|it| !made.outputs.contains(it)) {
                let path = String::from_utf8_lossy(&missing.path).into_owned();
                return Err(io::Error::other(format!(
                    "output `{path}` is not in its place"
                )));
            }
        }
        let path = self.settings.log_dir.join(format!("{}.log", recipe.stem()));
        let mut flags = File::options();
        flags.write(true).create(true).truncate(true);
        flags.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        fault::check(Operation::Open)?;
        let mut content = match &entry.log {
            Log::Inline(bytes) => {
                fault::check(Operation::Write)?;
                flags.open(path)?.write_all(bytes)?;
                return Ok(made.digest);
            }
            Log::Content(digest) => self.store.content(*digest)?,
        };
        fault::check(Operation::Write)?;
        io::copy(&mut content, &mut flags.open(path)?)?;
        Ok(made.digest)
    }

    /// Keeps a result with all that belongs to it.
    pub(super) fn write(
        &self,
        recipe: &Recipe,
        pending: &Pending,
        made: &[Output],
        attempted: &Attempted,
    ) -> io::Result<()> {
        let inputs = pending
            .contents
            .inputs_of(pending.set)
            .map_err(io::Error::other)?;
        let manifest = Manifest {
            facts: pending.facts.clone(),
            inputs,
        };
        outputs::keep(&self.store, &recipe.folder(&self.settings.root), made)?;
        let entry = Entry {
            key: pending.key,
            suite: recipe.stem().into_owned(),
            run_id: self.settings.run_id.clone(),
            stored_at: now_ns() / 1_000_000_000,
            duration: attempted.duration,
            elided_bytes: attempted.elided_bytes,
            cases: self.keep_cases(attempted.cases.as_deref())?,
            log: self.keep_log(&recipe.stem())?,
            manifest: self.store.keep_bytes(&manifest.encode())?,
            outputs: made.to_vec(),
        };
        self.store.keep(&entry)
    }

    fn keep_cases(&self, cases: Option<&CaseList>) -> io::Result<Option<Digest>> {
        let Some(cases) = cases else { return Ok(None) };
        let bytes = serde_json::to_vec(cases).map_err(io::Error::other)?;
        Ok(Some(self.store.keep_bytes(&bytes)?))
    }

    fn keep_log(&self, stem: &str) -> io::Result<Log> {
        let mut log = File::open(self.settings.log_dir.join(format!("{stem}.log")))?;
        if log.metadata()?.len() > MOST_INLINE_BYTES {
            return Ok(Log::Content(self.store.keep_content(&mut log)?));
        }
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes)?;
        Ok(Log::Inline(bytes))
    }
}
