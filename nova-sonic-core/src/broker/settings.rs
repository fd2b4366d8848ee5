//! What AWS would refuse is refused when a broker is built, not when the first user waits.
//!
//! Source of limits and alphabets: STS API reference, `AssumeRole` and `GetFederationToken`.

use std::collections::HashSet;

use super::BrokerError;
use crate::scope::Partition;

const TAGS_LIMIT: usize = 50;

type Checked = Result<(), BrokerError>;

fn wrong(setting: &'static str, problem: &'static str) -> Checked {
    Err(BrokerError::configuration(setting, problem))
}

/// `arn:<partition>:iam::<twelve digits>:role/<name>`.
pub(super) fn check_role_arn(arn: &str, partition: Partition) -> Checked {
    const SETTING: &str = "role_arn";
    let mut parts = arn.splitn(6, ':');
    let mut part = || parts.next().unwrap_or_default();
    let (arn_word, its_partition, service, region, account, resource) =
        (part(), part(), part(), part(), part(), part());
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if arn_word != "arn" || service != "iam" || !region.is_empty() || !is_account {
        return wrong(SETTING, "is not arn:<partition>:iam::<account>:role/<name>");
    }
    if resource == "root" {
        return wrong(SETTING, "names the account's root user: name an IAM role made for voice alone");
    }
    if resource.starts_with("user/") {
        return wrong(
            SETTING,
            "names an IAM user: name a role that the user may assume, or use federation tokens",
        );
    }
    let name = resource.strip_prefix("role/").unwrap_or_default();
    let in_role = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@-_/".contains(&byte);
    if name.is_empty() || name.ends_with('/') || arn.len() > 2048 || !name.bytes().all(in_role) {
        return wrong(SETTING, "is not arn:<partition>:iam::<account>:role/<name>");
    }
    if its_partition != partition.name() {
        return wrong(SETTING, "is of another partition than the scope's region");
    }
    Ok(())
}

/// 2 to 1,224 characters of `[\w+=,.@:\/-]`.
pub(super) fn check_external_id(id: &str) -> Checked {
    let in_id = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
    if (2..=1224).contains(&id.len()) && id.bytes().all(in_id) {
        Ok(())
    } else {
        wrong("external_id", "is not 2 to 1,224 letters, digits and characters of _+=,.@:/-")
    }
}

/// At most 50, keys of 1 to 128 and values of up to 256 characters of `[\p{L}\p{Z}\p{N}_.:/=+\-@]`, keys that differ
/// by more than case.
pub(super) fn check_tags(tags: &[(String, String)]) -> Checked {
    const SETTING: &str = "tags";
    if tags.len() > TAGS_LIMIT {
        return wrong(SETTING, "are more than 50");
    }
    let in_tag = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    let mut keys = HashSet::new();
    for (key, value) in tags {
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(in_tag) {
            return wrong(
                SETTING,
                "have a key that is not 1 to 128 letters, digits, spaces and characters of _.:/=+-@",
            );
        }
        if value.chars().count() > 256 || !value.chars().all(in_tag) {
            return wrong(
                SETTING,
                "have a value that is not up to 256 letters, digits, spaces and characters of _.:/=+-@",
            );
        }
        if key.to_lowercase().starts_with("aws:") {
            return wrong(SETTING, "have a key that begins with aws:, which AWS keeps to itself");
        }
        if !keys.insert(key.to_lowercase()) {
            return wrong(SETTING, "have a key twice; upper and lower case are the same to AWS");
        }
    }
    Ok(())
}

/// `https://host`, `http://host`, with a port or a path behind it.
pub(super) fn check_endpoint_url(url: &str) -> Checked {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') && host.bytes().all(in_host) {
        Ok(())
    } else {
        wrong("endpoint_url", "is not https://host or http://host")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roles_can_be_assumed() {
        let check = |arn: &str| check_role_arn(arn, Partition::Aws);
        assert_eq!(check("arn:aws:iam::123456789012:role/nova-sonic-voice"), Ok(()));
        assert_eq!(check("arn:aws:iam::123456789012:role/service/voice@2"), Ok(()));
        for (arn, word) in [
            ("", "is not"),
            ("nova-sonic-voice", "is not"),
            ("arn:aws:iam::123456789012:role/", "is not"),
            ("arn:aws:iam::12345678901:role/voice", "is not"),
            ("arn:aws:iam::123456789012:role/two words", "is not"),
            ("arn:aws:sts::123456789012:assumed-role/voice/x", "is not"),
            ("arn:aws:iam::123456789012:root", "root user"),
            ("arn:aws:iam::123456789012:user/backend", "IAM user"),
            ("arn:aws-us-gov:iam::123456789012:role/voice", "partition"),
        ] {
            let error = check(arn).expect_err(arn).to_string();
            assert!(error.contains(word) && !error.contains("123456789012"), "{arn}: {error}");
        }
    }

    #[test]
    fn tags_and_ids_keep_to_their_alphabets() {
        let tags = |pairs: &[(&str, &str)]| {
            check_tags(
                &pairs
                    .iter()
                    .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(tags(&[("team", "Märchen 1"), ("stage", "")]), Ok(()));
        for wrong in [
            &[("", "x")][..],
            &[("team", "a;b")],
            &[("aws:team", "x")],
            &[("team", "x"), ("Team", "y")],
            &[("t", "x\n")],
        ] {
            assert!(tags(wrong).is_err(), "{wrong:?}");
        }
        assert!(check_tags(&vec![("k".to_owned(), String::new()); 51]).is_err());
        assert!(tags(&[(&"k".repeat(129), "")]).is_err());
        assert_eq!(check_external_id("a:b/c-1"), Ok(()));
        for wrong in ["", "a", "a b", &"x".repeat(1225)] {
            assert!(check_external_id(wrong).is_err(), "{wrong}");
        }
    }
}
