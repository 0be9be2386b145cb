//! Regatta: suites in parallel, from one file and with one binary.
//!
//! The modules stand on floors; see `ARCHITECTURE.md`. Text becomes a configuration, a configuration and a
//! selection become a plan, the plan and what happens become events, and events become every report.

pub mod affected;
pub mod audience;
pub mod backend;
pub mod cache;
pub mod cases;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod definition;
pub mod diagnostic;
pub mod drive;
pub mod graph_layout;
pub mod graph_picture;
pub mod graph_view;
pub mod history;
pub mod ignored;
pub mod jobserver;
pub mod log_dir;
pub mod machine_output;
pub mod memory;
pub mod outstanding;
pub mod pattern;
pub mod plan_view;
pub mod planning;
pub mod processors;
pub mod recipes;
pub mod report;
pub mod repository;
pub mod screen;
pub mod select;
pub mod shell;
pub mod split;
pub mod watch;
pub mod wish;
