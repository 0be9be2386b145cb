//! Measures how good the order of starting is, in virtual time, and what finding it costs.
//!
//! Reads a folder of task graphs with their shortest possible times, in the format of the Standard Task Graph Set: `graphs/*.stg`
//! with a line a task (number, duration, count of dependencies, dependencies), and `optimal.csv` with a line an instance:
//! graph, processors, shortest time; or where that is not known, graph, processors, a time that no schedule is below, and
//! the time of the shortest schedule that is known. Of these, times are refuted one after the other by an exact search, and
//! what could not be refuted counts as the shortest time, so that no order is made out to be better than it is. Prints
//! Markdown. Without a folder only the time of planning is measured.

#![expect(clippy::print_stdout, reason = "it prints its tables")]

#[cfg(test)]
mod enumeration;
mod exact;
mod graphs;

use std::cmp::Ordering;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use regatta_core::forecast::{Course, Outlook, Stand};
use regatta_core::id::{Id, PoolId, SuiteId, TaskId};
use regatta_core::plan::{Basis, Claim, Expectation, Plan, Pool, Suite, TaskSpec};
use regatta_core::rank::{Effort, rank};
use regatta_core::terms::Terms;

use exact::{Answer, Idling};
use graphs::{Instance, Row};

/// How many suites the large plan has.
const MANY: usize = 10_000;

/// How often each order is sought; the fastest time counts.
const TRIES: usize = 3;

/// How far the exact search goes before it gives up: so many moments of schedules.
const LOOKS: u64 = 200_000;

/// How an order is found.
#[derive(Clone, Copy)]
enum Method {
    File,
    Search(Effort),
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1);
    let efforts = std::env::args().skip(2).map(|it| it.parse().map(Effort));
    let efforts: Vec<Effort> = efforts.collect::<Result<_, _>>()?;
    if let Some(folder) = folder.filter(|it| !it.is_empty()) {
        measure_graphs(Path::new(&folder), &efforts)?;
    }
    measure_looking_ahead();
    measure_planning();
    Ok(())
}

/// Prints a row for each number of processors and method.
fn measure_graphs(folder: &Path, efforts: &[Effort]) -> Result<(), Box<dyn Error>> {
    let instances = graphs::read(folder, LOOKS)?;
    tell_reach(&instances);
    println!(
        "| order | processors | mean of time over shortest | worst | shortest reached | median ms a graph | max ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    let searches: Vec<_> = match efforts {
        [] => vec![Effort::USUAL],
        efforts => efforts.to_vec(),
    };
    let mut methods = vec![
        ("file".to_owned(), Method::File),
        ("longest path".to_owned(), Method::Search(Effort::NONE)),
    ];
    methods.extend(
        searches
            .into_iter()
            .map(|it| (format!("search of {} steps", it.0), Method::Search(it))),
    );
    for (name, method) in methods {
        let mut all = Quality::default();
        for some in instances.chunk_by(|one, other| one.processors == other.processors) {
            let mut quality = Quality::default();
            for instance in some {
                quality.add(instance, method);
            }
            quality.print(&name, &some[0].processors.to_string());
            all.merge(&quality);
        }
        all.print(&name, "all");
        tell_apart(&name, &instances, &all.ends);
        if matches!(method, Method::Search(effort) if effort != Effort::NONE) {
            tell_missed(&name, &instances, &all.ends);
        }
    }
    Ok(())
}

/// Prints what the best of all schedules could come to if the lower ends of ranges were taken for shortest times.
fn tell_reach(instances: &[Instance]) {
    let refuted = instances.iter().filter(|it| it.least > it.given.0).count();
    let ratios = instances.iter().map(|it| quotient(it.least, it.given.0));
    let count = instances.len();
    println!(
        "of the lower ends of {} ranges {refuted} are refuted; measured by lower ends, no scheduler reaches more than {} of {count} nor a mean below {:.4}\n",
        instances.iter().filter(|it| !it.is_known()).count(),
        count - refuted,
        ratios.sum::<f64>() / quotient(count as u64, 1),
    );
}

/// Prints how the times compare with what the set says.
///
/// *Shape*: `ends` has the time of each instance.
fn tell_apart(name: &str, instances: &[Instance], ends: &[u64]) {
    let all = || instances.iter().zip(ends);
    let known = || all().filter(|(it, _)| it.is_known());
    let open = || all().filter(|(it, _)| !it.is_known());
    let ratio = |(it, end): (&Instance, &u64)| quotient(*end, it.least);
    println!();
    let by_lower = all().map(|(it, end)| quotient(*end, it.given.0));
    println!(
        "{name}: measured by the lower ends of ranges: mean {:.4}, reached {} of {}",
        by_lower.sum::<f64>() / quotient(ends.len() as u64, 1),
        all().filter(|(it, end)| it.given.0 == **end).count(),
        ends.len(),
    );
    println!(
        "{name}: where the set knows the shortest time: mean {:.4}, reached {} of {}",
        known().map(ratio).sum::<f64>() / quotient(known().count() as u64, 1),
        known().filter(|(it, end)| it.least == **end).count(),
        known().count(),
    );
    let against_best = |order| {
        open()
            .filter(|(it, end)| end.cmp(&&it.given.1) == order)
            .count()
    };
    println!(
        "{name}: where it has a range: {}; shortest for certain {}; against the upper end {} below, {} equal, {} above",
        open().count(),
        open().filter(|(it, end)| it.least == **end).count(),
        against_best(Ordering::Less),
        against_best(Ordering::Equal),
        against_best(Ordering::Greater),
    );
    println!();
}

