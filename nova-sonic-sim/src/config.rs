//! What a simulator is started with.

use std::net::{IpAddr, Ipv4Addr};

use nova_sonic_core::{secret::SecretText, time::Timestamp};

use crate::{
    model::ConversationConfig,
    policy::{PolicyDocument, TrustPolicy},
    relay::RelayFault,
    sts::StsFault,
};

/// How a simulator behaves; the default is an account with one user, one role and room for 20 streams.
///
/// ```
/// let mut config = nova_sonic_sim::SimulatorConfig::default();
/// config.region = "eu-north-1".to_owned();
/// assert_eq!((config.max_concurrent_streams, config.https_port), (20, 0));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct SimulatorConfig {
    /// The region that is played; credential scopes of others are refused. `us-east-1` by default.
    pub region: String,
    /// More regions that are played, so that policies that pin one can be tried; none by default.
    pub also_regions: Vec<String>,
    /// Regions where STS answers `RegionDisabledException`; none by default.
    pub sts_disabled_regions: Vec<String>,
    /// The account's twelve digits.
    pub account: String,
    /// The address to listen on; loopback by default, since nothing here is meant for a network.
    pub address: IpAddr,
    /// TCP port for TLS (HTTP/2, HTTP/1.1, `wss`); 0, the default, takes any free one.
    pub https_port: u16,
    /// TCP port without TLS (h2c with prior knowledge, HTTP/1.1, `ws`); 0, the default, takes any free one.
    pub http_port: u16,
    /// Long-term or ready-made temporary keys that are accepted.
    pub access_keys: Vec<AccessKey>,
    /// Roles that `AssumeRole` knows.
    pub roles: Vec<Role>,
    /// Longest life of what STS issues, in seconds, whatever was asked for: an expiry can be tried without waiting
    /// for the quarter of an hour that is AWS's shortest. No limit by default.
    pub session_limit_seconds: Option<u32>,
    /// Most temporary credentials remembered at once, expired ones left out; beyond, the oldest are forgotten and
    /// answered as unknown. 20 000 by default.
    pub max_remembered_credentials: usize,
    /// What goes wrong with STS from the start; nothing, by default.
    pub sts_faults: Vec<StsFault>,
    /// Whether other processes on this machine may look on and interfere below `/_simulator/`; false by default.
    pub control: bool,
    /// What a client of the relay must name as `token` in its URL; nothing, by default.
    pub relay_token: Option<SecretText>,
    /// What goes wrong with the relay from the start; nothing, by default.
    pub relay_fault: Option<RelayFault>,
    /// How the model behaves on every stream.
    pub conversation: ConversationConfig,
    /// How many times faster than real time the model lives; 1 by default.
    pub speed: f64,
    /// How far the simulator's calendar is ahead of the machine's, in ms; negative for behind.
    pub clock_offset_millis: i64,
    /// Streams open at once before new ones are throttled; 20 by default, the quota of a fresh AWS account.
    pub max_concurrent_streams: usize,
    /// Longest event-stream message taken from a client, in bytes; 1 MiB by default.
    pub max_frame_bytes: u32,
    /// Whether the port without TLS satisfies `aws:SecureTransport`; true by default, so that policies that
    /// demand it can be tried over h2c on loopback. AWS would never do so.
    pub plain_http_is_secure: bool,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            also_regions: Vec::new(),
            sts_disabled_regions: Vec::new(),
            account: "123456789012".to_owned(),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            https_port: 0,
            http_port: 0,
            access_keys: vec![AccessKey::new(DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY)],
            roles: Role::built_in(),
            session_limit_seconds: None,
            max_remembered_credentials: 20_000,
            sts_faults: Vec::new(),
            control: false,
            relay_token: None,
            relay_fault: None,
            conversation: ConversationConfig::default(),
            speed: 1.0,
            clock_offset_millis: 0,
            max_concurrent_streams: 20,
            max_frame_bytes: 1024 * 1024,
            plain_http_is_secure: true,
        }
    }
}

