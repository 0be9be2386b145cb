//! A person at a terminal: an interactive shell in a pseudo-terminal, and keys.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::invariants::{self, Ended};
use super::{duration, evil, outcomes, place, regatta};
use crate::support::{Place, wait_until};

/// A shell with job control, as somebody sits in front of it.
struct Terminal {
    keys: File,
    shell: Child,
    shown: Arc<Mutex<Vec<u8>>>,
}

const CTRL_Z: &str = "\x1a";

impl Terminal {
    fn open(place: &Place) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("a pseudo-terminal");
        grantpt(&master).expect("it is ours");
        unlockpt(&master).expect("it is ours");
        let screen = Winsize {
            ws_row: 40,
            ws_col: 120,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, screen).expect("a size");
        let shell = shell_on(
            &ioctl_tiocgptpeer(&master, flags).expect("its other side"),
            place,
        );
        let keys = File::from(master);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let mut screen = keys.try_clone().expect("a descriptor");
        let sink = Arc::clone(&shown);
        spawn(move || {
            let mut buffer = [0; 4096];
            // It fails when nobody is left on the other side.
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
                sink.extend_from_slice(&buffer[..count]);
            }
        });
        Self { keys, shell, shown }
    }

    fn press(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("somebody reads");
    }

    fn text(&self) -> String {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// Waits until this is on the screen.
    #[track_caller]
    fn wait_for(&self, text: &str) {
        wait_until(text, || self.text().contains(text));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

fn shell_on(terminal: &OwnedFd, place: &Place) -> Child {
    let side = || terminal.try_clone().expect("a descriptor");
    let folder = regatta().parent().expect("a program is in a folder");
    let path = std::env::var("PATH").expect("a PATH");
    // Without line editing, which would set modes of its own.
    let words = "terminal exec bash --norc --noprofile --noediting -i";
    let mut command = Command::new(evil());
    command.args(words.split(' ')).current_dir(place.root());
    command
        .env_clear()
        .env("PATH", format!("{}:{path}", folder.display()));
    command
        .env("TMPDIR", place.temporary())
        .env("HOME", place.root());
    command
        .env("TERM", "xterm")
        .env("LANG", "C.UTF-8")
        .env("PS1", "> ");
    command.stdin(side()).stdout(side()).stderr(side());
    command.spawn().expect("evil starts")
}

#[test]
fn p9_ctrl_z_stops_the_suites_and_every_clock() {
    let place = place(
        "[suites.ticks]\ntimeout = 3\nidle_timeout = '2s'\n\
         command = 'until [ -e go ]; do ./evil write-input ticks print . sleep 0.02; done'\n",
    );
    let ticks = || fs::metadata(place.path("ticks")).map_or(0, |it| it.len());
    let mut terminal = Terminal::open(&place);
    terminal.press("stty -g > before; regatta\n");
    wait_until("it ticks", || ticks() > 0);
    terminal.press(CTRL_Z);
    terminal.wait_for("Stopped");
    wait_until("every process of the suite is stopped", || {
        states(&place).iter().all(|it| *it == 'T')
    });
    let stopped = Instant::now();
    let before = ticks();
    while stopped.elapsed() < Duration::from_secs(5) {
        assert_eq!(ticks(), before, "it goes on");
        sleep(Duration::from_millis(50));
    }
    terminal.press("fg\n");
    wait_until("it goes on", || ticks() > before);
    place.write("go", "");
    terminal.wait_for("All tests passed!");
    terminal.press("echo status $? and no more; stty -g > after; touch quiet\n");
    terminal.wait_for("status 0 and");
    wait_until("the modes are known", || place.has("quiet"));
    assert_eq!(place.read("before"), place.read("after"));
    drop(terminal);
    invariants::check(&place, Ended::InOrder);
    assert_eq!(outcomes(&place), "passed");
    assert!(duration(&place, "ticks") < 5.0);
}

/// Returns the states of all processes of a suite, as `/proc` names them.
fn states(place: &Place) -> Vec<char> {
    let suites = format!("TMPDIR={}/", place.temporary().display());
    let processes = fs::read_dir("/proc").expect("the process table").flatten();
    let states = processes.filter_map(|process| {
        let environment = fs::read(process.path().join("environ")).ok()?;
        // Only suites have a folder of their own for temporary files.
        let mut variables = environment.split(|it| *it == 0);
        variables.find(|it| it.starts_with(format!("TEST_{suites}").as_bytes()))?;
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        stat.rsplit_once(") ")?.1.chars().next()
    });
    states.collect()
}

#[test]
fn p10_a_suite_gets_no_hold_of_the_terminal() {
    let place = place(
        "[run]\ntimeout = 20\n\
         [suites.reads]\ncommand = './evil read-stdin'\n\
         [suites.opens]\ncommand = './evil tty'\n\
         [suites.shell]\ncommand = 'bash -ic true'\n\
         [suites.raw]\ncommand = 'stty raw < /dev/tty; stty raw; echo tried'\n",
    );
    let mut terminal = Terminal::open(&place);
    terminal.press("stty -g > before; regatta -j 4; echo status $? and no more; stty -g > after; touch quiet\n");
    wait_until("the shell is back", || place.has("quiet"));
    terminal.wait_for("status 0 and");
    assert_eq!(place.read("before"), place.read("after"));
    // Whoever has the terminal gets the keys.
    terminal.press("read line; echo got $line\nsome words\n");
    terminal.wait_for("got some words");
    drop(terminal);
    invariants::check(&place, Ended::InOrder);
    assert_eq!(outcomes(&place), "passed passed passed passed");
    assert_eq!(place.read("test-logs/reads.log"), "stdin: 0 bytes\n");
    assert!(
        place
            .read("test-logs/opens.log")
            .starts_with("no terminal: ")
    );
    assert!(place.read("test-logs/raw.log").ends_with("tried\n"));
}

/// Two suites, of which the first waits for a file, as somebody sees them who may press keys.
fn waiting_pair() -> Place {
    place(
        "[suites.first]\ncommand = 'until [ -e go ]; do ./evil sleep 0.02; done'\n\
         [suites.second]\ncommand = 'true'\n",
    )
}

fn start_with_keys(place: &Place) -> Terminal {
    let mut terminal = Terminal::open(place);
    terminal.press("stty -g > before; regatta -j 1; echo status $? and no more; stty -g > after; touch quiet\n");
    terminal.wait_for("t status");
    terminal
}

#[track_caller]
fn check_modes(place: &Place) {
    wait_until("the modes are known", || place.has("quiet"));
    assert_eq!(place.read("before"), place.read("after"));
}

#[test]
fn keys_look_hold_and_let_go_on() {
    let place = waiting_pair();
    let mut terminal = start_with_keys(&place);
    terminal.press("t");
    terminal.wait_for("0 of 2 done");
    terminal.press("f");
    terminal.wait_for("nothing has failed so far");
    terminal.press("+");
    terminal.wait_for("second passed");
    terminal.press("p");
    terminal.wait_for("nothing starts until p is pressed again");
    // An arrow, and what was pasted, mean nothing.
    terminal.press("\x1b[A");
    terminal.press("p");
    terminal.wait_for("suites start again");
    place.write("go", "");
    terminal.wait_for("status 0 and");
    check_modes(&place);
    drop(terminal);
    invariants::check(&place, Ended::InOrder);
    assert_eq!(outcomes(&place), "passed passed");
}

#[test]
fn the_key_that_stops_is_like_ctrl_c() {
    let place = waiting_pair();
    let mut terminal = start_with_keys(&place);
    terminal.press("q");
    terminal.wait_for("Interrupted by SIGINT");
    // A shell ends the line when somebody died of Ctrl-C, and so it does here.
    terminal.press("stty -g > after; touch quiet\n");
    check_modes(&place);
    drop(terminal);
    invariants::check(&place, Ended::InOrder);
    assert_eq!(outcomes(&place), "interrupted interrupted");
}

#[test]
fn keys_are_given_back_when_the_guardian_is_killed() {
    let place = waiting_pair();
    let mut terminal = start_with_keys(&place);
    let lock = place.read("test-logs/.lock");
    let holder = lock
        .split_once("\"pid\":")
        .expect("the lock names its holder")
        .1;
    let guardian: i32 = holder
        .split(|it: char| !it.is_ascii_digit())
        .find_map(|it| it.parse().ok())
        .expect("a number");
    let guardian = rustix::process::Pid::from_raw(guardian).expect("a process");
    rustix::process::kill_process(guardian, rustix::process::Signal::KILL).expect("it lives");
    terminal.wait_for("status 137 and");
    check_modes(&place);
    terminal.press("echo still $((40 + 2))\n");
    terminal.wait_for("still 42");
}
