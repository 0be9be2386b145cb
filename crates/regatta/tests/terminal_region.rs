//! The region below the lines, seen on the screen of an emulated terminal.

#![expect(clippy::unwrap_used, reason = "a fixture that fails fails its test")]

mod terminal_support;

use regatta::report::terminal::{
    Colour, Counter, Memory, Mode, Options, Size, Symbols, Terminal, Verbose,
};
use regatta_core::event::{Event, Summary};
use regatta_core::port::Subscriber;
use regatta_core::terms::{Repeat, Until};
use regatta_core::time::Time;
use regatta_core::verdict::{AttemptReport, Exit, Reason, Verdict};
use terminal_support::{Script, at, suite};

/// A terminal that shows a script.
struct Screen {
    emulator: vt100::Parser,
    terminal: Terminal<Memory>,
    /// How many events of the script were told.
    told: usize,
    /// How many bytes the emulator has seen.
    seen: usize,
}

impl Screen {
    fn new(columns: u16, rows: u16) -> Self {
        let options = Options {
            mode: Mode::Live,
            counter: Counter::Hidden,
            size: Size { columns, rows },
            ..Options::default()
        };
        Self::with(options)
    }

    fn with(options: Options) -> Self {
        let Size { columns, rows } = options.size;
        Self {
            emulator: vt100::Parser::new(rows, columns, 20_000),
            terminal: Terminal::new(options, Memory::default()),
            told: 0,
            seen: 0,
        }
    }

    /// Tells what was added to the script.
    fn tell(&mut self, script: &Script) {
        if self.told == 0 {
            self.terminal.handle_event(at(0), &script.started());
        }
        for (time, event) in &script.events[self.told..] {
            self.terminal.handle_event(*time, event);
        }
        self.told = script.events.len();
        self.show();
    }

    fn tick(&mut self, time: Time) {
        self.terminal.tick(time);
        self.show();
    }

    /// Shows what was written; a terminal turns an end of line into a return and a line feed.
    fn show(&mut self) {
        let bytes = &self.terminal.sink().bytes;
        let text = String::from_utf8(bytes[self.seen..].to_vec()).unwrap();
        self.seen = bytes.len();
        self.emulator.process(text.replace('\n', "\r\n").as_bytes());
    }

    /// Returns the rows that are not empty.
    fn rows(&self) -> Vec<String> {
        let contents = self.emulator.screen().contents();
        let rows = contents.lines().filter(|row| !row.is_empty());
        rows.map(str::to_owned).collect()
    }

    /// Returns the rows of the region: everything from the counts on.
    fn region(&self) -> Vec<String> {
        let rows = self.rows();
        let start = rows.iter().rposition(|row| row.contains(" running"));
        start.map_or_else(Vec::new, |start| rows[start..].to_vec())
    }

    /// Becomes narrower or wider the way most terminals do: rows that no longer fit are broken, those below move on.
    fn reflow(&mut self, columns: u16, rows: u16) {
        let screen = self.emulator.screen();
        let (cursor, _) = screen.cursor_position();
        let (height, width) = screen.size();
        let lines: Vec<_> = screen.rows(0, width).take(usize::from(height)).collect();
        let mut emulator = vt100::Parser::new(rows, columns, 20_000);
        let above = lines[..usize::from(cursor)].join("\r\n");
        let at_cursor = &lines[usize::from(cursor)];
        emulator.process(format!("{above}\r\n{at_cursor}").as_bytes());
        let broken = at_cursor
            .chars()
            .count()
            .max(1)
            .div_ceil(usize::from(columns));
        for _ in 1..broken {
            emulator.process(b"\x1b[A");
        }
        emulator.process(b"\r");
        self.emulator = emulator;
        self.terminal.handle_resize(columns, rows);
    }