/// Access key id of the default user: AWS's own documentation example, known to be worthless.
pub const DEFAULT_ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// Secret of the default user, from the same example.
pub const DEFAULT_SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// Name of the default role, which may do everything and trusts the whole account.
pub const DEFAULT_ROLE: &str = "nova-sonic-voice";
/// Name of a role that may open Nova Sonic streams and nothing else.
pub const NARROW_ROLE: &str = "nova-sonic-voice-narrow";
/// Name of a narrow role that only takes sessions named `ns-…`, with a source identity `ns-…` if any.
pub const GUARDED_ROLE: &str = "nova-sonic-voice-guarded";

/// What a role for voice should be able to do, in any region.
const NARROW_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"NovaSonic","Effect":"Allow",
"Action":["bedrock:InvokeModel","bedrock:InvokeModelWithBidirectionalStream"],
"Resource":"arn:*:bedrock:*::foundation-model/amazon.nova-2-sonic-v1:0"}]}"#;

/// Whom a role for voice should trust: the backend's account, for sessions that are named as this project names them.
const GUARDED_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[
{"Sid":"Assume","Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole",
 "Condition":{"StringLike":{"sts:RoleSessionName":"ns-*"}}},
{"Sid":"Identify","Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:SetSourceIdentity",
 "Condition":{"StringLike":{"sts:SourceIdentity":"ns-*"}}},
{"Sid":"Tag","Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:TagSession",
 "Condition":{"StringLike":{"sts:RoleSessionName":"ns-*"}}}]}"#;

/// A key that the simulator accepts from the start.
///
/// ```
/// let key = nova_sonic_sim::AccessKey::new("AKIDEXAMPLE", "a-secret");
/// assert!(!format!("{key:?}").contains("a-secret"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct AccessKey {
    /// The public half.
    pub id: String,
    /// The secret half.
    pub secret: SecretText,
    /// The token that must come with it, for temporary credentials.
    pub session_token: Option<SecretText>,
    /// When it stops working; never, by default.
    pub expires_at: Option<Timestamp>,
    /// The IAM user that it belongs to.
    pub user: String,
    /// What the user may do; everything, by default.
    pub policy: Option<PolicyDocument>,
}

impl AccessKey {
    /// A long-term key of a user `backend` who may do everything.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: SecretText::new(secret.into()),
            session_token: None,
            expires_at: None,
            user: "backend".to_owned(),
            policy: None,
        }
    }
}

/// A role that can be assumed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Role {
    /// The role's name, the end of its ARN.
    pub name: String,
    /// `MaxSessionDuration` in seconds, 3600 to 43200; 3600 by default.
    pub max_session_seconds: u32,
    /// The `ExternalId` that must be given, as if its trust policy demanded it.
    pub external_id: Option<String>,
    /// Who may assume it; the whole account, by default, with any name, tag and source identity.
    pub trust: Option<TrustPolicy>,
    /// What the role may do; everything, by default.
    pub policy: Option<PolicyDocument>,
}

impl Role {
    /// A role that every caller may assume for up to an hour.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), max_session_seconds: 3600, external_id: None, trust: None, policy: None }
    }

    /// The roles of the default account: [`DEFAULT_ROLE`], [`NARROW_ROLE`] and [`GUARDED_ROLE`].
    pub fn built_in() -> Vec<Self> {
        // both documents are constants, and a test reads them
        let narrow = || PolicyDocument::parse(NARROW_POLICY).ok();
        vec![
            Self::new(DEFAULT_ROLE),
            Self { policy: narrow(), ..Self::new(NARROW_ROLE) },
            Self {
                policy: narrow(),
                trust: TrustPolicy::parse(GUARDED_TRUST).ok(),
                ..Self::new(GUARDED_ROLE)
            },
        ]
    }
}
