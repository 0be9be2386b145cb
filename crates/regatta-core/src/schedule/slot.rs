//! Slot numbers: small integers that suites use for ports and the like.

use std::collections::BTreeSet;

/// Gives out the smallest number that is free, from 0.
#[derive(Debug, Default)]
pub(super) struct Slots {
    returned: BTreeSet<u32>,
    next: u32,
}

impl Slots {
    pub(super) fn take(&mut self) -> u32 {
        self.returned.pop_first().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }

    pub(super) fn give_back(&mut self, slot: u32) {
        self.returned.insert(slot);
    }
}
