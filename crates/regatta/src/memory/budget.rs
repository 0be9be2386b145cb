//! How much memory a run gives away, and what each suite takes of it. Pure but for the one question how much there is.

use std::iter::repeat_n;

/// Of what is available, suites get nine tenths: the rest is for their starters, for what files need, and for errors.
const PART: (u64, u64) = (9, 10);

/// Whatever the machine is like, this much is not worth asking for.
const NEGLIGIBLE: u64 = 64 << 20;

/// Amounts that nobody declared are rounded up to so many leading binary digits. Suites that take the same are planned
/// together, so it is better if there are few different amounts.
const DIGITS: u32 = 4;

/// The memory that suites share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// All of it, at least 1.
    pub bytes: u64,
    /// What each suite takes, at least 1 and no more than all; `None` for one of which nothing is known.
    pub shares: Vec<Option<u64>>,
}

/// What a suite is thought to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// It says so.
    Declared(u64),
    /// Earlier runs say so.
    Learned(u64),
    /// Nobody knows.
    Unknown,
}

/// Returns what the suites share, or `None` where that cannot matter: nothing is known of any, so many of them as there
/// are slots fit in any case, or nobody knows how much there is. `available` is asked only if need be.
///
/// *Shape*: `wishes` has one entry a suite, with the number of its tasks, each of which takes as much.
#[must_use]
pub fn budget(
    wishes: &[(Wish, u32)],
    slots: u32,
    available: impl FnOnce() -> Option<u64>,
) -> Option<Budget> {
    let amounts: Vec<Option<u64>> = wishes.iter().map(|(wish, _)| wish.bytes()).collect();
    let tasks = wishes.iter().map(|(_, tasks)| *tasks as usize);
    let mut known: Vec<(u64, usize)> = amounts
        .iter()
        .zip(tasks)
        .filter_map(|(amount, tasks)| Some(((*amount)?, tasks)))
        .collect();
    known.sort_unstable_by(|a, b| b.cmp(a));
    let each = known
        .iter()
        .flat_map(|&(bytes, tasks)| repeat_n(bytes, tasks));
    let largest = each.take(slots as usize);
    let most = largest.fold(0_u64, u64::saturating_add);
    if most < NEGLIGIBLE {
        return None;
    }
    let bytes = (available()? / PART.1 * PART.0).max(1);
    (most > bytes).then(|| Budget {
        bytes,
        shares: amounts
            .into_iter()
            .map(|amount| amount.map(|it| it.clamp(1, bytes)))
            .collect(),
    })
}

impl Wish {
    fn bytes(self) -> Option<u64> {
        match self {
            Self::Declared(bytes) => Some(bytes),
            Self::Learned(bytes) => Some(round_up(bytes)),
            Self::Unknown => None,
        }
    }
}

fn round_up(bytes: u64) -> u64 {
    let digits = u64::BITS - bytes.leading_zeros();
    let step = 1_u64 << digits.saturating_sub(DIGITS);
    bytes.div_ceil(step).saturating_mul(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Returns wishes of suites that run in one task each.
    fn whole(wishes: &[Wish]) -> Vec<(Wish, u32)> {
        wishes.iter().map(|&wish| (wish, 1)).collect()
    }

    fn shares(wishes: &[Wish], slots: u32, available: u64) -> Option<(u64, Vec<Option<u64>>)> {
        let found = budget(&whole(wishes), slots, || Some(available * MIB))?;
        let mib = |bytes: u64| bytes.div_ceil(MIB);
        let shares = found.shares.into_iter().map(|it| it.map(mib));
        Some((mib(found.bytes), shares.collect()))
    }

    #[test]
    fn what_fits_in_any_case_is_not_counted() {
        let wishes = [
            Wish::Declared(400 * MIB),
            Wish::Learned(400 * MIB),
            Wish::Unknown,
        ];
        assert_eq!(shares(&wishes, 2, 2000), None);
        assert_eq!(shares(&wishes, 1, 500), None);
        assert_eq!(shares(&[Wish::Unknown; 8], 8, 1), None);
        assert_eq!(budget(&whole(&wishes), 8, || None), None);
        let small = [(Wish::Learned(MIB), 8)];
        assert_eq!(budget(&small, 8, || panic!("it cannot matter")), None);
    }

    #[test]
    fn every_shard_of_a_suite_counts() {
        let suite = |shards| [(Wish::Declared(400 * MIB), shards)];
        let found = |shards| budget(&suite(shards), 8, || Some(1000 * MIB));
        assert_eq!(found(2), None);
        assert_eq!(found(3).map(|it| it.shares), Some(vec![Some(400 * MIB)]));
    }

    #[test]
    fn nobody_takes_more_than_there_is() {
        let wishes = [
            Wish::Declared(400 * MIB),
            Wish::Declared(5000 * MIB),
            Wish::Unknown,
        ];
        let expected = (900, vec![Some(400), Some(900), None]);
        assert_eq!(shares(&wishes, 4, 1000), Some(expected));
        // A machine without anything left lets them run one after another.
        let expected = (1, vec![Some(1), Some(1), None]);
        assert_eq!(shares(&wishes, 4, 0), Some(expected));
    }

    #[test]
    fn what_was_learned_is_rounded_up_and_what_was_declared_is_not() {
        for (bytes, expected) in [
            (1, 1),
            (15, 15),
            (17, 18),
            (1000, 1024),
            (1023, 1024),
            (1025, 1152),
        ] {
            assert_eq!(Wish::Learned(bytes).bytes(), Some(expected), "{bytes}");
            assert_eq!(Wish::Declared(bytes).bytes(), Some(bytes));
        }
        assert!(round_up(u64::MAX) >= u64::MAX - (1 << 60));
        let different: std::collections::BTreeSet<u64> =
            (1..100_000).map(|it| round_up(it * 4096)).collect();
        assert!(different.len() < 150, "{}", different.len());
    }
}
