//! The proof that the exact search is right: over small graphs it answers as somebody who tries every order does.

use regatta_core::id::{Id, TaskId};

use crate::exact::{Answer, Idling, Question};
use crate::graphs::Row;

/// A small graph, made from a number: its tasks and its processors.
fn draw(seed: u64) -> (Vec<Row>, u64) {
    let mut state = seed;
    let mut below = |limit: u64| {
        // Constants of Knuth's MMIX; the upper bits are the good ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let processors = 1 + below(3);
    let rows = (0..3 + below(4)).map(|index| {
        let before = (0..index).filter(|_| below(10) < 3).collect::<Vec<_>>();
        let before = before.iter().map(|&it| TaskId(u32::try_from(it).unwrap()));
        (before.collect(), 1 + below(8))
    });
    let rows = rows.map(|(before, duration)| (duration, before));
    (rows.collect(), processors)
}

/// Calls `visit` with every order of the tasks.
fn for_each_order(order: &mut Vec<usize>, count: usize, visit: &mut dyn FnMut(&[usize])) {
    if order.len() == count {
        return visit(order);
    }
    for task in 0..count {
        if !order.contains(&task) {
            order.push(task);
            for_each_order(order, count, visit);
            order.pop();
        }
    }
}

/// Returns when all is over if each task of the order gets the earliest time that those before it leave; nothing where one
/// comes before what it waits for. One order gives the shortest of all schedules.
fn place(rows: &[Row], processors: u64, order: &[usize]) -> Option<u64> {
    let mut ends: Vec<Option<u64>> = vec![None; rows.len()];
    for &task in order {
        let (duration, before) = &rows[task];
        let mut start = 0;
        for it in before {
            start = start.max(ends[it.index()]?);
        }
        let runs = |other: usize, at: u64| {
            ends[other].is_some_and(|end| at < end && end - rows[other].0 <= at)
        };
        let is_full = |at: u64| {
            let running = (0..rows.len()).filter(|&it| runs(it, at)).count();
            running as u64 >= processors
        };
        while (start..start + duration).any(is_full) {
            start += 1;
        }
        ends[task] = Some(start + duration);
    }
    ends.into_iter().flatten().max()
}

/// Returns when all is over if no processor is idle while a task could start, and the first of the order goes first. All
/// such schedules come of some order.
fn keep_busy(rows: &[Row], processors: u64, order: &[usize]) -> u64 {
    let mut ends: Vec<Option<u64>> = vec![None; rows.len()];
    let mut now = 0;
    loop {
        for &task in order {
            let is_over = |it: &TaskId| ends[it.index()].is_some_and(|end| end <= now);
            let running = ends.iter().flatten().filter(|&&end| end > now).count();
            let could_start = ends[task].is_none() && rows[task].1.iter().all(is_over);
            if could_start && (running as u64) < processors {
                ends[task] = Some(now + rows[task].0);
            }
        }
        match ends.iter().flatten().filter(|&&end| end > now).min() {
            Some(&next) => now = next,
            None => return now,
        }
    }
}

#[test]
fn every_answer_is_that_of_somebody_who_tries_all_orders() {
    for seed in 0..200 {
        let (rows, processors) = draw(seed);
        let (mut shortest, mut shortest_busy) = (u64::MAX, u64::MAX);
        for_each_order(&mut Vec::new(), rows.len(), &mut |order| {
            let placed = place(&rows, processors, order);
            shortest = shortest.min(placed.unwrap_or(u64::MAX));
            shortest_busy = shortest_busy.min(keep_busy(&rows, processors, order));
        });
        for end in shortest.saturating_sub(3)..=shortest_busy + 1 {
            for (idling, least) in [(Idling::Allowed, shortest), (Idling::Never, shortest_busy)] {
                let question = Question {
                    rows: &rows,
                    processors,
                    end,
                    idling,
                };
                let expected = if end >= least {
                    Answer::Possible
                } else {
                    Answer::Impossible
                };
                let answer = question.answer(1_000_000);
                assert_eq!(answer, expected, "seed {seed}, {end}, {idling:?}");
            }
        }
    }
}

/// On two processors, the free task beside the first one keeps the second of the next two waiting, and so what follows both.
#[test]
fn a_graph_that_needs_an_idle_processor_is_told_from_others() {
    let waits = |it: &[u32]| it.iter().copied().map(TaskId).collect();
    let rows: Vec<Row> = vec![
        (2, waits(&[])),
        (6, waits(&[])),
        (6, waits(&[0])),
        (6, waits(&[0])),
        (6, waits(&[2, 3])),
    ];
    let ask = |end, idling| {
        let question = Question {
            rows: &rows,
            processors: 2,
            end,
            idling,
        };
        question.answer(1000)
    };
    let least = |idling| (0..20).find(|&end| ask(end, idling) == Answer::Possible);
    assert_eq!(least(Idling::Allowed), Some(14));
    assert_eq!(least(Idling::Never), Some(18));
}
