//! Where the configuration file is: upwards from a folder. Does not read it.

use std::path::{Path, PathBuf};

/// The places looked at in each folder, in this order.
const PLACES: [&str; 2] = ["regatta.toml", ".config/regatta.toml"];

/// Returns the nearest configuration file in `start` or a folder above it.
///
/// *Shape*: an absolute path. Whatever bears the name is returned, even a broken link or a folder:
/// reading it then says what is wrong, where going on upwards would run some other project.
#[must_use]
pub fn discover(start: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(start).ok()?;
    start
        .ancestors()
        .flat_map(|folder| PLACES.map(|place| folder.join(place)))
        .find(|file| file.symlink_metadata().is_ok())
}

/// Returns the folder that the paths inside `file` are relative to.
pub(super) fn find_root(file: &Path) -> PathBuf {
    let folder = file.parent().unwrap_or(Path::new("/"));
    let holds_settings = folder.file_name().is_some_and(|name| name == ".config");
    match folder.parent() {
        Some(above) if holds_settings => above.to_owned(),
        _ => folder.to_owned(),
    }
}
