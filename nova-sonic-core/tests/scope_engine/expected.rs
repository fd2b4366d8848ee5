//! What a scope is meant to allow, said once more and in another way than its policy says it.
#![expect(
    clippy::unwrap_used,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

use std::net::IpAddr;

use nova_sonic_core::{scope::Region, time::Timestamp};
use serde_json::Value;

use crate::scopes::{moment, texts};

/// What the policies are asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) requested_region: Option<String>,
    pub(crate) over_tls: Option<bool>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) from: Option<IpAddr>,
    pub(crate) through_profile: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Verdict {
    Allowed,
    /// Nothing allows it; a resource's own policy still could.
    NotAllowed,
    /// Something denies it; nothing else can allow it.
    Denied,
}

/// The facts of a scope of the vectors, without the library's own types.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) actions: Vec<&'static str>,
    pub(crate) region: String,
    /// ARNs that can be used as they are.
    pub(crate) own: Vec<String>,
    /// With this, every foundation model that begins so can be used.
    pub(crate) any: Option<String>,
    pub(crate) profile: Option<String>,
    /// Regions and ARNs that can be used through the profile.
    pub(crate) members: Vec<(String, String)>,
    pub(crate) networks: Vec<String>,
    pub(crate) closes: Timestamp,
}

impl Expected {
    pub(crate) fn of(vector: &Value) -> Self {
        let scope = &vector["scope"];
        let region = scope["region"].as_str().unwrap().to_owned();
        let partition = scope["partition"].as_str().map_or_else(|| partition_of(&region), str::to_owned);
        let model =
            |region: &str, id: &str| format!("arn:{partition}:bedrock:{region}::foundation-model/{id}");
        let any = (scope["dangerous_any_model"] == true).then(|| model(&region, ""));
        let profile = &scope["inference_profile"];
        let arn = profile["id"].as_str().map(|id| {
            let account = profile["account"].as_str().unwrap();
            format!("arn:{partition}:bedrock:{region}:{account}:inference-profile/{id}")
        });
        let model_of_profile =
            profile["id"].as_str().and_then(|id| id.split_once('.')).map_or("", |(_, id)| id);
        let own = texts(&scope["model_ids"]).into_iter().map(|id| model(&region, id)).chain(arn.clone());
        let window = scope["open_window"].as_i64().map_or(i64::MAX, |seconds| seconds * 1000);
        let end = moment(&vector["now"]).unix_millis().saturating_add(window);
        Self {
            actions: if scope["documented_action_only"] == true {
                vec!["bedrock:InvokeModel"]
            } else {
                vec!["bedrock:InvokeModel", "bedrock:InvokeModelWithBidirectionalStream"]
            },
            own: own.collect(),
            any,
            members: texts(&profile["members"])
                .into_iter()
                .map(|member| (member.to_owned(), model(member, model_of_profile)))
                .collect(),
            profile: arn,
            networks: texts(&scope["source_cidrs"]).into_iter().map(str::to_owned).collect(),
            closes: moment(&vector["expiration"]).min(Timestamp::from_unix_millis(end)),
            region,
        }
    }

    pub(crate) fn verdict(&self, asked: &Question) -> Verdict {
        let is_own = self.own.contains(&asked.resource)
            || self.any.as_ref().is_some_and(|start| asked.resource.starts_with(start));
        let is_member = self.members.iter().any(|(_, arn)| *arn == asked.resource);
        let is_action = self.actions.iter().any(|action| action.eq_ignore_ascii_case(&asked.action));
        if !is_action || !(is_own || is_member) {
            return Verdict::Denied;
        }
        let region = asked.requested_region.as_deref();
        let directly = is_own && region == Some(&self.region);
        let by_profile = is_member
            && self.members.iter().any(|(member, _)| region == Some(member))
            && asked.through_profile == self.profile;
        let conditions = asked.over_tls == Some(true)
            && asked.at.is_some_and(|at| at < self.closes)
            && (self.networks.is_empty() || asked.from.is_some_and(|from| self.is_from_network(from)));
        if conditions && (directly || by_profile) { Verdict::Allowed } else { Verdict::NotAllowed }
    }

    fn is_from_network(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| {
            let (network, prefix) =
                network.split_once('/').map_or((network.as_str(), None), |(network, bits)| {
                    (network, Some(bits.parse::<u32>().unwrap()))
                });
            match (network.parse().unwrap(), address) {
                (IpAddr::V4(network), IpAddr::V4(address)) => {
                    let rest = 32 - prefix.unwrap_or(32);
                    u64::from(network.to_bits()) >> rest == u64::from(address.to_bits()) >> rest
                }
                (IpAddr::V6(network), IpAddr::V6(address)) => {
                    let rest = 128 - prefix.unwrap_or(128);
                    network.to_bits().checked_shr(rest) == address.to_bits().checked_shr(rest)
                }
                _ => false,
            }
        })
    }
}

/// Partitions have vectors of their own.
fn partition_of(region: &str) -> String {
    Region::parse(region).unwrap().partition().name().to_owned()
}
