//! What differs between virtual machines and containers wherever both are treated alike.

use super::{Config, drives, mounts};

/// A virtual machine or a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum GuestKind {
    /// A virtual machine.
    #[default]
    Qemu,
    /// A container.
    Lxc,
}

impl GuestKind {
    /// As paths, ids and listings name it.
    pub(crate) fn api(self) -> &'static str {
        match self {
            Self::Qemu => "qemu",
            Self::Lxc => "lxc",
        }
    }

    /// As messages name it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Qemu => "VM",
            Self::Lxc => "CT",
        }
    }

    /// As HA names it.
    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::Qemu => "vm",
            Self::Lxc => "ct",
        }
    }

    /// Directory of its configuration files.
    pub(crate) fn directory(self) -> &'static str {
        match self {
            Self::Qemu => "qemu-server",
            Self::Lxc => "lxc",
        }
    }

    /// Prefix of its tasks' types (`qmstart`, `vzstart`).
    pub(crate) fn task(self) -> &'static str {
        match self {
            Self::Qemu => "qm",
            Self::Lxc => "vz",
        }
    }

    /// Lock file of a guest's configuration.
    pub(crate) fn lock_file(self, vmid: u32) -> String {
        match self {
            Self::Qemu => format!("/var/lock/qemu-server/lock-{vmid}.conf"),
            Self::Lxc => format!("/run/lock/lxc/pve-config-{vmid}.lock"),
        }
    }

    /// Option that holds its name.
    pub(crate) fn name_key(self) -> &'static str {
        match self {
            Self::Qemu => "name",
            Self::Lxc => "hostname",
        }
    }

    /// Volumes a configuration names, CDs left out.
    pub(crate) fn volumes(self, config: &Config) -> Vec<String> {
        let mut found: Vec<String> = match self {
            Self::Qemu => drives(config)
                .into_iter()
                .filter(|(_, d)| d.storage().is_some() && (!d.is_cdrom() || d.is_cloudinit()))
                .map(|(_, d)| d.file)
                .collect(),
            Self::Lxc => mounts(config)
                .into_iter()
                .filter(|(_, m)| m.storage().is_some())
                .map(|(_, m)| m.volume)
                .collect(),
        };
        found.extend(config.iter().filter(|(k, _)| k.starts_with("unused")).map(|(_, v)| v.clone()));
        found
    }
}
