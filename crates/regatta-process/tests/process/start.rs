//! What a command starts with, and why one does not start.

use std::ffi::CString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::exit;

use crate::support::{Bench, PLAYED, is_played, play};
use regatta_process::{Command, Form, Happening, Purses, SpawnError, Status};
use rustix::io::Errno;

/// Writes a program. Another process does it: a child that another test of this one starts meanwhile would have the
/// file open for writing until it executes its own program, and such a file cannot be executed.
fn write_script(path: &Path, text: &str) {
    let script = "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\"";
    let mut shell = std::process::Command::new("sh");
    let written = shell.args(["-c", script]).arg(path).arg(text).status();
    assert!(written.unwrap().success());
}

/// Returns the kind of the error, which must blame the program of that name.
fn program_error(bench: &mut Bench, program: &str) -> (ErrorKind, String) {
    let command = bench.command(&[program]);
    let error = bench.run_command(&command).unwrap_err();
    let message = error.to_string();
    match error {
        SpawnError::Program {
            program: blamed,
            source,
        } => {
            assert_eq!(blamed, Path::new(program));
            (source.kind(), message)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn stdin_is_at_its_end() {
    let (log, ended) = Bench::new().run("if read line; then echo line; else echo end; fi");
    assert_eq!((log.as_str(), ended.status), ("end\n", Status::Code(0)));
}

#[test]
fn only_three_descriptors_are_open() {
    // The fourth is the directory that ls itself reads.
    let (log, _) = Bench::new().run("exec ls /proc/self/fd");
    assert_eq!(log, "0\n1\n2\n3\n");
}

#[test]
fn an_inherited_descriptor_goes_no_further() {
    if is_played() {
        assert!(fs::exists("/proc/self/fd/9").unwrap());
        assert_eq!(Bench::new().run("exec ls /proc/self/fd").0, "0\n1\n2\n3\n");
        exit(PLAYED);
    }
    let status = play(
        "start::an_inherited_descriptor_goes_no_further",
        "exec 9</dev/null;",
    );
    assert_eq!(status.code(), Some(PLAYED));
}

#[test]
fn the_command_leads_a_group_of_its_own() {
    let (log, _) = Bench::new().run(
        "read -r pid name state parent group rest < /proc/$$/stat
        test $pid = $group && echo leader",
    );
    assert_eq!(log, "leader\n");
}

#[test]
fn no_signal_is_ignored_or_blocked() {
    let (log, _) = Bench::new().run("exec cat /proc/self/status");
    for set in ["SigBlk", "SigIgn", "SigCgt"] {
        assert!(
            log.contains(&format!("{set}:\t0000000000000000\n")),
            "{log}"
        );
    }
}

#[test]
fn a_broken_pipe_kills_as_usual() {
    let (log, _) =
        Bench::new().run("{ /bin/sh -c 'while :; do echo y; done'; echo $? >&2; } | head -n 1");
    assert_eq!(log, "y\n141\n");
}

#[test]
fn the_environment_is_exactly_what_was_given() {
    let mut bench = Bench::new();
    let mut command = bench.command(&["/usr/bin/env"]);
    command.env = ["A=1", "B=two words", "C="]
        .map(|entry| CString::new(entry).unwrap().into())
        .to_vec();
    bench.run_command(&command).unwrap();
    assert_eq!(bench.log(), "A=1\nB=two words\nC=\n");
}

#[test]
fn the_directory_is_where_it_runs() {
    let mut bench = Bench::new();
    fs::create_dir(bench.path("sub")).unwrap();
    fs::write(bench.path("sub/here"), "yes\n").unwrap();
    let mut command = bench.shell("cat here");
    command.dir = bench.path("sub");
    bench.run_command(&command).unwrap();
    assert_eq!(bench.log(), "yes\n");
}

#[test]
fn a_program_is_looked_up_in_the_path_of_the_command() {
    let mut bench = Bench::new();
    fs::create_dir_all(bench.path("first/tool")).unwrap();
    fs::create_dir(bench.path("second")).unwrap();
    fs::create_dir(bench.path("third")).unwrap();
    fs::write(bench.path("second/tool"), "not executable").unwrap();
    write_script(&bench.path("third/tool"), "#!/bin/sh\necho third $0\n");
    let mut command = bench.command(&["tool"]);
    // Relative entries count from the directory of the command, and only the last one will do.
    command.env = vec![c"PATH=/nowhere:first:second:third".into()];
    bench.run_command(&command).unwrap();
    assert_eq!(bench.log(), "third ./third/tool\n");
}

#[test]
fn a_program_without_a_path_variable_is_found_in_the_usual_places() {
    let mut bench = Bench::new();
    let mut command = bench.command(&["sh", "-c", "echo found"]);
    command.env.clear();
    bench.run_command(&command).unwrap();
    assert_eq!(bench.log(), "found\n");
}

#[test]
fn a_missing_program_is_not_found() {
    let mut bench = Bench::new();
    let (kind, message) = program_error(&mut bench, "no-such-program");
    assert_eq!(kind, ErrorKind::NotFound);
    assert_eq!(message, "execute `no-such-program`: not found in PATH");
    assert_eq!(
        program_error(&mut bench, "./no-such-program").0,
        ErrorKind::NotFound
    );
    assert_eq!(program_error(&mut bench, "").0, ErrorKind::NotFound);
}

#[test]
fn a_program_that_may_not_be_executed_is_denied() {
    let mut bench = Bench::new();
    fs::write(bench.path("plain"), "text").unwrap();
    assert_eq!(
        program_error(&mut bench, "./plain").0,
        ErrorKind::PermissionDenied
    );
}

#[test]
fn a_program_that_is_a_directory_is_named_so() {
    let mut bench = Bench::new();
    fs::create_dir(bench.path("folder")).unwrap();
    assert_eq!(
        program_error(&mut bench, "./folder").0,
        ErrorKind::IsADirectory
    );
}

#[test]
fn a_script_whose_interpreter_is_missing_says_so() {
    let mut bench = Bench::new();
    write_script(&bench.path("script"), "#!/no/such/interpreter\n");
    let (kind, message) = program_error(&mut bench, "./script");
    assert_eq!(kind, ErrorKind::NotFound);
    assert!(message.contains("interpreter"), "{message}");
}

#[test]
fn an_empty_command_is_refused() {
    let mut bench = Bench::new();
    let command = bench.command(&[]);
    let error = bench.run_command(&command).unwrap_err();
    assert!(matches!(error, SpawnError::Program { .. }), "{error:?}");
}

#[test]
fn a_directory_at_fault_is_blamed_before_the_program() {
    let mut bench = Bench::new();
    fs::write(bench.path("file"), "").unwrap();
    for (dir, expected) in [
        ("missing", ErrorKind::NotFound),
        ("file", ErrorKind::NotADirectory),
    ] {
        for program in ["/bin/true", "/no/such/program", "no-such-program"] {
            let mut command = bench.command(&[program]);
            command.dir = bench.path(dir);
            match bench.run_command(&command).unwrap_err() {
                SpawnError::Directory { path, source } => {
                    assert_eq!((path, source.kind()), (bench.path(dir), expected));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_log_that_cannot_be_created_is_blamed() {
    let mut bench = Bench::new();
    fs::create_dir(bench.path("folder")).unwrap();
    fs::write(bench.path("victim"), "untouched").unwrap();
    symlink(bench.path("victim"), bench.path("link")).unwrap();
    for (log, expected) in [
        ("missing/log", Errno::NOENT),
        ("folder", Errno::ISDIR),
        ("link", Errno::LOOP),
    ] {
        let mut command = bench.shell("echo text");
        command.log = bench.path(log);
        match bench.run_command(&command).unwrap_err() {
            SpawnError::Log { path, source } => {
                assert_eq!(path, bench.path(log));
                assert_eq!(Errno::from_io_error(&source), Some(expected));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        fs::read_to_string(bench.path("victim")).unwrap(),
        "untouched"
    );
}

#[test]
fn a_command_that_did_not_start_does_not_count() {
    let mut bench = Bench::new();
    program_error(&mut bench, "no-such-program");
    assert_eq!(bench.supervisor.running(), 0);
    assert_eq!(bench.run("echo next").0, "next\n");
}

#[test]
fn a_command_has_the_descriptors_it_is_given_and_no_others() {
    let mut bench = Bench::new();
    let mut purses = Purses::new(bench.dir.path());
    let [given, kept] = [(); 2].map(|()| purses.make(Form::Pipe).unwrap());
    given.put(2).unwrap();
    let address = String::from_utf8(given.address()).unwrap();
    let (reader, writer) = address.split_once(',').unwrap();
    let script = format!(
        "ls /proc/$$/fd; token=$(head -c 1 /proc/$$/fd/{reader}); echo token $token; printf %s x >/proc/$$/fd/{writer}"
    );
    let command = Command {
        descriptors: given.descriptors(),
        ..bench.shell(&script)
    };
    bench.run_command(&command).unwrap();
    assert_eq!(
        bench.log(),
        format!("0\n1\n2\n{reader}\n{writer}\ntoken +\n")
    );
    assert_eq!((given.tokens(), kept.tokens()), (2, 0));
    // The marks of this process's own descriptors are as they were.
    let (log, _) = bench.run("ls /proc/$$/fd");
    assert_eq!(log, "0\n1\n2\n");
}

#[test]
fn a_wait_ends_when_a_token_is_taken() {
    let mut bench = Bench::new();
    let mut purses = Purses::new(bench.dir.path());
    let purse = purses.make(Form::Fifo).unwrap();
    purse.put(1).unwrap();
    assert!(purses.read_from().is_empty());
    let watch = purses.watch().unwrap();
    bench.supervisor.attend(watch).unwrap();
    let command = bench.shell("head -c 1 jobserver-1; exec sleep 600");
    bench.supervisor.spawn(1, &command).unwrap();
    bench.wait_for(|happening| matches!(happening, Happening::Readable).then_some(()));
    bench.supervisor.neglect(purses.watch().unwrap());
    assert_eq!(purse.tokens(), 0);
}
