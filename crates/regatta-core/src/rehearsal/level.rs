//! What lies behind a task: the longest path from its start to the end of the run, and what follows from that for the
//! run as a whole.

use std::cmp::Reverse;

use super::network::Network;

/// What no order can go below, by what causes it.
///
/// *Units*: nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The longest path of dependencies.
    pub(crate) path: u64,
    /// What each pool has to take, over its capacity.
    pub(crate) loads: Vec<u64>,
}

/// Returns for each task the longest path that begins with it, its own duration included.
pub(crate) fn find_tails(network: &Network) -> Vec<u64> {
    let mut tails = vec![0; network.len()];
    for &task in network.sorted.iter().rev() {
        tails[task as usize] = tail(network, &tails, task as usize);
    }
    tails
}

fn tail(network: &Network, tails: &[u64], task: usize) -> u64 {
    let after = network.dependents(task).iter();
    let longest = after.map(|&it| tails[it as usize]).max().unwrap_or(0);
    network.durations[task] + longest
}

/// Returns the longest paths where a pool counts as well: who takes from one stands before all those of its other takers
/// that have less behind them.
///
/// The members of a full group run one after another however few dependencies they have. Counted that way, whoever leads
/// to a busy group, or is in it, comes early.
pub(crate) fn find_loaded_tails(network: &Network, tails: &[u64], pools: &[usize]) -> Vec<u64> {
    let mut loaded = tails.to_vec();
    for _ in 0..2 {
        for &pool in pools {
            add_load(network, pool, &mut loaded);
        }
        for &task in network.sorted.iter().rev() {
            let task = task as usize;
            loaded[task] = loaded[task].max(tail(network, &loaded, task));
        }
    }
    loaded
}

/// Lets each taker of a pool count what comes after it there.
fn add_load(network: &Network, pool: usize, loaded: &mut [u64]) {
    let drawn = |task: usize| {
        let claims = network.claims(task).iter();
        claims.filter(|it| it.0 == pool).map(|it| it.1).sum::<u64>()
    };
    let mut takers: Vec<usize> = (0..network.len()).filter(|&task| drawn(task) > 0).collect();
    // The last comes first; of equals the first in the plan has the most behind it.
    takers.sort_by_key(|&task| (loaded[task], Reverse(task)));
    let mut behind = 0_u128;
    let capacity = u128::from(network.capacities[pool]);
    for task in takers {
        behind += u128::from(network.durations[task]) * u128::from(drawn(task));
        let load = u64::try_from(behind / capacity).unwrap_or(u64::MAX >> 12);
        loaded[task] = loaded[task].max(load);
    }
}

impl Bounds {
    pub(crate) fn new(network: &Network, tails: &[u64]) -> Self {
        let mut loads = vec![0_u128; network.capacities.len()];
        for task in 0..network.len() {
            for &(pool, amount) in network.claims(task) {
                loads[pool] += u128::from(network.durations[task]) * u128::from(amount);
            }
        }
        let loads = loads.into_iter().zip(&network.capacities);
        let least = loads.map(|(load, &capacity)| load.div_ceil(u128::from(capacity)));
        Self {
            path: tails.iter().copied().max().unwrap_or(0),
            loads: least
                .map(|load| u64::try_from(load).unwrap_or(u64::MAX))
                .collect(),
        }
    }

    pub(crate) fn floor(&self) -> u64 {
        self.loads.iter().copied().fold(self.path, u64::max)
    }
}
