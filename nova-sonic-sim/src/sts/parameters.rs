//! The query protocol: `Action=AssumeRole&Tags.member.1.Key=team&…`.

use std::collections::BTreeMap;

/// The actions of STS that a caller signs.
pub(super) const ACTIONS: [&str; 7] = [
    "AssumeRole",
    "AssumeRoot",
    "DecodeAuthorizationMessage",
    "GetAccessKeyInfo",
    "GetCallerIdentity",
    "GetFederationToken",
    "GetSessionToken",
];

/// The parameters of one request; what people are called may be in them, so they do not print.
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads a form; of a repeated name the last value counts.
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(
            form_urlencoded::parse(body)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The action that is asked for, as far as it can be shown; `-` for none.
    pub(crate) fn shown_action(&self) -> String {
        let action = self.get("Action").unwrap_or("-");
        action.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').take(64).collect()
    }

    /// The action under which a call is counted: one that STS has, or `-`.
    pub(crate) fn known_action(&self) -> &'static str {
        let action = self.get("Action").unwrap_or_default();
        ACTIONS.iter().find(|known| **known == action).copied().unwrap_or("-")
    }

    /// The name that a session is to have, as far as STS takes one that long.
    pub(crate) fn session_name(&self) -> Option<String> {
        let parameter = match self.get("Action")? {
            "AssumeRole" => "RoleSessionName",
            "GetFederationToken" => "Name",
            _ => return None,
        };
        Some(self.get(parameter)?.chars().take(64).collect())
    }

    /// The members of a list, `Name.member.1` onward, until one is missing; each may have fields.
    pub(super) fn list<'a>(&'a self, name: &str, field: &str) -> Vec<&'a str> {
        let key = |number: usize| format!("{name}.member.{number}{field}");
        (1..=self.0.len()).map_while(|number| self.get(&key(number))).collect()
    }
}

impl std::fmt::Debug for Parameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parameters").field("count", &self.0.len()).finish_non_exhaustive()
    }
}
