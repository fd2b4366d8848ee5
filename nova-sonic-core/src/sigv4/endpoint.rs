//! Where a stream is opened.

use crate::scope::Region;

/// Where to connect.
pub(super) struct Endpoint {
    /// `wss` or `ws`.
    pub(super) scheme: &'static str,
    /// In lower case, an IPv6 address in brackets.
    pub(super) host: String,
    /// `:port`, or nothing where the port is the scheme's own.
    pub(super) port: String,
}

impl Endpoint {
    /// Reads `wss://host` or `wss://host:port`, and the same with `ws`, `https` and `http`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let rest = rest.strip_prefix("//")?;
        let (scheme, default_port) = match scheme {
            "wss" | "https" => ("wss", 443_u16),
            "ws" | "http" => ("ws", 80),
            _ => return None,
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let host_length = match authority.find(']') {
            Some(bracket) => bracket + 1,
            None => authority.find(':').unwrap_or(authority.len()),
        };
        let (host, port) = authority.split_at_checked(host_length)?;
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(port_number(digits)?),
            None if port.is_empty() => None,
            None => return None,
        };
        if !is_host(host) {
            return None;
        }
        let port = port.filter(|port| *port != default_port).map(|port| format!(":{port}"));
        Some(Self { scheme, host: host.to_ascii_lowercase(), port: port.unwrap_or_default() })
    }

    /// The endpoint of a region, whose partition decides what the host's name ends with; `None` if that is not known.
    pub(super) fn of_region(region: &str) -> Option<Self> {
        let suffix = Region::parse(region).ok()?.partition().dns_suffix();
        Some(Self { scheme: "wss", host: format!("bedrock-runtime.{region}.{suffix}"), port: String::new() })
    }
}

fn port_number(digits: &str) -> Option<u16> {
    let is_number = (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.bytes().fold(0_u32, |number, digit| number * 10 + u32::from(digit & 0x0f));
    u16::try_from(number).ok().filter(|_| is_number)
}

fn is_host(text: &str) -> bool {
    if let Some(address) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        // whoever connects knows what is an address; here it must only not be more than that
        return address.contains(':')
            && address.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
    }
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_of_a_region_names_its_host() {
        for (region, host) in [
            ("us-east-1", "bedrock-runtime.us-east-1.amazonaws.com"),
            ("us-gov-west-1", "bedrock-runtime.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "bedrock-runtime.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", "bedrock-runtime.eusc-de-east-1.amazonaws.eu"),
        ] {
            assert_eq!(Endpoint::of_region(region).unwrap().host, host);
        }
        assert!(Endpoint::of_region("moon-base-1").is_none());
    }

    #[test]
    fn an_endpoint_is_a_scheme_a_host_and_perhaps_a_port() {
        for (text, url) in [
            ("wss://localhost", "wss://localhost"),
            ("https://LocalHost:8443/", "wss://localhost:8443"),
            ("http://127.0.0.1:80", "ws://127.0.0.1"),
            ("wss://127.0.0.1:80", "wss://127.0.0.1:80"),
            ("ws://[::1]:8080", "ws://[::1]:8080"),
            ("wss://[::1]", "wss://[::1]"),
        ] {
            let Endpoint { scheme, host, port } = Endpoint::parse(text).unwrap();
            assert_eq!(format!("{scheme}://{host}{port}"), url, "{text}");
        }
        for text in [
            "",
            "localhost",
            "ftp://localhost",
            "wss://",
            "wss://:8443",
            "wss://host:",
            "wss://host:65536",
            "wss://host/path",
            "wss://host?query",
            "wss://user@host",
            "wss://ho st",
            "wss://host\nx-evil:1",
            "wss://[::1",
            "wss://[::1]x",
            "wss://[nonsense]",
        ] {
            assert!(Endpoint::parse(text).is_none(), "{text:?}");
        }
    }
}
