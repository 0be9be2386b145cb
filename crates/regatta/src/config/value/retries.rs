//! Retries: a count, or a table that also says how long to pause.

use regatta_core::terms::{Backoff, Retries};
use serde_json::{Value as Json, json};

use super::super::declaration::RetriesTable;
use super::super::field::{Field, Item, Reader, Scalar as _};
use super::Whole;

/// Attempts after the first; more than the bound is a slip.
pub(in crate::config) type RetryCount = Whole<0, 10_000>;

impl Field for Retries {
    type Value = Self;

    fn read(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Self> {
        if item.get_ref().is_table() {
            let table = RetriesTable::read(reader, item)?;
            return Some(Self {
                count: table.count.value()?,
                delay: table.delay.value().unwrap_or_default(),
                backoff: table.backoff.value().unwrap_or(Backoff::Fixed),
                max_delay: table.max_delay.value(),
                jitter: table.jitter.value().unwrap_or_default(),
            });
        }
        let Some(count) = RetryCount::accept(item.get_ref()) else {
            let forms = format!(
                "{}, or a table such as {{ count = 2, delay = \"1s\" }}",
                RetryCount::forms()
            );
            reader.refuse(item, &forms);
            return None;
        };
        Some(Self::immediate(count))
    }

    fn schema() -> Json {
        json!({ "anyOf": [<RetryCount as Field>::schema(), RetriesTable::schema()] })
    }
}
