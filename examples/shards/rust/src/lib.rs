//! Squares, and twelve tests of them.

/// Returns the square of a number.
pub fn square(n: u32) -> u32 {
    n * n
}

#[cfg(test)]
mod tests {
    macro_rules! squares {
        ($($name:ident: $n:literal,)*) => {
            $(
                #[test]
                fn $name() {
                    assert_eq!(super::square($n), $n * $n);
                }
            )*
        };
    }

    squares! {
        of_0: 0, of_1: 1, of_2: 2, of_3: 3, of_4: 4, of_5: 5,
        of_6: 6, of_7: 7, of_8: 8, of_9: 9, of_10: 10, of_11: 11,
    }
}
