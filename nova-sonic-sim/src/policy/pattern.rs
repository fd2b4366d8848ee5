//! IAM's wildcards: `*` for any text, `?` for one character.

/// One text with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    characters: Vec<char>,
    fold_case: bool,
}

impl Pattern {
    /// A pattern that tells upper and lower case apart, as resources do.
    pub(super) fn exact_case(text: &str) -> Self {
        Self { characters: text.chars().collect(), fold_case: false }
    }

    /// A pattern that does not, as actions do.
    pub(super) fn any_case(text: &str) -> Self {
        Self { characters: text.to_lowercase().chars().collect(), fold_case: true }
    }

    /// Whether the whole of `text` fits; time grows with the product of both lengths at worst.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> =
            if self.fold_case { text.to_lowercase().chars().collect() } else { text.chars().collect() };
        let (mut at, mut in_text) = (0, 0);
        // where to go on when the text after the last `*` does not fit
        let mut retry: Option<(usize, usize)> = None;
        while let Some(character) = text.get(in_text) {
            match self.characters.get(at) {
                Some('*') => {
                    retry = Some((at, in_text));
                    at += 1;
                    continue;
                }
                Some(wanted) if *wanted == '?' || wanted == character => {
                    at += 1;
                    in_text += 1;
                    continue;
                }
                Some(_) | None => {}
            }
            let Some((star, taken)) = retry else { return false };
            retry = Some((star, taken + 1));
            at = star + 1;
            in_text = taken + 1;
        }
        self.characters.get(at..).is_some_and(|rest| rest.iter().all(|character| *character == '*'))
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
