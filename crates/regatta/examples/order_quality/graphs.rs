//! The instances of a folder: graphs, processors, and what is known of the shortest time.
//!
//! Where the set has no proof of a shortest time, it has two numbers: no schedule is shorter than the first, as far as it
//! knows, and one takes as long as the second. The first is no shortest time: most of them can be refuted.

use std::error::Error;
use std::fs;
use std::path::Path;

use regatta_core::id::TaskId;

use crate::exact::{Answer, Idling, Question};

/// A task: how many seconds it takes, and what it waits for.
pub(crate) type Row = (u64, Vec<TaskId>);

/// A graph on so many processors.
pub(crate) struct Instance {
    pub(crate) rows: Vec<Row>,
    pub(crate) processors: u64,
    /// What the set says: no schedule is shorter, and this short is one.
    pub(crate) given: (u64, u64),
    /// No schedule is shorter, now that times have been refuted.
    pub(crate) least: u64,
}

impl Instance {
    /// Returns whether the set knows the shortest time.
    pub(crate) fn is_known(&self) -> bool {
        self.given.0 == self.given.1
    }

    /// Refutes one time after the other, as long as each takes no more than so many looks.
    fn refute(&mut self, looks: u64) {
        while self.least < self.given.1 && self.ask(Idling::Allowed, looks) == Answer::Impossible {
            self.least += 1;
        }
    }

    /// Returns whether there is a schedule that takes no longer than the least time.
    pub(crate) fn ask(&self, idling: Idling, looks: u64) -> Answer {
        let question = Question {
            rows: &self.rows,
            processors: self.processors,
            end: self.least,
            idling,
        };
        question.answer(looks)
    }
}

/// Reads `optimal.csv` and the graphs it names, ordered by the number of processors.
pub(crate) fn read(folder: &Path, looks: u64) -> Result<Vec<Instance>, Box<dyn Error>> {
    let mut instances = Vec::new();
    for line in fs::read_to_string(folder.join("optimal.csv"))?.lines() {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let (graph, processors, least, shortest) = match fields[..] {
            [graph, processors, shortest] => (graph, processors, shortest, shortest),
            [graph, processors, least, shortest] => (graph, processors, least, shortest),
            _ => {
                return Err(format!("`{line}` in optimal.csv has not three or four fields").into());
            }
        };
        let text = fs::read_to_string(folder.join("graphs").join(graph))?;
        let given = (least.parse()?, shortest.parse()?);
        let mut instance = Instance {
            rows: read_graph(&text)?,
            processors: processors.parse()?,
            given,
            least: given.0,
        };
        instance.refute(looks);
        instances.push(instance);
    }
    instances.sort_by_key(|it| it.processors);
    Ok(instances)
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
