//! A kept result, as bytes: what it was, and which contents belong to it. Whoever reads one believes nothing.

use std::time::Duration;

use regatta_core::encoding::{Reader, write_bytes, write_number};
use regatta_core::manifest::Digest;

use super::hash::digest;

const MAGIC: &[u8; 16] = b"regatta result1\n";

/// Begins an entry with test cases; one without them is as it was before there were any.
const MAGIC_WITH_CASES: &[u8; 16] = b"regatta result2\n";

/// A kept result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The digest of all that decided it.
    pub key: Digest,
    /// The suite it was kept for; another one may use it.
    pub suite: String,
    /// The run it was made in.
    pub run_id: String,
    /// When, in seconds since 1970.
    pub stored_at: i64,
    /// How long the attempt took.
    pub duration: Duration,
    /// Bytes that the suite printed and that its log does not have.
    pub elided_bytes: u64,
    /// What the suite printed.
    pub log: Log,
    /// The content that holds the manifest.
    pub manifest: Digest,
    /// The content that holds the test cases it told of, as JSON.
    pub cases: Option<Digest>,
    /// What the suite made, in the order of the paths.
    pub outputs: Vec<Output>,
}

/// A log: short ones are part of the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Log {
    /// The bytes.
    Inline(Vec<u8>),
    /// The content that holds them.
    Content(Digest),
}

/// A file, a link or a folder that a suite made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// From the suite's folder. Leads nowhere else, see [`is_inside`].
    pub path: Vec<u8>,
    /// What it is.
    pub kind: OutputKind,
}

/// What an output is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutputKind {
    /// A file with these permissions and this content.
    File {
        /// Permission bits, without those that lend somebody's rights.
        mode: u32,
        /// Of its bytes.
        digest: Digest,
    },
    /// A symbolic link with this text, see [`link_is_inside`].
    Link(Vec<u8>),
    /// A folder.
    Folder,
}

