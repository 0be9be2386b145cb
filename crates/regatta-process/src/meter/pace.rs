//! When the commands that run are looked at: not at all in their first moments, often while they are young, once a second
//! later, and never so often that it costs more than a two-hundredth of one processor. How long a look takes by the clock
//! does not count: on a busy machine others have their turns meanwhile.

use std::time::{Duration, Instant};

use super::measure::Meter;

/// Commands that are over by then are never looked at, and cost nothing.
const FIRST: Duration = Duration::from_millis(100);

/// The shortest and the longest time between two looks at a command.
const OFTEN: Duration = Duration::from_millis(100);
const SELDOM: Duration = Duration::from_secs(1);

/// The time between two looks at a command, as a part of its age.
const PART_OF_AGE: u32 = 8;

/// How much longer than the looks they take the commands go on.
const REST: u32 = 200;

/// For so long nobody has looked, at most, when it is counted how much looking is left to do: a few costly looks in a row
/// have to wait for nothing, as at the beginning of a command, when most is to be seen.
const SAVED: Duration = Duration::from_secs(4);

/// Decides when to look, for all commands together: those that are nearly due are looked at as well.
pub(crate) struct Pace {
    /// `None` while nobody runs.
    next: Option<Instant>,
    /// The time before which there is to be no look, whoever is due.
    earliest: Instant,
    paused_since: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            next: None,
            earliest: before(now),
            paused_since: None,
        }
    }

    /// Says that a command has started.
    pub(crate) fn expect(&mut self, started: Instant) {
        // A look that comes earlier finds this one too young, and says when it is not.
        if self.next.is_none() {
            self.next = Some(first_look(started).max(self.earliest));
        }
    }

    /// Returns when to look next; never during a pause.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.next.filter(|_| self.paused_since.is_none())
    }

    /// Returns whether a command is looked at now that there is a look.
    pub(crate) fn is_due(now: Instant, meter: &Meter) -> bool {
        meter.due <= now + gap(meter.age(now)) / 2
    }

    /// Says that a command was looked at.
    pub(crate) fn look_again(now: Instant, meter: &mut Meter) {
        meter.due = now + gap(meter.age(now));
    }

    /// Says that a look is over, how much CPU time it took, and which commands there are to be looked at.
    pub(crate) fn rest<'m>(
        &mut self,
        now: Instant,
        cost: Duration,
        meters: impl Iterator<Item = &'m Meter>,
    ) {
        self.earliest = self.earliest.max(before(now)) + cost * REST;
        let due = meters.map(|it| it.due).min();
        self.next = due.map(|due| due.max(self.earliest));
    }

    /// Says that nothing goes on from here.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.paused_since.get_or_insert(now);
    }

    /// Says that everything goes on, and returns for how long nothing did.
    pub(crate) fn resume(&mut self, now: Instant) -> Duration {
        let since = self.paused_since.take();
        let pause = since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        self.next = self.next.map(|next| next + pause);
        pause
    }
}

pub(super) fn first_look(started: Instant) -> Instant {
    started + FIRST
}

fn before(now: Instant) -> Instant {
    now.checked_sub(SAVED).unwrap_or(now)
}

fn gap(age: Duration) -> Duration {
    (age / PART_OF_AGE).clamp(OFTEN, SELDOM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    #[test]
    fn looks_become_seldom_with_age_and_a_costly_one_is_followed_by_a_rest() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut meter = Meter::new(start);
        pace.expect(start);
        let mut at = Vec::new();
        while let Some(now) = pace.next().filter(|it| *it < after(start, 20_000)) {
            assert!(Pace::is_due(now, &meter));
            at.push(now);
            Pace::look_again(now, &mut meter);
            pace.rest(now, Duration::from_micros(200), [&meter].into_iter());
        }
        assert_eq!(at[0], after(start, 100));
        assert_eq!(at[1], after(start, 200));
        assert!((20..50).contains(&at.len()), "{}", at.len());
        let last = at[at.len() - 1] - at[at.len() - 2];
        assert_eq!(last, SELDOM);
        let now = at[at.len() - 1];
        let now = now + SELDOM;
        meter.due = now;
        pace.rest(now, Duration::from_millis(20), [&meter].into_iter());
        assert_eq!(pace.next(), Some(now), "it was saved before");
        pace.rest(now, Duration::from_millis(20), [&meter].into_iter());
        assert_eq!(pace.next(), Some(now + Duration::from_secs(4)));
    }

    #[test]
    fn who_is_nearly_due_is_looked_at_with_the_others() {
        let start = Instant::now();
        let mut meter = Meter::new(start);
        assert!(!Pace::is_due(after(start, 40), &meter));
        assert!(Pace::is_due(after(start, 60), &meter));
        let late = after(start, 10_000);
        Pace::look_again(late, &mut meter);
        assert!(!Pace::is_due(after(late, 400), &meter));
        assert!(Pace::is_due(after(late, 600), &meter));
    }

    #[test]
    fn nobody_is_looked_at_during_a_pause_nor_sooner_for_it_later() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.expect(start);
        pace.pause(after(start, 50));
        assert_eq!(pace.next(), None);
        assert_eq!(pace.resume(after(start, 1_050)), Duration::from_secs(1));
        assert_eq!(pace.next(), Some(after(start, 1_100)));
        pace.rest(start, Duration::ZERO, std::iter::empty());
        assert_eq!(pace.next(), None);
    }
}
