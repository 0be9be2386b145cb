//! A past run as an HTML page: printed, or put into a file that a browser opens.

use std::env;
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, Stdio};

use super::log_tails::read_log_tails;
use super::output::{print, warn};
use super::report::Home;
use crate::cli::CommandFailure;
use crate::report::files::replace_file;
use crate::report::find::PastRun;
use crate::report::html::{LogTails, PAGE_NAME, Surroundings, render_page};

/// What opens a file in the program that its user likes for it.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// Prints the page of a run.
pub(super) fn print_page(run: &PastRun, home: Home) -> Result<(), CommandFailure> {
    // Nobody knows where the page will lie, so links lead there from anywhere on this machine.
    let log_dir = log_dir(run);
    let logs = format!("{}/", log_dir.to_string_lossy());
    print(&render(run, home, &logs))
}

/// Puts the page of a run where its links hold, and opens it.
pub(super) fn open_page(run: &PastRun, home: Home) -> Result<(), CommandFailure> {
    let path = match home {
        Home::LogDir => log_dir(run).join(PAGE_NAME),
        Home::History => env::temp_dir().join(format!("regatta-{}.html", run.record.header.run_id)),
    };
    replace_file(&path, render(run, home, "").as_bytes()).map_err(|error| {
        CommandFailure::Infrastructure(format!("cannot write `{}`: {error}", path.display()))
    })?;
    print(&format!("{}\n", path.display()))?;
    let browser = env::var_os("BROWSER").filter(|it| !it.is_empty());
    let opener = browser.unwrap_or_else(|| OPENER.into());
    let outcome = Command::new(&opener)
        .arg(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    match outcome {
        Ok(status) if status.success() => {}
        Ok(status) => warn(&format!(
            "`{}` did not open the page ({status}); it lies there all the same",
            opener.display()
        )),
        Err(error) => warn(&format!(
            "cannot open the page with `{}`: {error}; set BROWSER to a program that can",
            opener.display()
        )),
    }
    Ok(())
}

fn log_dir(run: &PastRun) -> PathBuf {
    let journal = absolute(&run.journal).unwrap_or_else(|_| run.journal.clone());
    journal.parent().unwrap_or(Path::new("/")).to_owned()
}

fn render(run: &PastRun, home: Home, logs: &str) -> String {
    let is_beside = home == Home::LogDir;
    let tails = if is_beside {
        read_log_tails(&run.record, &log_dir(run))
    } else {
        // What lies in the log directory now is of a later run.
        LogTails::new()
    };
    let surroundings = Surroundings {
        tails: &tails,
        logs: is_beside.then_some(logs),
    };
    render_page(&run.record, &surroundings)
}
