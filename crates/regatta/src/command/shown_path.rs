//! Paths as the person who reads them can use them.

use std::path::{Component, Path, PathBuf};

/// From how many folders up a path is still shown relative.
const MOST_STEPS_UP: usize = 2;

/// Returns the words under which someone in the folder `reader` finds `path`. Both are absolute. `as_given` is kept
/// where it leads there.
pub(super) fn shown_path(path: &Path, as_given: &Path, reader: &Path) -> PathBuf {
    if reader.join(as_given) == path {
        return as_given.to_owned();
    }
    let shared = path.components().zip(reader.components());
    let shared = shared.take_while(|(one, other)| one == other).count();
    let up = reader.components().count() - shared;
    // Only the root is shared with what is somewhere else entirely.
    if shared <= 1 || up > MOST_STEPS_UP {
        return path.to_owned();
    }
    let up = std::iter::repeat_n(Component::ParentDir, up);
    up.chain(path.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_elsewhere_finds_the_place_all_the_same() {
        let table = [
            ("/p/logs", "logs", "/p", "logs"),
            ("/p/logs", "logs", "/p/sub", "../logs"),
            ("/p/logs", "logs", "/p/a/b", "../../logs"),
            ("/p/logs", "logs", "/p/a/b/c", "/p/logs"),
            ("/p/mix/logs", "logs", "/p", "mix/logs"),
            ("/tmp/logs", "/tmp/logs", "/p", "/tmp/logs"),
            ("/tmp/logs", "logs", "/p", "/tmp/logs"),
            ("/p/logs", "./logs", "/p", "./logs"),
        ];
        for (path, as_given, reader, expected) in table {
            let shown = shown_path(Path::new(path), Path::new(as_given), Path::new(reader));
            assert_eq!(
                shown,
                Path::new(expected),
                "{path} as {as_given} from {reader}"
            );
        }
    }
}
