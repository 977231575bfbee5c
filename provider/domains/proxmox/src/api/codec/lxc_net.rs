//! The `netN` string of a container: `name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=dhcp,type=veth`.

use super::property::{PropertyError, PropertyString};

/// A container's network interface. What this client does not know stays in `other`, so that writing an interface
/// back loses nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LxcNet {
    /// Name inside the container, `eth0`.
    pub name: String,
    /// Bridge or SDN vnet.
    pub bridge: Option<String>,
    /// The MAC address in upper case; sent without one, the server draws a new one at every update.
    pub mac: Option<String>,
    /// IPv4: address with prefix length, `dhcp` or `manual`.
    pub ip: Option<String>,
    /// IPv4 gateway.
    pub gateway: Option<String>,
    /// IPv6: address with prefix length, `auto`, `dhcp` or `manual`.
    pub ip6: Option<String>,
    /// IPv6 gateway.
    pub gateway6: Option<String>,
    /// VLAN tag.
    pub tag: Option<u32>,
    /// VLANs passed through.
    pub trunks: Vec<u32>,
    /// Whether the guest firewall filters it.
    pub firewall: bool,
    /// MB/s it is limited to.
    pub rate: Option<f64>,
    /// Maximum transmission unit.
    pub mtu: Option<u32>,
    /// Whether the cable is unplugged.
    pub link_down: bool,
    /// Keys this client does not know.
    pub other: PropertyString,
}

impl LxcNet {
    /// Reads the wire text.
    ///
    /// # Errors
    /// [`PropertyError`] for text that is no property string or has no `name`.
    pub fn parse(text: &str) -> Result<Self, PropertyError> {
        let mut rest = PropertyString::parse(text, None)?;
        let mut take = |key: &str| rest.remove(key);
        let name = take("name").ok_or_else(|| PropertyError::Malformed(text.to_owned()))?;
        let net = Self {
            name,
            bridge: take("bridge"),
            mac: take("hwaddr").map(|mac| mac.to_ascii_uppercase()),
            ip: take("ip"),
            gateway: take("gw"),
            ip6: take("ip6"),
            gateway6: take("gw6"),
            tag: take("tag").and_then(|tag| tag.parse().ok()),
            trunks: take("trunks")
                .map(|list| list.split(';').filter_map(|vlan| vlan.trim().parse().ok()).collect())
                .unwrap_or_default(),
            firewall: take("firewall").is_some_and(|flag| is_on(&flag)),
            rate: take("rate").and_then(|rate| rate.parse().ok()),
            mtu: take("mtu").and_then(|mtu| mtu.parse().ok()),
            link_down: take("link_down").is_some_and(|flag| is_on(&flag)),
            other: PropertyString::new(),
        };
        // There is one type only, and the server adds it.
        take("type");
        Ok(Self { other: rest, ..net })
    }

    /// The wire text.
    ///
    /// # Errors
    /// [`PropertyError`] for values the format cannot hold.
    pub fn format(&self) -> Result<String, PropertyError> {
        let mut string = PropertyString::new();
        string.set("name", &self.name);
        let mut set = |key: &str, value: Option<String>| value.map(|value| string.set(key, value));
        set("bridge", self.bridge.clone());
        set("hwaddr", self.mac.as_ref().map(|mac| mac.to_ascii_uppercase()));
        set("ip", self.ip.clone());
        set("gw", self.gateway.clone());
        set("ip6", self.ip6.clone());
        set("gw6", self.gateway6.clone());
        set("tag", self.tag.map(|tag| tag.to_string()));
        let trunks: Vec<String> = self.trunks.iter().map(u32::to_string).collect();
        set("trunks", (!trunks.is_empty()).then(|| trunks.join(";")));
        set("firewall", self.firewall.then(|| "1".to_owned()));
        set("rate", self.rate.map(|rate| rate.to_string()));
        set("mtu", self.mtu.map(|mtu| mtu.to_string()));
        set("link_down", self.link_down.then(|| "1".to_owned()));
        set("type", Some("veth".to_owned()));
        self.other.iter().for_each(|(key, value)| string.set(key, value));
        string.format()
    }
}

fn is_on(text: &str) -> bool {
    super::lenient::truth(&serde_json::Value::from(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_recorded() {
        let text = "name=eth0,bridge=vmbr0,gw=10.77.0.1,hwaddr=BC:24:11:C9:81:5A,ip=10.77.0.100/24,type=veth";
        let net = LxcNet::parse(text).unwrap();
        assert_eq!((net.name.as_str(), net.bridge.as_deref()), ("eth0", Some("vmbr0")));
        assert_eq!((net.ip.as_deref(), net.gateway.as_deref()), (Some("10.77.0.100/24"), Some("10.77.0.1")));
        assert!(net.other.is_empty() && !net.firewall && net.tag.is_none());
        assert_eq!(LxcNet::parse(&net.format().unwrap()), Ok(net));
        assert!(LxcNet::parse("bridge=vmbr0").is_err());
    }

    #[test]
    fn what_is_not_known_is_kept() {
        let net = LxcNet::parse("name=eth0,bridge=b,host-managed=1,type=veth").unwrap();
        assert!(net.format().unwrap().contains("host-managed=1"));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            name in "[a-z][a-z0-9]{0,8}",
            bridge in proptest::option::of("vmbr[0-9]{1,3}"),
            mac in proptest::option::of("[0-9A-F]{2}(:[0-9A-F]{2}){5}"),
            ip in proptest::option::of("(dhcp|manual|10\\.0\\.[0-9]{1,2}\\.[0-9]{1,2}/24)"),
            ip6 in proptest::option::of("(auto|dhcp|fd00::[0-9a-f]{1,4}/64)"),
            tag in proptest::option::of(1_u32..4095),
            trunks in proptest::collection::vec(1_u32..4095, 0..4),
            flags in any::<(bool, bool)>(),
            rate in proptest::option::of(1_u32..1000),
            mtu in proptest::option::of(64_u32..65536),
        ) {
            let net = LxcNet {
                name, bridge, mac, ip, ip6, tag, trunks, mtu,
                gateway: None, gateway6: None,
                firewall: flags.0, link_down: flags.1,
                rate: rate.map(|rate| f64::from(rate) / 8.0),
                other: PropertyString::new(),
            };
            prop_assert_eq!(LxcNet::parse(&net.format().unwrap()), Ok(net));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = LxcNet::parse(&text);
        }
    }
}
