//! Rust's words: names and marks, without comments, texts, characters and numbers.

/// A name, or one mark such as `::` or `{`.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) line: usize,
    pub(super) is_name: bool,
}

/// The words of `code`, in order.
pub(super) fn words(code: &str) -> Vec<Word> {
    let mut cursor = Cursor { rest: code, line: 1 };
    let mut words = Vec::new();
    while let Some(first) = cursor.rest.chars().next() {
        let line = cursor.line;
        if cursor.skip_comment() || cursor.skip_text() || cursor.skip_quote() {
            continue;
        }
        let is_name = first.is_alphabetic() || first == '_';
        let length = if is_name {
            cursor
                .rest
                .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .unwrap_or(cursor.rest.len())
        } else if first.is_ascii_digit() {
            cursor
                .rest
                .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .unwrap_or(cursor.rest.len())
        } else if cursor.rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let text = cursor.take(length);
        if !first.is_whitespace() && !first.is_ascii_digit() {
            words.push(Word { text: text.to_owned(), line, is_name });
        }
    }
    words
}

struct Cursor<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn skip_comment(&mut self) -> bool {
        if self.rest.starts_with("//") {
            self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            return true;
        }
        if !self.rest.starts_with("/*") {
            return false;
        }
        let mut depth = 0;
        while !self.rest.is_empty() {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.take(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.take(2);
                if depth == 0 {
                    break;
                }
            } else {
                self.take(self.rest.chars().next().map_or(1, char::len_utf8));
            }
        }
        true
    }

    /// `"…"`, `b"…"`, `c"…"`, `r#"…"#` and their like; `r#name` loses its mark and stays a name.
    fn skip_text(&mut self) -> bool {
        let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
            self.rest.strip_prefix(prefix).is_some_and(|after| after.trim_start_matches('#').starts_with('"'))
        });
        let Some(prefix) = prefix else {
            if self.rest.starts_with("r#") {
                self.take(2);
                return true;
            }
            return false;
        };
        let after = &self.rest[prefix.len()..];
        let hashes = after.len() - after.trim_start_matches('#').len();
        if prefix.contains('r') {
            self.take(prefix.len() + hashes + 1);
            let end = format!("\"{}", "#".repeat(hashes));
            self.take(self.rest.find(&end).map_or(self.rest.len(), |start| start + end.len()));
            return true;
        }
        if hashes > 0 {
            return false; // a mark before a text, as in a macro
        }
        self.take(prefix.len() + 1);
        self.skip_to('"');
        true
    }

    /// `'a'` is skipped whole; of a lifetime only the mark, which leaves its name as a word.
    fn skip_quote(&mut self) -> bool {
        let Some(after) = self.rest.strip_prefix("b'").or_else(|| self.rest.strip_prefix('\'')) else {
            return false;
        };
        let mut letters = after.chars();
        let first = letters.next();
        let is_character = first == Some('\\') || letters.next() == Some('\'');
        self.take(self.rest.len() - after.len());
        if is_character {
            self.skip_to('\'');
        }
        true
    }

    /// Skips to behind the closing `quote`, minding backslashes.
    fn skip_to(&mut self, quote: char) {
        while let Some(letter) = self.rest.chars().next() {
            self.take(letter.len_utf8());
            if letter == '\\' {
                self.take(self.rest.chars().next().map_or(0, char::len_utf8));
            } else if letter == quote {
                break;
            }
        }
    }
}