    /// Returns everything that was ever shown and not erased, what has scrolled away included.
    fn scrolled(&mut self) -> String {
        let (height, width) = self.emulator.screen().size();
        self.emulator.screen_mut().set_scrollback(usize::MAX);
        let mut above = self.emulator.screen().scrollback();
        let mut text = String::new();
        while above > 0 {
            self.emulator.screen_mut().set_scrollback(above);
            let page = usize::from(height).min(above);
            for row in self.emulator.screen().rows(0, width).take(page) {
                text.push_str(&row);
                text.push('\n');
            }
            above -= page;
        }
        self.emulator.screen_mut().set_scrollback(0);
        text.push_str(&self.emulator.screen().contents());
        text.push('\n');
        text
    }
}

fn names(count: usize) -> Vec<String> {
    (1..=count)
        .map(|number| format!("suite-{number}"))
        .collect()
}

fn script(names: &[String]) -> Script {
    let suites = names.iter();
    Script::new(
        suites
            .map(|name| suite("unit", name, "試験の説明 of a suite"))
            .collect(),
    )
}

#[test]
fn it_shows_counts_and_what_runs_at_every_width() {
    for (columns, expected) in [
        (
            40,
            vec![
                "1/6 12s, 4 running, 1 queued, 1 passed",
                "  suite-2     12s  試験の説明 of a sui…",
                "  suite-3      2s slow  試験の説明 of …",
                "  suite-4      2s ending  試験の説明 o…",
                "  suite-5      2s  試験の説明 of a sui…",
            ],
        ),
        (
            60,
            vec![
                "█░░░░░░░░░░ 1/6 12s, 4 running, 1 queued, 1 passed",
                "  suite-2     12s  試験の説明 of a suite",
                "  suite-3      2s slow  試験の説明 of a suite",
                "  suite-4      2s ending  試験の説明 of a suite",
                "  suite-5      2s  試験の説明 of a suite",
            ],
        ),
        (
            120,
            vec![
                "███░░░░░░░░░░░░░░░░░░░░ 1/6 12s, 4 running, 1 queued, 1 passed",
                "  suite-2     12s  試験の説明 of a suite",
                "  suite-3      2s slow  試験の説明 of a suite",
                "  suite-4      2s ending  試験の説明 of a suite",
                "  suite-5      2s  試験の説明 of a suite",
            ],
        ),
        (
            200,
            vec![
                "█████░░░░░░░░░░░░░░░░░░░░░░░░░ 1/6 12s, 4 running, 1 queued, 1 passed",
                "  suite-2     12s  試験の説明 of a suite",
                "  suite-3      2s slow  試験の説明 of a suite",
                "  suite-4      2s ending  試験の説明 of a suite",
                "  suite-5      2s  試験の説明 of a suite",
            ],
        ),
    ] {
        let names = names(6);
        let mut script = script(&names);
        let mut screen = Screen::new(columns, 30);
        script.start(0, "suite-1");
        script.start(0, "suite-2");
        for name in &names[2..5] {
            script.start(10_000, name);
        }
        script.pass(11_000, "suite-1");
        script.slow(11_000, "suite-3", None);
        script.stop(11_000, "suite-4");
        screen.tell(&script);
        screen.tick(at(12_000));
        assert_eq!(screen.region(), expected, "at {columns} columns");
    }
}

#[test]
fn a_long_name_leaves_room_for_how_long_its_suite_runs() {
    let names = [
        "a-suite-whose-name-is-longer-than-half-of-the-row".to_owned(),
        "short".to_owned(),
    ];
    let mut script = script(&names);
    let mut screen = Screen::new(50, 24);
    script.start(0, &names[0]);
    script.start(0, &names[1]);
    script.stop(1_000, &names[0]);
    screen.tell(&script);
    screen.tick(at(12_000));
    assert_eq!(
        screen.region()[1..],
        [
            "  a-suite-whose-name-is-l…     12s ending  試験…",
            "  short                        12s  試験の説明 o…",
        ]
    );
}

#[test]
fn without_unicode_the_bar_has_ends() {
    let names = names(4);
    let mut script = script(&names);
    let mut screen = Screen::with(Options {
        mode: Mode::Live,
        symbols: Symbols::Ascii,
        ..Options::default()
    });
    script.start(0, "suite-1");
    script.pass(500, "suite-1");
    script.start(500, "suite-2");
    screen.tell(&script);
    screen.tick(at(1_000));
    assert_eq!(
        screen.region()[0],
        "[###............] 1/4 1s, 1 running, 2 queued, 1 passed"
    );
}

