//! Instances as these scenes have them.

use crate::real::{Declared, Machine, Store};

impl Declared {
    /// PostgreSQL 15 on a machine: with a role `app` that may write from the laboratory's network, and a database.
    #[must_use]
    pub fn host(label: &str, machine: &Machine) -> Self {
        Self::new("hybridops_postgresql_host", label)
            .text("name", &machine.name)
            .set("machine", machine.block())
            .instance(machine)
    }

    /// The blocks that every instance of these scenes has.
    #[must_use]
    pub fn instance(self, machine: &Machine) -> Self {
        let network = machine.address.rsplit_once('.').map_or("", |(network, _)| network);
        let rule = |database: &str, user: &str| {
            format!("{{ databases = [\"{database}\"], users = [\"{user}\"], address = \"{network}.0/24\" }}")
        };
        self.set("postgresql.version", "15")
            .set("postgresql.listen_addresses", "[\"*\"]")
            .set(
                "postgresql.access",
                format!("[{}, {}]", rule("all", "app"), rule("replication", "streamer")),
            )
            .set(
                "postgresql.roles.app",
                "{ login = true, password = var.app_password, password_version = 1 }",
            )
            .set("postgresql.databases.app", "{ owner = \"app\" }")
    }

    /// Backed up to the store below this folder, with the real WAL-G.
    #[must_use]
    pub fn backed_up(self, store: &Store, folder: &str) -> Self {
        self.set("backup.storage", store.block(folder))
            .set("backup.credentials", "{ access_key_id = var.s3_key, secret_access_key = var.s3_secret }")
            .set("backup.credentials_version", "1")
            .set("backup.wal_g", "{ binary = \"/opt/lab/wal-g\" }")
            .set("objectives.rpo", "\"10s\"")
    }
}
