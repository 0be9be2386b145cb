//! Where the boxes and arrows of a dependency graph stand in a picture. Pure, in whole numbers, and the same for the same graph.

mod component;
mod crossings;
mod lattice;
mod lay_out;
mod layers;
mod pack;
mod picture;
mod reduce;
mod rows;
mod twins;

pub use lay_out::lay_out;
pub use picture::{End, Frame, Layout, Metrics, Point, Rect, Wire};