#[test]
fn it_tells_the_round_and_counts_within_it() {
    let mut script = script(&names(2));
    script.header.repeat = Some(Repeat {
        rounds: Some(10),
        until: Until::Done,
    });
    let mut screen = Screen::new(80, 24);
    script.start(0, "suite-1");
    screen.tell(&script);
    screen.tick(at(1_000));
    let counts = screen.region()[0].clone();
    assert!(
        counts.ends_with("0/2 1s, round 1/10, 1 running, 1 queued"),
        "{counts}"
    );
    let summary = Summary {
        total: 2,
        passed: 2,
        ..Summary::default()
    };
    script.push(2_000, Event::RoundFinished { round: 1, summary });
    screen.tell(&script);
    screen.tick(at(3_000));
    let counts = screen.region()[0].clone();
    assert!(
        counts.ends_with("0/2 3s, round 2/10, 1 running, 1 queued"),
        "{counts}"
    );
}

#[test]
fn it_is_gone_when_the_run_is_over() {
    let names = names(3);
    let mut script = script(&names);
    let mut screen = Screen::new(60, 24);
    for name in &names {
        script.start(0, name);
    }
    screen.tell(&script);
    screen.tick(at(1_000));
    assert_eq!(screen.region().len(), 4);
    for name in &names {
        script.pass(2_000, name);
    }
    script.finish(2_000, 0);
    screen.tell(&script);
    let mut plain = script.render(Options {
        counter: Counter::Hidden,
        ..Options::default()
    });
    plain.retain(|character| character != '\u{fe0f}');
    let mut all = screen.scrolled();
    all.retain(|character| character != '\u{fe0f}');
    assert_eq!(all, plain);
}

#[test]
fn it_is_gone_when_the_run_is_dropped_in_the_middle() {
    let names = names(3);
    let mut script = script(&names);
    script.start(0, "suite-1");
    let sink = Shared::default();
    let options = Options {
        mode: Mode::Live,
        ..Options::default()
    };
    let mut terminal = Terminal::new(options, sink.clone());
    terminal.handle_event(at(0), &script.started());
    terminal.tick(at(1_000));
    drop(terminal);
    let text = String::from_utf8(sink.0.borrow().clone()).unwrap();
    let mut emulator = vt100::Parser::new(24, 80, 0);
    emulator.process(text.replace('\n', "\r\n").as_bytes());
    let contents = emulator.screen().contents();
    assert!(contents.ends_with("UNIT: 3 suite(s)"), "{contents}");
    assert_eq!(emulator.screen().cursor_position().1, 0);
}

#[test]
fn a_suite_that_ends_is_never_queued_again() {
    let mut script = script(&names(1));
    let name = names(1).remove(0);
    script.start(0, &name);
    let mut screen = Screen::new(60, 24);
    screen.tell(&script);
    screen.tick(at(1_000));
    assert!(screen.rows().join("\n").contains("1 running"));
    // The end of the attempt and the word on its suite come at one moment, long after the last frame.
    script.pass(5_000, &name);
    let word = script.events.pop().unwrap();
    screen.tell(&script);
    assert!(!screen.rows().join("\n").contains("queued"));
    script.events.push(word);
    screen.tell(&script);
    assert!(screen.rows().join("\n").contains("1/1"));
}

#[test]
fn a_terminal_that_becomes_narrower_keeps_no_remains() {
    for columns in [119, 90, 60, 40, 23] {
        let names = names(8);
        let mut script = script(&names);
        let mut screen = Screen::new(120, 60);
        for name in &names {
            script.start(0, name);
        }
        screen.tell(&script);
        screen.tick(at(1_000));
        screen.reflow(columns, 60);
        screen.tick(at(2_000));
        assert_no_remains(&screen, 8);
    }
}

