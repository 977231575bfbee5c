//! Where our files are on the machine of an instance.

/// Directory of the scripts and of WAL-G.
pub(crate) const LIBRARY: &str = "/usr/local/lib/hybridops";

/// WAL-G, whatever brought it.
pub(crate) const WAL_G: &str = "/usr/local/lib/hybridops/wal-g";

/// Directory of one instance's configuration and of its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Name of the instance on its machine: `15-main`, or that of a restore.
    pub(crate) name: String,
}

impl Layout {
    /// Of a cluster.
    pub(crate) fn of_cluster(version: u32, cluster: &str) -> Self {
        Self { name: format!("{version}-{cluster}") }
    }

    /// Of something that is restored beside it.
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    /// Its configuration. Root's, but WAL-G's configuration in it is the user `postgres`'s alone.
    pub(crate) fn etc(&self) -> String {
        format!("/etc/hybridops/postgresql/{}", self.name)
    }

    /// What scripts must know of it. No secrets.
    pub(crate) fn instance(&self) -> String {
        format!("{}/instance.env", self.etc())
    }

    /// WAL-G's configuration, with secrets.
    pub(crate) fn config(&self) -> String {
        format!("{}/wal-g.json", self.etc())
    }

    /// Configurations with keys that were used before, and files that keys and certificates are kept in.
    pub(crate) fn keys(&self) -> String {
        format!("{}/keys", self.etc())
    }

    /// A file in the directory of keys.
    pub(crate) fn key(&self, file: &str) -> String {
        format!("{}/{file}", self.keys())
    }

    /// Results, locks, and the lease of the epoch: `lease`, lines `epoch=`, `holder=`, `expires=` (seconds since 1970;
    /// none: it does not run out). The user `postgres`'s.
    pub(crate) fn state(&self) -> String {
        format!("/var/lib/hybridops/postgresql/{}", self.name)
    }

    /// A file whose first line says why nothing may be archived. As long as it is there, nothing is.
    pub(crate) fn archiving_off(&self) -> String {
        format!("{}/archiving-off", self.state())
    }

    /// Where WAL-G keeps what it fetched ahead. Outside of the data: pg_rewind would copy it.
    pub(crate) fn prefetch(&self) -> String {
        format!("{}/prefetch", self.state())
    }

    /// What PostgreSQL's `archive_command` is to be.
    pub(crate) fn archive_command(&self) -> String {
        format!("{LIBRARY}/hybridops-wal-archive {} %p", self.name)
    }

    /// What PostgreSQL's `restore_command` is to be.
    pub(crate) fn restore_command(&self) -> String {
        format!("{LIBRARY}/hybridops-wal-restore {} %f %p", self.name)
    }
}
