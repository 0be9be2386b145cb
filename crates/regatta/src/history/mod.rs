//! What earlier runs said of each suite: kept, found again, and made into figures.

mod case;
mod compare;
mod entry;
mod error;
mod estimate;
mod flaky;
mod home;
mod journals;
mod query;
mod recent;
mod record;
mod row;
mod schema;
mod statistics;
mod store;
mod timings;
mod trend;
mod word;

pub use case::CaseRow;
pub use compare::{Change, Comparison, Side, compare};
pub use entry::{Entry, Facts};
pub use error::HistoryError;
pub use estimate::{Like, usual, usual_memory};
pub use flaky::{Evidence, Standing, weigh};
pub use home::{History, Recorded};
pub use query::Here;
pub use row::{AttemptRow, Figures, RunRow, SuiteRow};
pub use statistics::{Interval, median, spread, wilson};
pub use store::Store;
pub use trend::{Trend, trend};
pub use word::Word;
