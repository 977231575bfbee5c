//! `parse_upid`.

use tf_framework::{FunctionError, Model, function};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::api::{Upid, Vmid};

/// The parts of a task's identifier.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct UpidParts {
    /// The node the task runs on.
    pub node: String,
    /// Its type: `qmcreate`, `vzdump`, `qmigrate` and so on.
    pub r#type: String,
    /// What it works on: a VMID, a name, or nothing.
    pub id: String,
    /// The guest it works on; null where it works on none.
    pub vmid: Option<Vmid>,
    /// The user who started it, with the realm.
    pub user: String,
    /// The API token that started it; null for a user who was logged in.
    pub token: Option<String>,
    /// When it started, in seconds since 1970.
    pub started: u64,
    /// The same as a timestamp in UTC, as RFC 3339 writes it.
    pub started_at: String,
}

/// Takes the identifier of a Proxmox VE task apart.
///
/// A task is named by its UPID: `UPID:pve1:0000AB12:00C0FFEE:6B013991:vzdump:101:root@pam:`. Nothing is asked of a server.
#[function(name = "parse_upid")]
pub(super) fn parse_upid(
    /// The identifier, as tasks lists and logs show it.
    upid: String,
) -> Result<UpidParts, FunctionError> {
    let parsed: Upid = upid.trim().parse().map_err(|_| {
        FunctionError::argument(
            0,
            format!(
                "{upid:?} is no task identifier. Expected UPID:node:pid:pstart:starttime:type:id:user: with three \
                 hexadecimal numbers and a colon at the end."
            ),
        )
    })?;
    let (user, token) = match parsed.user().split_once('!') {
        Some((user, token)) => (user, Some(token.to_owned())),
        None => (parsed.user(), None),
    };
    Ok(UpidParts {
        node: parsed.node().to_owned(),
        r#type: parsed.kind().to_owned(),
        id: parsed.id().to_owned(),
        vmid: parsed.vmid(),
        user: user.to_owned(),
        token,
        started: parsed.started(),
        started_at: timestamp(parsed.started()).unwrap_or_default(),
    })
}

/// A moment as RFC 3339 writes it.
pub(crate) fn timestamp(seconds: u64) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
    moment.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_taken_apart() {
        let parts =
            parse_upid("UPID:pve:00001249:000602AB:6B013991:vzdump:310:root@pam!tf:".to_owned()).unwrap();
        assert_eq!((parts.node.as_str(), parts.r#type.as_str(), parts.vmid), ("pve", "vzdump", Some(310)));
        assert_eq!((parts.user.as_str(), parts.token.as_deref()), ("root@pam", Some("tf")));
        assert_eq!(parts.started, 0x6B01_3991);
        assert_eq!(parts.started_at, "2026-11-21T06:26:25Z");
        for bad in ["", "UPID:pve", "UPID:pve:x:y:z:vzdump:310:root@pam:"] {
            assert!(parse_upid(bad.to_owned()).unwrap_err().text.contains("UPID:node"), "{bad}");
        }
    }
}
