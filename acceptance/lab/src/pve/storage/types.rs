//! Types of storages: options, contents, secrets.

use std::collections::BTreeSet;

use super::Plugin;
use crate::pve::config::options::Options;

/// A type of storage.
#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) name: &'static str,
    /// How volumes on it look from above.
    pub(crate) plugin: Plugin,
    pub(crate) options: Options,
    /// Contents it can hold, those of a storage without any said first, up to a bar.
    contents: &'static str,
    /// Options that are kept apart and never shown.
    pub(crate) secrets: &'static [&'static str],
    /// Seen from all nodes by nature.
    pub(crate) shared: bool,
    /// Option that names the server behind it.
    pub(crate) server: Option<&'static str>,
    /// Mounted below `/mnt/pve`.
    pub(crate) mounted: bool,
}

const FILES: &str = "images rootdir | vztmpl iso backup snippets import none";
const DISKS: &str = "images rootdir";

const PLAIN: Type = Type {
    name: "",
    plugin: Plugin::Dir,
    options: Options::new(""),
    contents: FILES,
    secrets: &[],
    shared: false,
    server: None,
    mounted: false,
};

/// All types.
const TYPES: &[Type] = &[
    Type {
        name: "dir",
        options: Options::new(
            "path*! content-dirs nodes shared disable maxfiles prune-backups max-protected-backups content format \
             mkdir create-base-path create-subdirs is_mountpoint bwlimit preallocation snapshot-as-volume-chain!",
        ),
        ..PLAIN
    },
    Type {
        name: "btrfs",
        options: Options::new(
            "path*! nodes shared disable maxfiles prune-backups max-protected-backups content format is_mountpoint \
             nocow mkdir create-base-path create-subdirs preallocation",
        ),
        ..PLAIN
    },
    Type {
        name: "nfs",
        options: Options::new(
            "path! content-dirs server*! export*! nodes disable maxfiles prune-backups max-protected-backups options \
             content format mkdir create-base-path create-subdirs bwlimit preallocation snapshot-as-volume-chain!",
        ),
        contents: "images | rootdir vztmpl iso backup snippets import",
        shared: true,
        server: Some("server"),
        mounted: true,
        ..PLAIN
    },
    Type {
        name: "cifs",
        options: Options::new(
            "path! content-dirs server*! share*! subdir nodes disable maxfiles prune-backups max-protected-backups \
             content format username password domain smbversion mkdir create-base-path create-subdirs bwlimit \
             preallocation options snapshot-as-volume-chain!",
        ),
        contents: "images | rootdir vztmpl iso backup snippets import",
        secrets: &["password"],
        shared: true,
        server: Some("server"),
        mounted: true,
        ..PLAIN
    },
    Type {
        name: "glusterfs",
        options: Options::new(
            "path! server server2 volume*! transport nodes disable maxfiles prune-backups max-protected-backups \
             content format mkdir create-base-path create-subdirs bwlimit preallocation",
        ),
        contents: "images | vztmpl iso backup snippets import",
        shared: true,
        server: Some("server"),
        mounted: true,
        ..PLAIN
    },
    Type {
        name: "cephfs",
        options: Options::new(
            "path! content-dirs monhost nodes subdir disable options username content format mkdir create-base-path \
             create-subdirs fuse bwlimit maxfiles keyring prune-backups max-protected-backups fs-name",
        ),
        contents: "backup | vztmpl iso snippets import",
        secrets: &["keyring"],
        shared: true,
        server: Some("monhost"),
        mounted: true,
        ..PLAIN
    },
    Type {
        name: "pbs",
        options: Options::new(
            "server*! datastore*! namespace port nodes disable content username password encryption-key master-pubkey \
             maxfiles prune-backups max-protected-backups fingerprint",
        ),
        contents: "backup | none",
        secrets: &["password", "master-pubkey"],
        shared: true,
        server: Some("server"),
        ..PLAIN
    },
    Type {
        name: "esxi",
        options: Options::new(
            "nodes shared disable content server* username* password skip-cert-verification port",
        ),
        contents: "import",
        secrets: &["password"],
        server: Some("server"),
        ..PLAIN
    },
    Type {
        name: "lvm",
        plugin: Plugin::LvmThin,
        options: Options::new(
            "vgname*! nodes shared disable saferemove saferemove-stepsize saferemove_throughput content base! \
             tagged_only bwlimit snapshot-as-volume-chain",
        ),
        contents: DISKS,
        ..PLAIN
    },
    Type {
        name: "lvmthin",
        plugin: Plugin::LvmThin,
        options: Options::new("thinpool*! vgname*! nodes disable content bwlimit"),
        contents: DISKS,
        ..PLAIN
    },
    Type {
        name: "zfspool",
        plugin: Plugin::LvmThin,
        options: Options::new("pool*! blocksize sparse nodes disable content bwlimit mountpoint"),
        contents: DISKS,
        ..PLAIN
    },
    Type {
        name: "zfs",
        plugin: Plugin::LvmThin,
        options: Options::new(
            "nodes disable portal*! target*! pool*! blocksize*! iscsiprovider*! nowritecache sparse comstar_hg \
             comstar_tg lio_tpg content bwlimit zfs-base-path",
        ),
        contents: "images",
        shared: true,
        server: Some("portal"),
        ..PLAIN
    },
    Type {
        name: "rbd",
        plugin: Plugin::LvmThin,
        options: Options::new(
            "nodes disable monhost pool data-pool namespace username content krbd keyring bwlimit",
        ),
        contents: "images | rootdir",
        secrets: &["keyring"],
        shared: true,
        server: Some("monhost"),
        ..PLAIN
    },
    Type {
        name: "iscsi",
        plugin: Plugin::LvmThin,
        options: Options::new("portal*! target*! nodes disable content bwlimit"),
        contents: "images | none",
        shared: true,
        server: Some("portal"),
        ..PLAIN
    },
    Type {
        name: "iscsidirect",
        plugin: Plugin::LvmThin,
        options: Options::new("portal*! target*! nodes disable content bwlimit"),
        contents: "images | none",
        shared: true,
        server: Some("portal"),
        ..PLAIN
    },
];

impl Type {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|t| t.name == name)
    }

    /// Whether it can hold a content.
    pub(crate) fn can_hold(&self, content: &str) -> bool {
        content != "|" && self.contents.split_whitespace().any(|c| c == content)
    }

    /// Contents of a storage that says none.
    pub(crate) fn default_content(&self) -> BTreeSet<String> {
        self.contents.split('|').next().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    }
}
