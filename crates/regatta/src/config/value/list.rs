//! Lists of names; each entry keeps its own place.

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::super::field::{Field, Item, Located, Reader, Scalar};
use super::plain::Name;

/// A list of names.
pub(in crate::config) struct NameList;

/// One name, or a list of them.
pub(in crate::config) struct NameOrList;

impl Field for NameList {
    type Value = Vec<Located<String>>;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self::Value> {
        let DeValue::Array(entries) = item.get_ref() else {
            reader.refuse(item, "a list such as [\"one\", \"two\"]");
            return None;
        };
        let mut names = Vec::new();
        for entry in entries {
            match Name::accept(entry.get_ref()) {
                Some(value) => names.push(Located {
                    value,
                    span: entry.span(),
                }),
                None => reader.refuse_entry(entry, &Name::forms()),
            }
        }
        Some(names)
    }

    fn schema() -> Json {
        json!({ "type": "array", "items": <Name as Scalar>::schema() })
    }
}

impl Field for NameOrList {
    type Value = Vec<Located<String>>;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self::Value> {
        if item.get_ref().is_array() {
            return NameList::read(reader, item);
        }
        let Some(value) = Name::accept(item.get_ref()) else {
            reader.refuse(item, "a name in quotes, or a list of names");
            return None;
        };
        let span = item.span();
        Some(vec![Located { value, span }])
    }

    fn schema() -> Json {
        json!({ "anyOf": [<Name as Scalar>::schema(), NameList::schema()] })
    }
}
