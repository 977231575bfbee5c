//! What a key of a guest's configuration is to be, laid over what it is: only what is declared changes.

use std::collections::BTreeSet;

use crate::api::{Nic, PropertyString, decode_ssh_keys, lenient};
use crate::guest::cost_tags::beside;

/// What a key is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Want {
    /// This text.
    Text(String),
    /// These tags among the others, and without some of them.
    Tags {
        /// Put. One that states a fact takes the place of others about it.
        add: BTreeSet<String>,
        /// Taken away.
        drop: BTreeSet<String>,
    },
    /// These tags and no others.
    OnlyTags(BTreeSet<String>),
    /// A property string with these members; others stay.
    Property {
        /// The member that is written without its name.
        default_key: Option<&'static str>,
        /// The members.
        pairs: Vec<Pair>,
    },
    /// A network card with these properties; others stay, and its address.
    Nic {
        /// Model; a new card is `virtio`.
        model: Option<String>,
        /// Hardware address.
        mac: Option<String>,
        /// The members.
        pairs: Vec<Pair>,
    },
}

/// A member of a property string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// Its key.
    pub(super) key: &'static str,
    /// Its value; `None` takes it away.
    pub(super) value: Option<String>,
    /// What Proxmox takes an absent member for.
    pub(super) absent: Option<&'static str>,
}

/// What Proxmox takes an absent key for.
const ABSENT: &[(&str, &str)] = &[
    ("cores", "1"),
    ("sockets", "1"),
    ("memory", "512"),
    ("bios", "seabios"),
    ("scsihw", "lsi"),
    ("ostype", "other"),
    ("onboot", "0"),
    ("protection", "0"),
    ("numa", "0"),
    ("hotplug", "disk,network,usb"),
    ("cpulimit", "0"),
    ("tags", ""),
    ("sshkeys", ""),
    ("nameserver", ""),
];

/// What Proxmox takes an absent key for, where it says.
pub(super) fn absent(key: &str) -> Option<&'static str> {
    ABSENT.iter().find_map(|(known, value)| (*known == key).then_some(*value))
}

impl Want {
    /// The text to send for a key that is `seen` now; `None` when it is so already.
    pub(super) fn onto(&self, key: &str, seen: Option<&str>) -> Option<String> {
        match self {
            Self::Text(text) => {
                let now = seen.or_else(|| absent(key)).unwrap_or("\0");
                (!same(key, now, text)).then(|| text.clone())
            }
            Self::Tags { add, drop } => {
                let seen: BTreeSet<String> = lenient::split_list(seen.unwrap_or_default());
                let mut all = beside(seen.difference(drop), add);
                all.extend(add.iter().cloned());
                (all != seen).then(|| joined(all))
            }
            Self::OnlyTags(tags) => {
                let seen: BTreeSet<String> = lenient::split_list(seen.unwrap_or_default());
                (*tags != seen).then(|| joined(tags.clone()))
            }
            Self::Property { default_key, pairs } => property_onto(*default_key, pairs, seen),
            Self::Nic { model, mac, pairs } => nic_onto(model.as_deref(), mac.as_deref(), pairs, seen),
        }
    }
}

fn joined(tags: BTreeSet<String>) -> String {
    tags.into_iter().collect::<Vec<_>>().join(";")
}

impl Pair {
    /// A member with a text.
    pub(super) fn text(key: &'static str, value: impl Into<String>) -> Self {
        Self { key, value: Some(value.into()), absent: None }
    }

    /// A switch that is off when absent.
    pub(super) fn flag(key: &'static str, value: bool) -> Self {
        Self { key, value: Some(u8::from(value).to_string()), absent: Some("0") }
    }

    /// A switch that is on when absent.
    pub(super) fn flag_on(key: &'static str, value: bool) -> Self {
        Self { absent: Some("1"), ..Self::flag(key, value) }
    }

    /// The value an absent member stands for.
    pub(super) fn or_absent(self, absent: &'static str) -> Self {
        Self { absent: Some(absent), ..self }
    }

    fn holds(&self, seen: &PropertyString) -> bool {
        let now = seen.get(self.key).or(self.absent);
        match (&self.value, now) {
            (None, _) => seen.get(self.key).is_none(),
            (Some(wanted), Some(now)) => {
                wanted.eq_ignore_ascii_case(now)
                    || (self.is_switch()
                        && lenient::truth(&now.into()) == lenient::truth(&wanted.as_str().into()))
            }
            (Some(_), None) => false,
        }
    }

