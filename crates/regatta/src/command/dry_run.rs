//! `regatta -n`: the plan for people or for programs, and nothing runs.

use super::output::print;
use crate::cli::{CommandFailure, RunFormat};
use crate::plan_view::{Page, render_json, render_text};
use crate::planning::{Project, SLOTS};
use crate::report::terminal::choose_symbols;
use crate::screen;

/// The width of text where no terminal says how wide it is.
const COLUMNS: u16 = 80;

/// Prints the plan.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn print_plan(
    project: &Project,
    format: RunFormat,
    slots_reason: Option<&str>,
) -> Result<u8, CommandFailure> {
    let text = match format {
        RunFormat::Human => {
            let columns = screen::size().map_or(COLUMNS, |size| size.columns);
            let page = Page {
                columns: columns.into(),
                symbols: choose_symbols(|name| std::env::var(name).ok()),
                slots: SLOTS,
                slots_reason,
            };
            render_text(&project.plan, page)
        }
        RunFormat::Json | RunFormat::Jsonl => render_json(&project.plan, SLOTS),
    };
    print(&text)?;
    Ok(0)
}
