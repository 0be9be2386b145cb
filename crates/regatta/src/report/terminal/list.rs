//! The list of suites that could run.

use std::fmt::Write as _;

use regatta_core::event::CategoryHeader;
use regatta_core::plan::Suite;

use super::clean::clean;
use super::look::Look;
use super::options::Colour;
use super::quarantine::describe_quarantine;
use super::symbols::Symbols;

/// Returns the suites by category, with what each depends on.
///
/// *Shape*: `categories` in display order, those without suites are left out; whole lines.
#[must_use]
pub fn render_list(categories: &[CategoryHeader], suites: &[Suite], symbols: Symbols) -> String {
    let look = Look::new(symbols, Colour::Plain);
    let mut text = "Available Test Suites:\n".to_owned();
    for category in categories {
        let of_category = suites.iter().filter(|it| it.category == category.name);
        let mut of_category = of_category.peekable();
        if of_category.peek().is_some() {
            let title = look.clean(&category.title).to_uppercase();
            writeln!(text, "\n{title}:").expect("a String takes all");
        }
        for suite in of_category {
            write_suite(&mut text, look, suite);
        }
    }
    text
}

fn write_suite(text: &mut String, look: Look, suite: &Suite) {
    let bullet = look.symbols.bullet;
    let name = clean(&suite.name);
    let description = look.clean(&suite.description);
    let separator = if description.is_empty() { "" } else { ": " };
    writeln!(text, "  {bullet} {name}{separator}{description}").expect("a String takes all");
    if let Some(count) = suite.shards {
        writeln!(text, "    Shards: {count}").expect("a String takes all");
    }
    if !suite.depends_on.is_empty() {
        let names = suite.depends_on.join(", ");
        writeln!(text, "    Depends on: {names}").expect("a String takes all");
    }
    if let Some(entry) = &suite.quarantine {
        let entry = describe_quarantine(entry);
        let entry = look.clean(&entry);
        writeln!(text, "    {entry}").expect("a String takes all");
    }
}