    fn is_switch(&self) -> bool {
        matches!(self.absent, Some("0" | "1"))
    }

    fn set_in(&self, property: &mut PropertyString) {
        match &self.value {
            Some(value) if self.absent == Some(value) && property.get(self.key).is_none() => {}
            Some(value) => property.set(self.key, value),
            None => drop(property.remove(self.key)),
        }
    }
}

fn property_onto(default_key: Option<&'static str>, pairs: &[Pair], seen: Option<&str>) -> Option<String> {
    let empty = || default_key.map_or_else(PropertyString::new, PropertyString::with_default);
    let mut property =
        seen.and_then(|seen| PropertyString::parse(seen, default_key).ok()).unwrap_or_else(empty);
    if seen.is_some() && pairs.iter().all(|pair| pair.holds(&property)) {
        return None;
    }
    if seen.is_none() {
        pairs.iter().filter_map(|pair| Some((pair.key, pair.value.as_ref()?))).for_each(|(key, value)| {
            property.set(key, value);
        });
    } else {
        for pair in pairs {
            if !pair.holds(&property) {
                pair.set_in(&mut property);
            }
        }
    }
    Some(property.to_string()).filter(|text| !text.is_empty())
}

fn nic_onto(model: Option<&str>, mac: Option<&str>, pairs: &[Pair], seen: Option<&str>) -> Option<String> {
    let before = seen.and_then(|seen| Nic::parse(seen).ok());
    let mut nic = before.clone().unwrap_or_else(|| Nic {
        model: "virtio".to_owned(),
        mac: None,
        options: PropertyString::new(),
    });
    if let Some(model) = model {
        model.clone_into(&mut nic.model);
    }
    if let Some(mac) = mac {
        nic.mac = Some(mac.to_ascii_uppercase().replace('-', ":"));
    }
    for pair in pairs {
        if !pair.holds(&nic.options) {
            pair.set_in(&mut nic.options);
        }
    }
    let same = before.is_some_and(|before| {
        before.model == nic.model && before.mac == nic.mac && before.options.same_as(&nic.options)
    });
    if same { None } else { nic.format().ok() }
}

/// Whether two texts of a key mean the same.
fn same(key: &str, seen: &str, wanted: &str) -> bool {
    let list = |text: &str| -> BTreeSet<String> {
        text.split([';', ',', ' ']).filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
    };
    match key {
        "tags" => list(seen) == list(wanted),
        "hotplug" => {
            let features = |text: &str| match text {
                "1" => list("network,disk,usb"),
                "0" => BTreeSet::new(),
                text => list(text),
            };
            features(seen) == features(wanted)
        }
        "sshkeys" => decode_ssh_keys(seen) == decode_ssh_keys(wanted),
        "memory" => seen.strip_prefix("current=").unwrap_or(seen) == wanted,
        "boot" => order(seen) == order(wanted),
        "onboot" | "protection" | "numa" | "ciupgrade" => {
            lenient::truth(&seen.into()) == lenient::truth(&wanted.into())
        }
        "cpulimit" => seen.parse::<f64>().ok() == wanted.parse::<f64>().ok(),
        _ => seen == wanted,
    }
}

