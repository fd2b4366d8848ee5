//! Where this program prints; nowhere else does it.

use std::io::{self, Write};

/// Standard output and standard error.
///
/// A reader that has gone away is no reason to lose a conversation: nothing here can fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    json: bool,
}

impl Console {
    /// With `json`, standard output is for the one object at the end.
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// A line for the person who watches.
    pub(crate) fn tell(self, line: &str) {
        let line = harmless(line);
        let _ = if self.json {
            writeln!(io::stderr().lock(), "{line}")
        } else {
            writeln!(io::stdout().lock(), "{line}")
        };
    }
}

/// A line for the person who has to do something.
pub(crate) fn warn(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", harmless(line));
}

/// The object at the end.
pub(crate) fn print_json(object: &str) {
    let _ = writeln!(io::stdout().lock(), "{object}");
}

/// Words of a server must not move the cursor.
fn harmless(line: &str) -> String {
    line.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_and_nothing_else() {
        assert_eq!(harmless("a fox\u{1b}[2J\r\nan \u{f6}wl"), "a fox [2J  an \u{f6}wl");
    }
}
