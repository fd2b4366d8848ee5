//! Text that must never be printed.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text: wiped when dropped, unprintable, and neither `Clone` nor `Serialize`.
///
/// ```
/// use nova_sonic_core::secret::SecretText;
/// let secret = SecretText::new("wJalrXUtnFEMI".to_owned());
/// assert_eq!(format!("{secret:?}"), "SecretText([redacted])");
/// assert_eq!(secret.expose(), "wJalrXUtnFEMI");
/// ```
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes ownership of `text`, so that no second copy stays behind.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself, to be used and not kept.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText([redacted])")
    }
}

/// What stands in a `Debug` text where something was said: only its length, for it does not belong in a log.
pub(crate) struct Withheld(pub(crate) usize);

impl Withheld {
    pub(crate) const fn text(text: &str) -> Self {
        Self(text.len())
    }
}

impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0)
    }
}
