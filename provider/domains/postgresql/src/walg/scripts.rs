//! What runs on the machine of an instance.

/// A file in the library directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostFile {
    /// Its name there.
    pub(crate) name: &'static str,
    /// What is in it.
    pub(crate) content: &'static str,
    /// Its mode.
    pub(crate) mode: u32,
}

/// The files, in the order they are written: what a script reads comes before it.
pub(crate) const FILES: &[HostFile] = &[
    HostFile { name: "common.sh", content: include_str!("host/common.sh"), mode: 0o644 },
    HostFile { name: "server.sql", content: include_str!("host/server.sql"), mode: 0o644 },
    HostFile { name: "find-backup.sql", content: include_str!("host/find-backup.sql"), mode: 0o644 },
    HostFile { name: "metrics.sql", content: include_str!("host/metrics.sql"), mode: 0o644 },
    HostFile {
        name: "hybridops-wal-archive",
        content: include_str!("host/hybridops-wal-archive.sh"),
        mode: 0o755,
    },
    HostFile {
        name: "hybridops-wal-restore",
        content: include_str!("host/hybridops-wal-restore.sh"),
        mode: 0o755,
    },
    HostFile { name: "hybridops-backup", content: include_str!("host/hybridops-backup.sh"), mode: 0o755 },
    HostFile { name: "hybridops-metrics", content: include_str!("host/hybridops-metrics.sh"), mode: 0o755 },
];
