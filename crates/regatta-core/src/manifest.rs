//! Everything that decides a suite's result, as plain data: the list that is hashed for its key, kept with its result,
//! and printed when somebody asks why a result was not reused.
//!
//! There is one encoding, in which every text and every list says its length before it begins, so that two different
//! lists never have the same bytes. Which digest is taken of those bytes, and where files and values come from, is
//! not known here.

use std::collections::BTreeMap;
use std::fmt;

use crate::encoding::{Reader, write_bytes, write_number};

/// The version of the encoding. A change of meaning raises it, and no older key is found any more.
pub const FORMAT: u64 = 2;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// Everything that decides a result.
///
/// *Shape*: facts in the order in which they were gathered, which is the same for equal suites; inputs in the order of
/// a walk that visits names in byte order, each path once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// What is no file: command, variables, tools, the results of other suites.
    pub facts: Vec<Fact>,
    /// The files.
    pub inputs: Vec<Input>,
}

/// Something that decides a result and is no input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub kind: FactKind,
    /// Which of its kind; empty where there is only one.
    pub name: Vec<u8>,
    /// What it says; `None` for a variable that is not set, which is not the same as an empty one.
    pub value: Option<Vec<u8>>,
}

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactKind {
    /// What runs.
    Command,
    /// Where it runs, from the configuration's folder.
    Directory,
    /// A variable of its environment.
    Variable,
    /// Which part of the suite it is.
    Shard,
    /// Operating system and architecture.
    Platform,
    /// What a tool says of itself, or the digest of its file.
    Tool,
    /// The digest of `/bin/sh`.
    Shell,
    /// The key of a suite that it depends on, and the digest of that suite's outputs.
    Dependency,
}

/// The kinds, in the order of their numbers in the encoding.
const KINDS: [FactKind; 8] = [
    FactKind::Command,
    FactKind::Directory,
    FactKind::Variable,
    FactKind::Shard,
    FactKind::Platform,
    FactKind::Tool,
    FactKind::Shell,
    FactKind::Dependency,
];

/// A file, a link or a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// From the configuration's folder, with `/` between the names.
    pub path: Vec<u8>,
    /// What it is and holds.
    pub content: Content,
}

/// What an input is and holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A regular file.
    File {
        /// Its permission bits.
        mode: u32,
        /// Of its bytes.
        digest: Digest,
    },
    /// A symbolic link.
    Link {
        /// Its text.
        text: Vec<u8>,
        /// What it leads to.
        target: Target,
    },
    /// A folder. What is in it counts for itself.
    Folder {
        /// Its permission bits.
        mode: u32,
    },
    /// A pipe, a socket or a device, whose content cannot be known.
    Special,
}

/// What a symbolic link leads to, through any number of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Nothing.
    Nothing,
    /// A regular file.
    File {
        /// Its permission bits.
        mode: u32,
        /// Of its bytes.
        digest: Digest,
    },
    /// A folder. What is in it counts for itself, under the link's name.
    Folder {
        /// Its permission bits.
        mode: u32,
    },
    /// A pipe, a socket or a device.
    Special,
}

/// One difference between two manifests, in words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A fact says something else; the text is a whole sentence without an end.
    Fact(String),
    /// An input differs; the text is a whole sentence without an end.
    Input(String),
}

impl Change {
    /// Returns the sentence.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Fact(text) | Self::Input(text) => text,
        }
    }
}

impl Manifest {
    /// Writes what the key is the digest of: the facts, and the digest of the inputs' own encoding.
    ///
    /// The inputs of suites are often the same, and this way they are hashed once for all of them.
    pub fn encode_key(facts: &[Fact], inputs: Digest, sink: &mut impl FnMut(&[u8])) {
        sink(b"regatta result\n");
        write_number(sink, FORMAT);
        encode_facts(facts, sink);
        sink(&inputs.0);
    }

