//! What a credential may do, as data.

use std::time::Duration;

use super::{Cidr, InferenceProfile, ModelId, Region, ScopeError, render};
use crate::time::Timestamp;

/// The most that STS takes as a session policy, characters. Source: AWS STS API reference, `AssumeRole`, `Policy`.
pub const POLICY_LIMIT: usize = 2048;
/// The longest that credentials for a browser may live: what AWS allows a role that was assumed by a role.
pub const LIFETIME_LIMIT: Duration = Duration::from_hours(1);

/// What a credential may do: open a stream with these models in this region, and nothing else.
///
/// ```
/// use std::time::Duration;
/// use nova_sonic_core::{scope::{ModelId, Region, ScopePolicy}, time::Timestamp};
/// let policy = ScopePolicy::new(Region::parse("us-east-1")?, ModelId::default());
/// let now = Timestamp::from_unix_millis(1_795_352_400_000);
/// let json = policy.render(now, now.after(Duration::from_secs(900)))?;
/// assert!(json.contains(r#""Resource":"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0""#));
/// assert!(json.contains(r#""DateLessThan":{"aws:CurrentTime":"2026-11-22T13:15:00Z"}"#));
/// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopePolicy {
    region: Region,
    models: Vec<ModelId>,
    any_model: bool,
    source_cidrs: Vec<Cidr>,
    inference_profile: Option<InferenceProfile>,
    open_window: Option<Duration>,
    documented_action_only: bool,
}

impl ScopePolicy {
    /// One model in one region.
    pub fn new(region: Region, model: ModelId) -> Self {
        Self {
            region,
            models: vec![model],
            any_model: false,
            source_cidrs: Vec::new(),
            inference_profile: None,
            open_window: None,
            documented_action_only: false,
        }
    }

    /// **Dangerous:** every foundation model of the region, also those that write text or draw at any price.
    ///
    /// A page that has such a credential can run up a bill with each of them. For experiments with models that this
    /// library does not know, [`new`](Self::new) with their ids is enough.
    ///
    /// ```
    /// use nova_sonic_core::scope::{ModelId, Region, ScopePolicy};
    /// let region = Region::parse("us-east-1")?;
    /// assert!(ScopePolicy::dangerous_any_model(region.clone()).is_dangerous());
    /// assert!(!ScopePolicy::new(region, ModelId::default()).is_dangerous());
    /// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
    /// ```
    pub fn dangerous_any_model(region: Region) -> Self {
        Self { any_model: true, ..Self::new(region, ModelId::default()) }
    }

    /// One more model. The first one is the one that a grant names.
    ///
    /// ```
    /// use nova_sonic_core::scope::{ModelId, Region, ScopePolicy};
    /// let policy = ScopePolicy::new(Region::parse("us-east-1")?, ModelId::default())
    ///     .and_model(ModelId::parse("amazon.nova-2-5-sonic")?);
    /// assert_eq!(policy.models().len(), 2);
    /// assert_eq!(policy.model_to_open(), "amazon.nova-2-sonic-v1:0");
    /// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
    /// ```
    #[must_use]
    pub fn and_model(mut self, model: ModelId) -> Self {
        if !self.models.contains(&model) {
            self.models.push(model);
        }
        self
    }

    /// Streams can be opened from these networks only; from everywhere if there are none.
    ///
    /// Hardening only: the address that a backend sees may differ from the one that Bedrock sees (IPv6, proxies,
    /// shared addresses).
    ///
    /// ```
    /// use nova_sonic_core::{scope::{Cidr, ModelId, Region, ScopePolicy}, time::Timestamp};
    /// let office = Cidr::parse("203.0.113.0/24")?;
    /// let policy = ScopePolicy::new(Region::parse("us-east-1")?, ModelId::default()).source_cidrs([office]);
    /// let json = policy.render(Timestamp::from_unix_millis(0), Timestamp::from_unix_millis(900_000))?;
    /// assert!(json.contains(r#""IpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#));
    /// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
    /// ```
    #[must_use]
    pub fn source_cidrs(mut self, networks: impl IntoIterator<Item = Cidr>) -> Self {
        self.source_cidrs = networks.into_iter().collect();
        self.source_cidrs.sort();
        self.source_cidrs.dedup();
        self
    }

    /// Streams can be opened through this inference profile as well, and a grant names it instead of its model.
    #[must_use]
    pub fn inference_profile(mut self, profile: InferenceProfile) -> Self {
        self.inference_profile = Some(profile);
        self
    }

