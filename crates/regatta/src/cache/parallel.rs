//! Work that is spread over all CPUs this process may use. The caller works too, so that nothing depends on a thread
//! that could not be started.

use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// More threads than this do not make a disk or a kernel faster.
const MOST_THREADS: usize = 16;

/// Returns how many threads are worth having.
fn threads() -> usize {
    // The standard library reads files to find out about quotas, and a hit has no time to lose.
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| {
        let cpus = thread::available_parallelism().map_or(1, NonZero::get);
        cpus.min(MOST_THREADS)
    })
}

/// Runs `worker` on every thread at once, and returns what each of them brings.
pub(super) fn on_all_threads<T: Send>(worker: impl Fn() -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, &worker).ok();
        let others: Vec<_> = (1..threads()).filter_map(spawn).collect();
        let mut results = vec![worker()];
        for other in others {
            match other.join() {
                Ok(result) => results.push(result),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}

/// Runs `work` for every number below `count`, and returns the results in the order of the numbers.
pub(super) fn for_each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    if count < 2 {
        return (0..count).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let parts = on_all_threads(|| {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return done;
            }
            done.push((index, work(index)));
        }
    });
    let mut all: Vec<(usize, T)> = parts.into_iter().flatten().collect();
    all.sort_unstable_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_gets_its_own_result() {
        for count in [0, 1, 2, 1000] {
            let squares: Vec<usize> = (0..count).map(|it| it * it).collect();
            assert_eq!(for_each(count, |it| it * it), squares);
        }
    }
}
