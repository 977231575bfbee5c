//! What was proved.

use tf_framework::{Computed, Model};

/// What was proved when the configuration was applied last. It is written by an apply and not refreshed: a proof says
/// when it was true.
#[derive(Debug, Clone, Default, PartialEq, Model)]
pub struct BackupProof {
    /// Version of WAL-G.
    #[attr(stable)]
    pub wal_g_version: Computed<Option<String>>,
    /// SHA-256 of the program.
    #[attr(stable)]
    pub wal_g_sha256: Computed<Option<String>>,
    /// Position that was written, archived, and read back from the archive.
    #[attr(stable)]
    pub archived_lsn: Computed<Option<String>>,
    /// Segment that was read back.
    #[attr(stable)]
    pub archived_segment: Computed<Option<String>>,
    /// When, RFC 3339.
    #[attr(stable)]
    pub archived_at: Computed<Option<String>>,
    /// Milliseconds from the write until the segment was read back.
    #[attr(stable)]
    pub archive_milliseconds: Computed<Option<u64>>,
    /// Base backup that was taken, and found in the archive with the WAL it needs.
    #[attr(stable)]
    pub backup: Computed<Option<String>>,
    /// When it was finished, RFC 3339.
    #[attr(stable)]
    pub backup_finished_at: Computed<Option<String>>,
    /// Object of the archive that was read raw, and could not be read without the key. Null without encryption.
    #[attr(stable)]
    pub encrypted_object: Computed<Option<String>>,
}

/// Nothing was proved: a standby does not write to the archive.
pub(crate) fn no_proof() -> BackupProof {
    let none = || Computed::Known(None);
    BackupProof {
        wal_g_version: none(),
        wal_g_sha256: none(),
        archived_lsn: none(),
        archived_segment: none(),
        archived_at: none(),
        archive_milliseconds: Computed::Known(None),
        backup: none(),
        backup_finished_at: none(),
        encrypted_object: none(),
    }
}
