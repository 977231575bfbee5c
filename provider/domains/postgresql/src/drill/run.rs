//! A drill: a restore beside everything, looked at closely, and taken away again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tf_framework::{Computed, Path};
use time::OffsetDateTime;
use transport_ssh::{Budget, Input, Output};

use super::model::{DrillChecks, DrillResult};
use crate::errors::{Error, Refusal};
use crate::instance::Run;
use crate::restore::{
    Arrived, Choice, Recovery, RestoreSource, RestoreTarget, Target, milliseconds, place, rfc3339,
};
use crate::store::{Lsn, Store, Verified};
use crate::walg::{Seen, WalG, for_restore};

/// A drill.
pub(crate) struct Drill<'a> {
    /// The operation.
    pub(crate) run: &'a Run,
    /// Name of the drill.
    pub(crate) name: &'a str,
    /// Directory under which the cluster is restored.
    pub(crate) directory: &'a str,
    /// Major version.
    pub(crate) version: u32,
    /// The archive.
    pub(crate) source: &'a RestoreSource,
    /// Where WAL-G comes from.
    pub(crate) wal_g: &'a WalG,
    /// The target; all there is unless set.
    pub(crate) target: Option<&'a RestoreTarget>,
    /// What is looked at.
    pub(crate) checks: DrillChecks,
    /// Settings of the server.
    pub(crate) settings: &'a BTreeMap<String, String>,
    /// The archive, seen from here.
    pub(crate) store: Arc<dyn Store>,
}

/// What the primary had written when the drill began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Primary {
    lsn: Lsn,
    xid: u64,
}

/// What the restored cluster says of itself.
#[derive(Debug, Default)]
struct Looked {
    xid: u64,
    bytes: u64,
    relations: Option<u64>,
    pages: Option<u64>,
}

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

