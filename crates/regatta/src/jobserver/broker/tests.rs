//! The broker between a real scheduler and real pipes, with clients that a random sequence plays: nobody waits, so every
//! run of a sequence is the same.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use proptest::prelude::*;
use regatta_core::id::{Id, SuiteId};
use regatta_core::plan::{Claim, Plan, Pool, Suite, TaskSpec};
use regatta_core::schedule::{Effect, Input, Policy, Scheduler};
use regatta_core::terms::{FailFast, Repeat, Terms as TaskTerms};
use regatta_core::verdict::{AttemptReport, Exit};

use super::super::form::Wish;
use super::*;

const SLOTS: PoolId = PoolId(0);
const TOKENS: PoolId = PoolId(1);

/// A suite whose jobs take and give back tokens.
struct Client {
    pipe: File,
    taken: u32,
    cpus: u32,
}

/// The jobserver of a make, with the tokens that nobody else has.
struct Make {
    reader: PipeReader,
    writer: PipeWriter,
    tokens: u32,
}

struct Stage {
    _folder: tempfile::TempDir,
    scheduler: Scheduler,
    broker: Broker,
    slots: u32,
    cpus: Vec<u32>,
    make: Option<Make>,
    clients: BTreeMap<AttemptId, Client>,
    now: Time,
}

impl Make {
    fn new(tokens: u32) -> Self {
        let (reader, mut writer) = pipe().unwrap();
        writer.write_all(&vec![b'x'; tokens as usize]).unwrap();
        Self {
            reader,
            writer,
            tokens,
        }
    }

    fn outer(&self) -> Outer {
        Outer::at_descriptors(self.reader.as_raw_fd(), self.writer.as_raw_fd()).unwrap()
    }
}

impl Stage {
    fn new(slots: u32, cpus: &[u32], make: Option<Make>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pool = |capacity| Pool {
            name: String::new(),
            capacity,
        };
        let mut pools = vec![pool(u64::from(slots))];
        pools.extend(make.iter().map(|_| pool(u64::from(slots))));
        let claim = |pool, amount| Claim { pool, amount };
        let specs = cpus.iter().enumerate().map(|(index, cpus)| TaskSpec {
            suite: SuiteId::from_index(index),
            dependencies: Vec::new(),
            claims: [claim(SLOTS, u64::from(*cpus))]
                .into_iter()
                .chain(make.iter().map(|_| claim(TOKENS, 1)))
                .collect(),
            terms: TaskTerms::default(),
        });
        let suites = cpus.iter().map(|_| Suite::default()).collect();
        let plan = Plan::new(suites, specs.collect(), pools).unwrap();
        let policy = Policy {
            fail_fast: FailFast::Off,
            max_fail: None,
            repeat: Repeat::once(),
            seed: 0,
        };
        let terms = Terms {
            slots,
            pools: Pools {
                slots: SLOTS,
                tokens: make.as_ref().map(|_| TOKENS),
            },
            folder: folder.path(),
            forms: Forms::new(Wish::Form(Form::Fifo), std::iter::empty()),
            outer: make.as_ref().map(Make::outer),
        };
        let mut stage = Self {
            scheduler: Scheduler::new(Arc::new(plan), policy),
            broker: Broker::new(terms),
            _folder: folder,
            slots,
            cpus: cpus.to_vec(),
            make,
            clients: BTreeMap::new(),
            now: Time::BEGIN,
        };
        stage.balance();
        stage.tell(Input::Begin);
        stage.balance();
        stage
    }

    fn tell(&mut self, input: Input) {
        let mut effects = Vec::new();
        self.scheduler.handle(self.now, input, &mut effects);
        for effect in effects {
            if let Effect::Spawn { attempt, .. } = effect {
                self.start(attempt);
            }
        }
    }

    fn start(&mut self, attempt: AttemptId) {
        let cpus = self.cpus[attempt.task.index()].min(self.slots);
        let search = (OsStr::new(""), Path::new("/"));
        let share = self.broker.open(attempt, cpus, search).unwrap().unwrap();
        let path = share.address.strip_prefix(b"fifo:").unwrap();
        let path = str::from_utf8(path).unwrap();
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let pipe = options
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
            .open(path)
            .unwrap();
        let taken = 0;
        self.clients.insert(attempt, Client { pipe, taken, cpus });
        self.tell(Input::Started(attempt));
    }

