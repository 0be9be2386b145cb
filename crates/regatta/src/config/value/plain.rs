//! Texts and whole numbers.

use std::path::PathBuf;

use serde_json::{Value as Json, json};
use toml::de::{DeInteger, DeValue};

use super::super::field::Scalar;

/// Any text without a NUL byte.
pub(in crate::config) struct Text;

/// A text that is not empty.
pub(in crate::config) struct Name;

/// A path as given.
pub(in crate::config) struct Path;

/// A whole number between two bounds, both included.
pub(in crate::config) struct Whole<const LEAST: u32, const MOST: u32>;

/// Schema pattern of texts without NUL.
const NO_NUL: &str = r"^[^\u0000]*$";

impl Scalar for Text {
    type Value = String;

    fn forms() -> String {
        "text in quotes, without NUL".to_owned()
    }

    fn accept(value: &DeValue<'_>) -> Option<Self::Value> {
        let text = value.as_str()?;
        (!text.contains('\0')).then(|| text.to_owned())
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": NO_NUL })
    }
}

impl Scalar for Name {
    type Value = String;

    fn forms() -> String {
        "text in quotes, not empty, without NUL".to_owned()
    }

    fn accept(value: &DeValue<'_>) -> Option<Self::Value> {
        let text = Text::accept(value)?;
        (!text.is_empty()).then_some(text)
    }

    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1, "pattern": NO_NUL })
    }
}

impl Scalar for Path {
    type Value = PathBuf;

    fn forms() -> String {
        "a path in quotes, not empty, without NUL".to_owned()
    }

    fn accept(value: &DeValue<'_>) -> Option<Self::Value> {
        Name::accept(value).map(PathBuf::from)
    }

    fn schema() -> Json {
        <Name as Scalar>::schema()
    }
}

impl<const LEAST: u32, const MOST: u32> Scalar for Whole<LEAST, MOST> {
    type Value = u32;

    fn forms() -> String {
        match MOST {
            u32::MAX => format!("a whole number, at least {LEAST}"),
            _ => format!("a whole number from {LEAST} to {MOST}"),
        }
    }

    fn accept(value: &DeValue<'_>) -> Option<Self::Value> {
        let number = u32::try_from(to_i64(value.as_integer()?)?).ok()?;
        (LEAST..=MOST).contains(&number).then_some(number)
    }

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
    }
}

impl Scalar for bool {
    type Value = Self;

    fn forms() -> String {
        "true or false".to_owned()
    }

    fn accept(value: &DeValue<'_>) -> Option<Self::Value> {
        value.as_bool()
    }

    fn schema() -> Json {
        json!({ "type": "boolean" })
    }
}

/// Returns an integer's value, `None` outside 64 bits.
pub(super) fn to_i64(integer: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}
