//! Addresses: what is an address, a network, a MAC, and what lies in what.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address with a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Net {
    pub(crate) v6: bool,
    pub(crate) address: u128,
    pub(crate) length: u8,
}

impl Net {
    /// Reads an address with or without a mask; without one it is a host's.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, mask) = match text.trim().split_once('/') {
            Some((address, mask)) => (address, Some(mask)),
            None => (text.trim(), None),
        };
        let (v6, address) = match address.parse().ok()? {
            IpAddr::V4(v4) => (false, u128::from(u32::from(v4))),
            IpAddr::V6(v6) => (true, u128::from(v6)),
        };
        let bits = if v6 { 128 } else { 32 };
        let length = match mask {
            None => bits,
            Some(mask) => mask.parse().ok().filter(|l| *l <= bits)?,
        };
        Some(Self { v6, address, length })
    }

    pub(crate) fn bits(self) -> u8 {
        if self.v6 { 128 } else { 32 }
    }

    fn host_mask(self) -> u128 {
        match self.bits() - self.length {
            128 => u128::MAX,
            hosts => (1 << hosts) - 1,
        }
    }

    pub(crate) fn first(self) -> u128 {
        self.address & !self.host_mask()
    }

    pub(crate) fn last(self) -> u128 {
        self.address | self.host_mask()
    }

    /// The network the address is in.
    pub(crate) fn network(self) -> Self {
        Self { address: self.first(), ..self }
    }

    /// Whether the other one lies in this one's network, or is it.
    pub(crate) fn contains(self, other: Self) -> bool {
        self.v6 == other.v6
            && other.length >= self.length
            && self.first() <= other.first()
            && other.last() <= self.last()
    }

    /// Whether the other one's address lies in this one's network, whatever its mask.
    pub(crate) fn covers(self, other: Self) -> bool {
        self.v6 == other.v6 && self.first() <= other.address && other.address <= self.last()
    }

    /// The address without its mask.
    pub(crate) fn host(self) -> String {
        self.at(self.address)
    }

    /// Another address of the same family as text.
    pub(crate) fn at(self, address: u128) -> String {
        if self.v6 {
            Ipv6Addr::from(address).to_string()
        } else {
            Ipv4Addr::from(u32::try_from(address).unwrap_or(u32::MAX)).to_string()
        }
    }

    /// 4 or 6.
    pub(crate) fn family(self) -> u8 {
        if self.v6 { 6 } else { 4 }
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host(), self.length)
    }
}

/// A hardware address in any of its spellings, in capitals with colons; so many bytes.
pub(crate) fn hardware_address(text: &str, bytes: usize) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    if digits.len() != bytes * 2 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let pairs: Vec<&str> = (0..bytes).filter_map(|at| digits.get(at * 2..at * 2 + 2)).collect();
    Some(pairs.join(":").to_uppercase())
}

/// Free networks of a length in a network, lowest first, beside those taken.
pub(crate) fn free_blocks(within: Net, taken: &[Net]) -> Vec<Net> {
    let mut taken: Vec<(u128, u128)> = taken
        .iter()
        .filter(|t| t.v6 == within.v6)
        .map(|t| (t.first().max(within.first()), t.last().min(within.last())))
        .filter(|(first, last)| first <= last)
        .collect();
    taken.sort_unstable();
    let mut blocks = Vec::new();
    let mut at = within.first();
    for (first, last) in taken {
        if at < first {
            cover(within, at, first - 1, &mut blocks);
        }
        if last == u128::MAX || last >= within.last() {
            return blocks;
        }
        at = at.max(last + 1);
    }
    if at <= within.last() {
        cover(within, at, within.last(), &mut blocks);
    }
    blocks
}

/// The fewest networks that cover a stretch of addresses.
fn cover(family: Net, mut from: u128, to: u128, blocks: &mut Vec<Net>) {
    let bits = u32::from(family.bits());
    loop {
        let aligned = if from == 0 { bits } else { from.trailing_zeros().min(bits) };
        let mut size = aligned;
        while size > 0 && (size == 128 || to - from < (1_u128 << size) - 1) {
            if size == 128 && from == 0 && to == u128::MAX {
                break;
            }
            size -= 1;
        }
        let length = u8::try_from(bits - size).unwrap_or_default();
        let block = Net { v6: family.v6, address: from, length };
        blocks.push(block);
        match block.last().checked_add(1) {
            Some(next) if next <= to => from = next,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> Net {
        Net::parse(text).expect("an address")
    }

    #[test]
    fn addresses_are_normalised() {
        assert_eq!(net("2001:0DB8::0001/064").to_string(), "2001:db8::1/64");
        assert_eq!(net("10.0.0.5").to_string(), "10.0.0.5/32");
        assert_eq!(net("10.11.0.5/24").network().to_string(), "10.11.0.0/24");
        assert!(Net::parse("10.0.0.5/33").is_none() && Net::parse("x").is_none());
        assert_eq!(hardware_address("0200.00aa.bb01", 6).as_deref(), Some("02:00:00:AA:BB:01"));
        assert_eq!(hardware_address("02-00-00-aa-bb", 6), None);
    }

    #[test]
    fn free_blocks_lie_between_what_is_taken() {
        let free = |within: &str, taken: &[&str]| -> Vec<String> {
            let taken: Vec<Net> = taken.iter().map(|t| net(t)).collect();
            free_blocks(net(within), &taken).iter().map(ToString::to_string).collect()
        };
        assert_eq!(free("10.0.0.0/30", &[]), ["10.0.0.0/30"]);
        assert_eq!(free("10.0.0.0/24", &["10.0.0.64/26"]), ["10.0.0.0/26", "10.0.0.128/25"]);
        assert_eq!(free("10.0.0.0/24", &["10.0.0.0/24"]), Vec::<String>::new());
        assert_eq!(free("10.0.0.0/24", &["10.0.0.0/25", "10.0.0.128/25"]), Vec::<String>::new());
        assert_eq!(free("::/0", &["8000::/1"]), ["::/1"]);
        assert_eq!(free("::/0", &[]), ["::/0"]);
        assert_eq!(free("10.0.0.0/29", &["10.0.0.3/32"]), ["10.0.0.0/31", "10.0.0.2/32", "10.0.0.4/30"]);
    }
}
