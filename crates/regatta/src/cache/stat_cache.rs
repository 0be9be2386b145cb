//! The digests of files that were hashed before, found by what the file system says of a file.
//!
//! The file is a table that is searched as it lies: records, and an index of slots by device and inode. So that a
//! damaged one is not believed, a sum of all its bytes stands at its end.

use std::collections::HashMap;
use std::sync::Mutex;

use regatta_core::manifest::Digest;

use super::stat::FileStat;

/// The first bytes of the file; they name its format.
const MAGIC: &[u8; 16] = b"regatta stats 1\n";
const RECORD_BYTES: usize = 72;
const HEADER_BYTES: usize = 32;
const SUM_BYTES: usize = 4;

/// How many records of files that nobody asked for are kept beside the others.
const MOST_IDLE_RECORDS: usize = 200_000;

/// Digests by device and inode.
#[derive(Debug, Default)]
pub struct StatCache {
    /// The content of the file, or nothing.
    table: Vec<u8>,
    records: usize,
    slots: usize,
    fresh: Mutex<HashMap<(u64, u64), (FileStat, Digest)>>,
}

impl StatCache {
    /// Returns what the bytes of a file hold, `None` if they are no such file.
    #[must_use]
    pub fn decode(table: Vec<u8>) -> Option<Self> {
        let (body, sum) = table.split_last_chunk::<SUM_BYTES>()?;
        (body.get(..MAGIC.len())? == MAGIC).then_some(())?;
        let records = number(body, MAGIC.len())?;
        let slots = number(body, MAGIC.len() + 8)?;
        let length = records
            .checked_mul(RECORD_BYTES)?
            .checked_add(slots.checked_mul(4)?)?
            .checked_add(HEADER_BYTES)?;
        let is_sound = body.len() == length
            && slots.is_power_of_two()
            && slots > records
            && crc32fast::hash(body) == u32::from_le_bytes(*sum);
        is_sound.then(|| Self {
            records,
            slots,
            table,
            fresh: Mutex::default(),
        })
    }

    /// Returns the digest of the file that looks like this, if it was hashed before.
    #[must_use]
    pub fn find(&self, stat: &FileStat) -> Option<Digest> {
        let mask = self.slots.checked_sub(1)?;
        let mut slot = slot_of(stat) & mask;
        for _ in 0..self.slots {
            let at = HEADER_BYTES + self.records * RECORD_BYTES + slot * 4;
            let index = u32::from_le_bytes(*self.table.get(at..)?.first_chunk()?) as usize;
            let (known, digest) = self.record(index.checked_sub(1)?)?;
            if known.device == stat.device && known.inode == stat.inode {
                return is_same(&known, stat).then_some(digest);
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    /// Remembers a digest. The caller has made sure that the file cannot change without looking different.
    pub fn insert(&self, stat: &FileStat, digest: Digest) {
        if let Ok(mut fresh) = self.fresh.lock() {
            fresh.insert((stat.device, stat.inode), (*stat, digest));
        }
    }

    /// Returns the bytes of a file that also holds what was inserted, `None` if that is nothing.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let fresh = self.fresh.lock().ok()?;
        if fresh.is_empty() {
            return None;
        }
        let mut all: Vec<(FileStat, Digest)> = fresh.values().copied().collect();
        let old = (0..self.records).filter_map(|index| self.record(index));
        let old = old.filter(|(stat, _)| !fresh.contains_key(&(stat.device, stat.inode)));
        all.extend(old.take(MOST_IDLE_RECORDS.max(fresh.len())));
        all.sort_unstable_by_key(|(stat, _)| (stat.device, stat.inode));
        Some(encode_table(&all))
    }

    fn record(&self, index: usize) -> Option<(FileStat, Digest)> {
        let at = HEADER_BYTES + index * RECORD_BYTES;
        let record: &[u8; RECORD_BYTES] = self.table.get(at..)?.first_chunk()?;
        let field = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| record[at + byte]));
        let stat = FileStat {
            device: field(0),
            inode: field(8),
            size_bytes: field(16),
            mtime_ns: field(24).cast_signed(),
            ctime_ns: field(32).cast_signed(),
            mode: 0,
        };
        Some((stat, Digest(std::array::from_fn(|byte| record[40 + byte]))))
    }
}

