//! How many slots a run has, before anyone has counted the CPUs.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::super::field::Scalar;
use super::plain::to_i64;

/// How many slots suites share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxParallel {
    /// As many as the CPUs this process may use.
    Auto,
    /// So many, at least 1; whoever starts processes may clamp it.
    Count(u32),
    /// A share of the CPUs this process may use, at least 1.
    Percent(u32),
}

/// What a flag or variable may hold instead of what it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use a whole number from 1, \"auto\", or a percentage such as \"50%\"")]
pub struct MaxParallelError;

impl FromStr for MaxParallel {
    type Err = MaxParallelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let (digits, kind): (_, fn(u32) -> Self) = match text.strip_suffix('%') {
            Some(digits) => (digits, Self::Percent),
            None => (text, Self::Count),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(MaxParallelError);
        }
        // More digits than fit are more slots than anyone has, which is clamped like any large number.
        match digits.parse().unwrap_or(u32::MAX) {
            0 => Err(MaxParallelError),
            number => Ok(kind(number)),
        }
    }
}

impl fmt::Display for MaxParallel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Count(count) => write!(formatter, "{count}"),
            Self::Percent(percent) => write!(formatter, "{percent}%"),
        }
    }
}

impl Scalar for MaxParallel {
    type Value = Self;

    fn forms() -> String {
        "a whole number from 1, \"auto\", or a percentage such as \"50%\"".to_owned()
    }

    fn accept(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::Integer(count) => to_i64(count)?.to_string().parse().ok(),
            DeValue::String(text) => {
                let parsed = text.parse().ok()?;
                // A number in quotes is a slip, as it is for every other number.
                (!matches!(parsed, Self::Count(_))).then_some(parsed)
            }
            _ => None,
        }
    }

    fn schema() -> Json {
        json!({ "anyOf": [
            { "type": "integer", "minimum": 1 },
            { "type": "string", "pattern": "^(auto|0*[1-9][0-9]*%)$" },
        ]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_give_counts_shares_and_auto() {
        let cases = [
            ("1", Some(MaxParallel::Count(1))),
            ("99999999", Some(MaxParallel::Count(99_999_999))),
            ("99999999999999999999", Some(MaxParallel::Count(u32::MAX))),
            ("50%", Some(MaxParallel::Percent(50))),
            ("auto", Some(MaxParallel::Auto)),
            ("0", None),
            ("0%", None),
            ("-1", None),
            ("+1", None),
            ("abc", None),
            ("", None),
            ("%", None),
            ("1.5", None),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
    }
}