    /// Writes one input; those of a manifest follow each other, and their number comes last.
    pub fn encode_input(path: &[u8], content: &Content, sink: &mut impl FnMut(&[u8])) {
        write_bytes(sink, path);
        match content {
            Content::File { mode, digest } => {
                sink(&[0]);
                sink(&mode.to_le_bytes());
                sink(&digest.0);
            }
            Content::Link { text, target } => {
                sink(&[1]);
                write_bytes(sink, text);
                match target {
                    Target::Nothing => sink(&[0]),
                    Target::File { mode, digest } => {
                        sink(&[1]);
                        sink(&mode.to_le_bytes());
                        sink(&digest.0);
                    }
                    Target::Folder { mode } => {
                        sink(&[2]);
                        sink(&mode.to_le_bytes());
                    }
                    Target::Special => sink(&[3]),
                }
            }
            Content::Folder { mode } => {
                sink(&[2]);
                sink(&mode.to_le_bytes());
            }
            Content::Special => sink(&[3]),
        }
    }

    /// Returns the whole manifest as bytes from which [`Self::decode`] makes it again.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut sink = |part: &[u8]| bytes.extend_from_slice(part);
        write_number(&mut sink, FORMAT);
        encode_facts(&self.facts, &mut sink);
        write_number(&mut sink, self.inputs.len() as u64);
        for input in &self.inputs {
            Self::encode_input(&input.path, &input.content, &mut sink);
        }
        bytes
    }

    /// Returns the manifest that [`Self::encode`] made these bytes from, and `None` for any others.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        (reader.number()? == FORMAT).then_some(())?;
        let mut manifest = Self::default();
        for _ in 0..reader.number()? {
            let kind = *KINDS.get(usize::from(reader.byte()?))?;
            let name = reader.bytes()?.to_vec();
            let value = match reader.byte()? {
                0 => None,
                1 => Some(reader.bytes()?.to_vec()),
                _ => return None,
            };
            manifest.facts.push(Fact { kind, name, value });
        }
        for _ in 0..reader.number()? {
            let path = reader.bytes()?.to_vec();
            let content = decode_content(&mut reader)?;
            manifest.inputs.push(Input { path, content });
        }
        reader.is_at_end().then_some(manifest)
    }

    /// Returns what differs between an earlier manifest and this one: facts first, then files in the order of their
    /// paths.
    #[must_use]
    pub fn changes_since(&self, earlier: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        let index = |manifest: &Self| -> BTreeMap<(FactKind, Vec<u8>), Option<Vec<u8>>> {
            let facts = manifest.facts.iter().cloned();
            facts.map(|it| ((it.kind, it.name), it.value)).collect()
        };
        let (old, new) = (index(earlier), index(self));
        for (place, value) in &new {
            let what = match old.get(place) {
                Some(before) if before == value => continue,
                Some(before) => describe_change(before.as_ref(), value.as_ref()),
                None => "is new",
            };
            changes.push(Change::Fact(format!("{} {what}", describe_fact(place))));
        }
        for place in old.keys().filter(|it| !new.contains_key(it)) {
            changes.push(Change::Fact(format!("{} is gone", describe_fact(place))));
        }
        let index = |manifest: &'_ Self| -> BTreeMap<Vec<u8>, Content> {
            let inputs = manifest.inputs.iter().cloned();
            inputs.map(|it| (it.path, it.content)).collect()
        };
        let (old, new) = (index(earlier), index(self));
        let mut paths: Vec<&Vec<u8>> = old.keys().chain(new.keys()).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let name = String::from_utf8_lossy(path);
            let text = match (old.get(path), new.get(path)) {
                (Some(before), Some(now)) if before == now => continue,
                (Some(before), Some(now)) => describe_content(&name, before, now),
                (None, _) => format!("{name} is new"),
                (_, None) => format!("{name} is gone"),
            };
            changes.push(Change::Input(text));
        }
        changes
    }
}