fn encode_table(all: &[(FileStat, Digest)]) -> Vec<u8> {
    // At most half of the slots are taken, so that a search ends soon.
    let slots = (2 * all.len() + 1).next_power_of_two();
    let mut table = MAGIC.to_vec();
    table.reserve(HEADER_BYTES + all.len() * RECORD_BYTES + slots * 4);
    table.extend((all.len() as u64).to_le_bytes());
    table.extend((slots as u64).to_le_bytes());
    let mut index = vec![0_u32; slots];
    for (number, (stat, digest)) in (1..).zip(all) {
        table.extend(stat.device.to_le_bytes());
        table.extend(stat.inode.to_le_bytes());
        table.extend(stat.size_bytes.to_le_bytes());
        table.extend(stat.mtime_ns.to_le_bytes());
        table.extend(stat.ctime_ns.to_le_bytes());
        table.extend(digest.0);
        let mut slot = slot_of(stat) & (slots - 1);
        while index[slot] != 0 {
            slot = (slot + 1) & (slots - 1);
        }
        index[slot] = number;
    }
    table.extend(index.into_iter().flat_map(u32::to_le_bytes));
    let sum = crc32fast::hash(&table);
    table.extend(sum.to_le_bytes());
    table
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let number = u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
    usize::try_from(number).ok()
}

/// Permissions are not compared: they decide nothing about the content.
fn is_same(known: &FileStat, stat: &FileStat) -> bool {
    known.size_bytes == stat.size_bytes
        && known.mtime_ns == stat.mtime_ns
        && known.ctime_ns == stat.ctime_ns
}

/// Inodes of one folder follow each other; a multiplication by an odd number with mixed bits spreads them.
fn slot_of(stat: &FileStat) -> usize {
    let mixed = (stat.inode ^ stat.device.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 20) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stat(inode: u64) -> FileStat {
        FileStat {
            device: 3,
            inode,
            size_bytes: 5,
            mtime_ns: 7,
            ctime_ns: 9,
            mode: 0,
        }
    }

    fn filled(inodes: &[u64]) -> Vec<u8> {
        let cache = StatCache::default();
        for &inode in inodes {
            cache.insert(
                &stat(inode),
                Digest([u8::try_from(inode % 251).unwrap(); 32]),
            );
        }
        cache.encode().unwrap()
    }

    #[test]
    fn nothing_new_is_nothing_to_write() {
        assert!(StatCache::default().encode().is_none());
        let loaded = StatCache::decode(filled(&[1])).unwrap();
        assert!(loaded.encode().is_none());
    }

    #[test]
    fn any_difference_but_permissions_makes_a_file_unknown() {
        let cache = StatCache::decode(filled(&[1, 2])).unwrap();
        let known = stat(2);
        assert_eq!(cache.find(&known), Some(Digest([2; 32])));
        assert!(cache.find(&FileStat { mode: 7, ..known }).is_some());
        let changes: [fn(&mut FileStat); 5] = [
            |it| it.device += 1,
            |it| it.inode += 7,
            |it| it.size_bytes += 1,
            |it| it.mtime_ns += 1,
            |it| it.ctime_ns += 1,
        ];
        for change in changes {
            let mut other = known;
            change(&mut other);
            assert_eq!(cache.find(&other), None);
        }
    }

    #[test]
    fn what_is_known_is_kept_when_more_is_learned() {
        let cache = StatCache::decode(filled(&[1, 2])).unwrap();
        cache.insert(
            &FileStat {
                size_bytes: 6,
                ..stat(2)
            },
            Digest([9; 32]),
        );
        let cache = StatCache::decode(cache.encode().unwrap()).unwrap();
        assert_eq!(cache.find(&stat(1)), Some(Digest([1; 32])));
        assert_eq!(cache.find(&stat(2)), None);
        let changed = FileStat {
            size_bytes: 6,
            ..stat(2)
        };
        assert_eq!(cache.find(&changed), Some(Digest([9; 32])));
    }

    #[test]
    fn a_damaged_table_is_no_table() {
        let table = filled(&[1, 2, 3]);
        assert!(StatCache::decode(table.clone()).is_some());
        for end in 0..table.len() {
            assert!(StatCache::decode(table[..end].to_vec()).is_none());
        }
        for at in 0..table.len() {
            let mut flipped = table.clone();
            flipped[at] ^= 0x10;
            assert!(StatCache::decode(flipped).is_none(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn whatever_was_inserted_is_found_again(inodes in prop::collection::btree_set(0_u64..5000, 1..300)) {
            let inodes: Vec<u64> = inodes.into_iter().collect();
            let cache = StatCache::decode(filled(&inodes)).unwrap();
            for inode in 0..5000 {
                let expected = inodes.contains(&inode)
                    .then(|| Digest([u8::try_from(inode % 251).unwrap(); 32]));
                prop_assert_eq!(cache.find(&stat(inode)), expected);
            }
        }
    }
}
