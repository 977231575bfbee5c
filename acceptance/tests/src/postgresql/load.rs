//! Writers that keep what the server acknowledged, so that what is lost later can be named.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use tokio_postgres::NoTls;

use super::secrets::APP_PASSWORD;

/// A row that the server said is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Acknowledged {
    /// Its key.
    pub id: i64,
    /// When the client heard it.
    pub at: SystemTime,
}

/// Writers that run.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    heard: Arc<Mutex<Vec<Acknowledged>>>,
    writers: Vec<JoinHandle<()>>,
}

/// Where to connect to: one address, or several of which one takes writes.
fn target(addresses: &[&str]) -> String {
    format!(
        "host={} port={} user=app dbname=app password={APP_PASSWORD} connect_timeout=2 \
         target_session_attrs=read-write",
        addresses.join(","),
        vec!["5432"; addresses.len()].join(",")
    )
}

impl Load {
    /// Starts writers into the table `ledger`, which is made where it is missing. A writer that is thrown out comes
    /// back.
    ///
    /// # Errors
    /// The table cannot be made.
    pub fn start(addresses: &[&str], writers: usize, pause: Duration) -> Result<Self> {
        let target = target(addresses);
        query(
            addresses,
            "CREATE TABLE IF NOT EXISTS ledger (id bigint PRIMARY KEY, writer int, at timestamptz DEFAULT clock_timestamp())",
        )?;
        let first = query(addresses, "SELECT coalesce(max(id), 0) FROM ledger")?;
        let first: i64 = first.first().context("an id")?.parse()?;
        let (stop, heard) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let next = Arc::new(AtomicI64::new(first + 1));
        let writer = |number: usize| {
            let (stop, heard, next) = (Arc::clone(&stop), Arc::clone(&heard), Arc::clone(&next));
            let target = target.clone();
            std::thread::spawn(move || {
                let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
                    return;
                };
                while !stop.load(Ordering::Relaxed) {
                    let work = write(&target, number, pause, &stop, &heard, &next);
                    if runtime.block_on(work).is_err() {
                        std::thread::sleep(Duration::from_millis(50));
                    }
                }
            })
        };
        let writers = (0..writers).map(writer).collect();
        Ok(Self { stop, heard, writers })
    }

    /// How many rows were acknowledged so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Ends the writers; everything that was acknowledged, the oldest first.
    #[must_use]
    pub fn stop(mut self) -> Vec<Acknowledged> {
        self.stop.store(true, Ordering::Relaxed);
        for writer in self.writers.drain(..) {
            let _ = writer.join();
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        heard.sort_by_key(|row| row.at);
        heard
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

async fn write(
    target: &str,
    number: usize,
    pause: Duration,
    stop: &AtomicBool,
    heard: &Mutex<Vec<Acknowledged>>,
    next: &AtomicI64,
) -> Result<()> {
    let patience = Duration::from_secs(5);
    let (client, connection) =
        tokio::time::timeout(patience, tokio_postgres::connect(target, NoTls)).await??;
    let connection = tokio::spawn(connection);
    let writer = i32::try_from(number)?;
    while !stop.load(Ordering::Relaxed) {
        let id = next.fetch_add(1, Ordering::Relaxed);
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&id, &writer];
        let row = client.execute("INSERT INTO ledger (id, writer) VALUES ($1, $2)", &values);
        // A server that hangs is a server that is gone; what it was sent is in doubt and counts as unacknowledged.
        tokio::time::timeout(patience, row).await??;
        heard.lock().unwrap_or_else(PoisonError::into_inner).push(Acknowledged { id, at: SystemTime::now() });
        tokio::time::sleep(pause).await;
    }
    connection.abort();
    Ok(())
}

/// Rows of a query in the database `app`, as the user `app`: the first column as text.
///
/// # Errors
/// The server refuses, or does not answer.
pub fn query(addresses: &[&str], sql: &str) -> Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&target(addresses), NoTls).await?;
        let connection = tokio::spawn(connection);
        let answer = tokio::time::timeout(Duration::from_secs(30), client.simple_query(sql)).await??;
        connection.abort();
        Ok(answer
            .iter()
            .filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => {
                    Some(row.try_get(0).ok().flatten().unwrap_or_default().to_owned())
                }
                _ => None,
            })
            .collect())
    })
}

/// What was acknowledged and is not there.
#[must_use]
pub fn lost(acknowledged: &[Acknowledged], present: &BTreeSet<i64>) -> Vec<Acknowledged> {
    acknowledged.iter().filter(|row| !present.contains(&row.id)).copied().collect()
}