/// The slots of a boot order.
pub(super) fn order(text: &str) -> Vec<String> {
    let property = PropertyString::parse(text, Some("legacy")).ok();
    let order = property.as_ref().and_then(|property| property.get("order")).unwrap_or_default();
    order.split(';').filter(|slot| !slot.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn disk(pairs: Vec<Pair>) -> Want {
        Want::Property { default_key: Some("file"), pairs }
    }

    #[test]
    fn only_what_is_declared_changes() {
        let seen = "local:101/vm-101-disk-0.qcow2,discard=on,size=2G,mbps=20";
        let want = disk(vec![Pair::text("cache", "writeback"), Pair::flag("ssd", false)]);
        let sent = want.onto("scsi0", Some(seen)).unwrap();
        let sent = PropertyString::parse(&sent, Some("file")).unwrap();
        assert_eq!(
            (sent.get("mbps"), sent.get("cache"), sent.get("ssd")),
            (Some("20"), Some("writeback"), None)
        );
        assert_eq!(disk(vec![Pair::flag("ssd", false)]).onto("scsi0", Some(seen)), None);
        let on = disk(vec![Pair::text("discard", "ignore").or_absent("ignore")]);
        assert!(on.onto("scsi0", Some(seen)).unwrap().contains("discard=ignore"));
    }

    #[test]
    fn a_card_keeps_its_address() {
        let seen = "virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=7";
        let pairs = vec![Pair::text("bridge", "vmbr1"), Pair { key: "tag", value: None, absent: None }];
        let want = Want::Nic { model: None, mac: None, pairs };
        assert_eq!(
            want.onto("net0", Some(seen)).as_deref(),
            Some("virtio=BC:24:11:00:00:01,bridge=vmbr1,firewall=1")
        );
        let same = Want::Nic { model: None, mac: None, pairs: vec![Pair::text("bridge", "vmbr0")] };
        assert_eq!(same.onto("net0", Some(seen)), None);
        assert_eq!(same.onto("net0", None).as_deref(), Some("virtio,bridge=vmbr0"));
    }

    #[test]
    fn a_tag_joins_the_others() {
        let set = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<BTreeSet<_>>();
        let want = Want::Tags { add: set(&["b"]), drop: set(&[]) };
        assert_eq!(want.onto("tags", Some("c;a")).as_deref(), Some("a;b;c"));
        assert_eq!(want.onto("tags", None).as_deref(), Some("b"));
        assert_eq!(want.onto("tags", Some("a;b")), None);
        // A word about the same fact gives way, one that is to go goes.
        let want = Want::Tags { add: set(&["cost-env.prod"]), drop: set(&["cost-owner.a"]) };
        let sent = want.onto("tags", Some("a;cost-env.dev;cost-owner.a;cost-purpose.dr"));
        assert_eq!(sent.as_deref(), Some("a;cost-env.prod;cost-purpose.dr"));
        assert_eq!(want.onto("tags", sent.as_deref()), None);
        let last = Want::Tags { add: set(&[]), drop: set(&["cost-env.prod"]) };
        assert_eq!(last.onto("tags", Some("cost-env.prod")).as_deref(), Some(""));
        assert_eq!(last.onto("tags", None), None);
        let only = Want::OnlyTags(set(&["b"]));
        assert_eq!(
            (only.onto("tags", Some("a;b")).as_deref(), only.onto("tags", Some("b"))),
            (Some("b"), None)
        );
    }

    #[test]
    fn defaults_are_no_change() {
        assert_eq!(Want::Text("1".into()).onto("cores", None), None);
        assert_eq!(Want::Text("2".into()).onto("cores", None), Some("2".into()));
        assert_eq!(Want::Text("b;a".into()).onto("tags", Some("a;b")), None);
        assert_eq!(Want::Text("network,disk,usb".into()).onto("hotplug", Some("1")), None);
        assert_eq!(Want::Text("order=scsi0;net0".into()).onto("boot", Some("order=scsi0;net0")), None);
    }

    proptest! {
        #[test]
        fn what_was_sent_needs_no_sending(
            seen in proptest::option::of("(file=)?local:[a-z0-9-]{1,8}(,ssd=[01])?(,cache=[a-z]{1,5})?"),
            ssd: bool, cache in "[a-z]{1,6}", backup: bool,
        ) {
            let want = disk(vec![
                Pair::text("cache", cache), Pair::flag("ssd", ssd), Pair::flag_on("backup", backup),
            ]);
            if let Some(sent) = want.onto("scsi0", seen.as_deref()) {
                prop_assert_eq!(want.onto("scsi0", Some(&sent)), None);
            }
        }

        #[test]
        fn cards_too(
            tag in proptest::option::of(1_u16..4094), bridge in "vmbr[0-9]", firewall: bool,
            seen in proptest::option::of("virtio=BC:24:11:00:00:0[0-9],bridge=vmbr[0-9](,tag=[1-9])?"),
        ) {
            let pairs = vec![
                Pair::text("bridge", bridge), Pair::flag("firewall", firewall),
                Pair { key: "tag", value: tag.map(|tag| tag.to_string()), absent: None },
            ];
            let want = Want::Nic { model: None, mac: None, pairs };
            if let Some(sent) = want.onto("net0", seen.as_deref()) {
                prop_assert_eq!(want.onto("net0", Some(&sent)), None);
                let mac = |text: &str| Nic::parse(text).unwrap().mac;
                if let Some(seen) = &seen {
                    prop_assert_eq!(mac(&sent), mac(seen));
                }
            }
        }
    }
}