/// Returns in one line what changed: the first fact, the first file, and how many more of each.
///
/// *Shape*: empty if nothing changed.
#[must_use]
pub fn summarise(changes: &[Change]) -> String {
    let group = |is_input: bool, noun: &str| {
        let mut texts = changes
            .iter()
            .filter(|it| matches!(it, Change::Input(_)) == is_input);
        let first = texts.next()?.text();
        Some(match texts.count() {
            0 => first.to_owned(),
            1 => format!("{first}, and 1 more {noun}"),
            more => format!("{first}, and {more} more {noun}s"),
        })
    };
    let groups = [group(false, "part"), group(true, "file")];
    groups.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn encode_facts(facts: &[Fact], sink: &mut impl FnMut(&[u8])) {
    write_number(sink, facts.len() as u64);
    for Fact { kind, name, value } in facts {
        sink(&[*kind as u8]);
        write_bytes(sink, name);
        match value {
            Some(value) => {
                sink(&[1]);
                write_bytes(sink, value);
            }
            None => sink(&[0]),
        }
    }
}

fn decode_content(reader: &mut Reader<'_>) -> Option<Content> {
    Some(match reader.byte()? {
        0 => Content::File {
            mode: u32::from_le_bytes(reader.array()?),
            digest: Digest(reader.array()?),
        },
        1 => Content::Link {
            text: reader.bytes()?.to_vec(),
            target: match reader.byte()? {
                0 => Target::Nothing,
                1 => Target::File {
                    mode: u32::from_le_bytes(reader.array()?),
                    digest: Digest(reader.array()?),
                },
                2 => Target::Folder {
                    mode: u32::from_le_bytes(reader.array()?),
                },
                3 => Target::Special,
                _ => return None,
            },
        },
        2 => Content::Folder {
            mode: u32::from_le_bytes(reader.array()?),
        },
        3 => Content::Special,
        _ => return None,
    })
}

fn describe_fact((kind, name): &(FactKind, Vec<u8>)) -> String {
    let name = String::from_utf8_lossy(name);
    match kind {
        FactKind::Command => "the command".into(),
        FactKind::Directory => "the working directory".into(),
        FactKind::Variable => format!("variable {name}"),
        FactKind::Shard => "the shard".into(),
        FactKind::Platform => "the platform".into(),
        FactKind::Tool => format!("tool `{name}`"),
        FactKind::Shell => "/bin/sh".into(),
        FactKind::Dependency => format!("suite `{name}`, on which it depends,"),
    }
}

fn describe_change(before: Option<&Vec<u8>>, now: Option<&Vec<u8>>) -> &'static str {
    match (before, now) {
        (None, Some(_)) => "is set now",
        (Some(_), None) => "is not set any more",
        _ => "changed",
    }
}

fn describe_content(name: &str, before: &Content, now: &Content) -> String {
    match (before, now) {
        (
            Content::File { mode: old, digest },
            Content::File {
                mode,
                digest: digest_now,
            },
        ) if digest == digest_now => format!("the mode of {name} changed from {old:o} to {mode:o}"),
        (Content::File { .. }, Content::File { .. }) => format!("{name} changed"),
        (Content::Link { text, .. }, Content::Link { text: now, .. }) if text != now => {
            format!("link {name} leads to {} now", String::from_utf8_lossy(now))
        }
        (Content::Link { .. }, Content::Link { .. }) => {
            format!("what link {name} leads to changed")
        }
        (_, Content::File { .. }) => format!("{name} is a file now"),
        (_, Content::Link { .. }) => format!("{name} is a link now"),
        (Content::Folder { mode: old }, Content::Folder { mode }) => {
            format!("the mode of {name} changed from {old:o} to {mode:o}")
        }
        (_, Content::Folder { .. }) => format!("{name} is a folder now"),
        (_, Content::Special) => format!("{name} is neither file, link nor folder now"),
    }
}

