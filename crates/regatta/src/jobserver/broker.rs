//! Brings slots that no suite takes to the jobs that suites start, and back. It owns the purses of what runs and, where this
//! run is itself a guest of make, the tokens that are borrowed there.
//!
//! Suites come first: while one waits for a slot, no token is handed out, and what lies about is collected.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use regatta_core::id::{AttemptId, PoolId};
use regatta_core::time::Time;
use regatta_process::{Form, Outer, Purse, Purses};

use super::form::Forms;
use super::lending::{Account, Books, Reach};

/// How often purses are looked at where nobody tells that tokens move.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What a broker has to know of its run.
pub struct Terms<'r> {
    /// How many slots there are, at least 1.
    pub slots: u32,
    /// The pools of the plan that are about slots.
    pub pools: Pools,
    /// Where FIFOs may be: a folder of this run, empty but for what is its own.
    pub folder: &'r Path,
    /// The form for each suite.
    pub forms: Forms,
    /// The jobserver whose guest this run is, if it is one.
    pub outer: Option<Outer>,
}

/// The pools of a plan that are about slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pools {
    /// The slots of the run.
    pub slots: PoolId,
    /// What the run has of another jobserver, of which each task takes one; only where it is a guest.
    pub tokens: Option<PoolId>,
}

/// How it is with one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// What nobody has.
    pub spare: u64,
    /// How much would have to be spare for another task to start, if one waits for that.
    pub wanted: Option<u64>,
}

/// How it is with the pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The slots of the run.
    pub slots: PoolState,
    /// The tokens of another jobserver.
    pub tokens: Option<PoolState>,
}

/// How much of a pool is in other hands than those of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withheld {
    /// The pool.
    pub pool: PoolId,
    /// How much.
    pub amount: u64,
}

/// What a suite is given so that its jobs share the slots.
pub struct Share {
    /// Where the tokens are, as the value of `--jobserver-auth`.
    pub address: Vec<u8>,
    /// What the suite has to inherit.
    pub descriptors: Vec<Arc<OwnedFd>>,
}

/// Lends slots to the jobs of suites.
pub struct Broker {
    slots: u32,
    pools: Pools,
    forms: Forms,
    books: Books,
    purses: Purses,
    open: BTreeMap<AttemptId, Purse>,
    /// Purses, by number, from which this process has read since it was last told who did.
    own_reads: BTreeSet<i32>,
    outer: Option<Outer>,
    /// Whether a token of the outer jobserver would be welcome.
    is_short: bool,
    /// What was last said to be withheld.
    told: [u64; 2],
    /// Whether tokens may have moved since the last look.
    is_stirred: bool,
    standing: Option<Standing>,
    now: Time,
    wakeup: Option<Time>,
}

impl Broker {
    /// Returns a broker of a run in which nothing runs yet.
    #[must_use]
    pub fn new(terms: Terms<'_>) -> Self {
        Self {
            slots: terms.slots,
            pools: terms.pools,
            forms: terms.forms,
            books: Books::default(),
            purses: Purses::new(terms.folder),
            open: BTreeMap::new(),
            own_reads: BTreeSet::new(),
            outer: terms.outer,
            is_short: false,
            told: [0; 2],
            is_stirred: true,
            standing: None,
            now: Time::BEGIN,
            wakeup: None,
        }
    }

