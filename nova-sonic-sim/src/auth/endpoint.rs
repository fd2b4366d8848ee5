//! Which region an endpoint's name means.

use http::request::Parts;

use super::host_name;

/// What the host of a request says about its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndpointRegion<'a> {
    /// `bedrock-runtime.us-west-2.amazonaws.com`.
    Regional(&'a str),
    /// `sts.amazonaws.com`.
    Global,
    /// Nothing: `localhost`, so the signature's own scope says it.
    Unsaid,
}

impl<'a> EndpointRegion<'a> {
    pub(crate) fn of(parts: &'a Parts) -> Self {
        let name = host_name(parts);
        let labels = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix));
        labels.map_or(Self::Unsaid, |labels| {
            labels.rsplit_once('.').map_or(Self::Global, |(_, region)| Self::Regional(region))
        })
    }
}

/// Source: `dnsSuffix` in botocore's `partitions.json`.
const SUFFIXES: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_endpoints_say_their_region() {
        for (host, region) in [
            ("bedrock-runtime.us-west-2.amazonaws.com", EndpointRegion::Regional("us-west-2")),
            ("sts.eu-north-1.amazonaws.com:443", EndpointRegion::Regional("eu-north-1")),
            ("sts.cn-north-1.amazonaws.com.cn", EndpointRegion::Regional("cn-north-1")),
            ("sts.amazonaws.com", EndpointRegion::Global),
            ("localhost:18443", EndpointRegion::Unsaid),
            ("127.0.0.1", EndpointRegion::Unsaid),
            ("amazonaws.com", EndpointRegion::Unsaid),
        ] {
            let request = http::Request::get("/").header("host", host).body(()).unwrap();
            assert_eq!(EndpointRegion::of(&request.into_parts().0), region, "{host}");
        }
    }
}
