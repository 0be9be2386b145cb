//! What this process and its guardian tell each other, and how it is written down. Both are the
//! same program on the same machine, so numbers travel in its own byte order. Knows no socket.

use std::ffi::CStr;

use crate::usage::Exit;
use crate::{Leftover, LeftoverPolicy};

/// The first word of each message says what it is.
const SPAWN: u64 = 1;
const SIGNAL: u64 = 2;
const REFUSED: u64 = 3;
const EXITED: u64 = 4;

/// What the guardian is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request<'a> {
    /// Start a command; answered once, by `Refused` or, when it is over, by `Exited`. The end that
    /// the command prints into comes with it.
    Spawn(SpawnRequest<'a>),
    /// Send a signal to the group of a command. Not answered.
    Signal {
        /// The command.
        serial: u64,
        /// The signal's number.
        number: i32,
    },
}

/// A command in the terms of `execve(2)`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SpawnRequest<'a> {
    /// The number under which the command is spoken of; never used twice.
    pub(crate) serial: u64,
    /// What becomes of those it leaves behind.
    pub(crate) policy: LeftoverPolicy,
    /// The file to execute, as seen from `dir`.
    pub(crate) program: &'a CStr,
    /// The working directory.
    pub(crate) dir: &'a CStr,
    /// The arguments, from the zeroth on.
    pub(crate) argv: Vec<&'a CStr>,
    /// The environment.
    pub(crate) env: Vec<&'a CStr>,
}

/// What the guardian has to tell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The command does not run, and nothing of it is left.
    Refused {
        /// The command.
        serial: u64,
        /// The error number of the attempt.
        errno: i32,
    },
    /// The command is over and reaped, and what it left behind was dealt with.
    Exited {
        /// The command.
        serial: u64,
        /// How it ended and what it consumed.
        exit: Exit,
        /// Who was left when it ended, sorted by pid.
        leftovers: Vec<Leftover>,
    },
}

impl Request<'_> {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Spawn(request) => request.encode(),
            Self::Signal { serial, number } => words(&[SIGNAL, *serial, signed(*number)]),
        }
    }

    /// Returns `None` for what no `encode` produced.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Request<'_>> {
        let mut reader = Reader { bytes };
        match reader.word()? {
            SPAWN => SpawnRequest::decode(reader).map(Request::Spawn),
            SIGNAL => Some(Request::Signal {
                serial: reader.word()?,
                number: reader.signed()?,
            }),
            _ => None,
        }
    }
}

impl<'a> SpawnRequest<'a> {
    fn encode(&self) -> Vec<u8> {
        let policy = match self.policy {
            LeftoverPolicy::End => 0,
            LeftoverPolicy::Allow => 1,
        };
        let mut bytes = words(&[SPAWN, self.serial, policy, self.argv.len() as u64]);
        let strings = [self.program, self.dir].into_iter();
        for string in strings.chain(self.argv.iter().chain(&self.env).copied()) {
            bytes.extend_from_slice(string.to_bytes_with_nul());
        }
        bytes
    }

    fn decode(mut reader: Reader<'a>) -> Option<Self> {
        let serial = reader.word()?;
        let policy = match reader.word()? {
            0 => LeftoverPolicy::End,
            1 => LeftoverPolicy::Allow,
            _ => return None,
        };
        let arguments = usize::try_from(reader.word()?).ok()?;
        let (program, dir) = (reader.string()?, reader.string()?);
        let mut argv: Vec<&CStr> = std::iter::from_fn(|| reader.string()).collect();
        let env = (arguments <= argv.len()).then(|| argv.split_off(arguments))?;
        Some(Self {
            serial,
            policy,
            program,
            dir,
            argv,
            env,
        })
    }
}

