//! Decides whether a graph can be over by a moment, by following every schedule that could make it.
//!
//! It is the judge of the orders that are measured, so it shares no code with them. Graphs of fifty tasks are about as much
//! as it can do, and not all of those.

use std::collections::BTreeSet;

use crate::graphs::Row;

/// Whether a processor may stay idle although a task could start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Idling {
    Never,
    Allowed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Possible,
    Impossible,
    /// It was given up.
    Unknown,
}

/// Can these tasks be over at `end`, with so many processors?
pub(crate) struct Question<'r> {
    pub(crate) rows: &'r [Row],
    pub(crate) processors: u64,
    pub(crate) end: u64,
    pub(crate) idling: Idling,
}

impl Question<'_> {
    /// Returns the answer, or gives up after so many looks at a moment of a schedule.
    pub(crate) fn answer(&self, looks: u64) -> Answer {
        let count = self.rows.len();
        if count > 64 {
            return Answer::Unknown;
        }
        let mut search = Search::new(self, looks);
        search.go_on(State {
            now: 0,
            left: all_of(0..count),
            running: Vec::new(),
        })
    }
}

/// A schedule up to a moment at which tasks have ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    now: i64,
    /// The tasks that have not started, as bits.
    left: u64,
    /// When each running task ends, and which it is.
    running: Vec<(i64, usize)>,
}

/// *Shape*: all lists are indexed by task; sets of tasks are bits.
struct Search {
    durations: Vec<i64>,
    dependencies: Vec<u64>,
    /// When each task has to be over.
    deadlines: Vec<i64>,
    /// The tasks that differ from each one in nothing that is still to come, and start before it.
    twins: Vec<u64>,
    /// The tasks, each after all it waits for; by deadline; by latest start.
    sorted: Vec<usize>,
    by_deadline: Vec<usize>,
    by_start: Vec<usize>,
    processors: usize,
    idling: Idling,
    looks: u64,
    /// States that lead nowhere.
    hopeless: BTreeSet<State>,
}

impl Search {
    fn new(question: &Question, looks: u64) -> Self {
        let rows = question.rows;
        let count = rows.len();
        let signed = |number: u64| i64::try_from(number).expect("times are short");
        let bits = |row: &Row| row.1.iter().fold(0, |all, task| all | 1 << task.0);
        let dependencies: Vec<u64> = rows.iter().map(bits).collect();
        let mut sorted = Vec::new();
        let mut over = 0_u64;
        while let Some(task) =
            (0..count).find(|&it| over >> it & 1 == 0 && dependencies[it] & !over == 0)
        {
            over |= 1 << task;
            sorted.push(task);
        }
        let mut search = Self {
            durations: rows.iter().map(|row| signed(row.0)).collect(),
            dependencies,
            deadlines: vec![signed(question.end); count],
            twins: Vec::new(),
            sorted,
            by_deadline: (0..count).collect(),
            by_start: (0..count).collect(),
            processors: usize::try_from(question.processors).expect("processors are few"),
            idling: question.idling,
            looks,
            hopeless: BTreeSet::new(),
        };
        search.find_deadlines();
        search.find_twins();
        search
    }

    /// A task must leave time for each that waits for it, and for all that follow it together.
    fn find_deadlines(&mut self) {
        let mut followers = vec![0_u64; self.durations.len()];
        for &task in self.sorted.iter().rev() {
            for next in self.find_dependents(task) {
                followers[task] |= followers[next] | 1 << next;
                let latest = self.deadlines[next] - self.durations[next];
                self.deadlines[task] = self.deadlines[task].min(latest);
            }
            let mut behind: Vec<usize> = tasks(followers[task]).collect();
            behind.sort_by_key(|&it| self.deadlines[it]);
            let processors = i64::try_from(self.processors).expect("processors are few");
            let mut work = 0;
            for follower in behind {
                work += self.durations[follower];
                let needed = (work + processors - 1) / processors;
                let latest = self.deadlines[follower] - needed;
                self.deadlines[task] = self.deadlines[task].min(latest);
            }
        }
        let Self {
            deadlines,
            durations,
            by_deadline,
            by_start,
            ..
        } = self;
        by_deadline.sort_by_key(|&it| deadlines[it]);
        by_start.sort_by_key(|&it| deadlines[it] - durations[it]);
    }

    fn find_twins(&mut self) {
        let nature = |it: usize| (self.durations[it], self.find_dependents(it));
        let mut twins = vec![0_u64; self.durations.len()];
        for (place, &task) in self.by_start.iter().enumerate() {
            let before = self.by_start[..place].iter();
            let alike = before.filter(|&&it| nature(it) == nature(task));
            twins[task] = all_of(alike.copied());
        }
        self.twins = twins;
    }

    fn find_dependents(&self, task: usize) -> Vec<usize> {
        let waits = |&it: &usize| self.dependencies[it] >> task & 1 == 1;
        (0..self.durations.len()).filter(waits).collect()
    }

