//! What the files of a suite in a log directory are called: the suite's name, and the shard where there are several.

use std::borrow::Cow;

use regatta_core::shard::Shard;

/// What stands between the name of a suite and the number of its shard.
const SHARD: &str = ".shard-";

/// Returns what the names of all files of a suite begin with, or of one of its shards.
#[must_use]
pub fn file_stem(suite: &str, shard: Option<Shard>) -> Cow<'_, str> {
    match shard {
        None => Cow::Borrowed(suite),
        Some(shard) => Cow::Owned(format!("{suite}{SHARD}{}", shard.number())),
    }
}

/// Returns the suite of a stem, and the number of the shard where it is of one.
#[must_use]
pub fn split_stem(stem: &str) -> (&str, Option<u32>) {
    let parted = stem.rsplit_once(SHARD);
    let shard = parted.and_then(|(suite, number)| Some((suite, number.parse().ok()?)));
    match shard {
        Some((suite, number)) => (suite, Some(number)),
        None => (stem, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_taken_apart_as_it_was_made() {
        let shard = Shard { index: 1, count: 4 };
        assert_eq!(file_stem("a.b", None), "a.b");
        assert_eq!(file_stem("a.b", Some(shard)), "a.b.shard-2");
        assert_eq!(split_stem("a.b.shard-2"), ("a.b", Some(2)));
        assert_eq!(split_stem("a.b"), ("a.b", None));
        assert_eq!(split_stem("a.shard-x"), ("a.shard-x", None));
    }
}
