//! Validators of what users write.

use std::net::IpAddr;

use serde_json::{Map, Value as Json};
use tf_framework::Value;

/// A network by its address and the length of its prefix.
pub(crate) fn network(text: &str) -> Result<(IpAddr, u8), String> {
    let (address, length) = text.split_once('/').ok_or_else(|| format!("{text:?} has no prefix length"))?;
    let address: IpAddr = address.parse().map_err(|_| format!("{address:?} is no address"))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    match length.parse::<u8>() {
        Ok(length) if length <= most => Ok((address, length)),
        _ => Err(format!("{length:?} is no length of a prefix")),
    }
}

/// An address as a network of its own.
pub(crate) fn host(address: IpAddr) -> (IpAddr, u8) {
    (address, if address.is_ipv4() { 32 } else { 128 })
}

/// Whether two networks share addresses.
pub(crate) fn overlap(a: (IpAddr, u8), b: (IpAddr, u8)) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let ((x, width), (y, other)) = (bits(a.0), bits(b.0));
    let length = u32::from(a.1.min(b.1));
    width == other && (length == 0 || x >> (128 - length) == y >> (128 - length))
}

fn each(value: &Value, check: impl Fn(&str) -> Result<(), String>) -> Result<(), String> {
    let Some(text) = value.as_str() else { return Ok(()) };
    text.split(',').map(str::trim).try_for_each(check)
}

pub(crate) fn networks(value: &Value) -> Result<(), String> {
    each(value, |part| network(part).map(drop))
}

pub(crate) fn addresses(value: &Value) -> Result<(), String> {
    each(value, |part| part.parse::<IpAddr>().map(drop).map_err(|_| format!("{part:?} is no address")))
}

/// Keys and values of a YAML document; an empty one has none.
pub(crate) fn keys_of(text: &str) -> Result<Map<String, Json>, String> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match crate::yaml::document(text).map_err(|error| error.to_string())? {
        Json::Object(keys) => Ok(keys),
        Json::Null => Ok(Map::new()),
        _ => Err("it holds no keys".to_owned()),
    }
}

pub(crate) fn yaml_keys(value: &Value) -> Result<(), String> {
    let Some(text) = value.as_str() else { return Ok(()) };
    keys_of(text).map(drop)
}

pub(crate) fn same_yaml(a: &str, b: &str) -> bool {
    matches!((keys_of(a), keys_of(b)), (Ok(a), Ok(b)) if a == b)
}
