//! Orders that follow from the graph at once: where a search begins, and all there is where nothing is known.

use crate::rehearsal::{Network, Order, find_loaded_tails};

/// Returns the order by the longest remaining path, with the load of groups counted; of equals the first in the plan.
pub(super) fn by_loaded_path(network: &Network, tails: &[u64]) -> Order {
    let loaded = find_loaded_tails(network, tails, &find_partial_pools(network));
    Order::by(network.len(), |task| loaded[task])
}

/// Returns the order by the longest remaining path alone; of equals the one with more dependents.
pub(super) fn by_path(network: &Network, tails: &[u64]) -> Order {
    Order::by(network.len(), |task| {
        (tails[task], network.dependents(task).len())
    })
}

/// Returns the pools that only some tasks draw from. One that all draw from delays everybody alike.
fn find_partial_pools(network: &Network) -> Vec<usize> {
    let is_partial = |&pool: &usize| {
        let draws = |claims: &Vec<(usize, u64)>| claims.iter().any(|claim| claim.0 == pool);
        !network.classes.iter().all(draws)
    };
    (0..network.capacities.len()).filter(is_partial).collect()
}
