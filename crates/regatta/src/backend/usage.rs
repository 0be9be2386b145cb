//! What an attempt used, from what the kernel says at its end and what was seen of its processes before. Measures nothing
//! itself.

use regatta_core::verdict::{Sample, Storage, Usage, UsageMethod};
use regatta_process::Ended;

/// Returns what an attempt used. One that was over before anybody looked at its processes has only what the kernel says at
/// its end. `counts_storage` says whether zero bytes from and to storage are zero bytes.
pub(super) fn usage_of(
    ended: &Ended,
    counts_storage: impl FnOnce() -> bool,
) -> (Usage, Vec<Sample>) {
    let kernel = &ended.usage;
    let usage = Usage {
        cpu: kernel.user + kernel.system,
        user: kernel.user,
        system: kernel.system,
        cpu_method: UsageMethod::Wait4,
        max_rss_bytes: kernel.max_rss_bytes,
        method: UsageMethod::Wait4,
        processes: None,
        storage: None,
    };
    let has_storage = kernel.read_bytes + kernel.written_bytes > 0 || counts_storage();
    let usage = Usage {
        storage: has_storage.then_some(Storage {
            read_bytes: kernel.read_bytes,
            written_bytes: kernel.written_bytes,
        }),
        ..usage
    };
    let Some(sampled) = &ended.sampled else {
        return (usage, Vec::new());
    };
    let usage = Usage {
        max_rss_bytes: sampled.peak_bytes,
        method: UsageMethod::Sampled,
        processes: u32::try_from(sampled.processes).ok(),
        ..usage
    };
    let course = sampled.samples.iter().map(|it| Sample {
        at: it.at,
        cpu: it.cpu,
        memory_bytes: it.memory_bytes,
    });
    (usage, course.collect())
}
