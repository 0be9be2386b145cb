//! Variables set for a suite.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::super::field::{Field, Item, Reader, Scalar};
use super::plain::Text;
use crate::diagnostic::{Diagnostic, quote};

/// Values by variable name. A name that a shell cannot read would be dropped on the way without a word.
///
/// *Source*: the names of POSIX.1-2017, section 8.1.
pub(in crate::config) struct Environment;

impl Field for Environment {
    type Value = BTreeMap<String, String>;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self::Value> {
        let DeValue::Table(table) = item.get_ref() else {
            reader.refuse(item, "a table such as { NAME = \"value\" }");
            return None;
        };
        let mut variables = BTreeMap::new();
        for (key, item) in table {
            let name = key.get_ref().as_ref();
            if !is_name(name) {
                let message = format!(
                    "{} cannot be a variable in {}",
                    quote(name),
                    reader.subject()
                );
                let problem = Diagnostic::at(key.span(), message);
                let help = "use letters, digits and `_`, and no digit first";
                reader.problems.push(problem.help(help));
            }
            if let Some(value) = reader.descend(name, |reader| Text::read(reader, item)) {
                variables.insert(name.to_owned(), value);
            }
        }
        Some(variables)
    }

    fn schema() -> Json {
        json!({
            "type": "object",
            "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" },
            "additionalProperties": <Text as Scalar>::schema(),
        })
    }
}

pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    text.bytes().all(plain) && text.bytes().next().is_some_and(|it| !it.is_ascii_digit())
}