impl Entry {
    /// Returns the bytes that [`Self::decode`] reads.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let magic = self.cases.map_or(MAGIC, |_| MAGIC_WITH_CASES);
        let mut bytes = magic.to_vec();
        let sink = &mut |part: &[u8]| bytes.extend_from_slice(part);
        sink(&self.key.0);
        write_bytes(sink, self.suite.as_bytes());
        write_bytes(sink, self.run_id.as_bytes());
        sink(&self.stored_at.to_le_bytes());
        write_number(sink, self.duration.as_secs());
        write_number(sink, self.duration.subsec_nanos().into());
        write_number(sink, self.elided_bytes);
        match &self.log {
            Log::Inline(text) => {
                sink(&[0]);
                write_bytes(sink, text);
            }
            Log::Content(digest) => {
                sink(&[1]);
                sink(&digest.0);
            }
        }
        sink(&self.manifest.0);
        if let Some(cases) = &self.cases {
            sink(&cases.0);
        }
        write_number(sink, self.outputs.len() as u64);
        for Output { path, kind } in &self.outputs {
            write_bytes(sink, path);
            match kind {
                OutputKind::File { mode, digest } => {
                    sink(&[0]);
                    sink(&mode.to_le_bytes());
                    sink(&digest.0);
                }
                OutputKind::Link(text) => {
                    sink(&[1]);
                    write_bytes(sink, text);
                }
                OutputKind::Folder => sink(&[2]),
            }
        }
        let sum = digest(&bytes);
        bytes.extend(sum.0);
        bytes
    }

    /// Returns the entry that these bytes hold, `None` if they hold none: cut short, changed, or with an output that
    /// leads out of its folder.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, sum) = bytes.split_last_chunk()?;
        (digest(body).0 == *sum).then_some(())?;
        let mut reader = Reader::new(body);
        let magic = reader.array()?;
        let has_cases = magic == *MAGIC_WITH_CASES;
        (has_cases || magic == *MAGIC).then_some(())?;
        let mut entry = Self {
            key: Digest(reader.array()?),
            suite: text(reader.bytes()?)?,
            run_id: text(reader.bytes()?)?,
            stored_at: i64::from_le_bytes(reader.array()?),
            duration: duration(&mut reader)?,
            elided_bytes: reader.number()?,
            log: match reader.byte()? {
                0 => Log::Inline(reader.bytes()?.to_vec()),
                1 => Log::Content(Digest(reader.array()?)),
                _ => return None,
            },
            manifest: Digest(reader.array()?),
            cases: if has_cases {
                Some(Digest(reader.array()?))
            } else {
                None
            },
            outputs: Vec::new(),
        };
        for _ in 0..reader.number()? {
            entry.outputs.push(output(&mut reader)?);
        }
        reader.is_at_end().then_some(entry)
    }

    /// Returns every content that belongs to the entry.
    pub fn contents(&self) -> impl Iterator<Item = Digest> {
        let log = match self.log {
            Log::Inline(_) => None,
            Log::Content(digest) => Some(digest),
        };
        let outputs = self.outputs.iter().filter_map(|it| match it.kind {
            OutputKind::File { digest, .. } => Some(digest),
            OutputKind::Link(_) | OutputKind::Folder => None,
        });
        let described = [Some(self.manifest), self.cases].into_iter().flatten();
        log.into_iter().chain(described).chain(outputs)
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn duration(reader: &mut Reader<'_>) -> Option<Duration> {
    let seconds = reader.number()?;
    let nanos = u32::try_from(reader.number()?).ok()?;
    (nanos < 1_000_000_000).then(|| Duration::new(seconds, nanos))
}

fn output(reader: &mut Reader<'_>) -> Option<Output> {
    let path = reader.bytes()?.to_vec();
    is_inside(&path).then_some(())?;
    let kind = match reader.byte()? {
        0 => OutputKind::File {
            mode: u32::from_le_bytes(reader.array()?),
            digest: Digest(reader.array()?),
        },
        1 => {
            let text = reader.bytes()?.to_vec();
            link_is_inside(&path, &text).then_some(())?;
            OutputKind::Link(text)
        }
        2 => OutputKind::Folder,
        _ => return None,
    };
    let is_plain = match kind {
        OutputKind::File { mode, .. } => mode & !0o777 == 0,
        OutputKind::Link(_) | OutputKind::Folder => true,
    };
    is_plain.then_some(Output { path, kind })
}

/// Returns whether a path is relative and consists of plain names.
#[must_use]
pub fn is_inside(path: &[u8]) -> bool {
    let mut names = path.split(|&byte| byte == b'/');
    names.all(|name| !name.is_empty() && name != b"." && name != b"..") && !path.contains(&0)
}

/// Returns whether a link at `path` with this text leads to something inside: it is relative, and at no name of its
/// text has it left the folder.
#[must_use]
pub fn link_is_inside(path: &[u8], text: &[u8]) -> bool {
    if text.is_empty() || text.starts_with(b"/") || text.contains(&0) {
        return false;
    }
    let mut depth = path.split(|&byte| byte == b'/').count() - 1;
    for name in text.split(|&byte| byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return false,
            },
            _ => depth += 1,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn entry() -> Entry {
        Entry {
            key: Digest([1; 32]),
            suite: "api".into(),
            run_id: "run".into(),
            stored_at: 1_700_000_000,
            duration: Duration::from_millis(1_500),
            elided_bytes: 0,
            log: Log::Inline(b"ok\n".to_vec()),
            manifest: Digest([2; 32]),
            cases: None,
            outputs: vec![
                Output {
                    path: b"bin".to_vec(),
                    kind: OutputKind::Folder,
                },
                Output {
                    path: b"bin/api".to_vec(),
                    kind: OutputKind::File {
                        mode: 0o755,
                        digest: Digest([3; 32]),
                    },
                },
                Output {
                    path: b"bin/link".to_vec(),
                    kind: OutputKind::Link(b"../bin/api".to_vec()),
                },
            ],
        }
    }

    #[test]
    fn what_was_encoded_is_decoded_and_nothing_else_is() {
        let with_cases = Entry {
            cases: Some(Digest([4; 32])),
            ..entry()
        };
        assert_eq!(Entry::decode(&with_cases.encode()), Some(with_cases));
        let bytes = entry().encode();
        assert_eq!(Entry::decode(&bytes), Some(entry()));
        for end in 0..bytes.len() {
            assert_eq!(Entry::decode(&bytes[..end]), None, "cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(Entry::decode(&flipped), None, "flipped at {at}");
        }
    }

    #[test]
    fn an_entry_whose_outputs_lead_out_is_none_although_its_sum_is_right() {
        let file = || OutputKind::File {
            mode: 0o644,
            digest: Digest([3; 32]),
        };
        let table = [
            ("../x", file()),
            ("/etc/passwd", file()),
            ("a/../../x", file()),
            ("a//b", file()),
            ("", file()),
            ("./a", OutputKind::Folder),
            ("a", OutputKind::Link(b"/etc/passwd".to_vec())),
            ("a", OutputKind::Link(b"../x".to_vec())),
            ("a/b", OutputKind::Link(b"../../x".to_vec())),
            ("a", OutputKind::Link(b"b/../../a".to_vec())),
            ("a", OutputKind::Link(Vec::new())),
            (
                "a",
                OutputKind::File {
                    mode: 0o4755,
                    digest: Digest([3; 32]),
                },
            ),
        ];
        for (path, kind) in table {
            let mut hostile = entry();
            hostile.outputs = vec![Output {
                path: path.into(),
                kind: kind.clone(),
            }];
            assert_eq!(Entry::decode(&hostile.encode()), None, "{path} {kind:?}");
        }
    }

    #[test]
    fn links_that_stay_inside_are_fine() {
        for (path, text) in [
            ("a", "b"),
            ("a/b", "../c"),
            ("a/b", "./c//d"),
            ("a/b/c", "../../d"),
        ] {
            assert!(
                link_is_inside(path.as_bytes(), text.as_bytes()),
                "{path} -> {text}"
            );
        }
    }
}
