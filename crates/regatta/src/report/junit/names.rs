//! Names that no two cases of a document share: some readers pass over the second of two equal ones without a word.

use std::collections::BTreeSet;

/// The pairs of class and name that were given so far.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeSet<(String, String)>,
}

impl Names {
    /// Returns the name under which a case is listed: its own, or with a number behind it where that is taken.
    pub(super) fn take(&mut self, class: &str, name: &str) -> String {
        let mut wanted = name.to_owned();
        let mut number = 2;
        while !self.taken.insert((class.to_owned(), wanted.clone())) {
            wanted = format!("{name} ({number})");
            number += 1;
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_get_a_number_within_their_class() {
        let mut names = Names::default();
        let taken = [
            ("a", "x"),
            ("a", "x"),
            ("b", "x"),
            ("a", "x (2)"),
            ("a", "x"),
        ]
        .map(|(class, name)| names.take(class, name));
        assert_eq!(taken, ["x", "x (2)", "x", "x (2) (2)", "x (3)"]);
    }
}
