//! Task identifiers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// A text that is no task identifier.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a task identifier")]
pub struct UpidError(String);

/// `UPID:node:pid:pstart:starttime:type:id:user:`, the numbers in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Upid {
    text: String,
    node: String,
    kind: String,
    id: String,
    user: String,
    pid: u64,
    pstart: u64,
    started: u64,
}

impl Upid {
    /// The identifier's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The node the task runs on: the only one that can be asked about it.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The task's type: `qmcreate`, `imgdel`, `download` and so on.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What it works on: a guest number, a file name, or nothing.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The guest it works on, where the identifier names one (`310`, `310@local`).
    pub fn vmid(&self) -> Option<u32> {
        self.id.split('@').next()?.parse().ok()
    }

    /// Who started it, with the token's name if a token did.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// When it started, in seconds since the epoch.
    pub fn started(&self) -> u64 {
        self.started
    }

    /// The worker's process and its start, in clock ticks since boot.
    pub fn process(&self) -> (u64, u64) {
        (self.pid, self.pstart)
    }
}

impl FromStr for Upid {
    type Err = UpidError;

    fn from_str(text: &str) -> Result<Self, UpidError> {
        let fault = || UpidError(text.to_owned());
        let fields: Vec<&str> = text.split(':').collect();
        // The id may be empty; the user may not, and the text ends with a colon.
        let ["UPID", node, pid, pstart, started, kind, id, user, ""] = fields[..] else {
            return Err(fault());
        };
        let hex = |field: &str| {
            let digits = !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_hexdigit());
            if digits { u64::from_str_radix(field, 16).map_err(|_| fault()) } else { Err(fault()) }
        };
        let word =
            |field: &str| !field.is_empty() && !field.contains(|c: char| c.is_whitespace() || c == '/');
        if !word(node) || !word(kind) || !word(user) || id.contains('\n') {
            return Err(fault());
        }
        Ok(Self {
            text: text.to_owned(),
            node: node.to_owned(),
            kind: kind.to_owned(),
            id: id.to_owned(),
            user: user.to_owned(),
            pid: hex(pid)?,
            pstart: hex(pstart)?,
            started: hex(started)?,
        })
    }
}

impl fmt::Display for Upid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Upid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields() {
        let upid: Upid = "UPID:pve:00000B0E:0005B277:6B0138C3:imgdel:400@local:root@pam!tf:".parse().unwrap();
        assert_eq!(
            (upid.node(), upid.kind(), upid.vmid(), upid.user()),
            ("pve", "imgdel", Some(400), "root@pam!tf")
        );
        assert_eq!((upid.started(), upid.process()), (0x6B01_38C3, (0xB0E, 0x5_B277)));
        let copy: Upid = "UPID:pve:00000AAF:0005B1B8:6B0138C1:imgcopy::root@pam!tf:".parse().unwrap();
        assert_eq!((copy.id(), copy.vmid()), ("", None));
        for bad in [
            "",
            "UPID:",
            "UPID:pve:1:2:3:a:b:root@pam",
            "UPID:pve:x:2:3:a:b:u:",
            "UPID:a/b:1:2:3:t:i:u:",
            "UPID:p:1:2:3:t:i:u:x",
        ] {
            assert!(bad.parse::<Upid>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn reads_back(
            node in "[a-z][a-z0-9-]{0,10}", pid: u32, pstart: u32, started: u32,
            kind in "[a-z]{2,12}", id in "[a-zA-Z0-9@._-]{0,12}", user in "[a-z]{1,8}@(pam|pve)(![a-z]{1,6})?",
        ) {
            let text = format!("UPID:{node}:{pid:08X}:{pstart:08X}:{started:08X}:{kind}:{id}:{user}:");
            let upid: Upid = text.parse().unwrap();
            prop_assert_eq!(upid.to_string(), text);
            prop_assert_eq!((upid.node(), upid.kind(), upid.id(), upid.user()), (&*node, &*kind, &*id, &*user));
            prop_assert_eq!(upid.started(), u64::from(started));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(UPID:)?[ -~]{0,60}") {
            let _ = text.parse::<Upid>();
        }
    }
}
