//! What runs, and what is to run next. It starts nothing, and knows neither files nor keys.

use std::collections::BTreeSet;

/// What somebody wants to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Everything.
    All,
    /// What has not passed since it last failed.
    Failed,
    /// These suites.
    Suites(BTreeSet<String>),
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Start a run of this.
    Start(Wish),
    /// End the run that goes on; the next step follows its end.
    Stop,
    /// Nothing.
    Wait,
}

/// One run at a time, and at most one that follows.
#[derive(Debug, Default)]
pub struct Agenda {
    running: Option<Wish>,
    is_stopping: bool,
    next: Option<Wish>,
}

impl Agenda {
    /// Takes what the user asks for, instead of whatever runs or was to follow.
    pub fn demand(&mut self, wish: Wish) -> Step {
        self.next = Some(wish);
        self.go_on(Urgency::Now)
    }

    /// Takes the suites that a change touches. A run with one of them is out of date, and what it had yet to tell is
    /// run again with them; any other run goes on first.
    pub fn touch(&mut self, suites: BTreeSet<String>) -> Step {
        if suites.is_empty() {
            return Step::Wait;
        }
        let wish = Wish::Suites(suites);
        let outdated = self.running.clone().filter(|it| it.meets(&wish));
        let urgency = if outdated.is_some() {
            Urgency::Now
        } else {
            Urgency::Later
        };
        let wishes = [self.next.take(), outdated, Some(wish)];
        self.next = wishes.into_iter().flatten().reduce(Wish::join);
        self.go_on(urgency)
    }

    /// Takes the end of a run, however it ended.
    pub fn finish(&mut self) -> Step {
        self.running = None;
        self.is_stopping = false;
        self.go_on(Urgency::Later)
    }

    /// Forgets what was to run. A run that goes on has its end all the same.
    pub fn forget(&mut self) {
        self.next = None;
    }

    /// Returns whether the run that goes on may have one of these suites.
    #[must_use]
    pub fn runs_any_of(&self, suites: &BTreeSet<String>) -> bool {
        let wish = Wish::Suites(suites.clone());
        self.running.as_ref().is_some_and(|it| it.meets(&wish))
    }

    /// Returns whether a run goes on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    fn go_on(&mut self, urgency: Urgency) -> Step {
        if self.running.is_none() {
            self.running = self.next.take();
            return self.running.clone().map_or(Step::Wait, Step::Start);
        }
        if urgency == Urgency::Now && !self.is_stopping {
            self.is_stopping = true;
            return Step::Stop;
        }
        Step::Wait
    }
}

/// Whether a wish waits for the run that goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Urgency {
    Now,
    Later,
}

impl Wish {
    /// Returns whether a suite may be part of both.
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Suites(own), Self::Suites(others)) => !own.is_disjoint(others),
            // Who failed is not known here.
            _ => true,
        }
    }

    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Suites(own), Self::Suites(others)) => {
                Self::Suites(own.into_iter().chain(others).collect())
            }
            (Self::Failed, Self::Failed) => Self::Failed,
            _ => Self::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn start(names: &[&str]) -> Step {
        Step::Start(Wish::Suites(set(names)))
    }

    #[test]
    fn a_change_while_nothing_runs_starts_what_it_touches() {
        let mut agenda = Agenda::default();
        assert_eq!(agenda.touch(set(&[])), Step::Wait);
        assert_eq!(agenda.touch(set(&["a"])), start(&["a"]));
        assert_eq!(agenda.finish(), Step::Wait);
        assert!(!agenda.is_running());
    }

    #[test]
    fn a_run_that_is_out_of_date_is_ended_once_and_run_again_with_what_is_new() {
        let mut agenda = Agenda::default();
        agenda.touch(set(&["a", "b"]));
        assert_eq!(agenda.touch(set(&["b", "c"])), Step::Stop);
        assert_eq!(agenda.touch(set(&["a"])), Step::Wait);
        assert_eq!(agenda.finish(), start(&["a", "b", "c"]));
        assert!(agenda.is_running());
        assert_eq!(agenda.touch(set(&["a"])), Step::Stop);
    }

    #[test]
    fn a_run_that_a_change_does_not_touch_goes_on_first() {
        let mut agenda = Agenda::default();
        agenda.touch(set(&["a"]));
        assert_eq!(agenda.touch(set(&["b"])), Step::Wait);
        assert_eq!(agenda.touch(set(&["c"])), Step::Wait);
        assert_eq!(agenda.finish(), start(&["b", "c"]));
    }

    #[test]
    fn a_demand_replaces_everything() {
        let mut agenda = Agenda::default();
        agenda.touch(set(&["a"]));
        agenda.touch(set(&["b"]));
        assert_eq!(agenda.demand(Wish::Failed), Step::Stop);
        assert_eq!(agenda.demand(Wish::All), Step::Wait);
        assert_eq!(agenda.finish(), Step::Start(Wish::All));
        // A run of everything is out of date with every change.
        assert_eq!(agenda.touch(set(&["b"])), Step::Stop);
        assert_eq!(agenda.finish(), Step::Start(Wish::All));
    }
}
