//! A region, and the partition that it belongs to.

use std::fmt;

use super::{Partition, ScopeError};

/// Longest region name taken, bytes; the longest of AWS has 15.
const LENGTH_LIMIT: usize = 32;

/// A region of AWS, such as `us-east-1`.
///
/// ```
/// use nova_sonic_core::scope::{Partition, Region};
/// let region = Region::parse("us-gov-west-1")?;
/// assert_eq!(region.as_str(), "us-gov-west-1");
/// assert_eq!(region.partition(), Partition::AwsUsGov);
/// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    name: String,
    partition: Partition,
}

impl Region {
    /// Reads a region's name; its beginning says which partition it belongs to.
    ///
    /// # Errors
    ///
    /// [`ScopeError::RegionInvalid`] if it is not words and a number, [`ScopeError::RegionUnknown`] if no partition
    /// has regions that begin like this one: a wrong guess would make a policy that allows nothing.
    pub fn parse(name: &str) -> Result<Self, ScopeError> {
        let prefix = prefix_of(name).ok_or(ScopeError::RegionInvalid { length: name.len() })?;
        let partition = Partition::of_prefix(prefix)
            .ok_or_else(|| ScopeError::RegionUnknown { region: name.to_owned() })?;
        Ok(Self { name: name.to_owned(), partition })
    }

    /// A region of a partition, for one that is newer than the table of this library.
    ///
    /// ```
    /// use nova_sonic_core::scope::{Partition, Region};
    /// assert!(Region::parse("nz-north-1").is_err());
    /// assert_eq!(Region::in_partition(Partition::Aws, "nz-north-1")?.as_str(), "nz-north-1");
    /// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ScopeError::RegionInvalid`] if it is not words and a number.
    pub fn in_partition(partition: Partition, name: &str) -> Result<Self, ScopeError> {
        match prefix_of(name) {
            Some(_) => Ok(Self { name: name.to_owned(), partition }),
            None => Err(ScopeError::RegionInvalid { length: name.len() }),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The partition that it belongs to.
    pub const fn partition(&self) -> Partition {
        self.partition
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What is before the last hyphen, and what after it.
fn cut_last(name: &str) -> Option<(&str, &str)> {
    let (before, after) = name.split_at_checked(name.bytes().rposition(|byte| byte == b'-')?)?;
    Some((before, after.strip_prefix('-')?))
}

/// `us-gov` of `us-gov-west-1`; `None` unless a word and a number follow.
fn prefix_of(name: &str) -> Option<&str> {
    let of_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.len() > LENGTH_LIMIT || !name.bytes().all(of_region) {
        return None;
    }
    let (rest, number) = cut_last(name)?;
    let (prefix, word) = cut_last(rest)?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_prefix = prefix.split('-').all(|word| !word.is_empty());
    (is_number && !word.is_empty() && is_prefix).then_some(prefix)
}
