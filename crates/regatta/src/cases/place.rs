//! Where a failure is, found in what was said of it: a file and a line, as test frameworks write them.
//!
//! It knows how a place looks in the text of many tools, and no format of any of them.

/// What a path contains that belongs to a language or a library rather than to the project.
const FOREIGN: [&str; 13] = [
    "node:",
    "node_modules/",
    "/rustc/",
    "/.cargo/registry/",
    "site-packages/",
    "dist-packages/",
    "<frozen",
    "/usr/lib/",
    "/usr/local/lib/",
    "/usr/local/go/",
    "/go/pkg/mod/",
    "rustdoctest",
    "/_pytest/",
];

/// Classes of frameworks, whose frames say nothing of a failure.
const FOREIGN_CLASSES: [&str; 8] = [
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "junit.",
    "org.junit.",
    "org.testng.",
    "kotlin.",
];

/// The longest path that is taken for one.
const MOST_PATH_BYTES: usize = 500;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    /// From 1.
    pub(super) line: u32,
}

/// Returns the first place in a text that is the project's own, as far as one can tell. A line that begins with a place
/// is believed more than a frame of a call stack.
pub(super) fn find_place(text: &str, class: &str) -> Option<Place> {
    let lines = || text.lines().map(str::trim_start);
    let first = lines().find_map(|line| at_start(line).or_else(|| after_panic(line)));
    first.or_else(|| lines().find_map(|line| in_frame(line, class)))
}

/// Reads `src/lib.rs:19:9`, `test_shop.py:14: AssertionError` or `shop.cc:4` from the beginning of a text.
pub(super) fn at_start(text: &str) -> Option<Place> {
    let mut from = 0;
    // A drive letter has a colon of its own, and so may a name.
    while let Some(colon) = text[from..].find(':') {
        let colon = from + colon;
        let rest = &text[colon + 1..];
        let digits = rest.len()
            - rest
                .trim_start_matches(|it: char| it.is_ascii_digit())
                .len();
        let after = rest[digits..].chars().next();
        if digits > 0
            && after.is_none_or(|it| matches!(it, ':' | ' ' | ')' | ',' | '\'' | '"' | '\t'))
        {
            return place(&text[..colon], &rest[..digits]);
        }
        from = colon + 1;
        if from > MOST_PATH_BYTES {
            return None;
        }
    }
    None
}

fn after_panic(line: &str) -> Option<Place> {
    ["panicked at ", "did not panic as expected at "]
        .iter()
        .find_map(|words| at_start(line.split_once(words)?.1))
}

/// Reads a frame of a call stack: of JavaScript, Java, Python, .NET, Go and others that look like one of them.
fn in_frame(line: &str, class: &str) -> Option<Place> {
    if let Some(rest) = line.strip_prefix("File \"") {
        let (file, rest) = rest.split_once("\", line ")?;
        return place(file, leading_digits(rest));
    }
    // `at Cart.total (/project/cart.js:9:10)` and `at shop.Cart.total(Cart.java:12)`.
    if let Some((function, inside)) = line.rsplit_once('(')
        && let Some(inside) = inside.strip_suffix(')')
    {
        let found = at_start(inside)?;
        let is_java =
            function.starts_with("at ") && !inside.contains('/') && !inside.contains('\\');
        return (!is_java || is_own_frame(&function[3..], class)).then_some(found);
    }
    // `at async /project/cart.js:9:10`, `at Cart.Total() in /project/Cart.cs:line 12`.
    if let Some((_, rest)) = line.split_once(" in ")
        && let Some((file, number)) = rest.split_once(":line ")
    {
        return place(file, leading_digits(number));
    }
    let rest = line.strip_prefix("at ")?;
    at_start(rest.strip_prefix("async ").unwrap_or(rest)).or_else(|| perl(rest))
}

/// Reads `at t/cart.t line 5.` without its first word.
fn perl(rest: &str) -> Option<Place> {
    let (file, number) = rest.split_once(" line ")?;
    place(file, leading_digits(number))
}

fn is_own_frame(function: &str, class: &str) -> bool {
    if class.is_empty() {
        !FOREIGN_CLASSES.iter().any(|it| function.starts_with(it))
    } else {
        let rest = function.strip_prefix(class);
        rest.is_some_and(|rest| rest.starts_with(['.', '$']))
    }
}

fn leading_digits(text: &str) -> &str {
    let end = text.find(|it: char| !it.is_ascii_digit());
    &text[..end.unwrap_or(text.len())]
}

