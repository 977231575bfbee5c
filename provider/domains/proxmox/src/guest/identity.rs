//! How a guest is named in an import.

use tf_framework::{Diagnostics, ImportId, Result};
use tf_value::Value;

use crate::api::Vmid;

/// A guest as an import names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GuestPlace {
    /// The node, where one is named: checked, never needed.
    pub(crate) node: Option<String>,
    /// The number.
    pub(crate) vmid: Vmid,
}

/// `101` or `pve1/101`, or the identity. `what` is the kind of guest, for the message: `virtual machine`.
///
/// # Errors
/// It is none of these.
pub(crate) fn import_place(what: &str, id: &ImportId) -> Result<GuestPlace> {
    let given = match id {
        ImportId::Id(text) => match text.split_once('/') {
            Some((node, vmid)) if !node.is_empty() => {
                vmid.parse().ok().map(|vmid| (Some(node.to_owned()), vmid))
            }
            Some(_) => None,
            None => text.parse().ok().map(|vmid| (None, vmid)),
        },
        ImportId::Identity(identity) => {
            let number = identity.get("vmid").and_then(Value::as_number).and_then(tf_value::Number::as_u64);
            number.and_then(|vmid| Some((None, Vmid::try_from(vmid).ok()?)))
        }
    };
    given.map(|(node, vmid)| GuestPlace { node, vmid }).ok_or_else(|| {
        Diagnostics::error(
            "The import id is no VMID",
            format!(
                "Import a {what} by its VMID: `id = \"101\"` or `id = \"pve1/101\"`, or by `identity = {{ vmid = 101 }}`."
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_ids() {
        let read = |text: &str| match import_place("container", &ImportId::Id(text.to_owned())) {
            Ok(place) => Some((place.node, place.vmid)),
            Err(_) => None,
        };
        assert_eq!(read("101"), Some((None, 101)));
        assert_eq!(read("pve1/101"), Some((Some("pve1".to_owned()), 101)));
        for wrong in ["", "web", "pve1/", "/101", "pve1/x/9", "-1", "101 "] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
