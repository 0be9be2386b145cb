//! The dependency graph as a picture: alone, or coloured by what a run said of each suite.

mod mark;
mod markup;
mod palette;
mod scene;
mod svg;

pub use mark::Mark;
pub use scene::{Node, Scene, SceneRun};
pub use svg::render_svg;
