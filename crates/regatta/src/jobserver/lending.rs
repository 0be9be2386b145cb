//! Who has how many tokens, and who is to get the next one. Plain books: moves nothing and reads no clock.
//!
//! Nobody can see who waits for a token that is not there; only whether one that is there is taken. So every command is
//! offered one token ahead of what it has taken, and one that leaves it lying does not want it now. Where there are fewer
//! tokens than commands, those that lie about go round, less and less often to commands that never take one.

use std::collections::BTreeMap;
use std::time::Duration;

use regatta_core::id::AttemptId;
use regatta_core::time::Time;

/// How long a token lies about before it counts as unwanted. Whoever waits for one takes it within microseconds, unless the
/// machine is very busy.
const PATIENCE: Duration = Duration::from_millis(10);

/// How often the pause between two offers to the same command doubles at most: a third of a second.
const MOST_DOUBLINGS: u32 = 5;

/// The tokens of one command, beside the one that every command has by running.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    /// How many are its own for good.
    own: u32,
    /// How many it may have without taking a slot from others.
    covered: u32,
    /// How many it was given and has not been deprived of since.
    given: u32,
    /// How many of these it has left lying.
    lying: u32,
    /// When it last took some, gave some back, or was given or deprived of some.
    since: Time,
    /// How often in a row it left lying what it was offered.
    refusals: u32,
}

/// The tokens of all commands that run.
#[derive(Debug, Default)]
pub(super) struct Books {
    accounts: BTreeMap<AttemptId, Account>,
}

/// Whether the command for which a token is wanted may have more than it is covered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It may.
    Beyond,
    /// It may not.
    Covered,
}

impl Account {
    pub(super) fn new(own: u32, covered: u32, now: Time) -> Self {
        Self {
            own,
            covered,
            given: own,
            lying: own,
            since: now,
            refusals: 0,
        }
    }

    /// Returns how many tokens it can be deprived of right now.
    fn idle(&self) -> u32 {
        self.lying.min(self.given.saturating_sub(self.own))
    }

    /// Returns since when what lies about counts as unwanted.
    fn ripe_at(&self) -> Option<Time> {
        (self.idle() > 0).then(|| self.since + PATIENCE)
    }

    /// Returns from when on it is offered another token.
    fn hungry_at(&self, reach: Reach) -> Option<Time> {
        let may = reach == Reach::Beyond || self.given < self.covered;
        let pause = match self.refusals {
            0 => Duration::ZERO,
            refusals => PATIENCE * 2_u32.pow(refusals.min(MOST_DOUBLINGS)),
        };
        (may && self.lying == 0).then(|| self.since + pause)
    }
}

impl Books {
    pub(super) fn open(&mut self, attempt: AttemptId, account: Account) {
        self.accounts.insert(attempt, account);
    }

