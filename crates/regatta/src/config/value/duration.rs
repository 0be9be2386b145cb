//! Durations: seconds as a number, or text such as "1m 30s".

use std::time::Duration;

use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::super::field::Scalar;
use super::plain::to_i64;

/// A duration above zero.
pub(in crate::config) struct Length;

/// A duration that may be zero.
pub(in crate::config) struct Pause;

/// Spellings of each unit, and its length.
const UNITS: [(&[&str], Duration); 4] = [
    (&["ms"], Duration::from_millis(1)),
    (
        &["s", "sec", "secs", "second", "seconds"],
        Duration::from_secs(1),
    ),
    (
        &["m", "min", "mins", "minute", "minutes"],
        Duration::from_mins(1),
    ),
    (
        &["h", "hr", "hrs", "hour", "hours"],
        Duration::from_hours(1),
    ),
];

/// Longer durations are slips: a year of seconds.
const LONGEST: Duration = Duration::from_hours(365 * 24);

impl Scalar for Length {
    type Value = Duration;

    fn forms() -> String {
        "seconds above 0 such as 300 or 2.5, or text such as \"500ms\", \"5m\", \"1m 30s\" or \"1h\""
            .to_owned()
    }

    fn accept(value: &DeValue<'_>) -> Option<Duration> {
        let duration = read_duration(value)?;
        (!duration.is_zero()).then_some(duration)
    }

    fn schema() -> Json {
        json!({ "anyOf": [
            { "type": "number", "exclusiveMinimum": 0, "maximum": LONGEST.as_secs() },
            { "type": "string", "pattern": format!("{}$", text_pattern("^(?=.*[1-9])")) },
        ]})
    }
}

impl Scalar for Pause {
    type Value = Duration;

    fn forms() -> String {
        "seconds such as 0, 2.5 or 10, or text such as \"500ms\", \"5m\" or \"1m 30s\"".to_owned()
    }

    fn accept(value: &DeValue<'_>) -> Option<Duration> {
        read_duration(value)
    }

    fn schema() -> Json {
        json!({ "anyOf": [
            { "type": "number", "minimum": 0, "maximum": LONGEST.as_secs() },
            { "type": "string", "pattern": format!("{}$", text_pattern("^")) },
        ]})
    }
}

/// The word "none" switches the setting off.
impl Scalar for Option<Length> {
    type Value = Option<Duration>;

    fn forms() -> String {
        format!("{}, or \"none\"", Length::forms())
    }

    fn accept(value: &DeValue<'_>) -> Option<Self::Value> {
        if value.as_str() == Some("none") {
            return Some(None);
        }
        Length::accept(value).map(Some)
    }

    fn schema() -> Json {
        let mut schema = <Length as Scalar>::schema();
        if let Some(forms) = schema["anyOf"].as_array_mut() {
            forms.push(json!({ "const": "none" }));
        }
        schema
    }
}

fn read_duration(value: &DeValue<'_>) -> Option<Duration> {
    let duration = match value {
        DeValue::Integer(seconds) => Duration::from_secs(to_i64(seconds)?.try_into().ok()?),
        DeValue::Float(seconds) => from_seconds(seconds.as_str())?,
        DeValue::String(text) => parse_duration(text)?,
        _ => return None,
    };
    (duration <= LONGEST).then_some(duration)
}

/// Returns the sum of the parts of `text`: each a number and a unit, blanks allowed between all.
fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |character| {
            !character.is_ascii_digit() && character != '.'
        });
        let (unit, after) = split_where(after.trim_start(), |character| {
            !character.is_ascii_alphabetic()
        });
        let (_, length) = UNITS.iter().find(|(names, _)| names.contains(&unit))?;
        let seconds = from_seconds(number)?.as_secs_f64() * length.as_secs_f64();
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = after.trim_start();
    }
    Some(total)
}

/// Returns the duration of a decimal number of seconds; not-a-number and infinity are none.
fn from_seconds(number: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(number.parse().ok()?).ok()
}

fn split_where(text: &str, ends: impl FnMut(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

fn text_pattern(start: &str) -> String {
    let names: Vec<&str> = UNITS
        .iter()
        .flat_map(|(names, _)| names.iter().copied())
        .collect();
    format!(r"{start}\s*([0-9]+(\.[0-9]+)?\s*({})\s*)+", names.join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_add_up() {
        let cases = [
            ("500ms", 500),
            ("10s", 10_000),
            ("5m", 300_000),
            ("1m 30s", 90_000),
            ("1m30s", 90_000),
            (" 2 minutes 1.5 s ", 121_500),
            ("1h", 3_600_000),
            ("0s", 0),
        ];
        for (text, milliseconds) in cases {
            let expected = Some(Duration::from_millis(milliseconds));
            assert_eq!(parse_duration(text), expected, "{text:?}");
        }
        for text in [
            "",
            " ",
            "5",
            "5 parsecs",
            "-5s",
            "s",
            "1..2s",
            "1e3s",
            "5m,",
            "NaN s",
            "٣s",
        ] {
            assert_eq!(parse_duration(text), None, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_seconds_within_a_year() {
        let cases = [
            ("300", Some(300.0)),
            ("0.25", Some(0.25)),
            ("0x10", Some(16.0)),
            ("0", None),
            ("-1", None),
            ("1e400", None),
            ("1e-12", None),
            ("inf", None),
            ("nan", None),
            ("31536001", None),
            ("99999999999999999999", None),
            ("\"999999999999h\"", None),
            ("true", None),
        ];
        for (text, seconds) in cases {
            let value = DeValue::parse(text).unwrap();
            let expected = seconds.map(Duration::from_secs_f64);
            assert_eq!(Length::accept(value.get_ref()), expected, "{text}");
        }
    }
}
