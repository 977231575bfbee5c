//! Snapshots by schedule, with their own retention.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::cron::Schedule;
use super::route::{make, prune};
use super::{Options, S3Options, reconcile};
use crate::logline;
use crate::supervisor::{Secrets, Shared};

/// Runs for ever, or not at all where snapshots are switched off.
pub(crate) async fn run(shared: Arc<Shared>) {
    let context = shared.context.clone();
    let Some(api) = shared.api.get().cloned() else { return };
    let config = &context.config;
    let password =
        Secrets::read(&context.layout).ok().flatten().map(|known| known.server).unwrap_or_default();
    if let Err(error) = reconcile(&context, &api, None, &password).await {
        logline::warn(format!("Failed to reconcile snapshot ETCDSnapshotFile resources: {error:#}"));
    }
    if config.on("etcd-disable-snapshots") {
        return;
    }
    let text = config.text("etcd-snapshot-schedule-cron").unwrap_or("0 */12 * * *");
    let Some(schedule) = Schedule::parse(text) else {
        logline::error(format!("failed to schedule snapshots: {text} is no schedule"));
        return;
    };
    let retention = usize::try_from(config.number("etcd-snapshot-retention", 5)).unwrap_or(5);
    let options = |operation: &str, s3: Option<S3Options>| Options {
        operation: operation.to_owned(),
        name: vec![config.text("etcd-snapshot-name").unwrap_or("etcd-snapshot").to_owned()],
        retention: Some(retention),
        s3,
        ..Options::default()
    };
    loop {
        let now = OffsetDateTime::now_utc();
        let wait = (schedule.next(now) - now).unsigned_abs().max(Duration::from_secs(1));
        tokio::time::sleep(wait).await;
        let s3 = match S3Options::of(config) {
            None => Ok(None),
            Some(s3) => s3.filled(&api).await.map(Some),
        };
        let done = async {
            let s3 = s3?;
            make(&shared, &api, &options("save", s3.clone())).await?;
            prune(&shared, &api, &options("prune", s3)).await
        };
        if let Err(error) = done.await {
            logline::error(format!("Failed to take etcd snapshot: {error:#}"));
        }
    }
}