    /// Forgets a command that is over, with all it has not given back.
    pub(super) fn close(&mut self, attempt: AttemptId) {
        self.accounts.remove(&attempt);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    pub(super) fn attempts(&self) -> Vec<AttemptId> {
        self.accounts.keys().copied().collect()
    }

    /// Returns how many slots the tokens take that commands have beyond what they are covered for.
    pub(super) fn slots(&self) -> u32 {
        let accounts = self.accounts.values();
        accounts.map(|it| it.given.saturating_sub(it.covered)).sum()
    }

    /// Returns how many tokens are out, beside those that commands have for good.
    pub(super) fn lent(&self) -> u32 {
        let accounts = self.accounts.values();
        accounts.map(|it| it.given - it.own).sum()
    }

    /// Takes note of how many tokens lie about, and whether the command has taken any since the last look.
    pub(super) fn observe(&mut self, attempt: AttemptId, lying: u32, has_taken: bool, now: Time) {
        let Some(account) = self.accounts.get_mut(&attempt) else {
            return;
        };
        if lying < account.lying || has_taken {
            account.refusals = 0;
        }
        if lying != account.lying || has_taken {
            account.since = now;
        }
        account.lying = lying;
    }

    /// Takes note of a token that a command was given.
    pub(super) fn give(&mut self, attempt: AttemptId, now: Time) {
        if let Some(account) = self.accounts.get_mut(&attempt) {
            account.given += 1;
            account.lying += 1;
            account.since = now;
        }
    }

    /// Takes note of tokens that were lying about and were taken away.
    pub(super) fn deprive(&mut self, attempt: AttemptId, tokens: u32, now: Time) {
        if let Some(account) = self.accounts.get_mut(&attempt) {
            account.given = account.given.saturating_sub(tokens).max(account.own);
            account.lying = account.lying.saturating_sub(tokens);
            account.since = now;
        }
    }

    /// Takes note that a command did not want what it was offered.
    pub(super) fn note_refusal(&mut self, attempt: AttemptId) {
        if let Some(account) = self.accounts.get_mut(&attempt) {
            account.refusals += 1;
        }
    }

    /// Returns how many tokens a command can be deprived of right now.
    pub(super) fn idle(&self, attempt: AttemptId) -> u32 {
        self.accounts.get(&attempt).map_or(0, Account::idle)
    }

    /// Returns how many tokens a command can be deprived of and still have one lying ahead.
    pub(super) fn surplus(&self, attempt: AttemptId) -> u32 {
        let account = self.accounts.get(&attempt);
        account.map_or(0, |it| it.idle().min(it.lying.saturating_sub(1)))
    }

    /// Returns the command that has left tokens lying for the longest, if that is long enough.
    pub(super) fn ripest(&self, now: Time) -> Option<AttemptId> {
        let (at, attempt) = self.first(Account::ripe_at)?;
        (at <= now).then_some(attempt)
    }

    /// Returns all commands that have left tokens lying for long enough.
    pub(super) fn ripe(&self, now: Time) -> Vec<AttemptId> {
        let accounts = self.accounts.iter();
        let ripe = accounts.filter(|(_, it)| it.ripe_at().is_some_and(|at| at <= now));
        ripe.map(|(attempt, _)| *attempt).collect()
    }

    /// Returns the command that is to be offered a token next, whether its time has come or not.
    pub(super) fn hungriest(&self, reach: Reach) -> Option<AttemptId> {
        self.first(|it| it.hungry_at(reach)).map(|(_, it)| it)
    }

    /// Returns the command that is to be offered a token now.
    pub(super) fn due(&self, reach: Reach, now: Time) -> Option<AttemptId> {
        let (at, attempt) = self.first(|it| it.hungry_at(reach))?;
        (at <= now).then_some(attempt)
    }

    /// Returns when a token next goes from a command that leaves it lying to one that may want it.
    pub(super) fn next_exchange(&self) -> Option<Time> {
        let (ripe, _) = self.first(Account::ripe_at)?;
        let (hungry, _) = self.first(|it| it.hungry_at(Reach::Beyond))?;
        Some(ripe.max(hungry))
    }

    /// Returns when, after now, something lying about counts as unwanted or a command is to be offered a token.
    pub(super) fn next_change(&self, now: Time) -> Option<Time> {
        let accounts = self.accounts.values();
        let times = accounts.flat_map(|it| [it.ripe_at(), it.hungry_at(Reach::Beyond)]);
        times.flatten().filter(|it| *it > now).min()
    }

    fn first(&self, time: impl Fn(&Account) -> Option<Time>) -> Option<(Time, AttemptId)> {
        let accounts = self.accounts.iter();
        let times = accounts.filter_map(|(attempt, it)| Some((time(it)?, *attempt)));
        times.min()
    }
}

#[cfg(test)]
mod tests {
    use regatta_core::id::TaskId;

    use super::*;

    fn attempt(task: u32) -> AttemptId {
        AttemptId {
            task: TaskId(task),
            number: 1,
        }
    }

    fn at(ms: u64) -> Time {
        Time::BEGIN + Duration::from_millis(ms)
    }

