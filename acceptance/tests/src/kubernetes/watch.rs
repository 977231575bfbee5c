//! etcd asked every second, from outside, whether it still takes writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::{Distribution, Machine, Scene};
use crate::real::ground;

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(1);
/// How long one server may take to answer.
const PATIENCE: Duration = Duration::from_millis(1500);
/// The key that is written.
const KEY: &str = "/hybridops-lab/watch";

/// What was seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Watched {
    /// How often etcd was asked to write.
    pub asked: usize,
    /// How often it did.
    pub written: usize,
    /// The longest time between two writes: elections are among it.
    pub longest_gap: Duration,
    /// The most members that voted.
    pub most_voters: usize,
    /// The fewest members that voted.
    pub fewest_voters: usize,
    /// The most members that did not vote yet, at one time.
    pub most_learners: usize,
}

impl Watched {
    /// Quorum must have been kept: it was asked more than once, and no gap was longer than this.
    ///
    /// # Errors
    /// It was not.
    pub fn expect_kept(&self, gap: Duration) -> Result<()> {
        ensure!(self.asked > 1 && self.written > 1, "so few questions prove nothing: {self:?}");
        ensure!(self.longest_gap <= gap, "etcd took no writes for {:?}: {self:?}", self.longest_gap);
        ensure!(self.most_learners <= 1, "{} members learned at one time: {self:?}", self.most_learners);
        Ok(())
    }
}

/// A thread that asks. Dropping it ends it.
#[derive(Debug)]
pub struct Quorum {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Watched>>,
    asker: Option<JoinHandle<()>>,
}

impl Quorum {
    /// Begins, with the credentials that the first of these machines has; any of the machines may come and go.
    ///
    /// # Errors
    /// The first is no server of a cluster.
    pub fn watch(scene: &Scene, distribution: Distribution, machines: &[&Machine]) -> Result<Self> {
        let first = machines.first().context("a machine")?;
        let tls = format!("{}/server/tls/etcd", distribution.data());
        let read = |file: &str| scene.exec(first, &format!("cat {tls}/{file}"));
        let identity = format!("{}\n{}\n", read("client.crt")?, read("client.key")?);
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(read("server-ca.crt")?.as_bytes())?])
            .identity(reqwest::Identity::from_pem(identity.as_bytes())?)
            .timeout(PATIENCE)
            .no_proxy()
            .build()?;
        let places: Vec<String> =
            machines.iter().map(|machine| format!("https://{}:2379", machine.address)).collect();
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Watched::default())));
        let (ends, kept) = (Arc::clone(&stop), Arc::clone(&seen));
        let runtime = ground::runtime()?;
        let asker = std::thread::spawn(move || {
            let mut last = Instant::now();
            let mut turn = 0;
            while !ends.load(Ordering::Relaxed) {
                let began = Instant::now();
                let answer = runtime.block_on(ask(&client, &places, &mut turn));
                let mut seen = kept.lock().unwrap_or_else(PoisonError::into_inner);
                seen.asked += 1;
                seen.longest_gap = seen.longest_gap.max(last.elapsed());
                if let Some((voters, learners)) = answer {
                    last = Instant::now();
                    seen.fewest_voters =
                        if seen.written == 0 { voters } else { seen.fewest_voters.min(voters) };
                    seen.written += 1;
                    seen.most_voters = seen.most_voters.max(voters);
                    seen.most_learners = seen.most_learners.max(learners);
                }
                drop(seen);
                std::thread::sleep(EVERY.saturating_sub(began.elapsed()));
            }
        });
        Ok(Self { stop, seen, asker: Some(asker) })
    }

    /// Ends, and answers what was seen.
    #[must_use]
    pub fn end(mut self) -> Watched {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(asker) = self.asker.take() {
            let _ = asker.join();
        }
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Quorum {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Writes by the first server that takes it, beginning with the one that did last; how many members vote and learn.
async fn ask(client: &reqwest::Client, places: &[String], turn: &mut usize) -> Option<(usize, usize)> {
    for _ in 0..places.len() {
        let place = places.get(*turn % places.len())?;
        if let Some(counted) = ask_one(client, place).await {
            return Some(counted);
        }
        *turn += 1;
    }
    None
}

async fn ask_one(client: &reqwest::Client, place: &str) -> Option<(usize, usize)> {
    let post = async |path: &str, body: Json| -> Option<Json> {
        let asked = client.post(format!("{place}{path}")).body(body.to_string());
        let answer = asked.send().await.ok()?.error_for_status().ok()?;
        serde_json::from_str(&answer.text().await.ok()?).ok()
    };
    let put = json!({ "key": STANDARD.encode(KEY), "value": STANDARD.encode("asked") });
    post("/v3/kv/put", put).await?;
    let list = post("/v3/cluster/member/list", json!({})).await?;
    let members = list["members"].as_array()?;
    let learners = members.iter().filter(|member| member["isLearner"] == true).count();
    Some((members.len() - learners, learners))
}
