//! Where one text is in another.

#[cfg(not(target_family = "wasm"))]
pub(crate) use large::{has, split_once};
#[cfg(target_family = "wasm")]
pub(crate) use small::{has, split_once};

#[cfg(not(target_family = "wasm"))]
mod large {
    pub(crate) fn has(text: &str, part: &str) -> bool {
        text.contains(part)
    }

    pub(crate) fn split_once<'text>(text: &'text str, part: &str) -> Option<(&'text str, &'text str)> {
        text.split_once(part)
    }
}

/// The same, place by place. The standard library's way never looks at anything twice, and a browser would download a
/// kilobyte of it; what is searched here is no longer than the words of one answer.
#[cfg(any(target_family = "wasm", test))]
mod small {
    pub(crate) fn has(text: &str, part: &str) -> bool {
        split_once(text, part).is_some()
    }

    pub(crate) fn split_once<'text>(text: &'text str, part: &str) -> Option<(&'text str, &'text str)> {
        for place in 0..=text.len() {
            if let Some((before, rest)) = text.split_at_checked(place)
                && let Some(after) = rest.strip_prefix(part)
            {
                return Some((before, after));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_find_the_same(text in "[abä]{0,12}", part in "[abä]{0,3}") {
            prop_assert_eq!(super::small::split_once(&text, &part), super::split_once(&text, &part));
            prop_assert_eq!(super::small::has(&text, &part), super::has(&text, &part));
        }
    }
}