    /// Ends an attempt, with whatever it has not given back.
    fn finish(&mut self, attempt: AttemptId) {
        self.clients.remove(&attempt);
        self.broker.close(attempt);
        let report = AttemptReport::bare(Exit::Code(0));
        self.tell(Input::Finished(attempt, Box::new(report)));
        self.balance();
    }

    fn take(&mut self, attempt: AttemptId) -> bool {
        let client = self.clients.get_mut(&attempt).unwrap();
        let is_taken = client.pipe.read(&mut [0]).is_ok();
        client.taken += u32::from(is_taken);
        self.stir();
        is_taken
    }

    fn give_back(&mut self, attempt: AttemptId) {
        let client = self.clients.get_mut(&attempt).unwrap();
        if client.taken > 0 {
            client.taken -= 1;
            client.pipe.write_all(b"+").unwrap();
        }
        self.stir();
    }

    fn stir(&mut self) {
        self.broker.stir();
        self.balance();
    }

    fn pass(&mut self, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
        self.balance();
    }

    fn balance(&mut self) {
        for _ in 0..1000 {
            let state = |pool| PoolState {
                spare: self.scheduler.spare(pool),
                wanted: self.scheduler.wanted(pool),
            };
            let standing = Standing {
                slots: state(SLOTS),
                tokens: self.make.as_ref().map(|_| state(TOKENS)),
            };
            let withheld = self.broker.balance(self.now, standing);
            if withheld.is_empty() {
                return;
            }
            for Withheld { pool, amount } in withheld {
                self.tell(Input::Withheld { pool, amount });
            }
        }
        panic!("it never comes to rest");
    }

    /// Returns the attempt that runs and stands at this place, counted around.
    fn running(&self, which: u16) -> Option<AttemptId> {
        let count = self.clients.len();
        let index = usize::from(which) % count.max(1);
        self.clients.keys().nth(index).copied()
    }

    /// Returns how many slots are used: a suite's own, and those of jobs beyond that.
    fn used(&self) -> u32 {
        let clients = self.clients.values();
        clients.map(|it| it.cpus.max(it.taken + 1)).sum()
    }

    /// Returns how many tokens of the outer jobserver are used, the one that comes with being started included.
    fn used_outside(&self) -> u32 {
        self.clients.values().map(|it| it.taken + 1).sum()
    }

    fn check(&self) {
        assert!(self.used() <= self.slots, "{} used", self.used());
        let Some(make) = &self.make else { return };
        assert!(self.used_outside() <= make.tokens + 1, "too many outside");
        let held = self.broker.outer().unwrap().held();
        let left = rustix::io::ioctl_fionread(&make.reader).unwrap();
        assert_eq!(left + held as u64, u64::from(make.tokens));
    }

    fn finish_all(&mut self) {
        while let Some(attempt) = self.running(0) {
            self.finish(attempt);
        }
        assert!(self.scheduler.summary().is_some(), "somebody was forgotten");
        assert_eq!(self.scheduler.spare(SLOTS), u64::from(self.slots));
        if let Some(make) = &self.make {
            let left = rustix::io::ioctl_fionread(&make.reader).unwrap();
            assert_eq!(left, u64::from(make.tokens), "not all was given back");
        }
    }
}

fn first(stage: &Stage) -> AttemptId {
    stage.running(0).unwrap()
}

#[test]
fn one_suite_may_have_every_slot_and_what_it_kept_comes_back() {
    let mut stage = Stage::new(4, &[1], None);
    let attempt = first(&stage);
    assert_eq!(
        [(); 5].map(|()| stage.take(attempt)),
        [true, true, true, false, false]
    );
    stage.give_back(attempt);
    assert!(stage.take(attempt));
    stage.finish_all();
}

