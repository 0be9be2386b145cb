//! A test suite that misbehaves on demand: each word on its command line is one thing it does, in order.
//!
//! `evil ignore TERM double-fork setsid pid-file pids/daemon sleep 60` is a daemon that cannot be asked to go. Where a word
//! needs another process, it starts this program again with the words that are left. It knows nothing of Regatta.

use std::env::{args, current_exe};
use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write, stdin, stdout};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio, exit, id};
use std::str::FromStr;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{
    Pid, Resource, Rlimit, Signal, getpid, ioctl_tiocsctty, kill_process, prlimit, setsid,
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// One thing that it can do, with the words it takes.
struct Word {
    name: &'static str,
    /// Does it, and takes its arguments from the front of what is left.
    act: fn(&mut Rest) -> Outcome,
}

const fn word(name: &'static str, act: fn(&mut Rest) -> Outcome) -> Word {
    Word { name, act }
}

const WORDS: &[Word] = &[
    // What it is.
    word("ignore", ignore), // SIGNAL: has no effect on it and on what it starts
    word("setsid", |_| Ok(setsid().map(drop)?)), // only where it leads no group
    word("double-fork", double_fork), // goes on as an orphan; who started it sees success
    word("fork-chain", fork_chain), // N: so many generations, each ending when the next has begun
    word("close-output", close_output),
    word("shed-environment", |rest| {
        Err(again(rest)?.env_clear().exec().into())
    }),
    word("terminal", |_| take_terminal()), // leads a session whose terminal is its standard input
    // What it says.
    word("print", |rest| say(rest.take::<String>()?.as_bytes())),
    word("emit", |rest| emit(rest.take()?, PATTERN)), // BYTES of numbered columns
    word("line", |rest| emit(rest.take()?, b"x")),    // BYTES without a line end
    word("nul", |_| say(b"nul \0 nul\n")),
    word("latin1", |_| say(b"caf\xe9 cr\xe8me\n")),
    word("escape", |_| {
        say(b"\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2K\x1b[1G\r")
    }),
    word("hold-stdout", |_| hold_stdout()), // leaves a copy behind that keeps it open for a minute
    // What it touches.
    word("read-stdin", |_| read_stdin()),
    word("tty", |_| open_tty()),
    word("alloc", |rest| {
        // Written to, as untouched memory costs nothing.
        std::mem::forget(vec![1_u8; rest.take::<usize>()? << 20]);
        Ok(())
    }), // MEBIBYTES, until its end
    word("write-input", |rest| append(&rest.take::<PathBuf>()?)),
    word("pid-file", |rest| write_pid(&rest.take::<PathBuf>()?)),
    word("listen", |rest| listen(&rest.take::<PathBuf>()?)), // PORT-FILE: on the port in it, or on a new one
    word("wait-for", |rest| {
        wait_for(&rest.take::<PathBuf>()?);
        Ok(())
    }),
    word("starve", |rest| starve(rest.take()?)), // PID: it can make no more processes
    // How it goes on and ends.
    word("stop-self", |_| Ok(kill_process(getpid(), Signal::STOP)?)),
    word("sleep", |rest| pause(rest.take()?)), // SECONDS
    word("spin", |_| {
        loop {
            std::hint::spin_loop();
        }
    }),
    word("exec", |rest| {
        let program: String = rest.take()?;
        Err(Command::new(program)
            .args(rest.words.drain(..))
            .exec()
            .into())
    }),
    word("signal", |rest| die_by(rest.take()?)), // NUMBER
    word("exit", |rest| exit(rest.take()?)),
];

/// The words that are left.
struct Rest {
    words: std::collections::VecDeque<String>,
}

impl Rest {
    fn take<T: FromStr<Err: Error + 'static>>(&mut self) -> Outcome<T> {
        let word = self.words.pop_front().ok_or("an argument is missing")?;
        Ok(word.parse()?)
    }
}

/// The exit code of an evil that failed at being evil.
const CLUMSY: u8 = 125;

fn main() -> ExitCode {
    let mut rest = Rest {
        words: args().skip(1).collect(),
    };
    while let Some(name) = rest.words.pop_front() {
        let known = WORDS.iter().find(|word| word.name == name);
        let outcome = known.map_or(Err("there is no such word".into()), |word| {
            (word.act)(&mut rest)
        });
        if let Err(error) = outcome {
            let _ = writeln!(io::stderr(), "evil: {name}: {error}");
            return ExitCode::from(CLUMSY);
        }
    }
    ExitCode::SUCCESS
}