#[test]
fn a_terminal_that_becomes_wider_keeps_no_remains() {
    let names = names(4);
    let mut script = script(&names);
    let mut screen = Screen::new(40, 40);
    for name in &names {
        script.start(0, name);
    }
    screen.tell(&script);
    screen.tick(at(1_000));
    screen.reflow(200, 40);
    screen.tick(at(2_000));
    assert_no_remains(&screen, 4);
}

/// Checks that the screen shows each line and each row of the region once, and nothing else.
fn assert_no_remains(screen: &Screen, suites: usize) {
    let rows = screen.rows();
    let count = |beginning: &str| rows.iter().filter(|row| row.starts_with(beginning)).count();
    assert_eq!(count("🧪 suite-"), suites, "{rows:#?}");
    let first = rows
        .iter()
        .position(|row| row.contains(&format!("0/{suites} ")));
    let region = &rows[first.unwrap()..];
    assert_eq!(region.len(), 1 + suites, "{rows:#?}");
    assert_eq!(count("  suite-"), suites, "{rows:#?}");
    assert!(
        rows[first.unwrap() - 1].starts_with("🧪 suite-"),
        "{rows:#?}"
    );
}

#[test]
fn it_takes_a_third_of_the_rows_and_says_how_many_more_there_are() {
    for (rows, shown, more) in [
        (2, 0, None),
        (3, 1, None),
        (9, 1, Some("  + 39 more")),
        (30, 8, Some("  + 32 more")),
        (300, 40, None),
    ] {
        let names = names(40);
        let mut script = script(&names);
        let mut screen = Screen::new(80, rows);
        for name in &names {
            script.start(0, name);
        }
        screen.tell(&script);
        screen.tick(at(1_000));
        let region = screen.region();
        let running = region.iter().filter(|row| row.starts_with("  suite-"));
        assert_eq!(running.count(), shown, "{rows} rows: {region:#?}");
        let last = region.last().map(String::as_str);
        assert_eq!(
            last.filter(|row| row.starts_with("  +")),
            more,
            "{rows} rows"
        );
    }
}

#[test]
fn no_row_is_ever_broken_however_narrow_the_terminal() {
    // The emulator itself cannot hold a wide character in one column.
    for columns in 2..=50 {
        let names = names(5);
        let mut script = script(&names);
        let mut screen = Screen::new(columns, 24);
        for name in &names {
            script.start(0, name);
        }
        screen.tell(&script);
        screen.tick(at(100));
        let before = screen.seen;
        screen.tick(at(3_600_000));
        let frame = String::from_utf8(screen.terminal.sink().bytes[before..].to_vec()).unwrap();
        let (_, drawn) = frame.rsplit_once("\u{1b}[J").unwrap_or(("", ""));
        let mut emulator = vt100::Parser::new(24, columns, 0);
        emulator.process(drawn.replace('\n', "\r\n").as_bytes());
        for row in 0..24 {
            assert!(
                !emulator.screen().row_wrapped(row),
                "at {columns}: {drawn:?}"
            );
        }
        let (row, column) = emulator.screen().cursor_position();
        assert_eq!(column, 0);
        assert_eq!(
            usize::from(row),
            drawn.matches('\n').count(),
            "at {columns}"
        );
    }
}

