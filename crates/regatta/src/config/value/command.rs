//! What a suite runs.

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::super::field::{Field, Item, Reader, Scalar};
use super::super::model::Command;
use super::plain::Text;

impl Field for Command {
    type Value = Self;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self> {
        match item.get_ref() {
            DeValue::Array(entries) => {
                let mut arguments = Vec::new();
                for entry in entries {
                    match Text::accept(entry.get_ref()) {
                        Some(argument) => arguments.push(argument),
                        None => reader.refuse_entry(entry, &Text::forms()),
                    }
                }
                // Entries that were refused have been reported already.
                let all_read = arguments.len() == entries.len();
                if all_read && arguments.first().is_none_or(String::is_empty) {
                    reader.refuse_empty(item, "a list that begins with a program");
                    return None;
                }
                Some(Self::Argv(arguments))
            }
            value => {
                match Text::accept(value) {
                    Some(line) if line.trim().is_empty() => {
                        reader.refuse_empty(item, "the command line to run");
                        None
                    }
                    Some(line) => Some(Self::Shell(line)),
                    None => {
                        reader.refuse(item, "a command line in quotes, or a list of program and arguments, without NUL");
                        None
                    }
                }
            }
        }
    }

    fn schema() -> Json {
        let text = <Text as Scalar>::schema();
        json!({ "anyOf": [
            { "type": "string", "pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$" },
            {
                "type": "array",
                "minItems": 1,
                "prefixItems": [{ "type": "string", "minLength": 1 }],
                "items": text,
            },
        ]})
    }
}
