//! The constraints of the service model, and the sentence in which AWS says that one is broken.

use super::error::StsError;

/// Broken constraints of one request, reported together.
#[derive(Debug, Default)]
pub(super) struct Constraints {
    broken: Vec<String>,
}

impl Constraints {
    /// A text whose length is within bounds and whose characters are all allowed.
    pub(super) fn text(
        &mut self,
        field: &str,
        value: &str,
        bounds: std::ops::RangeInclusive<usize>,
        alphabet: Alphabet,
    ) {
        let length = value.chars().count();
        if length < *bounds.start() {
            self.add(
                field,
                value,
                &format!("Member must have length greater than or equal to {}", bounds.start()),
            );
        }
        if length > *bounds.end() {
            self.add(
                field,
                value,
                &format!("Member must have length less than or equal to {}", bounds.end()),
            );
        }
        if !value.chars().all(|character| alphabet.has(character)) {
            self.add(
                field,
                value,
                &format!("Member must satisfy regular expression pattern: {}", alphabet.pattern()),
            );
        }
    }

    /// A parameter that must be there; an empty text stands in for it so that the rest can be judged.
    pub(super) fn required<'a>(&mut self, field: &str, value: Option<&'a str>) -> &'a str {
        if value.is_none() {
            self.broken.push(format!(
                "Value null at '{field}' failed to satisfy constraint: Member must not be null"
            ));
        }
        value.unwrap_or_default()
    }

    /// A list that is not too long.
    pub(super) fn count(&mut self, field: &str, count: usize, limit: usize) {
        if count > limit {
            self.add(
                field,
                &format!("[{count} members]"),
                &format!("Member must have length less than or equal to {limit}"),
            );
        }
    }

    /// A whole number of seconds within bounds; the default when it is not given.
    pub(super) fn seconds(
        &mut self,
        value: Option<&str>,
        bounds: std::ops::RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        self.number("durationSeconds", value, bounds, default)
    }

    /// A whole number within bounds; the default when it is not given.
    pub(super) fn number(
        &mut self,
        field: &str,
        value: Option<&str>,
        bounds: std::ops::RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        let Some(text) = value else { return default };
        match text.parse::<u32>() {
            Ok(seconds) if seconds < *bounds.start() => {
                self.add(
                    field,
                    text,
                    &format!("Member must have value greater than or equal to {}", bounds.start()),
                );
            }
            Ok(seconds) if seconds > *bounds.end() => {
                self.add(
                    field,
                    text,
                    &format!("Member must have value less than or equal to {}", bounds.end()),
                );
            }
            Ok(seconds) => return seconds,
            Err(_) => self.add(field, text, "Member must be a whole number"),
        }
        default
    }

    fn add(&mut self, field: &str, value: &str, constraint: &str) {
        let value: String = value.chars().take(128).collect();
        self.broken.push(format!("Value '{value}' at '{field}' failed to satisfy constraint: {constraint}"));
    }

    /// One error for everything that is broken.
    pub(super) fn check(self) -> Result<(), StsError> {
        let count = self.broken.len();
        let errors = if count == 1 { "error" } else { "errors" };
        if count == 0 {
            return Ok(());
        }
        Err(StsError::new(
            "ValidationError",
            format!("{count} validation {errors} detected: {}", self.broken.join("; ")),
        ))
    }
}

/// The characters that a parameter may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// Session names, source identities.
    Name,
    ExternalId,
    Policy,
    Arn,
    Tag,
    /// Access key ids.
    Word,
}

impl Alphabet {
    fn has(self, character: char) -> bool {
        let word = character.is_ascii_alphanumeric() || character == '_';
        match self {
            Self::Word => word,
            Self::Name => word || "+=,.@-".contains(character),
            Self::ExternalId => word || "+=,.@:/-".contains(character),
            Self::Policy => matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}'),
            Self::Arn => {
                matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{7e}' | '\u{85}' | '\u{a0}'..='\u{10ffff}')
            }
            Self::Tag => {
                character.is_alphanumeric() || character.is_whitespace() || "_.:/=+-@".contains(character)
            }
        }
    }

    const fn pattern(self) -> &'static str {
        match self {
            Self::Word => r"[\w]*",
            Self::Name => r"[\w+=,.@-]*",
            Self::ExternalId => r"[\w+=,.@:\/-]*",
            Self::Policy => r"[\u0009\u000A\u000D\u0020-\u00FF]+",
            Self::Arn => {
                r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"
            }
            Self::Tag => r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*",
        }
    }
}