#[test]
fn it_is_drawn_at_most_ten_times_a_second_with_thousands_of_suites() {
    let names = names(5_000);
    let mut script = script(&names);
    let mut screen = Screen::new(80, 24);
    for (index, pair) in names.chunks(2).enumerate() {
        let ms = index as u64;
        for name in pair {
            script.start(ms, name);
        }
        for name in pair {
            script.pass(ms, name);
        }
    }
    screen.tell(&script);
    let text = String::from_utf8(screen.terminal.sink().bytes.clone()).unwrap();
    assert_eq!(text.matches("\u{1b}[?2026h").count(), 25);
    assert_eq!(text.matches("\u{1b}[?2026l").count(), 25);
    script.finish(2_500, 0);
    screen.tell(&script);
    let rows = screen.rows();
    assert!(
        rows.iter().any(|row| row == "  ✓ Passed:  5000/5000"),
        "{rows:#?}"
    );
    assert_eq!(rows.last().unwrap(), "✅ All tests passed!");
    let all = screen.scrolled();
    assert_eq!(all.matches(" passed in ").count(), 5_000);
    assert_eq!(all.matches(" running").count(), 0);
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    let names = names(2);
    let mut script = script(&names);
    let mut screen = Screen::new(80, 24);
    script.start(0, "suite-1");
    screen.tell(&script);
    assert_eq!(screen.terminal.next_tick(), Some(at(100)));
    screen.tick(at(1_000));
    assert_eq!(screen.terminal.next_tick(), Some(at(2_000)));
    let written = screen.seen;
    screen.tick(at(1_200));
    screen.tick(at(1_900));
    assert_eq!(screen.seen, written);
    screen.tick(at(2_000));
    assert!(screen.seen > written);
}

#[test]
fn output_scrolls_above_it_in_whole_lines() {
    let names = names(2);
    let mut script = script(&names);
    let mut screen = Screen::with(Options {
        mode: Mode::Live,
        verbose: Verbose::On,
        colour: Colour::Styled,
        ..Options::default()
    });
    script.start(0, "suite-1");
    screen.tell(&script);
    let attempt = script.attempt("suite-1");
    screen
        .terminal
        .handle_output(at(500), attempt, b"\x1b[5Aup\npart");
    screen.tick(at(1_000));
    let rows = screen.rows();
    let line = rows.iter().position(|row| row == "suite-1 | up").unwrap();
    assert!(rows[line + 1].contains("0/2 "), "{rows:#?}");
    let interrupted = Verdict::Skipped(Reason::Interrupted);
    script.end(
        2_000,
        "suite-1",
        interrupted,
        AttemptReport::bare(Exit::Signal(2)),
    );
    screen.tell(&script);
    let rows = screen.rows();
    assert!(rows.contains(&"suite-1 | part".to_owned()), "{rows:#?}");
}

#[test]
fn a_reader_that_stalls_gets_no_region_and_later_all_lines() {
    let names = names(100);
    let mut script = script(&names);
    let sink = Shared::default();
    let options = Options {
        mode: Mode::Live,
        counter: Counter::Hidden,
        ..Options::default()
    };
    let mut terminal = Terminal::new(options, Stalling(sink.clone(), 700));
    terminal.handle_event(at(0), &script.started());
    for (index, name) in names.iter().enumerate() {
        script.start(200 * index as u64, name);
        script.pass(200 * index as u64 + 100, name);
    }
    script.finish(20_000, 0);
    for (time, event) in &script.events {
        terminal.handle_event(*time, event);
    }
    assert_eq!(sink.0.borrow().len(), 700);
    assert_eq!(terminal.next_tick(), Some(at(20_100)));
    terminal.finish().unwrap();
    let text = String::from_utf8(sink.0.borrow().clone()).unwrap();
    assert_eq!(text.matches(" passed in ").count(), 100);
    assert!(text.matches("\u{1b}[?2026h").count() <= 3, "{text:?}");
    assert_eq!(
        text.matches("\u{1b}[?2026h").count(),
        text.matches("\u{1b}[?2026l").count()
    );
}

/// Bytes that outlive the terminal that wrote them.
#[derive(Default, Clone)]
struct Shared(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

impl regatta::report::terminal::Sink for Shared {
    fn offer(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn wait(&mut self, _patience: std::time::Duration) -> std::io::Result<bool> {
        Ok(true)
    }
}

/// Takes so many bytes, then nothing until somebody waits for it.
struct Stalling(Shared, usize);

impl regatta::report::terminal::Sink for Stalling {
    fn offer(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.len().min(self.1);
        self.1 -= taken;
        self.0.offer(&bytes[..taken])
    }

    fn wait(&mut self, _patience: std::time::Duration) -> std::io::Result<bool> {
        self.1 = usize::MAX;
        Ok(true)
    }
}
