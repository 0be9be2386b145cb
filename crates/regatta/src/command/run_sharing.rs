//! How a run shares its slots with the jobs of its suites, and with the make that started it.

use std::env;
use std::io;

use regatta_core::id::PoolId;
use regatta_process::{Form, Outer};

use super::output::warn;
use crate::backend::Local;
use crate::config::JobserverUse;
use crate::jobserver::{Address, Pools, Wish, find_address};
use crate::planning::{Project, SLOTS};

/// What is decided before anything runs.
pub(super) struct Sharing {
    wish: Wish,
    slots: u32,
    outer: Option<Outer>,
    tokens: Option<PoolId>,
}

impl Sharing {
    /// Returns how slots are shared, if they are. A run that make started with a jobserver becomes its guest.
    pub(super) fn new(wanted: JobserverUse, project: &mut Project) -> Option<Self> {
        let wish = match wanted {
            JobserverUse::Off => return None,
            JobserverUse::Auto => Wish::Auto,
            JobserverUse::Fifo => Wish::Form(Form::Fifo),
            JobserverUse::Pipe => Wish::Form(Form::Pipe),
        };
        let address = env::var_os("MAKEFLAGS").and_then(|it| find_address(&it));
        let outer = address.and_then(|address| {
            join(&address)
                .inspect_err(|error| {
                    warn(&format!(
                        "the jobserver of the make that started this run is out of reach ({error}), so the suites share \
                         the run's own slots only; a `+` before the line of the recipe lets make hand it on"
                    ));
                })
                .ok()
        });
        Some(Self {
            wish,
            slots: project.max_parallel,
            tokens: outer.is_some().then(|| project.become_guest()),
            outer,
        })
    }

    /// Gives back what was borrowed by a runner that is dead.
    pub(super) fn give_back_all(&self) {
        if let Some(outer) = &self.outer {
            outer.give_back_all();
        }
    }

    /// Lets suites share from now on.
    pub(super) fn begin(self, backend: &mut Local) -> io::Result<()> {
        let pools = Pools {
            slots: SLOTS,
            tokens: self.tokens,
        };
        backend.share_slots(self.slots, pools, self.wish, self.outer)
    }
}

fn join(address: &Address) -> io::Result<Outer> {
    match address {
        Address::Fifo(path) => Outer::at_fifo(path).map_err(|error| {
            let message = format!("`{}`: {error}", path.display());
            io::Error::new(error.kind(), message)
        }),
        Address::Descriptors(reader, writer) => Outer::at_descriptors(*reader, *writer),
        Address::Unknown(text) => Err(io::Error::other(format!("`{text}` is of no known form"))),
    }
}
