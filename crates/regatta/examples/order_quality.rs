//! Measures how good the order of starting is, in virtual time, and what finding it costs.
//!
//! Reads a folder of task graphs with their shortest possible times, in the format of the Standard Task Graph Set: `graphs/*.stg`
//! with a line a task (number, duration, count of dependencies, dependencies), and `optimal.csv` with a line an instance
//! (graph, processors, shortest time). Prints Markdown. Without a folder only the time of planning is measured.

#![expect(clippy::print_stdout, reason = "it prints its tables")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use regatta_core::forecast::{Course, Outlook, Stand};
use regatta_core::id::{Id, PoolId, SuiteId, TaskId};
use regatta_core::plan::{Basis, Claim, Expectation, Plan, Pool, Suite, TaskSpec};
use regatta_core::rank::{Effort, rank};
use regatta_core::terms::Terms;

/// How many suites the large plan has.
const MANY: usize = 10_000;

/// How often each order is sought; the fastest time counts.
const TRIES: usize = 3;

/// A task: how many seconds it takes, and what it waits for.
type Row = (u64, Vec<TaskId>);

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
    let mut instances: BTreeMap<u64, Vec<(Vec<Row>, u64)>> = BTreeMap::new();
    for line in fs::read_to_string(folder.join("optimal.csv"))?.lines() {
        let mut fields = line.split(',');
        let (Some(graph), Some(processors), Some(best)) =
            (fields.next(), fields.next(), fields.next())
        else {
            return Err(format!("`{line}` in optimal.csv has not three fields").into());
        };
        let text = fs::read_to_string(folder.join("graphs").join(graph))?;
        let rows = read_graph(&text)?;
        let instance = (rows, best.parse()?);
        instances
            .entry(processors.parse()?)
            .or_default()
            .push(instance);
    }
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
        for (processors, instances) in &instances {
            let mut some = Quality::default();
            for (rows, best) in instances {
                some.add(rows, *processors, *best, method);
            }
            some.print(&name, &processors.to_string());
            all.merge(&some);
        }
        all.print(&name, "all");
    }
    Ok(())
}

fn read_graph(text: &str) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    // The first line has the count of tasks, without the first and the last.
    for line in text.lines().skip(1).filter(|it| !it.starts_with('#')) {
        let numbers = line.split_whitespace().map(str::parse);
        let numbers: Vec<u32> = numbers.collect::<Result<_, _>>()?;
        if let [_, duration, _, dependencies @ ..] = &numbers[..] {
            let dependencies = dependencies.iter().copied().map(TaskId).collect();
            rows.push(((*duration).into(), dependencies));
        }
    }
    Ok(rows)
}

/// What orders of one kind came to.
#[derive(Default)]
struct Quality {
    ratios: Vec<f64>,
    reached: usize,
    times: Vec<Duration>,
}

impl Quality {
    fn add(&mut self, rows: &[Row], processors: u64, best: u64, method: Method) {
        let mut plan = build(rows, processors);
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
        let time = Course::new(&plan).end.as_secs();
        assert!(time >= best, "{time} is below the shortest time, {best}");
        self.reached += usize::from(time == best);
        #[expect(clippy::cast_precision_loss, reason = "seconds of short graphs")]
        self.ratios.push(time as f64 / best as f64);
    }

    fn merge(&mut self, other: &Self) {
        self.ratios.extend(&other.ratios);
        self.times.extend(&other.times);
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
