//! Settings that follow from the machine's limits and from the objectives.

use std::collections::BTreeMap;
use std::time::Duration;

use tf_framework::GoDuration;

use super::super::model::Objectives;

const MIB: u64 = 1 << 20;

/// What settings are derived from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Basis<'a> {
    /// Memory of the machine in bytes; 0 where it is not known.
    pub(crate) memory: u64,
    /// Processors of the machine.
    pub(crate) processors: u32,
    /// What a disaster may cost.
    pub(crate) objectives: Option<&'a Objectives>,
    /// Connections there may be.
    pub(crate) connections: u64,
    /// Whether pages carry checksums.
    pub(crate) checksums: bool,
}

/// Settings for a machine. The memory is its container's limit: what `free` shows may be the node's.
pub(crate) fn derive(basis: &Basis<'_>) -> BTreeMap<String, String> {
    let mut settings: BTreeMap<String, String> =
        FIXED.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let mut set = |name: &str, value: String| drop(settings.insert(name.to_owned(), value));
    if basis.memory > 0 {
        let memory = basis.memory / MIB;
        let buffers = (memory / 4).max(16);
        set("shared_buffers", mib(buffers));
        set("effective_cache_size", mib((memory * 3 / 4).max(32)));
        set("maintenance_work_mem", mib((memory / 16).clamp(16, 1024)));
        // A query may use it several times, and every connection may run one.
        let share = memory.saturating_sub(buffers) / basis.connections.max(1) / 3;
        set("work_mem", mib(share.clamp(2, 64)));
    }
    let processors = basis.processors.max(1);
    set("max_worker_processes", processors.max(8).to_string());
    set("max_parallel_workers", processors.max(1).to_string());
    set("max_parallel_workers_per_gather", (processors / 2).clamp(0, 4).to_string());
    set("max_parallel_maintenance_workers", (processors / 2).clamp(1, 4).to_string());
    if !basis.checksums {
        // An old primary cannot be rewound without either.
        set("wal_log_hints", "on".to_owned());
    }
    let rto = basis.objectives.and_then(|objectives| objectives.rto.as_ref()).map(GoDuration::length);
    let (timeout, size) = rto.map_or((900, 4096), recovery);
    set("checkpoint_timeout", format!("{timeout}s"));
    set("max_wal_size", mib(size));
    settings
}

/// Seconds between checkpoints and MiB of WAL between them, so that a start after a crash replays within a third of the
/// time allowed at 32 MiB a second.
fn recovery(rto: Duration) -> (u64, u64) {
    let third = rto.as_secs() / 3;
    (third.clamp(30, 900), (third * 32).clamp(256, 16384))
}

fn mib(amount: u64) -> String {
    if amount.is_multiple_of(1024) && amount > 0 {
        format!("{}GB", amount / 1024)
    } else {
        format!("{amount}MB")
    }
}

/// What is right whatever the machine: replication and rewinding possible without a restart, WAL bounded.
const FIXED: &[(&str, &str)] = &[
    ("checkpoint_completion_target", "0.9"),
    ("hot_standby", "on"),
    ("log_checkpoints", "on"),
    ("log_lock_waits", "on"),
    ("max_connections", "100"),
    ("max_replication_slots", "10"),
    ("max_slot_wal_keep_size", "8GB"),
    ("max_wal_senders", "10"),
    ("password_encryption", "scram-sha-256"),
    ("random_page_cost", "1.1"),
    ("wal_compression", "on"),
    ("wal_level", "replica"),
];
