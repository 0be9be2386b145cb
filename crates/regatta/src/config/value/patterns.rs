//! Lists of patterns that name files, of variables and of tools.

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::super::field::{Field, Item, Located, Reader, Scalar};
use super::environment::is_name;
use super::list::NameList;
use super::plain::Name;
use crate::diagnostic::{Diagnostic, quote};
use crate::pattern::{Pattern, PatternError, Sense};

/// Patterns of input files, at least one of which includes something.
pub(in crate::config) struct Inputs;

/// Patterns of output files.
pub(in crate::config) struct Outputs;

/// Names of variables.
pub(in crate::config) struct VariableNames;

impl Field for Inputs {
    type Value = Vec<Located<Pattern>>;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self::Value> {
        let patterns = read_patterns(reader, item)?;
        let includes = |it: &Located<Pattern>| it.value.sense() == Sense::Include;
        if item.get_ref().as_array().is_some_and(|it| it.is_empty())
            || (!patterns.is_empty() && !patterns.iter().any(includes))
        {
            let message = format!("{} names no file", reader.subject());
            let problem = Diagnostic::at(item.span(), message)
                .note("with no inputs, a cached pass would never expire")
                .help("name the files that decide the result, or remove `inputs` to run it every time");
            reader.problems.push(problem);
        }
        Some(patterns)
    }

    fn schema() -> Json {
        json!({
            "type": "array",
            "items": pattern_schema(),
            "minItems": 1,
            "contains": { "type": "string", "pattern": "^[^!]" },
        })
    }
}

impl Field for Outputs {
    type Value = Vec<Located<Pattern>>;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self::Value> {
        read_patterns(reader, item)
    }

    fn schema() -> Json {
        json!({ "type": "array", "items": pattern_schema() })
    }
}

impl Field for VariableNames {
    type Value = Vec<Located<String>>;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self::Value> {
        let mut names = NameList::read(reader, item)?;
        names.retain(|name| {
            let is_good = is_name(&name.value);
            if !is_good {
                let message = format!(
                    "{} cannot be a variable in {}",
                    quote(&name.value),
                    reader.subject()
                );
                let problem = Diagnostic::at(name.span.clone(), message);
                let help = "use letters, digits and `_`, and no digit first";
                reader.problems.push(problem.help(help));
            }
            is_good
        });
        Some(names)
    }

    fn schema() -> Json {
        json!({ "type": "array", "items": { "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" } })
    }
}

/// What editors can know of a pattern: it neither begins at the root nor leads out of its folder.
pub(super) fn pattern_schema() -> Json {
    json!({ "type": "string", "pattern": r"^(?!!?/)(?!(.*/)?!?\.\.(/|$))!?[^\u0000]+$" })
}

fn read_patterns(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Vec<Located<Pattern>>> {
    let DeValue::Array(entries) = item.get_ref() else {
        reader.refuse(
            item,
            "a list of patterns such as [\"src/**\", \"!src/generated/**\"]",
        );
        return None;
    };
    let mut patterns = Vec::new();
    for entry in entries {
        let Some(text) = Name::accept(entry.get_ref()) else {
            reader.refuse_entry(entry, &Name::forms());
            continue;
        };
        if let Some(value) = read_pattern(reader, entry, &text) {
            patterns.push(Located {
                value,
                span: entry.span(),
            });
        }
    }
    Some(patterns)
}

/// Reads one pattern, and tells what is wrong with it.
pub(super) fn read_pattern(
    reader: &mut Reader<'_>,
    item: &Item<'_>,
    text: &str,
) -> Option<Pattern> {
    let error = match Pattern::parse(text) {
        Ok(pattern) => return Some(pattern),
        Err(error) => error,
    };
    let message = format!("pattern {} in {} {error}", quote(text), reader.subject());
    let help = match error {
        PatternError::Empty => "write a path or a glob after the `!`",
        PatternError::Absolute | PatternError::Above => {
            "patterns are relative, and stay below their folder"
        }
        PatternError::Glob(_) => {
            "`*` stands for a part of a name, `**` for folders, `[ab]` and `{a,b}` for choices; `\\` before one of these takes it as it is"
        }
    };
    let problem = Diagnostic::at(item.span(), message);
    reader.problems.push(problem.help(help));
    None
}
