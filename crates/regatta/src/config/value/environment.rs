//! Variables set for a suite.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::super::field::{Field, Item, Reader, Scalar};
use super::plain::Text;
use crate::diagnostic::{Diagnostic, quote};

/// Values by variable name; names are neither empty nor contain `=` or NUL.
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
            if name.is_empty() || name.contains(['=', '\0']) {
                let message = format!(
                    "{} cannot be a variable in {}",
                    quote(name),
                    reader.subject()
                );
                let problem = Diagnostic::at(key.span(), message);
                let help = "variable names are not empty and contain neither `=` nor NUL";
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
            "propertyNames": { "pattern": r"^[^=\u0000]+$" },
            "additionalProperties": <Text as Scalar>::schema(),
        })
    }
}
