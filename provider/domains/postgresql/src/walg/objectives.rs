//! What may be lost and how long it may take: what is derived from it, and whether what was measured meets it.

use std::collections::BTreeMap;
use std::time::Duration;

use tf_framework::{Diagnostic, Path};

use super::layout::Layout;

/// Seconds after which a segment is archived though it is not full, where no objective says otherwise.
const USUAL_ARCHIVE_TIMEOUT: u64 = 60;

/// Half of what may be lost goes into waiting for the segment, the rest is for the way to the archive.
pub(crate) fn archive_timeout(rpo: Option<Duration>) -> u64 {
    rpo.map_or(USUAL_ARCHIVE_TIMEOUT, |rpo| (rpo.as_secs() / 2).clamp(1, 3_600))
}

/// The settings of a server that is archived.
pub(crate) fn server_settings(layout: &Layout, rpo: Option<Duration>) -> BTreeMap<String, String> {
    [
        ("archive_mode", "on".to_owned()),
        ("archive_command", layout.archive_command()),
        ("archive_timeout", format!("{}s", archive_timeout(rpo))),
        ("restore_command", layout.restore_command()),
        ("wal_level", "replica".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// What was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    /// From a write until it was read back from the archive.
    pub(crate) archive: Option<Duration>,
    /// From the start of a restore until it took queries.
    pub(crate) restore: Option<Duration>,
    /// Work that the restore did not bring back.
    pub(crate) lost: Option<Duration>,
}

/// Warnings where what was measured does not meet what is declared.
pub(crate) fn forecast(rpo: Option<Duration>, rto: Option<Duration>, measured: &Measured) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let at = |name: &str| Path::root().attribute("objectives").attribute(name);
    if let (Some(rpo), Some(archive)) = (rpo, measured.archive) {
        let worst = Duration::from_secs(archive_timeout(Some(rpo))) + archive;
        if worst > rpo {
            let detail = format!(
                "A segment waits for {} s at most (archive_timeout) and took {:.1} s to the archive when it was measured: \
                 up to {:.1} s of work can be lost, and {} s may be. Shorten the way to the archive, allow more loss, or \
                 add a synchronous standby.",
                archive_timeout(Some(rpo)),
                archive.as_secs_f64(),
                worst.as_secs_f64(),
                rpo.as_secs()
            );
            warnings.push(
                Diagnostic::warning("The archive does not meet the recovery point objective", detail)
                    .at(at("rpo")),
            );
        }
    }
    if let (Some(rpo), Some(lost)) = (rpo, measured.lost)
        && lost > rpo
    {
        let detail = format!(
            "The last drill lost {:.1} s of work, and {} s may be lost. Look at why the archive was behind.",
            lost.as_secs_f64(),
            rpo.as_secs()
        );
        warnings.push(
            Diagnostic::warning("The last drill missed the recovery point objective", detail).at(at("rpo")),
        );
    }
    if let (Some(rto), Some(restore)) = (rto, measured.restore)
        && restore > rto
    {
        let detail = format!(
            "The last restore took {:.0} s, and {} s are allowed. Take full backups more often, raise \
             `download_concurrency`, or keep a standby.",
            restore.as_secs_f64(),
            rto.as_secs()
        );
        warnings.push(
            Diagnostic::warning("Restores do not meet the recovery time objective", detail).at(at("rto")),
        );
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_of_the_objective_is_for_waiting() {
        assert_eq!(archive_timeout(Some(Duration::from_secs(60))), 30);
        assert_eq!(archive_timeout(None), 60);
        assert_eq!(archive_timeout(Some(Duration::from_millis(200))), 1);
        let settings = server_settings(&Layout::of_cluster(15, "main"), Some(Duration::from_secs(60)));
        assert_eq!(settings["archive_timeout"], "30s");
        assert_eq!(settings["archive_command"], "/usr/local/lib/hybridops/hybridops-wal-archive 15-main %p");
    }

    #[test]
    fn what_was_measured_is_compared() {
        let seconds = Duration::from_secs;
        let measured =
            Measured { archive: Some(seconds(40)), restore: Some(seconds(2_000)), lost: Some(seconds(61)) };
        let warnings = forecast(Some(seconds(60)), Some(seconds(900)), &measured);
        let paths: Vec<String> =
            warnings.iter().filter_map(|w| w.path.as_ref()).map(ToString::to_string).collect();
        assert_eq!(paths.len(), 3, "{warnings:?}");
        assert!(
            forecast(
                Some(seconds(60)),
                Some(seconds(3_000)),
                &Measured { archive: Some(seconds(2)), ..Measured::default() }
            )
            .is_empty()
        );
    }

    proptest! {
        #[test]
        fn waiting_never_takes_more_than_the_objective(rpo in 1u64..100_000) {
            prop_assert!(archive_timeout(Some(Duration::from_secs(rpo))) <= rpo);
        }
    }
}
