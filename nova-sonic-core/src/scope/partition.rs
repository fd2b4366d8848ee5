//! The parts of AWS that share nothing: which regions they have, and under which names they are reached.

use std::fmt;

/// A part of AWS with its own accounts and names; an ARN begins with it.
///
/// ```
/// use nova_sonic_core::scope::Partition;
/// assert_eq!(Partition::AwsUsGov.name(), "aws-us-gov");
/// assert_eq!(Partition::AwsEusc.dns_suffix(), "amazonaws.eu");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Partition {
    /// The public regions.
    Aws,
    /// The regions of the government of the United States.
    AwsUsGov,
    /// The regions in China; Bedrock is not there.
    AwsCn,
    /// The European Sovereign Cloud.
    AwsEusc,
    /// An isolated partition of the United States.
    AwsIso,
    /// Another isolated partition of the United States.
    AwsIsoB,
    /// The isolated partition in Europe.
    AwsIsoE,
    /// A third isolated partition of the United States.
    AwsIsoF,
}

/// One line of [`PARTITIONS`].
struct Entry {
    partition: Partition,
    name: &'static str,
    dns_suffix: &'static str,
    /// What its regions begin with; then follow a word and a number.
    prefixes: &'static [&'static str],
}

/// Source: `partitions.json` of botocore 1.44 (`id`, `dnsSuffix`, `regionRegex`), which every AWS SDK shares.
const PARTITIONS: [Entry; 8] = [
    Entry {
        partition: Partition::Aws,
        name: "aws",
        dns_suffix: "amazonaws.com",
        prefixes: &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"],
    },
    Entry {
        partition: Partition::AwsUsGov,
        name: "aws-us-gov",
        dns_suffix: "amazonaws.com",
        prefixes: &["us-gov"],
    },
    Entry { partition: Partition::AwsCn, name: "aws-cn", dns_suffix: "amazonaws.com.cn", prefixes: &["cn"] },
    Entry {
        partition: Partition::AwsEusc,
        name: "aws-eusc",
        dns_suffix: "amazonaws.eu",
        prefixes: &["eusc-de"],
    },
    Entry { partition: Partition::AwsIso, name: "aws-iso", dns_suffix: "c2s.ic.gov", prefixes: &["us-iso"] },
    Entry {
        partition: Partition::AwsIsoB,
        name: "aws-iso-b",
        dns_suffix: "sc2s.sgov.gov",
        prefixes: &["us-isob"],
    },
    Entry {
        partition: Partition::AwsIsoE,
        name: "aws-iso-e",
        dns_suffix: "cloud.adc-e.uk",
        prefixes: &["eu-isoe"],
    },
    Entry {
        partition: Partition::AwsIsoF,
        name: "aws-iso-f",
        dns_suffix: "csp.hci.ic.gov",
        prefixes: &["us-isof"],
    },
];

impl Partition {
    /// Every partition.
    pub const ALL: [Self; 8] = [
        Self::Aws,
        Self::AwsUsGov,
        Self::AwsCn,
        Self::AwsEusc,
        Self::AwsIso,
        Self::AwsIsoB,
        Self::AwsIsoE,
        Self::AwsIsoF,
    ];

    /// The second part of its ARNs, such as `aws-us-gov`.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// What the names of its hosts end with, such as `amazonaws.com`.
    pub fn dns_suffix(self) -> &'static str {
        self.entry().dns_suffix
    }

    /// The partition of the regions that begin with `prefix`.
    pub(super) fn of_prefix(prefix: &str) -> Option<Self> {
        PARTITIONS.iter().find(|entry| entry.prefixes.contains(&prefix)).map(|entry| entry.partition)
    }

    fn entry(self) -> &'static Entry {
        let [public, ..] = &PARTITIONS;
        PARTITIONS.iter().find(|entry| entry.partition == self).unwrap_or(public)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
