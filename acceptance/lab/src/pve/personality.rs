//! What differs between releases, as data.

/// A Proxmox VE release the stand-in can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Release {
    /// 8.4.21, the one that was recorded.
    #[default]
    V8_4,
    /// 9.1; differences follow its API description and sources, not recordings.
    V9,
}

/// Facts of a release.
#[derive(Debug)]
pub(crate) struct Personality {
    pub(crate) release: &'static str,
    pub(crate) version: &'static str,
    pub(crate) repoid: &'static str,
    /// QEMU version written into a guest's `meta`.
    pub(crate) qemu: &'static str,
    /// Privilege for guest agent calls that change something.
    pub(crate) agent_privilege: &'static str,
    /// Privileges gone in this release.
    pub(crate) privileges_gone: &'static [&'static str],
    /// Privileges new in this release.
    pub(crate) privileges_new: &'static [&'static str],
}

const V8_4: Personality = Personality {
    release: "8.4",
    version: "8.4.21",
    repoid: "2606ac85fbf2ab7d",
    qemu: "7.2.22",
    agent_privilege: "VM.Monitor",
    privileges_gone: &[],
    privileges_new: &[],
};

const V9: Personality = Personality {
    release: "9.1",
    version: "9.1.6",
    repoid: "3bf5476b8a4699e2",
    qemu: "10.0.2",
    agent_privilege: "VM.GuestAgent.Unrestricted",
    privileges_gone: &["VM.Monitor"],
    privileges_new: &[
        "VM.GuestAgent.Audit",
        "VM.GuestAgent.FileRead",
        "VM.GuestAgent.FileWrite",
        "VM.GuestAgent.FileSystemMgmt",
        "VM.GuestAgent.Unrestricted",
        "VM.Replicate",
    ],
};

impl Release {
    pub(crate) fn personality(self) -> &'static Personality {
        match self {
            Self::V8_4 => &V8_4,
            Self::V9 => &V9,
        }
    }

    /// Reads `8.4`, `8`, `9`, `9.x`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split('.').next()? {
            "8" => Some(Self::V8_4),
            "9" => Some(Self::V9),
            _ => None,
        }
    }
}
