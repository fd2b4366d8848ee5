//! The models that a stream can be opened with, and how long they live.

use std::fmt;

use super::{Partition, Region, ScopeError};
use crate::time::Date;

/// The id of a foundation model, such as `amazon.nova-2-sonic-v1:0`.
///
/// ```
/// use nova_sonic_core::scope::{Lifecycle, ModelId};
/// use nova_sonic_core::time::Date;
/// let today = Date::parse("20261122").unwrap();
/// assert_eq!(ModelId::default().as_str(), "amazon.nova-2-sonic-v1:0");
/// assert_eq!(ModelId::default().lifecycle(today), Lifecycle::Active);
/// assert!(matches!(ModelId::parse("amazon.nova-sonic-v1:0")?.lifecycle(today), Lifecycle::EndOfLife { .. }));
/// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId(String);

/// Where a model stands in its life.
///
/// ```
/// use nova_sonic_core::{scope::{Lifecycle, ModelId}, time::Date};
/// let end = Date::parse("20260914").unwrap();
/// let first = ModelId::parse("amazon.nova-sonic-v1:0")?;
/// assert_eq!(first.lifecycle(Date::parse("20260913").unwrap()), Lifecycle::Ending { on: end });
/// assert_eq!(first.lifecycle(end), Lifecycle::EndOfLife { since: end });
/// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lifecycle {
    /// In service, with no end announced.
    Active,
    /// In service until the day on which it ends.
    Ending {
        /// The first day without it.
        on: Date,
    },
    /// No longer in service.
    EndOfLife {
        /// The first day without it.
        since: Date,
    },
    /// Not in this library's table.
    Unknown,
}

/// One line of [`KNOWN`].
struct Model {
    id: &'static str,
    /// The first day without it, `YYYYMMDD`, if AWS has named one.
    end_of_life: Option<&'static str>,
    /// Where it is offered; empty if that is not known.
    regions: &'static [&'static str],
}

/// Sources: Amazon Bedrock user guide, "Model lifecycle" and the models' cards; the quotas of Nova 2 Sonic for its regions.
const KNOWN: [Model; 3] = [
    Model {
        id: DEFAULT,
        end_of_life: None,
        regions: &["us-east-1", "us-west-2", "ap-northeast-1", "eu-north-1"],
    },
    Model { id: "amazon.nova-2-5-sonic", end_of_life: None, regions: &[] },
    Model {
        id: "amazon.nova-sonic-v1:0",
        end_of_life: Some("20260914"),
        regions: &["us-east-1", "eu-north-1", "ap-northeast-1"],
    },
];

const DEFAULT: &str = "amazon.nova-2-sonic-v1:0";
/// Longest id taken, bytes: what the API reference of Bedrock allows a foundation model.
const LENGTH_LIMIT: usize = 140;
/// Geographies of inference profiles that are not what regions begin with. Source: AWS CDK API reference,
/// `CrossRegionInferenceProfileRegion`.
const GEOGRAPHIES: [&str; 4] = ["apac", "au", "jp", "global"];

impl ModelId {
    /// Reads the id of a foundation model. One that this library does not know is taken as well.
    ///
    /// # Errors
    ///
    /// [`ScopeError::ModelInvalid`] if it is no id of a foundation model, for instance an ARN or a pattern;
    /// [`ScopeError::ModelIsProfile`] if it is the id of an inference profile, which another ARN stands for.
    pub fn parse(id: &str) -> Result<Self, ScopeError> {
        let (provider, name) = id.split_once('.').ok_or(ScopeError::ModelInvalid { length: id.len() })?;
        let of_name = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b':' | b'_')
        };
        let of_provider =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-');
        let is_word = |word: &str| word.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let sound = id.len() <= LENGTH_LIMIT
            && provider.bytes().all(of_provider)
            && name.bytes().all(of_name)
            && is_word(provider)
            && name.split(['.', ':']).all(is_word);
        if !sound {
            return Err(ScopeError::ModelInvalid { length: id.len() });
        }
        if GEOGRAPHIES.contains(&provider) || Partition::of_prefix(provider).is_some() {
            return Err(ScopeError::ModelIsProfile { id: id.to_owned() });
        }
        Ok(Self(id.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the model stands in its life on the UTC date `today`.
    pub fn lifecycle(&self, today: Date) -> Lifecycle {
        match self.known() {
            None => Lifecycle::Unknown,
            Some(model) => match model.end_of_life.and_then(Date::parse) {
                None => Lifecycle::Active,
                Some(on) if today < on => Lifecycle::Ending { on },
                Some(since) => Lifecycle::EndOfLife { since },
            },
        }
    }

    /// Whether the region offers the model; `None` where this library does not know.
    ///
    /// ```
    /// use nova_sonic_core::scope::{ModelId, Region};
    /// assert_eq!(ModelId::default().offered_in(&Region::parse("eu-north-1")?), Some(true));
    /// assert_eq!(ModelId::default().offered_in(&Region::parse("eu-west-3")?), Some(false));
    /// assert_eq!(ModelId::parse("amazon.nova-2-5-sonic")?.offered_in(&Region::parse("eu-west-3")?), None);
    /// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
    /// ```
    pub fn offered_in(&self, region: &Region) -> Option<bool> {
        let regions = self.known()?.regions;
        (!regions.is_empty()).then(|| regions.contains(&region.as_str()))
    }

    fn known(&self) -> Option<&'static Model> {
        KNOWN.iter().find(|model| model.id == self.0)
    }
}

/// `amazon.nova-2-sonic-v1:0`.
impl Default for ModelId {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
