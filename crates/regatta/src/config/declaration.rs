//! Every key that `regatta.toml` and `quarantine.toml` may have. The comments are the descriptions in `regatta schema`.
//!
//! Says nothing about what the values mean for each other; that is `resolve.rs` and the checks.

use regatta_core::cases::CaseFormat;
use regatta_core::terms::{Backoff, Expect, FailFast, FlakyVerdict, Leftovers, Retries};

use super::model::{CacheUse, Cases, Command, JobserverUse};
use super::table::{Named, table};
use super::value::{
    Bytes, Day, Environment, Files, Inputs, Length, MaxParallel, Name, NameList, NameOrList,
    Outputs, Path, Pause, RetryCount, Text, VariableNames, Whole,
};

table! {
    /// Regatta runs the suites declared here in parallel.
    Root {
        /// Settings of every run, and defaults for suites.
        run: RunTable,
        /// Named sets of settings that override `[run]` when chosen with `--profile`.
        profile: Named<RunTable>,
        /// How categories are shown, in display order.
        categories: Named<CategoryTable>,
        /// Groups of suites that share something of limited capacity.
        groups: Named<GroupTable>,
        /// The suites, by name. The name is the name of the suite's log file.
        suites: Named<SuiteTable>,
    }
}

table! {
    /// Settings of a run.
    RunTable includes terms: TermsTable {
        /// How many slots suites share: a number, "auto" for the CPUs this process may use, or a percentage of those.
        max_parallel: MaxParallel,
        /// Whether the first failure ends the run: true also ends what runs, "soon" lets it finish.
        fail_fast: FailFast,
        /// Folder of the logs and reports.
        log_dir: Path,
        /// Categories that `--fast` leaves out.
        fast_excludes: NameList,
        /// How slots are shared with make, cargo and ninja that suites start: "fifo" and "pipe" name the two forms of GNU
        /// make's jobserver, "auto" takes the one that the suite's own make understands, "off" shares nothing.
        jobserver: JobserverUse,
        /// Whether suites are told how many threads their `cpus` allow, in the variables that Go, OpenMP, Rayon,
        /// pytest-xdist and cargo read; one that is set stays as it is.
        thread_hints: bool,
        /// Whether each run leaves a page in HTML, `report.html`, in its log directory.
        html_report: bool,
    }
}

table! {
    /// Terms under which a suite runs; `[run]` and profiles give defaults for suites.
    TermsTable {
        /// Running time that one attempt may take: seconds, text such as "1m 30s", or "none".
        timeout: Option<Length>,
        /// Time between the polite signal and SIGKILL; 0 kills at once.
        grace_period: Pause,
        /// Running time after which a suite is called slow, or "none".
        slow_after: Option<Length>,
        /// Time without any output after which an attempt fails, or "none".
        idle_timeout: Option<Length>,
        /// Attempts after the first: a number, or a table with pauses.
        retries: Retries,
        /// Verdict of a pass that needed a retry.
        flaky: FlakyVerdict,
        /// What happens to processes that are alive when the suite's command has exited.
        leftovers: Leftovers,
        /// Largest log: bytes, or text such as "64MiB"; of more, head and tail are kept.
        max_log: Bytes,
    }
}

table! {
    /// How a category is shown.
    CategoryTable {
        /// Display name.
        title: Text,
        /// Shown in front of the category's suites.
        icon: Text,
    }
}

table! {
    /// A group of suites.
    GroupTable {
        /// How many of its suites run at a time.
        capacity: Whole<1, { u32::MAX }>,
    }
}