impl Reply {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Refused { serial, errno } => words(&[REFUSED, *serial, signed(*errno)]),
            Self::Exited {
                serial,
                exit,
                leftovers,
            } => {
                let mut bytes = words(&[
                    EXITED,
                    *serial,
                    signed(exit.raw_status),
                    exit.user_us,
                    exit.system_us,
                    exit.max_rss_bytes,
                ]);
                for leftover in leftovers {
                    bytes.extend(signed(leftover.pid).to_ne_bytes());
                    bytes.extend((leftover.name.len() as u64).to_ne_bytes());
                    bytes.extend(leftover.name.as_bytes());
                }
                bytes
            }
        }
    }

    /// Returns `None` for what no `encode` produced.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader { bytes };
        let (kind, serial) = (reader.word()?, reader.word()?);
        match kind {
            REFUSED => Some(Self::Refused {
                serial,
                errno: reader.signed()?,
            }),
            EXITED => Some(Self::Exited {
                serial,
                exit: Exit {
                    raw_status: reader.signed()?,
                    user_us: reader.word()?,
                    system_us: reader.word()?,
                    max_rss_bytes: reader.word()?,
                },
                leftovers: std::iter::from_fn(|| reader.leftover()).collect(),
            }),
            _ => None,
        }
    }
}

/// What of a message has not been read yet.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn word(&mut self) -> Option<u64> {
        let (word, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(u64::from_ne_bytes(*word))
    }

    fn signed(&mut self) -> Option<i32> {
        i32::try_from(self.word()?.cast_signed()).ok()
    }

    fn string(&mut self) -> Option<&'a CStr> {
        let string = CStr::from_bytes_until_nul(self.bytes).ok()?;
        self.bytes = &self.bytes[string.count_bytes() + 1..];
        Some(string)
    }

    fn leftover(&mut self) -> Option<Leftover> {
        let pid = self.signed()?;
        let length = usize::try_from(self.word()?).ok()?;
        let (name, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        let name = String::from_utf8_lossy(name).into_owned();
        Some(Leftover { pid, name })
    }
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

fn signed(number: i32) -> u64 {
    i64::from(number).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::{Reply, Request, SpawnRequest};
    use crate::usage::Exit;
    use crate::{Leftover, LeftoverPolicy};

    fn requests() -> Vec<Request<'static>> {
        let mut requests = vec![Request::Signal {
            serial: u64::MAX,
            number: 9,
        }];
        for policy in [LeftoverPolicy::End, LeftoverPolicy::Allow] {
            requests.push(Request::Spawn(SpawnRequest {
                serial: 7,
                policy,
                program: c"./a",
                dir: c"",
                argv: vec![c"a", c"", c"b c"],
                env: vec![c"A=1", c"B="],
            }));
        }
        requests
    }

    fn replies() -> Vec<Reply> {
        let leftover = |pid, name: &str| Leftover {
            pid,
            name: name.to_owned(),
        };
        vec![
            Reply::Refused {
                serial: 2,
                errno: 13,
            },
            Reply::Exited {
                serial: 3,
                exit: Exit {
                    raw_status: 0x8b,
                    user_us: 4,
                    system_us: 5,
                    max_rss_bytes: 6,
                },
                leftovers: vec![leftover(12, "tail"), leftover(13, ""), leftover(14, "a) b")],
            },
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        for request in requests() {
            assert_eq!(Request::decode(&request.encode()), Some(request));
        }
        for reply in replies() {
            assert_eq!(Reply::decode(&reply.encode()), Some(reply));
        }
    }

    #[test]
    fn a_cut_message_is_no_message() {
        for request in requests() {
            let bytes = request.encode();
            for length in 0..bytes.len() {
                assert_ne!(Request::decode(&bytes[..length]), Some(request_of(&bytes)));
            }
        }
        for reply in replies() {
            let bytes = reply.encode();
            for length in 0..bytes.len() {
                assert_ne!(Reply::decode(&bytes[..length]), Reply::decode(&bytes));
            }
        }
    }

    fn request_of(bytes: &[u8]) -> Request<'_> {
        Request::decode(bytes).unwrap()
    }
}