    /// Streams can be opened for this long only, where that ends before the credential does.
    ///
    /// Whether Bedrock asks again while a stream is open is not documented; a window that is shorter than a stream may
    /// turn out to cut it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use nova_sonic_core::{scope::{ModelId, Region, ScopePolicy}, time::Timestamp};
    /// let at = Timestamp::from_unix_millis;
    /// let policy = ScopePolicy::new(Region::parse("us-east-1")?, ModelId::default());
    /// assert_eq!(policy.closes(at(0), at(900_000)), at(900_000));
    /// assert_eq!(policy.open_window(Duration::from_secs(60)).closes(at(0), at(900_000)), at(60_000));
    /// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
    /// ```
    #[must_use]
    pub const fn open_window(mut self, window: Duration) -> Self {
        self.open_window = Some(window);
        self
    }

    /// Allows `bedrock:InvokeModel` alone, which AWS documents for this operation.
    ///
    /// Otherwise the policy also names `bedrock:InvokeModelWithBidirectionalStream`. IAM's catalogue does not have that
    /// action, so linters remark on it; should AWS introduce it, credentials go on working.
    ///
    /// ```
    /// use nova_sonic_core::{scope::{ModelId, Region, ScopePolicy}, time::Timestamp};
    /// let policy = ScopePolicy::new(Region::parse("us-east-1")?, ModelId::default()).documented_action_only();
    /// let json = policy.render(Timestamp::from_unix_millis(0), Timestamp::from_unix_millis(900_000))?;
    /// assert!(json.contains(r#""NotAction":"bedrock:InvokeModel""#));
    /// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
    /// ```
    #[must_use]
    pub const fn documented_action_only(mut self) -> Self {
        self.documented_action_only = true;
        self
    }

    /// Whether it allows more than the models that it names.
    pub const fn is_dangerous(&self) -> bool {
        self.any_model
    }

    /// The region.
    pub const fn region(&self) -> &Region {
        &self.region
    }

    /// The models that it names, the preferred one first.
    pub fn models(&self) -> &[ModelId] {
        &self.models
    }

    /// What a stream is opened with: the first model, or the inference profile.
    pub fn model_to_open(&self) -> &str {
        match (&self.inference_profile, self.models.as_slice()) {
            (Some(profile), _) => profile.id(),
            (None, [first, ..]) => first.as_str(),
            (None, []) => "",
        }
    }

    /// Until when a stream can be opened under a policy rendered at `now`, by the policy alone.
    pub fn closes(&self, now: Timestamp, expiration: Timestamp) -> Timestamp {
        self.open_window.map_or(expiration, |window| now.after(window).min(expiration))
    }

    /// The session policy for credentials that are issued at `now` and expire at `expiration`: minified IAM JSON.
    ///
    /// It allows the one operation on the models' ARNs, in the region, over TLS and until the window closes; and it
    /// denies everything else explicitly, because a resource's own policy can add to what a session policy merely
    /// does not allow.
    ///
    /// # Errors
    ///
    /// [`ScopeError::LifetimeInvalid`] unless the credentials live for 1 s at least and [`LIFETIME_LIMIT`] at most;
    /// [`ScopeError::OpenWindowTooShort`] for a window of less than a second; [`ScopeError::ProfileModelDiffers`] and
    /// [`ScopeError::PartitionsMixed`] for a profile that does not fit; [`ScopeError::TooLong`] if the policy has more
    /// than [`POLICY_LIMIT`] characters.
    pub fn render(&self, now: Timestamp, expiration: Timestamp) -> Result<String, ScopeError> {
        self.check(now, expiration)?;
        let policy = render::session_policy(&render::Rules {
            region: &self.region,
            models: &self.models,
            any_model: self.any_model,
            source_cidrs: &self.source_cidrs,
            inference_profile: self.inference_profile.as_ref(),
            closes: self.closes(now, expiration),
            documented_action_only: self.documented_action_only,
        });
        match policy.chars().count() {
            length if length > POLICY_LIMIT => Err(ScopeError::TooLong { length, limit: POLICY_LIMIT }),
            _ => Ok(policy),
        }
    }

    fn check(&self, now: Timestamp, expiration: Timestamp) -> Result<(), ScopeError> {
        let seconds = expiration.unix_seconds().saturating_sub(now.unix_seconds());
        let limit = i64::try_from(LIFETIME_LIMIT.as_secs()).unwrap_or(i64::MAX);
        if !(1..=limit).contains(&seconds) {
            return Err(ScopeError::LifetimeInvalid { seconds, limit });
        }
        if let Some(window) = self.open_window.filter(|window| window.as_secs() == 0) {
            return Err(ScopeError::OpenWindowTooShort { millis: window.as_millis() });
        }
        let Some(profile) = &self.inference_profile else { return Ok(()) };
        if !self.models.contains(profile.model()) {
            return Err(ScopeError::ProfileModelDiffers { profile: profile.model().as_str().to_owned() });
        }
        if profile.members().iter().any(|member| member.partition() != self.region.partition()) {
            return Err(ScopeError::PartitionsMixed);
        }
        Ok(())
    }
}
