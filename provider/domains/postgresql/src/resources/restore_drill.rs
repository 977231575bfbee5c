//! `hybridops_postgresql_restore_drill`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hosts::Connection;
use hosts::drill::{WhenOld, is_age, too_old};
use tf_framework::{
    Computed, Context, Diagnostic, Diagnostics, Model as _, Path, PlanContext, PlannedAction, Resource,
    Result, Timeouts,
};
use time::OffsetDateTime;

use crate::client::{Postgresql as Client, budget};
use crate::drill::{Drill, DrillChecks, DrillResult};
use crate::errors::{Error, Refusal, chain, failure};
use crate::instance::Run;
use crate::instance::model::Objectives;
use crate::restore::{Choice, RestoreSource, RestoreTarget, unread};
use crate::store::{Archive, Cache, Files, Store};
use crate::walg::{Measured, WalG, forecast};

/// A restore that is tried: a backup is worth what can be restored from it.
///
/// An apply restores the archive into a scratch cluster on a machine of your choice, as isolated as can be: no network,
/// no archiving, a socket that only its own user can open. It replays WAL to the end or to a target, promotes, checks
/// every table, index and page, asks your own questions of the rows, measures, marks the backup as verified in the
/// archive, and takes everything away again. What it found stays in the state. A drill that fails is an error of the
/// apply, and the backup is not marked.
#[derive(Debug, Clone, Resource)]
#[resource(name = "postgresql_restore_drill", subcategory = "PostgreSQL", version = 0)]
pub struct RestoreDrill {
    /// Name of the drill.
    #[attr(
        replace,
        validate(matches(
            r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
            "a name of at most 40 lower-case letters, digits and `-`"
        ))
    )]
    pub name: String,
    /// The machine on which it is restored: Debian or Ubuntu with the packages of the backup's major version. It may be the
    /// primary's own, which takes disk and I/O of it for that time.
    pub machine: Connection,
    /// Major version of the backup, 13 to 18.
    #[attr(validate(range(13..=18)))]
    pub version: u32,
    /// The archive.
    pub source: RestoreSource,
    /// The program.
    pub wal_g: WalG,
    /// The point to recover to. All that the archive has unless set.
    pub target: Option<RestoreTarget>,
    /// What is looked at. `amcheck` and `checksums` unless set.
    pub checks: Option<DrillChecks>,
    /// Settings of the scratch server that the data need, such as `shared_preload_libraries`.
    #[attr(default = [], validate(keys(matches(r"^[a-z_][a-z0-9_.]*$", "the name of a setting in lower case"))))]
    pub settings: BTreeMap<String, String>,
    /// Directory under which it is restored; it needs room for all data, and WAL.
    #[attr(
        default = "/var/lib/postgresql",
        validate(matches(r"^/[A-Za-z0-9_.@+/-]*[A-Za-z0-9_.@+-]$", "an absolute path without spaces"))
    )]
    pub directory: String,
    /// What a disaster may cost. The plan warns where the drill found more.
    pub objectives: Option<Objectives>,
    /// How old the last drill may become, such as `7d`, `36h` or `2w`. Any age unless set.
    #[attr(validate(custom(is_age, "an age such as `7d`, `36h` or `2w`")))]
    pub max_age: Option<String>,
    /// What happens when it is older.
    #[attr(default = WhenOld::Warn)]
    pub when_old: WhenOld,
    /// Any text: the drill is run again when it changes.
    pub run: Option<String>,
    /// What the drill found.
    #[attr(stable)]
    pub result: Computed<DrillResult>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

impl Resource for RestoreDrill {
    type Client = Client;
    type Private = ();

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        if cx.action() == PlannedAction::Destroy {
            return Ok(());
        }
        let Some(prior) = cx.prior().cloned() else { return Ok(()) };
        let Ok(plan) = Self::from_object(cx.planned_value().clone()) else {
            return cx.plan_unknown(&at("result"));
        };
        if plan.runs_again(&prior) {
            return cx.plan_unknown(&at("result"));
        }
        let Some(result) = prior.result.known() else { return Ok(()) };
        plan.judge_age(cx, result)?;
        plan.forecast(result).into_iter().for_each(|warning| cx.warn(warning));
        Ok(())
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let result = plan.drill(cx).await?;
        Ok(Self { result: Computed::Known(result), ..plan })
    }

    async fn read(_: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        // What was found was true when it was found: nothing of it can be looked at again.
        Ok(Some(state))
    }

    async fn update(cx: &mut Context<Self>, _: Self, plan: Self) -> Result<Self> {
        if plan.result.known().is_some() {
            return Ok(plan);
        }
        let result = plan.drill(cx).await?;
        Ok(Self { result: Computed::Known(result), ..plan })
    }

    async fn delete(_: &mut Context<Self>, _: Self) -> Result<()> {
        // A drill leaves nothing but its marks in the archive, which are true.
        Ok(())
    }
}

