//! Cross-region inference profiles: another name for a model, which routes to several regions.

use std::fmt;

use super::{ModelId, Region, ScopeError};

/// The twelve digits of an AWS account.
///
/// ```
/// use nova_sonic_core::scope::AccountId;
/// assert_eq!(AccountId::parse("123456789012")?.as_str(), "123456789012");
/// assert!(AccountId::parse("1234-5678-9012").is_err());
/// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// Reads twelve digits.
    ///
    /// # Errors
    ///
    /// [`ScopeError::AccountInvalid`] if it is anything else.
    pub fn parse(digits: &str) -> Result<Self, ScopeError> {
        if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ScopeError::AccountInvalid { length: digits.len() });
        }
        Ok(Self(digits.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A cross-region inference profile of an account, such as `us.amazon.nova-2-sonic-v1:0`.
///
/// Whoever may use it needs to be allowed the profile *and* the model in every region that it routes to. Source: Amazon
/// Bedrock user guide, "Prerequisites for inference profiles". AWS documents no profile that Nova Sonic's
/// bidirectional stream takes; use one only where it was tried.
///
/// ```
/// use nova_sonic_core::scope::{AccountId, InferenceProfile, Region};
/// let members = [Region::parse("us-east-1")?, Region::parse("us-west-2")?];
/// let account = AccountId::parse("123456789012")?;
/// let profile = InferenceProfile::new(account, "us.amazon.nova-2-sonic-v1:0", members)?;
/// assert_eq!(profile.model().as_str(), "amazon.nova-2-sonic-v1:0");
/// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferenceProfile {
    account: AccountId,
    id: String,
    model: ModelId,
    members: Vec<Region>,
}

impl InferenceProfile {
    /// A profile by its id and the regions that it routes to.
    ///
    /// # Errors
    ///
    /// [`ScopeError::ProfileInvalid`] if the id is not a model's id after a geography, or no region is given;
    /// [`ScopeError::ProfileGlobal`] if it is a `global.` profile, which no region can be pinned for;
    /// [`ScopeError::PartitionsMixed`] if the regions are of different partitions.
    pub fn new(
        account: AccountId,
        id: &str,
        members: impl IntoIterator<Item = Region>,
    ) -> Result<Self, ScopeError> {
        let invalid = ScopeError::ProfileInvalid { length: id.len() };
        let Some((geography, model)) = id.split_once('.') else { return Err(invalid) };
        if geography == "global" {
            return Err(ScopeError::ProfileGlobal);
        }
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        if !geography.split('-').all(is_word) {
            return Err(invalid);
        }
        let Ok(model) = ModelId::parse(model) else { return Err(invalid) };
        let mut members: Vec<Region> = members.into_iter().collect();
        members.sort();
        members.dedup();
        let Some(first) = members.first() else { return Err(invalid) };
        if members.iter().any(|member| member.partition() != first.partition()) {
            return Err(ScopeError::PartitionsMixed);
        }
        Ok(Self { account, id: id.to_owned(), model, members })
    }

    /// The account that it belongs to.
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The model that it stands for.
    pub const fn model(&self) -> &ModelId {
        &self.model
    }

    /// The regions that it routes to, in alphabetical order.
    pub fn members(&self) -> &[Region] {
        &self.members
    }
}