    /// Follows all schedules from here on.
    fn go_on(&mut self, mut state: State) -> Answer {
        // What takes no time takes no processor either.
        while let Some(task) =
            tasks(state.left).find(|&it| self.durations[it] == 0 && self.is_ready(&state, it))
        {
            state.left &= !(1 << task);
        }
        if state.left == 0 {
            return Answer::Possible;
        }
        let by_start = self.by_start.iter().copied();
        let ready: Vec<usize> = by_start.filter(|&it| self.is_ready(&state, it)).collect();
        if ready.is_empty() {
            return self.pass(&state);
        }
        if self.looks == 0 {
            return Answer::Unknown;
        }
        self.looks -= 1;
        state.running.sort_unstable();
        if self.hopeless.contains(&state) {
            return Answer::Impossible;
        }
        let room = (self.processors - state.running.len()).min(ready.len());
        let answer = self.choose(&mut state.clone(), &ready, 0, room);
        if answer == Answer::Impossible {
            self.hopeless.insert(state);
        }
        answer
    }

    fn is_ready(&self, state: &State, task: usize) -> bool {
        let not_over = state.left | all_of(state.running.iter().map(|it| it.1));
        state.left >> task & 1 == 1 && self.dependencies[task] & not_over == 0
    }

    /// Starts some of those that are ready from the place `from` on, `room` at most, in all ways.
    fn choose(&mut self, state: &mut State, ready: &[usize], from: usize, room: usize) -> Answer {
        if room == 0 {
            return self.pass(state);
        }
        for place in from..ready.len() {
            if self.idling == Idling::Never && ready.len() - place < room {
                return Answer::Impossible;
            }
            let task = ready[place];
            let end = state.now + self.durations[task];
            if end > self.deadlines[task] {
                return Answer::Impossible;
            }
            // A twin that could start as well goes first.
            if self.twins[task] & state.left & all_of(ready.iter().copied()) != 0 {
                continue;
            }
            state.left &= !(1 << task);
            state.running.push((end, task));
            let answer = self.choose(state, ready, place + 1, room - 1);
            state.running.pop();
            state.left |= 1 << task;
            if answer != Answer::Impossible {
                return answer;
            }
        }
        if self.idling == Idling::Never || state.running.is_empty() {
            return Answer::Impossible;
        }
        self.pass(state)
    }

    /// Goes to the next moment at which a task ends.
    fn pass(&mut self, state: &State) -> Answer {
        let ends = state.running.iter().map(|&(end, _)| end);
        let next = ends.min().expect("somebody runs while others wait");
        if !self.is_possible(state, next) {
            return Answer::Impossible;
        }
        let running = state.running.iter().copied();
        self.go_on(State {
            now: next,
            left: state.left,
            running: running.filter(|&(end, _)| end > next).collect(),
        })
    }

    /// Returns whether what is left can be in time, as far as sums tell, if nothing starts before `next`.
    fn is_possible(&self, state: &State, next: i64) -> bool {
        let mut earliest = vec![0; self.durations.len()];
        for &(end, task) in &state.running {
            earliest[task] = end - self.durations[task];
        }
        let known = state.left | all_of(state.running.iter().map(|it| it.1));
        for &task in self.sorted.iter().filter(|&&it| state.left >> it & 1 == 1) {
            let before = tasks(self.dependencies[task] & known);
            let ends = before.map(|it| earliest[it] + self.durations[it]);
            earliest[task] = ends.fold(next, i64::max);
            if earliest[task] + self.durations[task] > self.deadlines[task] {
                return false;
            }
        }
        let mut starts: Vec<i64> = tasks(state.left).map(|it| earliest[it]).collect();
        starts.push(next);
        starts.sort_unstable();
        starts.dedup();
        starts.into_iter().all(|from| {
            let later = tasks(state.left).filter(|&it| earliest[it] >= from);
            self.has_room(state, all_of(later), from)
        })
    }

    /// Returns whether between `from` and each deadline there is time enough for those of the set that have to be over by then.
    fn has_room(&self, state: &State, set: u64, from: i64) -> bool {
        let idle = i64::try_from(self.processors - state.running.len()).expect("few");
        let mut work = 0;
        let due = self.by_deadline.iter().filter(|&&it| set >> it & 1 == 1);
        due.into_iter().all(|&task| {
            work += self.durations[task];
            let until = self.deadlines[task];
            let running = state.running.iter();
            let rest: i64 = running
                .map(|&(end, _)| (until - end.max(from)).max(0))
                .sum();
            work <= idle * (until - from) + rest
        })
    }
}

fn all_of(tasks: impl IntoIterator<Item = usize>) -> u64 {
    tasks.into_iter().fold(0, |all, task| all | 1 << task)
}

/// Returns the tasks of a set.
fn tasks(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let task = set.trailing_zeros() as usize;
        set &= set.checked_sub(1)?;
        Some(task)
    })
}
