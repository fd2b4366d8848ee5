//! The paths that a Rust source names, found without compiling it.

mod words;

use words::{Word, words};

/// Something that a source names.
#[derive(Debug, PartialEq)]
pub(crate) enum Named {
    /// A path in this crate, from its root; empty when the root itself is named.
    Inside(Vec<String>),
    /// The first part of any other path: a crate, a local module, a type.
    Outside(String),
    /// Another file, by `#[path]` or `include!`.
    File,
}

/// Every path in `code`, the text of `module`, with its line.
pub(crate) fn named_paths(module: &[String], code: &str) -> Vec<(usize, Named)> {
    let words = words(code);
    let mut reader =
        Reader { words: &words, at: 0, scopes: Vec::new(), module: module.to_vec(), found: Vec::new() };
    reader.read();
    reader.found
}

struct Reader<'a> {
    words: &'a [Word],
    at: usize,
    /// One for each open brace: whether it is that of an inline module.
    scopes: Vec<bool>,
    module: Vec<String>,
    found: Vec<(usize, Named)>,
}

impl Reader<'_> {
    fn read(&mut self) {
        while let Some(word) = self.words.get(self.at) {
            match word.text.as_str() {
                "mod" if self.is(2, "{") => {
                    self.module.push(self.text(1).to_owned());
                    self.scopes.push(true);
                    self.at += 3;
                }
                "{" => self.enter(),
                "}" => self.leave(),
                "use" => {
                    self.at += 1;
                    self.tree(&[]);
                }
                "extern" if self.is(1, "crate") => {
                    let line = word.line;
                    let name = self.text(2).to_owned();
                    self.at += 3;
                    let named = if name == "self" { Named::Inside(Vec::new()) } else { Named::Outside(name) };
                    self.found.push((line, named));
                }
                "#" if self.is(1, "[") && self.is(2, "path") => self.file(),
                "include" if self.is(1, "!") => self.file(),
                _ if word.is_name && self.is(1, "::") => self.inline(),
                _ => self.at += 1,
            }
        }
    }

    fn enter(&mut self) {
        self.scopes.push(false);
        self.at += 1;
    }

    fn leave(&mut self) {
        if self.scopes.pop() == Some(true) {
            self.module.pop();
        }
        self.at += 1;
    }

    fn file(&mut self) {
        self.found.push((self.line(), Named::File));
        self.at += 3;
    }

    /// A path in the middle of code: `a::b::c`.
    fn inline(&mut self) {
        let line = self.line();
        let mut path = vec![self.text(0).to_owned()];
        self.at += 1;
        while self.is(0, "::") && self.words.get(self.at + 1).is_some_and(|word| word.is_name) {
            path.push(self.text(1).to_owned());
            self.at += 2;
        }
        self.note(line, &path);
    }

    /// One branch of a `use`: a path, then `;`, `,`, `as name`, `*` or a group of branches.
    fn tree(&mut self, before: &[String]) {
        let mut path = before.to_vec();
        let mut line = self.line();
        loop {
            match self.text(0) {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !self.is(0, "}") && self.at < self.words.len() {
                        self.tree(&path);
                        if self.is(0, ",") {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "*" => {
                    self.at += 1;
                    break;
                }
                "as" => {
                    self.at += 2;
                    break;
                }
                "self" if !path.is_empty() => self.at += 1,
                name if self.words.get(self.at).is_some_and(|word| word.is_name) => {
                    path.push(name.to_owned());
                    line = self.line();
                    self.at += 1;
                }
                _ => break,
            }
        }
        if path.is_empty() {
            self.at += 1; // not a path after all: go on with the next word
        } else {
            self.note(line, &path);
        }
    }

    /// Follows `crate`, `self` and `super` from where the path stands.
    fn note(&mut self, line: usize, path: &[String]) {
        let mut parts = path.iter().peekable();
        let mut from = match parts.peek().map(|part| part.as_str()) {
            Some("crate" | "nova_sonic_core") => {
                parts.next();
                Vec::new()
            }
            Some("self" | "super") => self.module.clone(),
            Some(name) => {
                self.found.push((line, Named::Outside(name.to_owned())));
                return;
            }
            None => return,
        };
        while let Some(part) = parts.next_if(|part| *part == "self" || *part == "super") {
            if part == "super" {
                from.pop();
            }
        }
        from.extend(parts.cloned());
        self.found.push((line, Named::Inside(from)));
    }

    fn text(&self, ahead: usize) -> &str {
        self.words.get(self.at + ahead).map_or("", |word| &word.text)
    }

    fn is(&self, ahead: usize, text: &str) -> bool {
        self.text(ahead) == text
    }

    fn line(&self) -> usize {
        self.words.get(self.at).map_or(0, |word| word.line)
    }
}
