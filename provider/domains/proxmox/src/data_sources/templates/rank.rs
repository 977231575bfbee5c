//! Which template is the newest, and which rule says so.

use std::cmp::Reverse;

use super::version_order::{VersionOrder, name_stamp};
use crate::api::Guest;

/// What decides which template is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The version in the tag `version-…`, which every template has.
    VersionTag,
    /// The date in the name, which every template has.
    NameStamp,
    /// When the guest was created, as its configuration says.
    CreationTime,
}

impl Rule {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::VersionTag => "version_tag",
            Self::NameStamp => "name_stamp",
            Self::CreationTime => "creation_time",
        }
    }

    /// The first rule that applies to every template: what only some of them say compares nothing.
    pub(super) fn for_all(guests: &[&Guest]) -> Self {
        if guests.iter().all(|guest| version(guest).is_some()) {
            Self::VersionTag
        } else if guests.iter().all(|guest| name_stamp(&guest.name).is_some()) {
            Self::NameStamp
        } else {
            Self::CreationTime
        }
    }
}

/// The version a template is tagged with.
pub(super) fn version(guest: &Guest) -> Option<&str> {
    guest.tags.iter().find_map(|tag| tag.strip_prefix("version-")).filter(|version| !version.is_empty())
}

/// Sorts newest first. `created` tells when a guest was created, for the rule that needs it; a guest whose time is not
/// known comes last. Equals go by number, the higher first.
pub(super) fn sort(guests: &mut [&Guest], rule: Rule, created: impl Fn(&Guest) -> Option<u64>) {
    guests.sort_by_cached_key(|guest| {
        let of_version = || version(guest).map(VersionOrder::of);
        let of_name = || name_stamp(&guest.name);
        let key = match rule {
            Rule::VersionTag => (of_version(), None, None),
            Rule::NameStamp => (None, of_name(), None),
            Rule::CreationTime => (None, None, created(guest)),
        };
        Reverse((key, guest.vmid))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn guest(vmid: u32, name: &str, tags: &str) -> Guest {
        let line =
            json!({"type": "qemu", "vmid": vmid, "name": name, "node": "a", "template": 1, "tags": tags});
        serde_json::from_value(line).unwrap()
    }

    fn sorted(guests: &[Guest], created: &[(u32, u64)]) -> (Rule, Vec<u32>) {
        let mut all: Vec<&Guest> = guests.iter().collect();
        let rule = Rule::for_all(&all);
        sort(&mut all, rule, |guest| {
            created.iter().find(|(vmid, _)| *vmid == guest.vmid).map(|(_, time)| *time)
        });
        (rule, all.iter().map(|guest| guest.vmid).collect())
    }

    #[test]
    fn the_version_tag_decides_where_every_template_has_one() {
        let guests =
            [guest(1, "d", "x;version-1.9"), guest(2, "d", "version-1.10"), guest(3, "d", "version-1.2")];
        assert_eq!(sorted(&guests, &[]), (Rule::VersionTag, vec![2, 1, 3]));
    }

    #[test]
    fn then_the_name_then_the_time() {
        let named = [guest(1, "d-20241103", "version-2"), guest(2, "d-20241201", "")];
        assert_eq!(sorted(&named, &[]), (Rule::NameStamp, vec![2, 1]));
        let mixed = [guest(1, "d", "version-9"), guest(2, "d-20241201", ""), guest(3, "d", "")];
        assert_eq!(sorted(&mixed, &[(1, 50), (2, 70)]), (Rule::CreationTime, vec![2, 1, 3]));
    }

    #[test]
    fn equals_go_by_number() {
        let guests = [guest(1, "d", "version-1"), guest(7, "d", "version-1.0"), guest(3, "d", "version-1")];
        assert_eq!(sorted(&guests, &[]).1, [7, 3, 1]);
    }
}