/// Returns this program with the words that are left, which are taken.
fn again(rest: &mut Rest) -> Outcome<Command> {
    let mut command = Command::new(current_exe()?);
    command.args(rest.words.drain(..));
    Ok(command)
}

fn start_again(words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Outcome<Child> {
    Ok(Command::new(current_exe()?).args(words).spawn()?)
}

fn ignore(rest: &mut Rest) -> Outcome {
    let signal: String = rest.take()?;
    // What a shell ignores stays so in the program that takes its place, which takes no unsafe code here.
    let script = format!("trap '' {signal}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &script]).arg(current_exe()?);
    Err(shell.args(rest.words.drain(..)).exec().into())
}

fn double_fork(rest: &mut Rest) -> Outcome {
    let words = ["fork-chain", "1"].map(String::from).into_iter();
    start_again(words.chain(rest.words.drain(..)))?.wait()?;
    exit(0)
}

fn fork_chain(rest: &mut Rest) -> Outcome {
    let generations: u64 = rest.take()?;
    if generations == 0 {
        return Ok(());
    }
    let words = ["fork-chain".to_owned(), (generations - 1).to_string()];
    start_again(words.into_iter().chain(rest.words.drain(..)))?;
    exit(0)
}

fn close_output(rest: &mut Rest) -> Outcome {
    let mut silent = again(rest)?;
    silent.stdin(Stdio::null()).stdout(Stdio::null());
    Err(silent.stderr(Stdio::null()).exec().into())
}

fn take_terminal() -> Outcome {
    setsid()?;
    Ok(ioctl_tiocsctty(stdin())?)
}

fn say(bytes: &[u8]) -> Outcome {
    stdout().write_all(bytes)?;
    Ok(stdout().flush()?)
}

/// A line whose length divides no size of a buffer, so that a byte lost or doubled shows anywhere after it.
const PATTERN: &[u8; 61] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX\n";

fn emit(mut bytes: usize, pattern: &[u8]) -> Outcome {
    let block = pattern.repeat((1 << 18) / pattern.len());
    // Without the buffer of the standard library, which looks for line ends.
    let mut output = File::from(stdout().as_fd().try_clone_to_owned()?);
    while bytes > 0 {
        let part = bytes.min(block.len());
        output.write_all(&block[..part])?;
        bytes -= part;
    }
    Ok(())
}

fn hold_stdout() -> Outcome {
    start_again(["sleep", "60"])?;
    Ok(())
}

fn read_stdin() -> Outcome {
    let count = stdin().read_to_end(&mut Vec::new())?;
    say(format!("stdin: {count} bytes\n").as_bytes())
}

fn open_tty() -> Outcome {
    let answer = match File::open("/dev/tty") {
        Ok(_) => "a terminal".to_owned(),
        Err(error) => format!("no terminal: {error}"),
    };
    say(format!("{answer}\n").as_bytes())
}

fn append(path: &Path) -> Outcome {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    Ok(file.write_all(b"evil was here\n")?)
}

fn starve(pid: i32) -> Outcome {
    let least = Rlimit {
        current: Some(1),
        maximum: Some(1),
    };
    prlimit(Pid::from_raw(pid), Resource::Nproc, least)?;
    Ok(())
}

fn write_whole(path: &Path, text: &str) -> Outcome {
    let unfinished = path.with_extension(format!("{}.tmp", id()));
    fs::write(&unfinished, text)?;
    Ok(fs::rename(unfinished, path)?)
}

fn write_pid(path: &Path) -> Outcome {
    write_whole(path, &id().to_string())
}

fn listen(path: &Path) -> Outcome {
    let port = match fs::read_to_string(path) {
        Ok(port) => port.parse()?,
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error.into()),
    };
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    write_whole(path, &listener.local_addr()?.port().to_string())?;
    // Open until the process ends.
    std::mem::forget(listener);
    Ok(())
}

fn wait_for(path: &Path) {
    while !path.exists() {
        sleep(Duration::from_millis(5));
    }
}

fn pause(seconds: f64) -> Outcome {
    sleep(Duration::try_from_secs_f64(seconds)?);
    Ok(())
}

fn die_by(number: i32) -> Outcome {
    // Not here: the standard library catches the first SIGSEGV.
    let mut shell = Command::new("/bin/sh");
    let script = format!("kill -{number} $$");
    Err(shell.args(["-c", &script]).exec().into())
}
