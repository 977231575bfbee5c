//! What a drill is, and what it found.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Computed, Model};

/// What is looked at in the restored cluster, besides that it starts and answers.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct DrillChecks {
    /// Whether every table and index is checked by `pg_amcheck`, each index against its table. Takes version 14.
    #[attr(default = true)]
    pub amcheck: bool,
    /// Whether the checksum of every page is checked. Takes a cluster with checksums.
    #[attr(default = true)]
    pub checksums: bool,
    /// Proofs by rows: statements that must answer `true`, by a name of one's own. They run in a read-only transaction.
    #[attr(default = [])]
    pub rows: BTreeMap<String, RowProof>,
}

/// A statement that must answer `true`.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct RowProof {
    /// Database it runs in.
    pub database: String,
    /// The statement, such as `SELECT count(*) > 1000 FROM orders`.
    pub sql: String,
}

/// What a drill found.
#[derive(Debug, Clone, Default, PartialEq, Model)]
pub struct DrillResult {
    /// When it began, RFC 3339.
    #[attr(stable)]
    pub at: Computed<String>,
    /// Backup it began with. It is marked as verified in the archive.
    #[attr(stable)]
    pub backup: Computed<String>,
    /// System identifier of the cluster.
    #[attr(stable)]
    pub system_identifier: Computed<String>,
    /// Position that was replayed to.
    #[attr(stable)]
    pub lsn: Computed<String>,
    /// Time of the last commit that was there, RFC 3339; null where none was replayed.
    #[attr(stable)]
    pub committed_at: Computed<Option<String>>,
    /// Recovery time: milliseconds from the beginning until the restored server was promoted and answered.
    #[attr(stable)]
    pub rto_milliseconds: Computed<u64>,
    /// Recovery point: seconds of work that would have been lost, had the primary died when the drill began. Null where
    /// a target was set, for that leaves work out on purpose. It is exact to zero where the primary runs on the drill's
    /// machine; else counted from the last commit that was restored, so that an idle database looks worse than it is.
    #[attr(stable)]
    pub rpo_seconds: Computed<Option<u64>>,
    /// The same in bytes of WAL; null where the primary does not run on the drill's machine.
    #[attr(stable)]
    pub rpo_bytes: Computed<Option<u64>>,
    /// Bytes of the restored databases.
    #[attr(stable)]
    pub bytes: Computed<u64>,
    /// Tables and indexes that were checked.
    #[attr(stable)]
    pub relations: Computed<Option<u64>>,
    /// Pages whose checksums were right.
    #[attr(stable)]
    pub pages: Computed<Option<u64>>,
    /// Proofs by rows that held.
    #[attr(stable)]
    pub rows: Computed<BTreeSet<String>>,
    /// Milliseconds the whole drill took.
    #[attr(stable)]
    pub milliseconds: Computed<u64>,
}
