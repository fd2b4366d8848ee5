//! Counts of tests, read from what the test runners print.

use std::ops::AddAssign;

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl Tally {
    /// One check that is not made of counted tests.
    pub(crate) const fn of_one(passed: bool) -> Self {
        Self { passed: passed as u32, failed: !passed as u32, skipped: 0 }
    }

    /// The same counts, but never green when the runner failed, as a broken build does without a count, or when
    /// nothing ran.
    #[must_use]
    pub(crate) fn judged_by(mut self, runner_succeeded: bool) -> Self {
        if self.failed == 0 && (!runner_succeeded || self.passed == 0) {
            self.failed = 1;
        }
        self
    }

    /// Sums `test result: ok. 12 passed; 0 failed; 1 ignored; …`, one line for each test binary of `cargo test`.
    pub(crate) fn of_cargo(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output.lines().map(without_colour) {
            if let Some(counts) = line.trim().strip_prefix("test result: ") {
                tally.count(counts, &["passed"], &["failed"], &["ignored"]);
            }
        }
        tally
    }

    /// Reads `ℹ pass 3` or `# pass 3` of `node --test`; a cancelled test is a failed one.
    pub(crate) fn of_node(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output.lines().map(without_colour) {
            let mut words = line.split_whitespace();
            if let (Some("ℹ" | "#"), Some(name), Some(count), None) =
                (words.next(), words.next(), words.next(), words.next())
                && let Ok(count) = count.parse::<u32>()
            {
                match name {
                    "pass" => tally.passed += count,
                    "fail" | "cancelled" => tally.failed += count,
                    "skipped" | "todo" => tally.skipped += count,
                    _ => {}
                }
            }
        }
        tally
    }

    /// Reads the last line of pytest: `== 1 failed, 3 passed, 1 skipped in 0.51s ==`.
    pub(crate) fn of_pytest(output: &str) -> Self {
        let mut tally = Self::default();
        let summary = output.lines().rev().map(without_colour).find(|line| line.contains(" in "));
        if let Some(line) = summary {
            tally.count(
                &line,
                &["passed", "xpassed"],
                &["failed", "error", "errors"],
                &["skipped", "xfailed"],
            );
        }
        tally
    }

    /// Adds up the `<number> <word>` pairs of a line.
    fn count(&mut self, line: &str, passed: &[&str], failed: &[&str], skipped: &[&str]) {
        let words: Vec<&str> =
            line.split_whitespace().map(|word| word.trim_matches([';', ',', '='])).collect();
        for pair in words.windows(2) {
            if let [number, word] = pair
                && let Ok(number) = number.parse::<u32>()
            {
                if passed.contains(word) {
                    self.passed += number;
                } else if failed.contains(word) {
                    self.failed += number;
                } else if skipped.contains(word) {
                    self.skipped += number;
                }
            }
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// A line without the escape sequences that colour it.
fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_counts_add_up_over_test_binaries_and_doctests() {
        let output = "running 3 tests\n\
            test a::passed ... ok\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: \u{1b}[31mFAILED\u{1b}[0m. 4 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out\n";
        assert_eq!(Tally::of_cargo(output), Tally { passed: 7, failed: 2, skipped: 1 });
    }

    #[test]
    fn node_counts_are_read_from_both_of_its_reporters() {
        let spec = "✔ talks (3 ms)\n\u{1b}[34mℹ tests 6\u{1b}[39m\nℹ suites 0\nℹ pass 3\nℹ fail 1\nℹ cancelled 1\nℹ skipped 1\nℹ duration_ms 50\n";
        assert_eq!(Tally::of_node(spec), Tally { passed: 3, failed: 2, skipped: 1 });
        let tap = "ok 1 - talks\n# tests 1\n# pass 1\n# fail 0\n# a remark that is longer\n";
        assert_eq!(Tally::of_node(tap), Tally { passed: 1, failed: 0, skipped: 0 });
    }

    #[test]
    fn pytest_counts_are_read_from_its_last_line() {
        let loud = "collected 5 items\n===== 1 failed, 3 passed, 1 skipped, 2 errors in 0.51s =====\n";
        assert_eq!(Tally::of_pytest(loud), Tally { passed: 3, failed: 3, skipped: 1 });
        let quiet = "....\n4 passed in 0.12s\n";
        assert_eq!(Tally::of_pytest(quiet), Tally { passed: 4, failed: 0, skipped: 0 });
    }

    #[test]
    fn a_runner_that_fails_without_a_count_or_runs_nothing_is_one_failure() {
        assert_eq!(Tally::of_cargo("error: could not compile").judged_by(false).failed, 1);
        assert_eq!(Tally { passed: 3, failed: 2, skipped: 0 }.judged_by(false).failed, 2);
        assert_eq!(Tally { passed: 3, failed: 0, skipped: 0 }.judged_by(true).failed, 0);
        assert_eq!(Tally::default().judged_by(true).failed, 1);
    }
}