impl Digest {
    /// Returns the digest that 64 hexadecimal digits in lower case stand for.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something to change, and what is said of it.
    type Row = (fn(&mut Manifest), &'static str);

    fn fact(kind: FactKind, name: &str, value: Option<&str>) -> Fact {
        Fact {
            kind,
            name: name.into(),
            value: value.map(Into::into),
        }
    }

    fn file(path: &str, mode: u32, byte: u8) -> Input {
        Input {
            path: path.into(),
            content: Content::File {
                mode,
                digest: Digest([byte; 32]),
            },
        }
    }

    fn link(path: &str, text: &str, target: Target) -> Input {
        Input {
            path: path.into(),
            content: Content::Link {
                text: text.into(),
                target,
            },
        }
    }

    fn target(mode: u32, byte: u8) -> Target {
        Target::File {
            mode,
            digest: Digest([byte; 32]),
        }
    }

    fn manifest() -> Manifest {
        Manifest {
            facts: vec![
                fact(FactKind::Command, "", Some("make")),
                fact(FactKind::Variable, "MODE", None),
                fact(FactKind::Tool, "node --version", Some("v20")),
            ],
            inputs: vec![
                file("a", 0o644, 1),
                link("l", "a", target(0o644, 1)),
                link("m", "d", Target::Folder { mode: 0o755 }),
                Input {
                    path: "d".into(),
                    content: Content::Folder { mode: 0o755 },
                },
            ],
        }
    }

    fn key_bytes(facts: &[Fact]) -> Vec<u8> {
        let mut bytes = Vec::new();
        Manifest::encode_key(facts, Digest([9; 32]), &mut |part| bytes.extend(part));
        bytes
    }

    #[test]
    fn what_was_encoded_is_decoded_and_nothing_else_is() {
        let manifest = manifest();
        let bytes = manifest.encode();
        assert_eq!(Manifest::decode(&bytes), Some(manifest));
        for end in 0..bytes.len() {
            assert_eq!(Manifest::decode(&bytes[..end]), None, "cut at {end}");
        }
        let longer = [bytes, vec![0]].concat();
        assert_eq!(Manifest::decode(&longer), None);
    }

    #[test]
    fn texts_that_could_run_into_each_other_do_not() {
        let unset = [fact(FactKind::Variable, "A", None)];
        let empty = [fact(FactKind::Variable, "A", Some(""))];
        let one = [fact(FactKind::Variable, "AB", Some("C"))];
        let other = [fact(FactKind::Variable, "A", Some("BC"))];
        let kinds = [fact(FactKind::Tool, "A", Some("BC"))];
        let all = [&unset, &empty, &one, &other, &kinds].map(|it| key_bytes(it));
        for (index, bytes) in all.iter().enumerate() {
            assert!(!all[..index].contains(bytes));
        }
    }

    #[test]
    fn every_kind_has_its_place_in_the_table() {
        for (index, kind) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, index);
        }
    }

    #[test]
    fn each_change_is_told_in_words() {
        let before = manifest();
        let table: [Row; 15] = [
            (|_| {}, ""),
            (
                |it| it.facts[0].value = Some("x".into()),
                "the command changed",
            ),
            (
                |it| it.facts[1].value = Some("x".into()),
                "variable MODE is set now",
            ),
            (
                |it| it.facts[2].value = Some("v22".into()),
                "tool `node --version` changed",
            ),
            (
                |it| drop(it.facts.remove(2)),
                "tool `node --version` is gone",
            ),
            (|it| it.inputs[0] = file("a", 0o644, 2), "a changed"),
            (
                |it| it.inputs[0] = file("a", 0o755, 1),
                "the mode of a changed from 644 to 755",
            ),
            (|it| it.inputs.push(file("b", 0o644, 1)), "b is new"),
            (|it| drop(it.inputs.remove(0)), "a is gone"),
            (
                |it| it.inputs[1] = link("l", "b", Target::Nothing),
                "link l leads to b now",
            ),
            (
                |it| it.inputs[1] = link("l", "a", target(0o644, 2)),
                "what link l leads to changed",
            ),
            (
                |it| it.inputs[1] = link("l", "a", target(0o755, 1)),
                "what link l leads to changed",
            ),
            (
                |it| it.inputs[2] = link("m", "d", Target::Special),
                "what link m leads to changed",
            ),
            (
                |it| it.inputs[3].content = Content::Folder { mode: 0o700 },
                "the mode of d changed from 755 to 700",
            ),
            (
                |it| it.inputs[3].content = Content::Special,
                "d is neither file, link nor folder now",
            ),
        ];
        for (change, expected) in table {
            let mut now = before.clone();
            change(&mut now);
            assert_eq!(summarise(&now.changes_since(&before)), expected);
        }
    }

    #[test]
    fn the_first_of_many_changes_is_named_and_the_rest_counted() {
        let mut now = manifest();
        now.facts[0].value = Some("x".into());
        now.inputs[0] = file("a", 0o644, 2);
        now.inputs.push(file("z", 0o644, 2));
        now.inputs.push(file("y", 0o644, 2));
        assert_eq!(
            summarise(&now.changes_since(&manifest())),
            "the command changed; a changed, and 2 more files"
        );
    }

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = Digest([0x1f; 32]);
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
        for bad in [
            "",
            "1f",
            &"1F".repeat(32),
            &"g0".repeat(32),
            &"0".repeat(65),
        ] {
            assert_eq!(Digest::from_hex(bad), None);
        }
    }
}
