//! What may be lost, and how long it may take.

use tf_framework::{GoDuration, Model};

/// What a disaster may cost.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Objectives {
    /// Recovery point: at most this much of the newest work may be lost, such as `60s`. Derives `archive_timeout`
    /// (half of it).
    pub rpo: Option<GoDuration>,
    /// Recovery time: a restore may take at most this long, such as `15m`. Derives `checkpoint_timeout` and
    /// `max_wal_size`, which bound how much WAL a start replays.
    pub rto: Option<GoDuration>,
}