    /// Two commands with one token of their own each.
    fn two() -> Books {
        let mut books = Books::default();
        for task in 0..2 {
            books.open(attempt(task), Account::new(0, 0, at(0)));
        }
        books
    }

    #[test]
    fn what_is_left_lying_goes_to_whoever_may_want_it() {
        let mut books = two();
        assert_eq!(books.hungriest(Reach::Covered), None);
        assert_eq!(books.due(Reach::Beyond, at(0)), Some(attempt(0)));
        books.give(attempt(0), at(0));
        assert_eq!((books.slots(), books.lent()), (1, 1));
        assert_eq!(books.due(Reach::Beyond, at(0)), Some(attempt(1)));
        assert_eq!(books.next_exchange(), Some(at(10)));
        assert_eq!(books.ripest(at(9)), None);
        assert_eq!(books.ripest(at(10)), Some(attempt(0)));
        books.deprive(attempt(0), 1, at(10));
        books.note_refusal(attempt(0));
        books.give(attempt(1), at(10));
        // The one that did not want it is asked again, but not at once.
        assert_eq!(books.due(Reach::Beyond, at(29)), None);
        assert_eq!(books.due(Reach::Beyond, at(30)), Some(attempt(0)));
        assert_eq!(books.next_exchange(), Some(at(30)));
    }

    #[test]
    fn who_never_takes_a_token_is_asked_less_often_but_asked() {
        let mut books = two();
        let mut pauses = Vec::new();
        let mut now = at(0);
        for _ in 0..8 {
            books.give(attempt(0), now);
            books.deprive(attempt(0), 1, now);
            books.note_refusal(attempt(0));
            let next = books.accounts[&attempt(0)].hungry_at(Reach::Beyond);
            pauses.push((next.unwrap() - now).as_millis());
            now = next.unwrap();
        }
        assert_eq!(pauses, [20, 40, 80, 160, 320, 320, 320, 320]);
        // One taken, and all is forgotten.
        books.give(attempt(0), now);
        books.observe(attempt(0), 0, true, now);
        let next = books.accounts[&attempt(0)].hungry_at(Reach::Beyond);
        assert_eq!(next, Some(now));
    }

    #[test]
    fn who_takes_and_gives_back_between_two_looks_is_no_idler() {
        let mut books = two();
        books.give(attempt(0), at(0));
        books.observe(attempt(0), 1, true, at(8));
        assert_eq!(books.ripest(at(17)), None);
        assert_eq!(books.ripest(at(18)), Some(attempt(0)));
    }

    #[test]
    fn nobody_is_deprived_of_its_own() {
        let mut books = Books::default();
        books.open(attempt(0), Account::new(2, 2, at(0)));
        assert_eq!((books.idle(attempt(0)), books.slots()), (0, 0));
        books.observe(attempt(0), 0, true, at(1));
        books.give(attempt(0), at(1));
        assert_eq!(books.slots(), 1);
        // It has given everything back: the three lie there, and one is not its own.
        books.observe(attempt(0), 3, false, at(2));
        assert_eq!((books.idle(attempt(0)), books.surplus(attempt(0))), (1, 1));
        books.deprive(attempt(0), 1, at(2));
        assert_eq!((books.idle(attempt(0)), books.slots()), (0, 0));
        books.close(attempt(0));
        assert!(books.is_empty());
    }

    #[test]
    fn a_covered_command_takes_no_slot() {
        let mut books = Books::default();
        books.open(attempt(0), Account::new(0, 1, at(0)));
        assert_eq!(books.hungriest(Reach::Covered), Some(attempt(0)));
        books.give(attempt(0), at(0));
        books.observe(attempt(0), 0, true, at(0));
        assert_eq!((books.slots(), books.lent()), (0, 1));
        assert_eq!(books.hungriest(Reach::Covered), None);
        books.give(attempt(0), at(0));
        assert_eq!((books.slots(), books.lent()), (1, 2));
    }
}
