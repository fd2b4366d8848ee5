//! IAM's wildcards: `*` for any text, `?` for one character.

use std::str::Chars;

/// One text with wildcards; small, since every session remembers those of its policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: Box<str>,
    fold_case: bool,
}

impl Pattern {
    /// A pattern that tells upper and lower case apart, as resources do.
    pub(super) fn exact_case(text: &str) -> Self {
        Self { text: text.into(), fold_case: false }
    }

    /// A pattern that does not, as actions do.
    pub(super) fn any_case(text: &str) -> Self {
        Self { text: text.to_lowercase().into(), fold_case: true }
    }

    /// Whether the whole of `text` fits; time grows with the product of both lengths at worst.
    pub(super) fn matches(&self, text: &str) -> bool {
        if self.fold_case { fits(&self.text, &text.to_lowercase()) } else { fits(&self.text, text) }
    }
}

/// Whether a text fits a pattern; both are taken apart character by character.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // where to go on when the text after the last `*` does not fit
    let mut retry: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let before_text = text.clone();
        match (pattern.next(), text.next()) {
            (Some('*'), _) => {
                retry = Some((pattern.clone(), before_text.clone()));
                text = before_text;
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(given)) if wanted == given => {}
            (None, None) => return true,
            // less of the text would not fit either
            (Some(_), None) => return false,
            (Some(_) | None, Some(_)) => {
                let Some((after_star, taken)) = &mut retry else { return false };
                taken.next();
                (pattern, text) = (after_star.clone(), taken.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_in_iam() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*c", "abbbc", true),
            ("a*c", "abbbcd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*ab*ab", "abxabab", true),
            ("a**", "a", true),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/", true),
            ("é?*ü", "éaü", true),
            ("*?", "", false),
            ("a*", "b", false),
            ("*b", "abab", true),
            ("*b*", "", false),
        ] {
            assert_eq!(Pattern::exact_case(pattern).matches(text), fits, "{pattern} on {text}");
        }
        assert!(Pattern::any_case("Bedrock:INVOKE*").matches("bedrock:InvokeModel"));
        assert!(!Pattern::exact_case("Bedrock").matches("bedrock"));
    }

    #[test]
    fn a_hostile_pattern_ends() {
        let pattern = Pattern::exact_case(&"*a".repeat(500));
        assert!(!pattern.matches(&"a".repeat(499)));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(2000))));
    }
}
