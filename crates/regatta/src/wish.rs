//! What the keys mean that a user presses while a run goes on. What becomes of a wish is decided elsewhere.

/// What a user wants who pressed a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To see how the run stands.
    Status,
    /// To see the failures so far.
    Failures,
    /// That nothing starts, or that starts go on.
    Pause,
    /// One slot more.
    MoreSlots,
    /// One slot less.
    FewerSlots,
    /// That the run ends, as Ctrl-C has it.
    Stop,
}

/// Returns what a key means, which is a byte as the terminal sends it; `None` for one that means nothing.
#[must_use]
pub fn wish_of(key: u8) -> Option<Wish> {
    Some(match key.to_ascii_lowercase() {
        b't' => Wish::Status,
        b'f' => Wish::Failures,
        b'p' => Wish::Pause,
        // The key of the plus without Shift, on many keyboards.
        b'+' | b'=' => Wish::MoreSlots,
        b'-' | b'_' => Wish::FewerSlots,
        b'q' => Wish::Stop,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_the_same_with_and_without_shift() {
        for (keys, expected) in [
            (b"tT", Some(Wish::Status)),
            (b"+=", Some(Wish::MoreSlots)),
            (b"-_", Some(Wish::FewerSlots)),
            (b"qQ", Some(Wish::Stop)),
            (b"x\n", None),
        ] {
            assert_eq!(keys.map(wish_of), [expected; 2]);
        }
    }
}