#[test]
fn a_suite_comes_before_jobs() {
    let mut stage = Stage::new(2, &[1, 1, 1], None);
    let [attempt, other] = [stage.running(0).unwrap(), stage.running(1).unwrap()];
    assert!(!stage.take(attempt));
    stage.finish(other);
    // The third suite has the slot, though the first would have taken it.
    assert_eq!(stage.clients.len(), 2);
    assert!(!stage.take(attempt));
    stage.finish(stage.running(1).unwrap());
    assert!(stage.take(attempt));
    stage.finish_all();
}

#[test]
fn jobs_go_on_while_a_suite_waits_for_more_than_they_have() {
    // The wide suite needs what the other one itself has. Until that is over, its jobs may have the rest.
    let mut stage = Stage::new(3, &[1, 3], None);
    let attempt = first(&stage);
    assert!(stage.take(attempt) && stage.take(attempt));
    stage.finish(attempt);
    assert_eq!(stage.clients.len(), 1);
    stage.finish_all();
}

#[test]
fn a_token_goes_round_until_somebody_takes_it() {
    let mut stage = Stage::new(4, &[1, 1, 1], None);
    for which in [2, 1, 0] {
        let attempt = stage.running(which).unwrap();
        let mut waited = 0;
        while !stage.take(attempt) {
            stage.pass(5);
            waited += 5;
            assert!(waited < 500, "{which} never gets it");
        }
        stage.give_back(attempt);
    }
    stage.finish_all();
}

#[test]
fn a_guest_takes_what_it_uses_and_keeps_nothing() {
    let mut stage = Stage::new(8, &[1, 1, 1], Some(Make::new(1)));
    // One runs because make started us, and one on the token.
    assert_eq!(stage.clients.len(), 2);
    let held = |stage: &Stage| stage.broker.outer().unwrap().held();
    assert_eq!(held(&stage), 1);
    assert!(stage.broker.is_short());
    stage.finish(first(&stage));
    assert_eq!((stage.clients.len(), held(&stage)), (2, 1));
    assert!(stage.broker.is_short(), "a job may want one");
    stage.finish(first(&stage));
    // What is spare is offered to jobs for a moment, and given back.
    assert_eq!((stage.clients.len(), held(&stage)), (1, 1));
    stage.pass(10);
    assert_eq!(held(&stage), 0);
    stage.finish_all();
}

#[test]
fn a_guest_may_use_what_a_suite_claims_only_if_make_has_it() {
    let mut stage = Stage::new(8, &[4], Some(Make::new(2)));
    let attempt = first(&stage);
    assert_eq!(
        [(); 4].map(|()| stage.take(attempt)),
        [true, true, false, false]
    );
    let make = stage.make.as_mut().unwrap();
    make.writer.write_all(b"xx").unwrap();
    make.tokens += 2;
    assert!(stage.broker.is_short());
    stage.stir();
    assert!(stage.take(attempt));
    stage.finish_all();
}

/// One step of a run: what happens, to which suite, and how much time passes before.
type Step = (u8, u16, u64);

fn play(stage: &mut Stage, steps: Vec<Step>) {
    for (what, which, ms) in steps {
        stage.pass(ms);
        let Some(attempt) = stage.running(which) else {
            break;
        };
        match what {
            0 => stage.finish(attempt),
            1..=4 => {
                stage.take(attempt);
            }
            _ => stage.give_back(attempt),
        }
        stage.check();
    }
    stage.finish_all();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever suites and jobs do, no more slots are used than there are, and every suite runs.
    #[test]
    fn no_slot_is_used_twice(
        slots in 1_u32..6,
        cpus in prop::collection::vec(1_u32..4, 1..8),
        steps in prop::collection::vec((0_u8..8, any::<u16>(), 0_u64..30), 0..80),
    ) {
        play(&mut Stage::new(slots, &cpus, None), steps);
    }

    /// The same as a guest, whose host has all its tokens back in the end.
    #[test]
    fn a_guest_gives_everything_back(
        slots in 1_u32..6,
        tokens in 0_u32..5,
        cpus in prop::collection::vec(1_u32..4, 1..8),
        steps in prop::collection::vec((0_u8..8, any::<u16>(), 0_u64..30), 0..80),
    ) {
        play(&mut Stage::new(slots, &cpus, Some(Make::new(tokens))), steps);
    }
}
