//! Keeps the processes of static pods as the manifests say; what a kubelet does with containers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::process::{Process, read_record, record_path, write_record};
use super::{StaticPod, read_all};
use crate::distribution::Layout;
use crate::faults::{Faults, name};
use crate::logline;

/// Runs the static pods of one machine.
pub(crate) struct Runner {
    manifests: PathBuf,
    records: PathBuf,
    logs: PathBuf,
    faults: Faults,
    running: BTreeMap<String, Process>,
    /// When a pod that ended may start again, and how long it waits then.
    waiting: BTreeMap<String, (Instant, Duration)>,
}

const LONGEST_WAIT: Duration = Duration::from_secs(10);

impl Runner {
    /// The runner of this machine; what an earlier start left running is found again.
    pub(crate) fn new(layout: &Layout) -> Self {
        Self {
            manifests: layout.agent("pod-manifests"),
            records: layout.agent("standin-pods"),
            logs: layout.agent("logs"),
            faults: Faults::new(layout),
            running: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// The pods as their manifests are, each with the image that really runs.
    pub(crate) fn images(&self) -> Vec<(StaticPod, String)> {
        read_all(&self.manifests)
            .into_iter()
            .map(|pod| {
                let known = read_record(&self.records, &pod.container.name);
                let runs = known.map_or_else(|| pod.container.image.clone(), |record| record.image);
                (pod, runs)
            })
            .collect()
    }

    /// Stops the clock of a pod, or lets it go on.
    pub(crate) fn freeze(&self, pod: &str, still: bool) {
        if let Some(process) = self.running.get(pod) {
            process.freeze(still);
        }
    }

    /// Starts what is missing, restarts what was changed, stops what is gone.
    pub(crate) async fn sync(&mut self) {
        let wanted = read_all(&self.manifests);
        let gone: Vec<String> = self
            .running
            .keys()
            .filter(|pod| !wanted.iter().any(|there| there.container.name == **pod))
            .cloned()
            .collect();
        for pod in gone {
            if let Some(mut process) = self.running.remove(&pod) {
                process.stop().await;
            }
            let _ = std::fs::remove_file(record_path(&self.records, &pod));
        }
        for pod in &wanted {
            if let Err(error) = self.keep(pod).await {
                logline::error(format!("Error syncing static pod {}: {error:#}", pod.container.name));
            }
        }
    }

    async fn keep(&mut self, pod: &StaticPod) -> anyhow::Result<()> {
        let name = pod.container.name.as_str();
        let record = read_record(&self.records, name);
        // rke2#4221: unit and kubelet are new, the pod stays the old one.
        let stale = self.faults.active(name::STALE_STATIC_POD);
        let stale = stale.is_some_and(|only| only.is_empty() || only == name) && record.is_some();
        if pod.container.command.is_empty() {
            if record.as_ref().is_none_or(|known| known.hash != pod.hash) && !stale {
                let known = super::process::Record {
                    pid: 0,
                    started: String::new(),
                    hash: pod.hash.clone(),
                    image: pod.container.image.clone(),
                };
                write_record(&self.records, name, &known)?;
            }
            return Ok(());
        }
        if !self.running.contains_key(name)
            && let Some(process) = record.and_then(Process::adopt)
        {
            self.running.insert(name.to_owned(), process);
        }
        if let Some(process) = self.running.get_mut(name) {
            if process.runs() {
                if process.record.hash == pod.hash || stale {
                    return Ok(());
                }
                process.stop().await;
            } else {
                let wait = self.waiting.get(name).map_or(Duration::from_millis(500), |(_, wait)| *wait * 2);
                let wait = wait.min(LONGEST_WAIT);
                self.waiting.insert(name.to_owned(), (Instant::now() + wait, wait));
            }
            self.running.remove(name);
        }
        if self.waiting.get(name).is_some_and(|(until, _)| Instant::now() < *until) {
            return Ok(());
        }
        let log = self.logs.join(format!("{name}.log"));
        let mut process = Process::start(&pod.container.command, &log, false)?;
        process.record.hash.clone_from(&pod.hash);
        process.record.image.clone_from(&pod.container.image);
        write_record(&self.records, name, &process.record)?;
        self.running.insert(name.to_owned(), process);
        Ok(())
    }
}
