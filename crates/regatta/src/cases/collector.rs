//! Test cases as they come, within bounds: how many are listed, and how long their texts are.
//!
//! Every case counts, however many there are; beyond the bounds it is only not listed. In which format cases are told is
//! not known here.

use regatta_core::cases::{Case, CaseCounts, CaseFormat, CaseList, CaseOutcome};

/// The most that is kept of a name.
const MOST_NAME_BYTES: usize = 1024;

/// The most that is kept of what was said of a case.
pub(super) const MOST_MESSAGE_BYTES: usize = 4096;

/// The most that is kept of what was said of a failure for whose words there is no room.
const LEAST_MESSAGE_BYTES: usize = 200;

/// How much a listed case takes beside its texts, roughly.
const CASE_BYTES: usize = 64;

/// How many troubles are told.
const MOST_TROUBLES: usize = 3;

/// How much may be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Cases.
    pub cases: usize,
    /// Bytes of all texts together.
    pub text_bytes: usize,
}

impl Room {
    /// What one attempt may have at most.
    pub const OF_AN_ATTEMPT: Self = Self {
        cases: 10_000,
        text_bytes: 1 << 20,
    };
}

/// Takes cases one after the other.
#[derive(Debug)]
pub struct Collector {
    format: CaseFormat,
    room: Room,
    counts: CaseCounts,
    /// Those that failed, each with its place among all; not always in that order.
    failed: Vec<(u64, Case)>,
    /// All others.
    others: Vec<(u64, Case)>,
    text_bytes: usize,
    left_out: u64,
    troubles: Vec<String>,
    /// The file that is read, where there are several.
    source: Option<String>,
    next_place: u64,
}

impl Collector {
    /// Returns one that has seen nothing yet.
    #[must_use]
    pub fn new(format: CaseFormat, room: Room) -> Self {
        Self {
            format,
            room,
            counts: CaseCounts::default(),
            failed: Vec::new(),
            others: Vec::new(),
            text_bytes: 0,
            left_out: 0,
            troubles: Vec::new(),
            source: None,
            next_place: 0,
        }
    }

    /// Takes the next case.
    pub fn add(&mut self, case: Case) {
        let place = self.reserve();
        self.put(place, case);
    }

    /// Returns the place of a case whose end is not known yet.
    pub(super) fn reserve(&mut self) -> u64 {
        self.next_place += 1;
        self.next_place
    }

    /// Takes the case of a place that was reserved.
    pub(super) fn put(&mut self, place: u64, mut case: Case) {
        self.counts.count(case.outcome);
        shorten(&mut case.name, MOST_NAME_BYTES);
        shorten(&mut case.class, MOST_NAME_BYTES);
        if let Some(file) = &mut case.file {
            shorten(file, MOST_NAME_BYTES);
        }
        if let Some(message) = &mut case.message {
            shorten(message, MOST_MESSAGE_BYTES);
        }
        // Lines count from 1, whatever a text claims, and are those of a file.
        let has_file = case.file.is_some();
        case.line = case.line.filter(|line| *line > 0 && has_file);
        let has_failed = case.outcome.has_failed();
        if has_failed {
            self.make_room_for(&mut case);
        }
        if self.is_full_for(&case) {
            self.left_out += 1;
            return;
        }
        self.text_bytes += size(&case);
        let list = if has_failed {
            &mut self.failed
        } else {
            &mut self.others
        };
        list.push((place, case));
    }

    /// Counts so many cases of which nothing else is known.
    pub(super) fn count(&mut self, outcome: CaseOutcome, number: u64) {
        self.counts.count_many(outcome, number);
        self.left_out += number;
    }

    /// Notes something that could not be read, in words for people.
    pub fn note_trouble(&mut self, trouble: impl Into<String>) {
        let trouble = match &self.source {
            Some(source) => format!("`{source}`: {}", trouble.into()),
            None => trouble.into(),
        };
        if self.troubles.len() < MOST_TROUBLES && !self.troubles.contains(&trouble) {
            self.troubles.push(trouble);
        }
    }

    /// Says that what comes is from this file, out of several.
    pub(super) fn begin_source(&mut self, name: String) {
        self.source = Some(name);
    }

    /// Says that what comes is about all files.
    pub(super) fn end_sources(&mut self) {
        self.source = None;
    }

