//! Settings that are one word out of a few.

use regatta_core::cases::CaseFormat;
use regatta_core::terms::{Backoff, Expect, FailFast, FlakyVerdict, Leftovers};
use serde_json::{Value as Json, json};
use toml::de::DeValue;

use super::super::field::Scalar;
use super::super::model::{CacheUse, JobserverUse};

/// A type whose values each have one word.
trait Word: Copy + 'static {
    /// Every word and its value.
    const WORDS: &'static [(&'static str, Self)];
}

impl Word for FlakyVerdict {
    const WORDS: &'static [(&'static str, Self)] = &[("pass", Self::Pass), ("fail", Self::Fail)];
}

impl Word for Expect {
    const WORDS: &'static [(&'static str, Self)] = &[("pass", Self::Pass), ("fail", Self::Fail)];
}

impl Word for Leftovers {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("kill", Self::Kill),
        ("fail", Self::Fail),
        ("allow", Self::Allow),
    ];
}

impl Word for CacheUse {
    const WORDS: &'static [(&'static str, Self)] =
        &[("on", Self::On), ("read", Self::Read), ("off", Self::Off)];
}

impl Word for JobserverUse {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("off", Self::Off),
        ("auto", Self::Auto),
        ("fifo", Self::Fifo),
        ("pipe", Self::Pipe),
    ];
}

impl Word for CaseFormat {
    const WORDS: &'static [(&'static str, Self)] = &[
        (Self::Junit.name(), Self::Junit),
        (Self::Tap.name(), Self::Tap),
        (Self::GoJson.name(), Self::GoJson),
        (Self::Libtest.name(), Self::Libtest),
    ];
}

impl Word for Backoff {
    const WORDS: &'static [(&'static str, Self)] =
        &[("fixed", Self::Fixed), ("exponential", Self::Exponential)];
}

impl<T: Word> Scalar for T {
    type Value = Self;

    fn forms() -> String {
        let words: Vec<String> = T::WORDS
            .iter()
            .map(|(word, _)| format!("\"{word}\""))
            .collect();
        match words.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("{} or {last}", others.join(", "))
            }
            _ => words.concat(),
        }
    }

    fn accept(value: &DeValue<'_>) -> Option<Self> {
        let given = value.as_str()?;
        let found = T::WORDS.iter().find(|(word, _)| *word == given);
        found.map(|(_, value)| *value)
    }

    fn schema() -> Json {
        let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
        json!({ "enum": words })
    }
}

impl Scalar for FailFast {
    type Value = Self;

    fn forms() -> String {
        "true, false or \"soon\"".to_owned()
    }

    fn accept(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::Boolean(true) => Some(Self::Now),
            DeValue::Boolean(false) => Some(Self::Off),
            DeValue::String(word) if word == "soon" => Some(Self::Soon),
            _ => None,
        }
    }

    fn schema() -> Json {
        json!({ "enum": [true, false, "soon"] })
    }
}
