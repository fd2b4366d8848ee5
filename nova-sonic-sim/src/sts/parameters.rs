//! The query protocol: `Action=AssumeRole&Tags.member.1.Key=team&…`.

use std::collections::BTreeMap;

/// The parameters of one request; what people are called may be in them, so they do not print.
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads a form; of a repeated name the last value counts.
    pub(super) fn parse(body: &[u8]) -> Self {
        Self(
            form_urlencoded::parse(body)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
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