table! {
    /// A suite: a command that passes or fails.
    SuiteTable requires ["command"] includes terms: TermsTable {
        /// What runs: a string goes to `/bin/sh -c`, an array is executed without a shell.
        command: Command,
        /// Shown beside the name.
        description: Text,
        /// Category by which the suite is listed and selected.
        category: Name,
        /// Words by which suites are selected.
        tags: NameList,
        /// Who looks after the suite.
        owner: Text,
        /// Working directory, relative to the file's root.
        dir: Path,
        /// Variables set for the suite.
        env: Environment,
        /// Suites that must pass before this one starts.
        depends_on: NameList,
        /// Groups of which this suite takes a place while it runs.
        parallel_group: NameOrList,
        /// Slots of `max_parallel` that the suite takes.
        cpus: Whole<1, { u32::MAX }>,
        /// Memory that the suite takes while it runs: bytes, or text such as "2GiB". Without it, what earlier runs took.
        memory: Bytes,
        /// Parts of the suite that run as tasks of their own. Each learns which one it is from `TEST_SHARD_INDEX` and
        /// `TEST_TOTAL_SHARDS`, or from `{shard_index}`, `{shard_number}` and `{shard_count}` in `command`.
        shards: Whole<1, 1000>,
        /// What the exit is expected to say.
        expect: Expect,
        /// Exit code that means the suite was skipped.
        skip_exit_code: Whole<1, 255>,
        /// Where the suite tells of its test cases: "auto" looks into the XML file that `XML_OUTPUT_FILE` names, which it
        /// also asks pytest for, and else for TAP, go test -json and libtest in its log; "off" looks nowhere; a table
        /// says it. The verdict stays with the exit code.
        cases: Cases,
        /// What runs before a time-out's first signal, with the suite's process in `REGATTA_PID`; it may take ten seconds.
        /// Its output goes into `<log_dir>/<suite>.diagnosis.log`.
        on_timeout: Command,
        /// Files that decide the result, as patterns relative to the file's root; `!` excludes. While none of them has
        /// changed, nor the command, nor its environment, a pass is reused instead of running the suite. The suite then
        /// sees only a few variables: a fixed base, its `env`, `env_inputs` and `pass_env`.
        inputs: Inputs,
        /// Files that the suite makes and that are brought back when a pass is reused, as patterns relative to `dir`.
        outputs: Outputs,
        /// Variables that the suite sees and that decide its result.
        env_inputs: VariableNames,
        /// Variables that the suite sees although they decide nothing.
        pass_env: VariableNames,
        /// Programs that decide the result: a name, whose file is compared, or a command such as "node --version", whose
        /// output is.
        tools: NameList,
        /// Whether a pass is reused: "on", "read" to keep no new one, or "off".
        cache: CacheUse,
    }
}

table! {
    /// Where a suite leaves its test cases.
    CasesTable requires ["format"] {
        /// How they are written: `JUnit` XML of any dialect, the Test Anything Protocol, the lines of `go test -json`, or
        /// the text of Rust's test harness.
        format: CaseFormat,
        /// The files they are in, as a pattern relative to `dir`; only those count that the suite has written. Without
        /// it, `JUnit` XML is read from the file that `XML_OUTPUT_FILE` names, and any other format from the log.
        path: Files,
    }
}

table! {
    /// Retries with pauses.
    RetriesTable requires ["count"] {
        /// Attempts after the first.
        count: RetryCount,
        /// Pause before the first retry.
        delay: Pause,
        /// How the pause grows: "fixed" keeps it, "exponential" doubles it each time.
        backoff: Backoff,
        /// Longest pause.
        max_delay: Pause,
        /// Whether pauses are drawn at random from their upper half.
        jitter: bool,
    }
}

table! {
    /// Suites that run but never fail the run.
    QuarantineRoot {
        /// The entries, by the names of their suites.
        suites: Named<QuarantineTable>,
    }
}

table! {
    /// A suite whose failures are known.
    QuarantineTable requires ["reason", "owner", "issue", "expires"] {
        /// Why its failures do not count.
        reason: Name,
        /// Who answers for the end of that.
        owner: Name,
        /// Where that is worked on.
        issue: Name,
        /// The last day on which the entry holds.
        expires: Day,
    }
}