impl RestoreDrill {
    /// Whether a change takes another drill.
    fn runs_again(&self, prior: &Self) -> bool {
        // What is computed, or only says when and how it is judged, does not.
        let bare = |drill: &Self| {
            Self {
                objectives: None,
                max_age: None,
                when_old: WhenOld::Warn,
                result: Computed::Unknown,
                timeouts: None,
                machine: Connection::new(""),
                wal_g: WalG { url: None, file: None, binary: None, sha256: None, version: None },
                ..drill.clone()
            }
            .to_object()
        };
        bare(self) != bare(prior) || prior.result.known().is_none()
    }

    fn judge_age(&self, cx: &mut PlanContext<Self>, result: &DrillResult) -> Result<()> {
        let (Some(max_age), Some(last)) = (&self.max_age, result.at.known()) else { return Ok(()) };
        let told = too_old(&self.name, max_age, last, OffsetDateTime::now_utc());
        let Some((summary, detail)) = told else { return Ok(()) };
        match self.when_old {
            WhenOld::Run => cx.plan_unknown(&at("result")),
            WhenOld::Fail => Err(Diagnostics::error_at(at("max_age"), summary, detail)),
            WhenOld::Warn => {
                cx.warn(Diagnostic::warning(summary, detail).at(at("max_age")));
                Ok(())
            }
        }
    }

    fn forecast(&self, result: &DrillResult) -> Vec<Diagnostic> {
        let objective = |name: fn(&Objectives) -> Option<Duration>| self.objectives.as_ref().and_then(name);
        let measured = Measured {
            archive: None,
            restore: result.rto_milliseconds.known().copied().map(Duration::from_millis),
            lost: result.rpo_seconds.known().copied().flatten().map(Duration::from_secs),
        };
        let rpo = objective(|objectives| objectives.rpo.as_ref().map(tf_framework::GoDuration::length));
        let rto = objective(|objectives| objectives.rto.as_ref().map(tf_framework::GoDuration::length));
        forecast(rpo, rto, &measured)
    }

    async fn drill(&self, cx: &mut Context<Self>) -> Result<DrillResult> {
        let what = format!("The restore drill {:?} failed", self.name);
        let client = cx.client()?;
        let begun = Instant::now();
        let run = Run::new(client.machine(&self.machine)?, budget(cx), client);
        let result = self.on(&run, begun).await.map_err(|error| failure(what, error))?;
        for (step, took) in run.took() {
            tracing::info!(drill = %self.name, step, milliseconds = took.as_millis(), "took");
        }
        for warning in self.forecast(&result) {
            cx.warn(warning);
        }
        Ok(result)
    }

    async fn on(&self, run: &Run, begun: Instant) -> Result<DrillResult, Error> {
        let store = self.store(run)?;
        let read = Archive::read(store.as_ref(), &Cache::default(), &run.budget).await;
        let archive = read.map_err(|error| unread(&at("source"), &error))?;
        let latest = RestoreTarget {
            time: None,
            lsn: None,
            xid: None,
            name: None,
            immediate: None,
            latest: Some(true),
            inclusive: true,
            timeline: None,
            backup: None,
        };
        let choice = Choice::of(&archive, self.target.as_ref().unwrap_or(&latest)).map_err(|error| {
            Refusal::new("There is nothing to restore", format!("In {}: {error}.", store.place()))
                .at(at("source"))
        })?;
        if choice.major != self.version {
            let detail = format!(
                "{} is of PostgreSQL {}, and `version` is {}.",
                choice.backup, choice.major, self.version
            );
            return Err(Refusal::new("The backup is of another major version", detail)
                .at(at("version"))
                .into());
        }
        let usual = DrillChecks { amcheck: true, checksums: true, rows: BTreeMap::new() };
        let drill = Drill {
            run,
            name: &self.name,
            directory: self.directory.trim_end_matches('/'),
            version: self.version,
            source: &self.source,
            wal_g: &self.wal_g,
            target: self.target.as_ref(),
            checks: self.checks.clone().unwrap_or(usual),
            settings: &self.settings,
            store,
        };
        drill.run(choice, begun).await
    }

    fn store(&self, run: &Run) -> Result<Arc<dyn Store>, Error> {
        let storage = &self.source.storage;
        let files = if storage.file.is_some() { Files::On(run.machine.clone()) } else { Files::Unknown };
        run.client.stores.open(storage, &files).map_err(|error| {
            let detail = format!("{}.", chain(&error));
            Refusal::new("The store of the archive cannot be opened", detail).at(at("source")).into()
        })
    }
}
