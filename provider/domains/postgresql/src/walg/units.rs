//! The timers of systemd: backups and metrics.

use super::layout::{LIBRARY, Layout};
use super::schedule::Schedule;

/// A file of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Its name.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) content: String,
}

impl Unit {
    /// Where it is.
    pub(crate) fn path(&self) -> String {
        format!("/etc/systemd/system/{}", self.name)
    }
}

/// How often metrics are written, in seconds.
pub(crate) const METRICS_EVERY: u32 = 30;

/// The units of an instance. Every member has them: what is not a primary, or does not hold the epoch, ends at once.
pub(crate) fn units(layout: &Layout, schedule: &Schedule, writable: &[&str]) -> Vec<Unit> {
    let name = &layout.name;
    let service = |what: &str, script: &str, more: &str| Unit {
        name: format!("hybridops-{what}@{name}.service"),
        content: format!(
            "# Written by Terraform.\n[Unit]\nDescription=HybridOps {what} of PostgreSQL {name}\n\n[Service]\nType=oneshot\n\
             User=postgres\nGroup=postgres\nUMask=0077\nExecStart={LIBRARY}/{script} {name}\n{more}NoNewPrivileges=yes\n\
             ProtectSystem=full\nReadWritePaths={}\n",
            writable.join(" ")
        ),
    };
    let timer = |what: &str, when: String| Unit {
        name: format!("hybridops-{what}@{name}.timer"),
        content: format!(
            "# Written by Terraform.\n[Unit]\nDescription=When the {what} of PostgreSQL {name} runs\n\n[Timer]\n{when}\n\
             [Install]\nWantedBy=timers.target\n"
        ),
    };
    vec![
        service("backup", "hybridops-backup", "Nice=10\nIOSchedulingClass=idle\nTimeoutStartSec=infinity\n"),
        timer("backup", format!("OnCalendar={schedule}\nPersistent=true\nRandomizedDelaySec=5min\n")),
        service("metrics", "hybridops-metrics", "TimeoutStartSec=60\n"),
        timer(
            "metrics",
            format!("OnBootSec=20\nOnUnitActiveSec={METRICS_EVERY}\nAccuracySec=1\nRandomizedDelaySec=2\n"),
        ),
    ]
}

/// The timers among them, which are enabled.
pub(crate) fn timers(layout: &Layout) -> [String; 2] {
    ["backup", "metrics"].map(|what| format!("hybridops-{what}@{}.timer", layout.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_a_oneshot_of_postgres_that_catches_up() {
        let schedule = "02:00".parse().expect("a time of day");
        let units = units(&Layout::of_cluster(15, "main"), &schedule, &["/var/lib/hybridops"]);
        let of = |name: &str| {
            units.iter().find(|unit| unit.name == name).map(|unit| unit.content.as_str()).expect("a unit")
        };
        let service = of("hybridops-backup@15-main.service");
        for line in
            ["Type=oneshot", "User=postgres", "ExecStart=/usr/local/lib/hybridops/hybridops-backup 15-main"]
        {
            assert!(service.lines().any(|l| l == line), "{line} in {service}");
        }
        let timer = of("hybridops-backup@15-main.timer");
        for line in ["OnCalendar=*-*-* 02:00", "Persistent=true", "RandomizedDelaySec=5min"] {
            assert!(timer.lines().any(|l| l == line), "{line} in {timer}");
        }
    }
}
