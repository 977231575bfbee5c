//! Where the data is kept, and how the inside of the container is reached.

use std::collections::BTreeSet;

use tf_framework::{Choice, Model};

use hosts::Connection;

/// Where the data is kept: a directory of the node (`host_path`), which outlives every container, or a volume of the
/// container (`storage` and `size`), which is handed over when the container is built anew.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct DataPlace {
    /// Directory of the node. `data` below it is mounted at `/var/lib/postgresql`, `etc` below it at
    /// `/etc/postgresql`. It is made and given to the right owner where it is not there or empty; one that holds
    /// something is never changed. Bind mounts take root@pam logged in with a password. It cannot be moved.
    #[attr(validate(
        matches(
            r"^/([^d,\s/][^,\s/]*|d[^e,\s/]?[^,\s/]*|de[^v,\s/][^,\s/]*)(/[^,\s/]+)+$",
            "an absolute path with at least two parts, outside /dev"
        ),
        conflicts_with(storage)
    ))]
    pub host_path: Option<String>,
    /// ZFS data set that is mounted at `host_path`, such as `rpool/data/db-01`. It is made where it is not there, with
    /// records of 16 KiB, and never destroyed.
    #[attr(validate(
        matches(r"^[A-Za-z][A-Za-z0-9_.:-]*(/[A-Za-z0-9_.:-]+)+$", "a data set such as `rpool/data/db-01`"),
        required_with(host_path)
    ))]
    pub zfs_dataset: Option<String>,
    /// Whether every node has the same directory at `host_path`, so that the container may move. Says so, makes
    /// nothing shared.
    #[attr(default = false)]
    pub shared: bool,
    /// Storage of the volume; needs content type `rootdir`. Mounted at `/var/lib/postgresql`.
    #[attr(validate(required_with(size)))]
    pub storage: Option<String>,
    /// Size of the volume such as `32G`. It is grown in place; it never shrinks.
    #[attr(eq = size, validate(
        matches(r"^[1-9][0-9]*[MGT]$", "a size such as `32G`"),
        required_with(storage)
    ))]
    pub size: Option<String>,
    /// Whether backups of the container include the data. The archive is the backup; a container's backup under a
    /// running server is none.
    #[attr(default = false)]
    pub backup: bool,
    /// Mount options.
    #[attr(default = [], validate(each(one_of("discard", "lazytime", "noatime", "nodev", "noexec", "nosuid"))))]
    pub mount_options: BTreeSet<String>,
    /// First number of the node's users that the container's users are mapped to. Proxmox VE begins at 100000 unless the
    /// container's file says otherwise. Owners on the node are this plus `postgresql.user_id`.
    #[attr(default = 100_000, validate(range(0..=4_000_000_000)))]
    pub idmap_base: u32,
}

/// How the inside of the container is reached.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Inside {
    /// The way: through the node, or to the container's own SSH server.
    #[attr(default = Via::Node)]
    pub via: Via,
    /// The container's SSH server, with `via = "ssh"`. At the container's address, with the host key that was read
    /// through the node, unless set.
    pub ssh: Option<Connection>,
}

/// The way into a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Via {
    /// `pct exec` in the shell of the node. The container needs no SSH server.
    Node,
    /// Its own SSH server.
    Ssh,
}

/// What destroying the resource does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OnDestroy {
    /// The data stays. With `host_path` the container is destroyed and the directory stays; a volume cannot live without
    /// a container, so that with `storage` the container is stopped and stays with it.
    KeepData,
    /// The container is destroyed with its volume. A directory of the node stays in any case.
    DestroyVolume,
    /// Nothing: the container goes on running, Terraform forgets it.
    Keep,
}