/// Returns a place, if these can be a file of the project and a line of it.
fn place(file: &str, line: &str) -> Option<Place> {
    let line: u32 = line.parse().ok().filter(|it| *it > 0)?;
    let file = file.strip_prefix("file://").unwrap_or(file);
    let name = file.rsplit(['/', '\\']).next()?;
    let (stem, extension) = name.rsplit_once('.')?;
    let is_name = |it: char| it.is_alphanumeric() || "_-+".contains(it);
    let is_file = !stem.is_empty()
        && !extension.is_empty()
        && extension.len() <= 10
        && extension.chars().all(is_name)
        && extension.contains(|it: char| it.is_ascii_alphabetic())
        && file.len() <= MOST_PATH_BYTES
        && !file.contains(['(', '<', '>', '"', '\t', '=', ','])
        // A path may contain blanks, but a sentence is none.
        && (!file.contains(' ') || file.starts_with('/'))
        && !file.contains("://");
    let is_own = !FOREIGN.iter().any(|it| file.contains(it));
    (is_file && is_own).then(|| Place {
        file: file.to_owned(),
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_many_tools_are_found() {
        for (text, class, expected) in [
            // pytest: the test itself before what it called.
            (
                "    def test():\n>       check()\n\ntests/test_a.py:3: \n_ _\nhelp.py:9: AssertionError",
                "",
                "tests/test_a.py:3",
            ),
            (
                "shop.cc:4\nExpected equality of these values:",
                "Price",
                "shop.cc:4",
            ),
            ("shop.cc:4: Failure\nExpected", "", "shop.cc:4"),
            (
                "thread 'tests::a' (5) panicked at src/lib.rs:19:9:\nassertion",
                "",
                "src/lib.rs:19",
            ),
            (
                "note: test did not panic as expected at src/lib.rs:29:8",
                "",
                "src/lib.rs:29",
            ),
            (
                "    calc_test.go:18: got 2.67, want 2.68",
                "",
                "calc_test.go:18",
            ),
            (
                "panic: index\n\t/usr/lib/go-1.19/src/testing/testing.go:1396 +0x24e\n\t/project/crash_test.go:9 +0x1a",
                "",
                "/project/crash_test.go:9",
            ),
            (
                "Error: x\n    at Object.<anonymous> (node:internal/x:1:2)\n    at T (/p/node_modules/m/i.js:3:4)\n    at T.<anonymous> (/p/a b/shop.test.js:9:10)",
                "",
                "/p/a b/shop.test.js:9",
            ),
            ("    at async file:///p/a.mjs:9:10", "", "/p/a.mjs:9"),
            (
                "java.lang.X: no\n\tat org.junit.Assert.fail(Assert.java:89)\n\tat shop.Help.check(Help.java:3)\n\tat shop.PriceTest.isRounded(PriceTest.java:11)",
                "shop.PriceTest",
                "PriceTest.java:11",
            ),
            (
                "java.lang.X: no\n\tat org.junit.Assert.fail(Assert.java:89)\n\tat shop.Help.check(Help.java:3)",
                "",
                "Help.java:3",
            ),
            (
                "Traceback:\n  File \"/usr/lib/python3/unittest.py\", line 3, in x\n  File \"a/test.py\", line 12, in test",
                "",
                "a/test.py:12",
            ),
            (
                "  at Shop.Price.IsRounded() in /p/Price.cs:line 42",
                "",
                "/p/Price.cs:42",
            ),
            (
                "  Failed test 'price'\n  at t/price.t line 5.\n     got: 1",
                "",
                "t/price.t:5",
            ),
            (r"C:\shop\price.cc:4: Failure", "", r"C:\shop\price.cc:4"),
        ] {
            let found = find_place(text, class);
            let found = found.map(|it| format!("{}:{}", it.file, it.line));
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_place_is_none() {
        for text in [
            "",
            "expected: 12:30:00",
            "see http://example.test/a.html:80: no",
            "AssertionError: 3 != 2",
            "connection to db.example:5432 refused",
            "at 10:20",
            "x = a.b:0",
            "the value of a.py:3: is wrong",
            "\tat shop.Other.run(Other.java:3)",
            "panicked at /rustc/5980/library/core/src/option.rs:1:2",
        ] {
            assert_eq!(find_place(text, "shop.PriceTest"), None, "{text}");
        }
    }
}