    /// Returns what becomes readable when tokens move between suites and their jobs, if anything does.
    #[must_use]
    pub fn watch(&self) -> Option<BorrowedFd<'_>> {
        self.purses.watch()
    }

    /// Returns the jobserver whose guest this run is.
    #[must_use]
    pub fn outer(&self) -> Option<&Outer> {
        self.outer.as_ref()
    }

    /// Returns whether a token of that jobserver would be welcome.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.is_short
    }

    /// Returns the pools it wants to know about.
    #[must_use]
    pub fn pools(&self) -> Pools {
        self.pools
    }

    /// Returns how many slots there are.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Returns what an attempt needs that takes `cpus` slots and looks for programs along `path`, from `folder`. `None`
    /// where it would not be understood.
    ///
    /// # Errors
    /// The system has no FIFO or descriptor to spare.
    pub fn open(
        &mut self,
        attempt: AttemptId,
        cpus: u32,
        (path, folder): (&OsStr, &Path),
    ) -> io::Result<Option<Share>> {
        let Some(form) = self.forms.find(path, folder) else {
            return Ok(None);
        };
        let mut purse = self.purses.make(form)?;
        // The variable is read word by word.
        if purse.address().iter().any(u8::is_ascii_whitespace) {
            purse = self.purses.make(Form::Pipe)?;
        }
        let covered = cpus.min(self.slots).saturating_sub(1);
        // A guest has paid for one slot of the other jobserver, whatever it takes of its own.
        let own = if self.outer.is_some() { 0 } else { covered };
        purse.put(own)?;
        self.books
            .open(attempt, Account::new(own, covered, self.now));
        let share = Share {
            address: purse.address(),
            descriptors: purse.descriptors(),
        };
        self.open.insert(attempt, purse);
        self.is_stirred = true;
        Ok(Some(share))
    }

    /// Returns the descriptors that another command beside an attempt has to inherit.
    #[must_use]
    pub fn descriptors(&self, attempt: AttemptId) -> Vec<Arc<OwnedFd>> {
        let purse = self.open.get(&attempt);
        purse.map(Purse::descriptors).unwrap_or_default()
    }

    /// Takes note that nothing of an attempt is left. What it took and did not give back is there again.
    pub fn close(&mut self, attempt: AttemptId) {
        self.open.remove(&attempt);
        self.books.close(attempt);
        self.is_stirred = true;
    }

    /// Takes note that tokens may have moved.
    pub fn stir(&mut self) {
        self.is_stirred = true;
    }

    /// Returns when to balance again though nothing has happened.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Time> {
        self.wakeup
    }

    /// Moves tokens so that slots are used for what wants them, and returns what the scheduler has to know of that. To be
    /// called again once it does.
    pub fn balance(&mut self, now: Time, standing: Standing) -> Vec<Withheld> {
        self.now = now;
        let is_due = self.wakeup.is_some_and(|at| at <= now);
        if !self.is_stirred && !is_due && self.standing == Some(standing) {
            return Vec::new();
        }
        self.is_stirred = false;
        self.standing = Some(standing);
        self.observe();
        let is_awaited = self.is_awaited(standing);
        if is_awaited {
            self.collect(Books::idle);
            self.borrow_for_a_task(standing);
        } else {
            self.collect(Books::surplus);
            self.collect_refused();
            self.feed(standing);
            self.exchange(standing);
        }
        self.repay(standing);
        self.is_short = self.may_borrow() && self.is_token_wanted(standing);
        self.wakeup = self.find_wakeup(standing);
        self.tell()
    }

    /// Finds out what commands have taken and given back.
    fn observe(&mut self) {
        let mut read_from = self.purses.read_from();
        for number in std::mem::take(&mut self.own_reads) {
            read_from.remove(&number);
        }
        for (attempt, purse) in &self.open {
            let has_taken = purse.number().is_some_and(|it| read_from.contains(&it));
            self.books
                .observe(*attempt, purse.tokens(), has_taken, self.now);
        }
    }

    /// Takes from every purse as many of the tokens that lie in it as `count` says.
    fn collect(&mut self, count: impl Fn(&Books, AttemptId) -> u32) {
        for attempt in self.books.attempts() {
            let most = count(&self.books, attempt);
            self.take(attempt, most);
        }
    }

    /// Takes tokens out of a purse, and returns how many it got.
    fn take(&mut self, attempt: AttemptId, most: u32) -> u32 {
        let Some(purse) = self.open.get(&attempt).filter(|_| most > 0) else {
            return 0;
        };
        let taken = purse.take(most);
        self.own_reads.extend(purse.number());
        self.books.deprive(attempt, taken, self.now);
        taken
    }

    /// Puts a token into a purse, and returns whether it took one.
    fn put(&mut self, attempt: AttemptId) -> bool {
        let purse = self.open.get(&attempt);
        let is_put = purse.is_some_and(|it| it.put(1).is_ok());
        if is_put {
            self.books.give(attempt, self.now);
        }
        is_put
    }

    /// A guest keeps nothing that nobody wants.
    fn collect_refused(&mut self) {
        if self.outer.is_none() {
            return;
        }
        for attempt in self.books.ripe(self.now) {
            self.take(attempt, self.books.idle(attempt));
            self.books.note_refusal(attempt);
        }
    }

    /// Offers what is spare.
    fn feed(&mut self, standing: Standing) {
        loop {
            let reach = self.reach(standing);
            // What is this run's own may lie about; what is borrowed may not.
            let next = match &self.outer {
                None => self.books.hungriest(reach),
                Some(_) => self.books.due(reach, self.now),
            };
            let Some(attempt) = next else {
                return;
            };
            if self.outer.is_some() && self.spare_tokens(standing) == 0 && !self.borrow() {
                return;
            }
            if !self.put(attempt) {
                return;
            }
        }
    }

    /// Where nothing is spare, lets tokens go round that nobody takes.
    fn exchange(&mut self, standing: Standing) {
        if self.outer.is_some() || self.spare_slots(standing) > 0 {
            return;
        }
        while let Some(from) = self.books.ripest(self.now)
            && let Some(to) = self.books.due(Reach::Beyond, self.now)
        {
            if self.take(from, 1) == 1 {
                self.books.note_refusal(from);
                self.put(to);
            } else {
                // It has taken it after all, which the next look will see.
                self.is_stirred = true;
                return;
            }
        }
    }

    fn borrow_for_a_task(&mut self, standing: Standing) {
        if standing.wants_token() && self.spare_tokens(standing) == 0 {
            self.borrow();
        }
    }

    /// Takes one token of the outer jobserver, and returns whether there was one.
    fn borrow(&mut self) -> bool {
        self.may_borrow() && self.outer.as_ref().is_some_and(Outer::take)
    }

    fn may_borrow(&self) -> bool {
        let outer = self.outer.as_ref();
        // One slot comes with being started.
        outer.is_some_and(|it| it.held() + 1 < self.slots as usize)
    }

    /// Gives back to the outer jobserver what is of no use here.
    fn repay(&mut self, standing: Standing) {
        let spare = self.spare_tokens(standing);
        if let Some(outer) = self.outer.as_ref().filter(|_| !standing.wants_token()) {
            outer.give_back(usize::try_from(spare).unwrap_or(usize::MAX));
        }
    }

    fn is_token_wanted(&self, standing: Standing) -> bool {
        if self.is_awaited(standing) {
            standing.wants_token()
        } else {
            self.books.due(self.reach(standing), self.now).is_some()
        }
    }

    fn find_wakeup(&self, standing: Standing) -> Option<Time> {
        let look_again = self.now + LOOK_AGAIN;
        if self.purses.watch().is_none() && !self.books.is_empty() {
            return Some(look_again);
        }
        match &self.outer {
            _ if self.is_awaited(standing) => None,
            None => self.books.next_exchange().map(|it| it.max(look_again)),
            Some(_) => self.books.next_change(self.now),
        }
    }

    /// Returns whether a task waits that can start when jobs give back what they have. One that lacks more than that waits
    /// for other suites, and would keep slots idle meanwhile.
    fn is_awaited(&self, standing: Standing) -> bool {
        let within_reach = self.spare_slots(standing) + u64::from(self.books.slots());
        let wants_slots = standing.slots.wanted.is_some_and(|it| it <= within_reach);
        wants_slots || standing.wants_token()
    }

    fn reach(&self, standing: Standing) -> Reach {
        if self.spare_slots(standing) > 0 {
            Reach::Beyond
        } else {
            Reach::Covered
        }
    }

    /// Returns how many slots nobody has, with what has moved since the scheduler was told.
    fn spare_slots(&self, standing: Standing) -> u64 {
        let [told, _] = self.told;
        let [now, _] = self.withheld();
        (standing.slots.spare + told).saturating_sub(now)
    }

    fn spare_tokens(&self, standing: Standing) -> u64 {
        let [_, told] = self.told;
        let [_, now] = self.withheld();
        let spare = standing.tokens.map_or(0, |it| it.spare);
        (spare + told).saturating_sub(now)
    }

    /// Returns how much tasks cannot have of the slots, and of the tokens.
    fn withheld(&self) -> [u64; 2] {
        let slots = u64::from(self.books.slots());
        let tokens = self.outer.as_ref().map_or(0, |outer| {
            let not_borrowed = u64::from(self.slots) - 1 - outer.held() as u64;
            not_borrowed + u64::from(self.books.lent())
        });
        [slots, tokens]
    }

    fn tell(&mut self) -> Vec<Withheld> {
        let withheld = self.withheld();
        let told = std::mem::replace(&mut self.told, withheld);
        let pools = [Some(self.pools.slots), self.pools.tokens];
        let changes = pools.into_iter().zip(told.into_iter().zip(self.told));
        changes
            .filter(|(_, (before, now))| before != now)
            .filter_map(|(pool, (_, amount))| {
                Some(Withheld {
                    pool: pool?,
                    amount,
                })
            })
            .collect()
    }
}

impl Standing {
    /// Returns whether a task waits for nothing but a token of the outer jobserver.
    fn wants_token(self) -> bool {
        self.tokens.is_some_and(|it| it.wanted.is_some())
    }
}

#[cfg(test)]
mod tests;
