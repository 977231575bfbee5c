//! Network devices, tags, and the things a server makes up.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::pve::schema;

/// Rewrites a network device as the server does, giving it an address where it has none.
pub(crate) fn normalise_net(key: &str, text: &str, mac_prefix: &str) -> Option<String> {
    let mut options = schema::parse_properties(key, text, schema::qemu_option(key)?.properties()?).ok()?;
    let model = options.remove("model")?;
    let mac = options.remove("macaddr").unwrap_or_else(|| random_mac(mac_prefix)).to_ascii_uppercase();
    let rest: String = options.iter().map(|(k, v)| format!(",{k}={v}")).collect();
    Some(format!("{model}={mac}{rest}"))
}

/// Rewrites a container's network device: its name first, an address where it has none, always a veth.
pub(crate) fn normalise_lxc_net(key: &str, text: &str, mac_prefix: &str) -> Option<String> {
    let mut options = schema::parse_properties(key, text, schema::lxc_option(key)?.properties()?).ok()?;
    let name = options.remove("name")?;
    let mac = options.remove("hwaddr").unwrap_or_else(|| random_mac(mac_prefix)).to_ascii_uppercase();
    options.insert("hwaddr".to_owned(), mac);
    options.insert("type".to_owned(), "veth".to_owned());
    let rest: String = options.iter().map(|(k, v)| format!(",{k}={v}")).collect();
    Some(format!("name={name}{rest}"))
}

/// One property of a property string.
pub(crate) fn property<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

/// Tags: lower-cased, sorted, each once.
pub(crate) fn normalise_tags(text: &str) -> String {
    let mut tags: Vec<String> =
        text.split([',', ';', ' ']).filter(|t| !t.is_empty()).map(str::to_ascii_lowercase).collect();
    tags.sort();
    tags.dedup();
    tags.join(";")
}

/// Random bits; good enough for names and addresses of a stand-in.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

pub(crate) fn random_mac(prefix: &str) -> String {
    let bytes = random().to_be_bytes();
    let mut mac = prefix.to_owned();
    for byte in bytes.iter().skip(prefix.split(':').count().min(6) + 2) {
        mac.push_str(&format!(":{byte:02X}"));
    }
    mac
}

/// A version 4 UUID.
pub(crate) fn random_uuid() -> String {
    let (a, b) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        0x8000 | ((b >> 48) & 0x3fff),
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_gets_an_address_and_keeps_a_given_one() {
        let net = normalise_net("net0", "virtio,bridge=vmbr0", "BC:24:11").expect("valid");
        assert!(net.starts_with("virtio=BC:24:11:") && net.ends_with(",bridge=vmbr0"), "{net}");
        assert_eq!(net.split(',').next().map(str::len), Some("virtio=BC:24:11:00:00:00".len()));
        let kept = normalise_net("net0", "virtio=bc:24:11:00:00:01,firewall=1,bridge=vmbr0", "BC:24:11");
        assert_eq!(kept.as_deref(), Some("virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1"));
    }

    #[test]
    fn tags_are_normalised() {
        assert_eq!(normalise_tags("Web,db;web"), "db;web");
    }

    #[test]
    fn container_net_as_recorded() {
        let net = normalise_lxc_net(
            "net0",
            "name=eth0,bridge=vmbr0,ip=10.77.0.100/24,gw=10.77.0.1,hwaddr=bc:24:11:00:00:02",
            "BC:24:11",
        );
        let expected =
            "name=eth0,bridge=vmbr0,gw=10.77.0.1,hwaddr=BC:24:11:00:00:02,ip=10.77.0.100/24,type=veth";
        assert_eq!(net.as_deref(), Some(expected));
    }
}