    /// Returns how many cases there were so far.
    #[must_use]
    pub fn counts(&self) -> CaseCounts {
        self.counts
    }

    /// Returns all that was told; `None` where that is nothing.
    #[must_use]
    pub fn finish(mut self) -> Option<CaseList> {
        if self.counts.total == 0 && self.troubles.is_empty() {
            return None;
        }
        self.others.append(&mut self.failed);
        self.others.sort_by_key(|(place, _)| *place);
        Some(CaseList {
            format: self.format.name().to_owned(),
            counts: self.counts,
            cases: self.others.into_iter().map(|(_, case)| case).collect(),
            left_out: self.left_out,
            trouble: (!self.troubles.is_empty()).then(|| self.troubles.join("; ")),
        })
    }

    /// Lets others give way to a failure, and its own words where that is not enough.
    fn make_room_for(&mut self, case: &mut Case) {
        while self.is_full_for(case)
            && let Some((_, other)) = self.others.pop()
        {
            self.text_bytes -= size(&other);
            self.left_out += 1;
        }
        if self.is_full_for(case)
            && let Some(message) = &mut case.message
        {
            shorten(message, LEAST_MESSAGE_BYTES);
        }
    }

    fn is_full_for(&self, case: &Case) -> bool {
        self.failed.len() + self.others.len() >= self.room.cases
            || self.text_bytes + size(case) > self.room.text_bytes
    }
}

fn size(case: &Case) -> usize {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    CASE_BYTES + case.class.len() + case.name.len() + length(&case.message) + length(&case.file)
}

/// Cuts a text to so many bytes, where it is longer, and shows that.
pub(super) fn shorten(text: &mut String, most: usize) {
    if text.len() > most {
        let room = most.saturating_sub('…'.len_utf8());
        text.truncate(text.floor_char_boundary(room));
        text.push('…');
        text.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, outcome: CaseOutcome) -> Case {
        Case {
            class: String::new(),
            name: name.into(),
            outcome,
            duration: None,
            message: None,
            file: None,
            line: None,
        }
    }

    fn collector(cases: usize, text_bytes: usize) -> Collector {
        Collector::new(CaseFormat::Tap, Room { cases, text_bytes })
    }

    #[test]
    fn failures_are_kept_before_others_and_all_are_counted() {
        let mut collector = collector(3, 1 << 20);
        for (name, outcome) in [
            ("a", CaseOutcome::Passed),
            ("b", CaseOutcome::Failed),
            ("c", CaseOutcome::Skipped),
            ("d", CaseOutcome::Passed),
            ("e", CaseOutcome::Error),
            ("f", CaseOutcome::Failed),
            ("g", CaseOutcome::Failed),
        ] {
            collector.add(case(name, outcome));
        }
        let list = collector.finish().unwrap();
        let names: Vec<&str> = list.cases.iter().map(|it| &*it.name).collect();
        assert_eq!(names, ["b", "e", "f"]);
        assert_eq!((list.counts.total, list.left_out), (7, 4));
        assert_eq!((list.counts.passed, list.counts.failed), (2, 4));
    }

    #[test]
    fn texts_are_cut_and_those_of_failures_last() {
        let mut collector = collector(100, 10_000);
        for number in 0..20 {
            let mut failed = case(&number.to_string(), CaseOutcome::Failed);
            failed.message = Some("é".repeat(5_000));
            collector.add(failed);
        }
        let list = collector.finish().unwrap();
        let lengths = list.cases.iter().map(|it| it.message.as_ref().unwrap());
        let lengths: Vec<usize> = lengths.map(String::len).collect();
        assert_eq!(lengths[..2], [4095, 4095]);
        assert!(lengths[2..].iter().all(|it| *it <= 200) && lengths.len() > 5);
        assert_eq!(list.cases.len() as u64 + list.left_out, 20);
    }

    #[test]
    fn nothing_told_is_no_list_and_a_trouble_alone_is_one() {
        assert_eq!(collector(1, 1).finish(), None);
        let mut torn = collector(1, 1);
        torn.note_trouble("torn");
        torn.note_trouble("torn");
        assert_eq!(torn.finish().unwrap().trouble.unwrap(), "torn");
    }
}