/// Prints whether the shortest times that a search missed are within reach of a scheduler that never idles.
fn tell_missed(name: &str, instances: &[Instance], ends: &[u64]) {
    let all = instances.iter().zip(ends);
    let missed = all.filter(|(it, end)| **end > it.least);
    let answers: Vec<Answer> = missed.map(|(it, _)| it.ask(Idling::Never, LOOKS)).collect();
    let count = |answer| answers.iter().filter(|&&it| it == answer).count();
    println!(
        "{name}: of {} not reached, without idling {} cannot be, {} can, {} are unknown\n",
        answers.len(),
        count(Answer::Impossible),
        count(Answer::Possible),
        count(Answer::Unknown),
    );
}

#[expect(clippy::cast_precision_loss, reason = "seconds of short graphs")]
fn quotient(one: u64, other: u64) -> f64 {
    one as f64 / other as f64
}

/// What orders of one kind came to.
#[derive(Default)]
struct Quality {
    ratios: Vec<f64>,
    reached: usize,
    times: Vec<Duration>,
    ends: Vec<u64>,
}

impl Quality {
    fn add(&mut self, instance: &Instance, method: Method) {
        let mut plan = build(&instance.rows, instance.processors);
        let mut order = || {
            let begin = Instant::now();
            if let Method::Search(effort) = method {
                rank(&mut plan, effort);
            }
            begin.elapsed()
        };
        // Whatever else the machine does is no part of it.
        let time = (0..TRIES).map(|_| order()).min();
        self.times.extend(time);
        let (end, least) = (Course::new(&plan).end.as_secs(), instance.least);
        assert!(end >= least, "{end} is below the shortest time, {least}");
        self.reached += usize::from(end == least);
        self.ratios.push(quotient(end, least));
        self.ends.push(end);
    }

    fn merge(&mut self, other: &Self) {
        self.ratios.extend(&other.ratios);
        self.times.extend(&other.times);
        self.ends.extend(&other.ends);
        self.reached += other.reached;
    }

    #[expect(clippy::cast_precision_loss, reason = "there are hundreds of graphs")]
    fn print(&mut self, name: &str, processors: &str) {
        let count = self.ratios.len();
        let mean = self.ratios.iter().sum::<f64>() / count as f64;
        let worst = self.ratios.iter().copied().fold(1.0, f64::max);
        let share = 100.0 * self.reached as f64 / count as f64;
        self.times.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let median = ms(self.times[count / 2]);
        let longest = ms(self.times[count - 1]);
        let reached = self.reached;
        println!(
            "| {name} | {processors} | {mean:.4} | {worst:.2} | {reached} of {count} ({share:.1} %) | {median:.2} | {longest:.2} |"
        );
    }
}

fn build(rows: &[Row], slots: u64) -> Plan {
    let specs = rows.iter().enumerate();
    let specs = specs.map(|(index, (_, dependencies))| TaskSpec {
        suite: SuiteId::from_index(index),
        dependencies: dependencies.clone(),
        claims: vec![Claim {
            pool: PoolId(0),
            amount: 1,
        }],
        terms: Terms::default(),
    });
    let pool = Pool {
        name: "slots".into(),
        capacity: slots,
    };
    let suites = rows.iter().map(|_| Suite::default()).collect();
    let mut plan = Plan::new(suites, specs.collect(), vec![pool]).expect("a graph has no cycle");
    for (task, (seconds, _)) in plan.tasks.values_mut().zip(rows) {
        task.expected = Expectation {
            duration: Duration::from_secs(*seconds),
            spread: Duration::ZERO,
            basis: Basis::Seen,
        };
    }
    plan
}

/// Prints how long it takes to order many suites. All wait for the first, a long one, so that no order comes near the floor
/// and the search goes on to its end; every third waits for two others.
fn measure_planning() {
    let rows: Vec<Row> = (0..MANY)
        .map(|index| {
            let waits = index % 3 == 0 && index > 100;
            let before = waits.then(|| [index / 2, index - 50].map(TaskId::from_index));
            match index {
                0 => (10_000, Vec::new()),
                _ => (
                    (index * 7919 % 97 + 1) as u64,
                    before.map_or_else(|| vec![TaskId(0)], Vec::from),
                ),
            }
        })
        .collect();
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let mut plan = build(&rows, 8);
            let begin = Instant::now();
            rank(&mut plan, Effort::USUAL);
            begin.elapsed()
        })
        .collect();
    times.sort_unstable();
    let ms = times[times.len() / 2].as_secs_f64() * 1000.0;
    println!("\nplanning {MANY} suites: {ms:.1} ms");
}

/// Prints how long one look at the end of a run takes.
fn measure_looking_ahead() {
    println!();
    for count in [10, 100, 1000, MANY] {
        let rows: Vec<Row> = (0..count)
            .map(|it| (it as u64 % 97 + 1, Vec::new()))
            .collect();
        let mut outlook = Outlook::new(&build(&rows, 8));
        let stands = vec![Stand::Ahead; count];
        let looks = (0..20).map(|_| {
            let begin = Instant::now();
            outlook.find_range(&stands);
            begin.elapsed()
        });
        let ms = looks.min().unwrap_or_default().as_secs_f64() * 1000.0;
        println!("looking ahead over {count} suites: {ms:.2} ms");
    }
}
