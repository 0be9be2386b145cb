//! Days of the calendar.

use jiff::civil::Date;
use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::super::field::Scalar;

/// A day: text such as `"2026-12-31"`, or a date of TOML.
pub(in crate::config) struct Day;

impl Scalar for Day {
    type Value = Date;

    fn forms() -> String {
        "a day of the calendar, such as \"2026-12-31\"".to_owned()
    }

    fn accept(value: &DeValue<'_>) -> Option<Self::Value> {
        match value {
            DeValue::String(text) => parse(text),
            DeValue::Datetime(moment) => {
                let date = moment.date?;
                let is_day = moment.time.is_none() && moment.offset.is_none();
                let year = i16::try_from(date.year).ok()?;
                let day = i8::try_from(date.day).ok()?;
                let date = Date::new(year, i8::try_from(date.month).ok()?, day).ok()?;
                is_day.then_some(date)
            }
            _ => None,
        }
    }

    fn schema() -> Json {
        json!({ "type": "string", "format": "date" })
    }
}

/// Takes exactly four, two and two digits: what else parsers understand would be read in more than one way by people.
fn parse(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let is_in_form = bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    if !is_in_form {
        return None;
    }
    let month = i8::try_from(number(5, 7)?).ok()?;
    let day = i8::try_from(number(8, 10)?).ok()?;
    Date::new(number(0, 4)?, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist_are_days() {
        for text in ["2026-12-31", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(parse(text).map(|it| it.to_string()), Some(text.to_owned()));
        }
        let refused = [
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-1-1",
            "26-01-01",
            "2026/01/01",
            "20260101",
            "2026-01-01T00:00:00Z",
            "+026-01-01",
            "2026-01-0\u{661}",
            "",
        ];
        for text in refused {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
