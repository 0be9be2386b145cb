//! Sections that are put one below the other for as long as there is room.

/// Room that is kept for the line about what is missing.
const RESERVE: usize = 100;

/// A document of limited length.
pub(super) struct Page {
    text: String,
    limit: usize,
    left_out: usize,
}

impl Page {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            limit: limit.saturating_sub(RESERVE),
            left_out: 0,
        }
    }

    /// Adds a section that stands or falls as a whole, with a blank line before it.
    pub(super) fn section(&mut self, section: &str) {
        let section = section.trim_end();
        if section.is_empty() {
            return;
        }
        if self.text.len() + section.len() + 2 > self.limit {
            self.left_out += 1;
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(section);
        self.text.push('\n');
    }

    pub(super) fn finish(mut self) -> String {
        if self.left_out > 0 {
            let parts = if self.left_out == 1 {
                "part is"
            } else {
                "parts are"
            };
            let note = format!(
                "\n_{} {parts} left out here: the report is too long._\n",
                self.left_out
            );
            self.text.push_str(&note);
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_whole_and_counted() {
        let mut page = Page::new(RESERVE + 20);
        for section in [
            "one",
            "",
            "a section that is too long",
            "two\n",
            "the last is too long too",
        ] {
            page.section(section);
        }
        let text = page.finish();
        assert_eq!(
            text,
            "one\n\ntwo\n\n_2 parts are left out here: the report is too long._\n"
        );
    }
}
