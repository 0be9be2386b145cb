//! Sizes: bytes as a number, or text such as "64MiB".

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::super::field::Scalar;
use super::plain::to_i64;

/// A number of bytes above zero.
pub(in crate::config) struct Bytes;

/// Each unit and its bytes.
const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Larger sizes are slips, and sums of them must not overflow.
const LARGEST: u64 = 1 << 50;

impl Scalar for Bytes {
    type Value = u64;

    fn forms() -> String {
        "a number of bytes above 0, or text such as \"512KiB\", \"64MiB\" or \"1GB\"".to_owned()
    }

    fn accept(value: &DeValue<'_>) -> Option<u64> {
        let bytes = match value {
            DeValue::Integer(bytes) => to_i64(bytes)?.try_into().ok()?,
            DeValue::String(text) => parse_bytes(text)?,
            _ => return None,
        };
        (1..=LARGEST).contains(&bytes).then_some(bytes)
    }

    fn schema() -> Json {
        let units = UNITS.map(|(unit, _)| unit).join("|");
        json!({ "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": LARGEST },
            { "type": "string", "pattern": format!(r"^\s*0*[1-9][0-9]*\s*({units})\s*$") },
        ]})
    }
}

fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        let cases = [
            ("4096", Some(4_096)),
            ("\"64MiB\"", Some(64 << 20)),
            ("\" 1 GB \"", Some(1_000_000_000)),
            ("\"10kB\"", Some(10_000)),
            ("\"0B\"", None),
            ("\"64\"", None),
            ("\"MiB\"", None),
            ("\"-1MiB\"", None),
            ("\"64 megs\"", None),
            ("\"99999999999999999999B\"", None),
            ("\"9999999999GiB\"", None),
            ("0", None),
            ("-5", None),
            ("1.5", None),
        ];
        for (text, bytes) in cases {
            let value = DeValue::parse(text).unwrap();
            assert_eq!(Bytes::accept(value.get_ref()), bytes, "{text}");
        }
    }
}
