//! Where a suite leaves its test cases: a word, or a table with format and path.

use regatta_core::cases::CaseFormat;
use serde_json::{Value as Json, json};

use super::super::declaration::CasesTable;
use super::super::field::{Field, Item, Reader, Scalar};
use super::super::model::Cases;
use super::patterns::{pattern_schema, read_pattern};
use super::plain::Name;
use crate::diagnostic::{Diagnostic, quote};
use crate::pattern::{Pattern, Sense};

/// A pattern that names files, and none that excludes some.
pub(in crate::config) struct Files;

impl Field for Files {
    type Value = Pattern;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Pattern> {
        let Some(text) = Name::accept(item.get_ref()) else {
            reader.refuse(item, &Name::forms());
            return None;
        };
        let pattern = read_pattern(reader, item, &text)?;
        if pattern.sense() == Sense::Exclude {
            let message = format!(
                "pattern {} in {} excludes files",
                quote(&text),
                reader.subject()
            );
            let problem = Diagnostic::at(item.span(), message);
            let help = "name the files that the suite writes, such as \"reports/*.xml\"";
            reader.problems.push(problem.help(help));
            return None;
        }
        Some(pattern)
    }

    fn schema() -> Json {
        let mut schema = pattern_schema();
        schema["not"] = json!({ "pattern": "^!" });
        schema
    }
}

/// The words that need no table.
const WORDS: [(&str, Cases); 2] = [("auto", Cases::Auto), ("off", Cases::Off)];

impl Field for Cases {
    type Value = Self;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self> {
        if item.get_ref().is_table() {
            let table = CasesTable::read(reader, item)?;
            return Some(Self::In {
                format: table.format.value()?,
                files: table.path.value(),
            });
        }
        let given = item.get_ref().as_str();
        let word = WORDS.into_iter().find(|(word, _)| Some(*word) == given);
        if word.is_none() {
            let formats = <CaseFormat as Scalar>::forms();
            let forms = format!(
                "\"auto\", \"off\", or a table such as {{ format = \"junit\", path = \"reports/*.xml\" }}; formats are {formats}"
            );
            reader.refuse(item, &forms);
        }
        word.map(|(_, cases)| cases)
    }

    fn schema() -> Json {
        let words = WORDS.map(|(word, _)| word);
        json!({ "anyOf": [{ "enum": words }, CasesTable::schema()] })
    }
}