impl Drill<'_> {
    /// Restores, looks, measures, marks the backup as verified, and takes everything away again, also after a failure.
    ///
    /// # Errors
    /// What could not be restored, or was not as it should be.
    pub(crate) async fn run(&self, choice: Choice, begun: Instant) -> Result<DrillResult, Error> {
        // What a drill that was killed left.
        self.clean(&self.run.budget).await?;
        let result = self.restored(choice, begun).await;
        // The time of the operation may be over; what it left must go all the same.
        let cleaned = self.clean(&Budget::within(std::time::Duration::from_secs(120))).await;
        let result = result?;
        cleaned?;
        Ok(result)
    }

    async fn restored(&self, choice: Choice, begun: Instant) -> Result<DrillResult, Error> {
        let run = self.run;
        let started = OffsetDateTime::now_utc();
        let target = self.target.and_then(Target::of).unwrap_or(Target::Latest);
        let primary = self.primary(choice.system_id).await?;
        let backup = for_restore(
            &self.source.storage,
            self.source.credentials.as_ref(),
            self.source.encryption.as_ref(),
            self.wal_g,
        );
        let data = format!("{}/hybridops-drill-{}", self.directory, self.name);
        let place = place(self.name, self.layout(), data, self.version, &choice);
        let settings = self
            .settings
            .iter()
            .map(|(name, value)| format!("{name} = '{}'\n", value.replace('\'', "''")))
            .collect();
        let inclusive = self.target.is_none_or(|target| target.inclusive);
        let path = at("source");
        let recovery = Recovery {
            run,
            backup: &backup,
            place,
            choice: choice.clone(),
            target: target.clone(),
            inclusive,
            settings,
            path,
        };
        run.step("fetch of the backup", recovery.fetch(&Seen::default())).await?;
        let arrived = run.step("replay of the archive", recovery.replay()).await?;
        run.step("promotion of the drill", recovery.promote()).await?;
        let rto = milliseconds(begun);
        let mut looked = run.step("checks", self.check()).await?;
        for (name, proof) in &self.checks.rows {
            run.step(format!("rows {name}"), self.rows(name, &proof.database, &proof.sql)).await?;
        }
        looked.pages = run.step("checksums", self.checksums()).await?;
        let mark = Verified::now(&choice.backup, choice.system_id, "drill", arrived.lsn);
        let marked = mark.write(self.store.as_ref(), &run.budget).await;
        marked.map_err(|error| crate::restore::unread(&at("source"), &error))?;
        let lost = (target == Target::Latest).then(|| lost(started, &arrived, primary, looked.xid));
        self.note(&choice, started, rto, lost).await?;
        Ok(DrillResult {
            at: Computed::Known(rfc3339(micros(started))),
            backup: Computed::Known(choice.backup),
            system_identifier: Computed::Known(choice.system_id.to_string()),
            lsn: Computed::Known(arrived.lsn.to_string()),
            committed_at: Computed::Known(arrived.committed.map(rfc3339)),
            rto_milliseconds: Computed::Known(rto),
            rpo_seconds: Computed::Known(lost),
            rpo_bytes: Computed::Known(
                primary.filter(|_| lost.is_some()).map(|primary| primary.lsn.since(arrived.lsn)),
            ),
            bytes: Computed::Known(looked.bytes),
            relations: Computed::Known(looked.relations),
            pages: Computed::Known(looked.pages),
            rows: Computed::Known(self.checks.rows.keys().cloned().collect()),
            milliseconds: Computed::Known(milliseconds(begun)),
        })
    }

    fn layout(&self) -> String {
        format!("drill-{}", self.name)
    }

    async fn primary(&self, system_id: u64) -> Result<Option<Primary>, Error> {
        let system_id = system_id.to_string();
        let said = self
            .run
            .script("asking the primary", include_str!("steps/source.sh"), &[&system_id], Input::Nothing)
            .await?;
        let mut words = said.split_whitespace();
        let primary =
            words.next().and_then(|lsn| lsn.parse().ok()).zip(words.next().and_then(|xid| xid.parse().ok()));
        Ok(primary.map(|(lsn, xid)| Primary { lsn, xid }))
    }

    async fn check(&self) -> Result<Looked, Error> {
        let limit = self.run.budget.remaining().map_or(86_400, |left| left.as_secs()).to_string();
        let word = if self.checks.amcheck { "amcheck" } else { "" };
        let (name, script) = (self.layout(), include_str!("steps/check.sh"));
        let output = self.run.ask(script, &[&name, word, &limit], Input::Nothing).await?;
        let text = self.held("What was restored is damaged", "amcheck", &output)?;
        Ok(Looked {
            xid: number(&text, "xid").unwrap_or_default(),
            bytes: number(&text, "bytes").unwrap_or_default(),
            relations: number(&text, "relations"),
            pages: None,
        })
    }

    async fn rows(&self, name: &str, database: &str, sql: &str) -> Result<(), Error> {
        let input = Input::Bytes(format!("{}\n;\n", sql.trim().trim_end_matches(';')).into());
        let output = self.run.ask(include_str!("steps/prove.sh"), &[&self.layout(), database], input).await?;
        let path = at("checks").attribute("rows").key(name);
        if !output.ok() {
            let detail = format!("In {database}: {}", output.errors().trim());
            return Err(Refusal::new(format!("The statement of {name:?} failed"), detail).at(path).into());
        }
        let said = output.text();
        if said.trim() == "t" {
            return Ok(());
        }
        let said: String = said.trim().chars().take(200).collect();
        let detail =
            format!("In {database} of what was restored it answers {said:?}, and must answer true (`t`).");
        Err(Refusal::new(format!("Rows are missing: {name:?} does not hold"), detail).at(path).into())
    }

    async fn checksums(&self) -> Result<Option<u64>, Error> {
        let word = if self.checks.checksums { "checksums" } else { "" };
        let output =
            self.run.ask(include_str!("steps/checksums.sh"), &[&self.layout(), word], Input::Nothing).await?;
        let text = self.held("Pages of what was restored are damaged", "checksums", &output)?;
        Ok(number(&text, "pages"))
    }

    fn held(&self, summary: &str, check: &str, output: &Output) -> Result<String, Error> {
        let path = at("checks").attribute(check);
        match output.code() {
            Some(0) => Ok(output.text()),
            Some(76) => {
                let detail = format!("{}\n\nThe backup was not marked as verified.", output.errors().trim());
                Err(Refusal::new(summary, detail).at(path).into())
            }
            Some(69) => Err(Refusal::new("The check cannot be made", output.errors().trim().to_owned())
                .at(path)
                .into()),
            _ => Err(self.run.machine.failed("checking what was restored", output).into()),
        }
    }

    async fn note(
        &self,
        choice: &Choice,
        started: OffsetDateTime,
        rto: u64,
        lost: Option<u64>,
    ) -> Result<(), Error> {
        let json = serde_json::json!({
            "time": started.unix_timestamp(), "backup": choice.backup, "rto_milliseconds": rto, "rpo_seconds": lost,
        });
        let arguments = [choice.system_id.to_string(), json.to_string()];
        let [system_id, json] = arguments.each_ref().map(String::as_str);
        let script = include_str!("steps/note.sh");
        self.run.script("telling the metrics", script, &[system_id, json], Input::Nothing).await.map(drop)
    }

    async fn clean(&self, budget: &Budget) -> Result<(), Error> {
        let (script, name) = (include_str!("steps/clean.sh"), self.layout());
        let cleaned =
            self.run.machine.check("taking the drill away", script, &[&name], Input::Nothing, budget).await;
        Ok(cleaned.map(drop)?)
    }
}

/// Seconds of work that would have been lost.
fn lost(started: OffsetDateTime, arrived: &Arrived, primary: Option<Primary>, xid: u64) -> u64 {
    // Every transaction that had begun to write is there, or nothing was written after it.
    if primary.is_some_and(|primary| xid >= primary.xid || arrived.lsn >= primary.lsn) {
        return 0;
    }
    let last = arrived.committed.unwrap_or_else(|| micros(started));
    u64::try_from(micros(started).saturating_sub(last).max(0) / 1_000_000).unwrap_or_default()
}

fn micros(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or_default()
}

fn number(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .and_then(|n| n.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_is_counted_from_the_last_commit_unless_nothing_was() {
        let started = OffsetDateTime::from_unix_timestamp(1_000).expect("a time");
        let arrived =
            |lsn, committed| Arrived { paused: false, lsn: Lsn(lsn), committed, said: String::new() };
        let primary = Some(Primary { lsn: Lsn(100), xid: 50 });
        assert_eq!(lost(started, &arrived(90, Some(940_000_000)), primary, 49), 60);
        assert_eq!(lost(started, &arrived(90, Some(940_000_000)), primary, 50), 0);
        assert_eq!(lost(started, &arrived(100, Some(940_000_000)), primary, 0), 0);
        assert_eq!(lost(started, &arrived(90, Some(940_500_000)), None, 0), 59);
        assert_eq!(lost(started, &arrived(90, None), None, 0), 0);
    }
}
