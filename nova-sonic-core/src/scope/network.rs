//! The networks that a stream may be opened from.

use std::{fmt, net::IpAddr};

use super::ScopeError;

/// A network, such as `203.0.113.0/24` or `2001:db8::/32`; an address alone is a network of one.
///
/// ```
/// use nova_sonic_core::scope::Cidr;
/// assert_eq!(Cidr::parse("203.0.113.0/24")?.to_string(), "203.0.113.0/24");
/// assert_eq!(Cidr::parse("2001:DB8:0::7")?.to_string(), "2001:db8::7/128");
/// assert!(Cidr::parse("203.0.113.7/24").is_err());
/// # Ok::<(), nova_sonic_core::scope::ScopeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix_bits: u8,
}

impl Cidr {
    /// Reads an address, or an address and the length of its prefix in bits.
    ///
    /// # Errors
    ///
    /// [`ScopeError::CidrInvalid`] if it is neither, if bits are set after the prefix, or if the prefix has no bits
    /// (that is every address: leave the networks out instead).
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        Self::read(text).ok_or(ScopeError::CidrInvalid { length: text.len() })
    }

    /// The first address.
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// The length of the prefix, bits.
    pub const fn prefix_bits(&self) -> u8 {
        self.prefix_bits
    }

    fn read(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let (bits, width) = match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32_u8),
            // IAM compares such an address with none of IPv4
            IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => return None,
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let prefix_bits = match prefix {
            None => width,
            // `parse` takes a sign and leading zeros
            Some(digits) if digits.starts_with(['+', '0']) => return None,
            Some(digits) => digits.parse().ok()?,
        };
        let rest = width.checked_sub(prefix_bits)?;
        let beyond = 1_u128.checked_shl(rest.into()).map_or(u128::MAX, |bit| bit - 1);
        (bits & beyond == 0).then_some(Self { address, prefix_bits })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_bits)
    }
}
