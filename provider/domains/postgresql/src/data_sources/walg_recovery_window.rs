//! `hybridops_walg_recovery_window`.

use tf_framework::{Choice, Computed, DataContext, DataSource, Diagnostics, Model, Result, Value};
use tf_value::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{failed, read};
use crate::client::Postgresql;
use crate::store::window::told;
use crate::store::{Archive, Depth, Gap, Lsn, Storage, Target, Window};
use hosts::Connection;

/// To which points a PostgreSQL archive written by WAL-G can be recovered, read straight from the store: neither the
/// database nor its host nor WAL-G need to be there.
///
/// With `target` it tells whether a restore to that point is possible, before anything is stopped for it. Costs what
/// `hybridops_walg_backups` costs, and with `check` one request for each segment that is looked into.
#[derive(Debug, Clone, Model)]
pub struct WalgRecoveryWindow {
    /// Where the archive is.
    pub storage: Storage,
    /// The machine on which the directory of a `file` or `sftp` storage is. The machine that Terraform runs on unless
    /// set, which only a `file` storage allows.
    pub machine: Option<Connection>,
    /// The timeline that a recovery follows; the latest one unless set.
    #[attr(validate(range(1..)))]
    pub timeline: Option<u32>,
    /// The point that shall be recovered to.
    pub target: Option<TargetConfig>,
    /// The backup to recover from; the newest one before the target unless set.
    pub backup: Option<String>,
    /// The server's position in the log, as `pg_current_wal_lsn()` tells it: `rpo_bytes` is counted up to it.
    #[attr(validate(custom(is_lsn, "a position in the log such as `0/3000028`")))]
    pub current_lsn: Option<String>,
    /// What is looked into: `names` only, the `ends` of every run of segments, or `all` segments. `names` unless set.
    pub check: Option<Check>,
    /// The system identifier of the cluster that the archive belongs to; null where nothing tells it.
    pub system_id: Computed<Option<String>>,
    /// What can be recovered, for each cluster and timeline that has a backup.
    pub windows: Computed<Vec<WindowInfo>>,
    /// Segments that are missing between a backup and the end of the log.
    pub gaps: Computed<Vec<GapInfo>>,
    /// Whether the log is whole and of one cluster, as far as it was looked into.
    pub whole: Computed<bool>,
    /// What else is wrong: objects that are torn or of another cluster, timelines without a history.
    pub problems: Computed<Vec<String>>,
    /// Segments that were looked into.
    pub checked_segments: Computed<u64>,
    /// Segments that could not be looked into, because they are encrypted or compressed in a way that is not read here.
    pub opaque_segments: Computed<u64>,
    /// Whether the target can be reached; null without a target, and where the archive cannot tell: a transaction or a
    /// name is only found while the log is replayed.
    pub reachable: Computed<Option<bool>>,
    /// Why the target cannot be reached, or why the archive cannot tell; null where it can be reached.
    pub reason: Computed<Option<String>>,
    /// The backup from which the target is reached; null where it is not.
    pub chosen_backup: Computed<Option<String>>,
    /// The timeline on which the target is reached; null where it is not.
    pub chosen_timeline: Computed<Option<u32>>,
    /// Where the log in the store ends on the timeline; null where nothing can be recovered.
    pub end_lsn: Computed<Option<String>>,
    /// Bytes of log between the end in the store and `current_lsn`: what would be lost now. Null without it.
    pub rpo_bytes: Computed<Option<u64>>,
}

/// What is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Check {
    /// Names, sizes and histories.
    Names,
    /// The first and the last segment of every run too.
    Ends,
    /// All segments.
    All,
}

/// A point that shall be recovered to: exactly one of its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct TargetConfig {
    /// A time, as RFC 3339 writes it: `2026-11-21T18:00:00Z`. What was committed later is left out.
    #[attr(validate(
        exactly_one_of(lsn, xid, name, immediate),
        custom(is_time, "a time such as `2026-11-21T18:00:00Z`")
    ))]
    pub time: Option<String>,
    /// A position in the log: `0/3000028`.
    #[attr(validate(custom(is_lsn, "a position in the log such as `0/3000028`")))]
    pub lsn: Option<String>,
    /// A transaction id.
    pub xid: Option<u64>,
    /// A restore point that was named with `pg_create_restore_point`.
    #[attr(validate(length(1..=63)))]
    pub name: Option<String>,
    /// The end of the backup: `true`.
    pub immediate: Option<bool>,
}

/// What can be recovered on a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct WindowInfo {
    /// The timeline.
    #[attr(computed)]
    pub timeline: u32,
    /// The system identifier of the cluster; null in archives of old versions of WAL-G.
    #[attr(computed)]
    pub system_id: Option<String>,
    /// The first time that can be recovered to; null where no backup can be restored.
    #[attr(computed)]
    pub earliest_time: Option<String>,
    /// The first position that can be recovered to.
    #[attr(computed)]
    pub earliest_lsn: Option<String>,
    /// When the last segment arrived that can be recovered to.
    #[attr(computed)]
    pub latest_time: Option<String>,
    /// The last position that can be recovered to.
    #[attr(computed)]
    pub latest_lsn: Option<String>,
    /// Whether every point between both can be recovered to.
    #[attr(computed)]
    pub continuous: bool,
    /// What each backup can be rolled forward to, the oldest backup first.
    #[attr(computed)]
    pub spans: Vec<SpanInfo>,
    /// Backups that cannot be restored, because segments of their own are missing.
    #[attr(computed)]
    pub unusable_backups: Vec<String>,
}

/// What a backup can be rolled forward to.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct SpanInfo {
    /// The backup.
    #[attr(computed)]
    pub backup: String,
    /// When it ended: the first time.
    #[attr(computed)]
    pub from_time: String,
    /// Where it ended: the first position.
    #[attr(computed)]
    pub from_lsn: String,
    /// When the last segment arrived.
    #[attr(computed)]
    pub to_time: String,
    /// The last position.
    #[attr(computed)]
    pub to_lsn: String,
    /// The segment whose absence ends it; null where it is the end of the log.
    #[attr(computed)]
    pub missing_segment: Option<String>,
}

/// Segments that are missing.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct GapInfo {
    /// The first.
    #[attr(computed)]
    pub first_segment: String,
    /// The last.
    #[attr(computed)]
    pub last_segment: String,
    /// How many.
    #[attr(computed)]
    pub segments: u64,
}

fn is_lsn(value: &Value) -> std::result::Result<(), String> {
    value.as_str().unwrap_or_default().parse::<Lsn>().map(drop).map_err(|error| error.to_string())
}

fn is_time(value: &Value) -> std::result::Result<(), String> {
    let parsed = OffsetDateTime::parse(value.as_str().unwrap_or_default(), &Rfc3339);
    parsed.map(drop).map_err(|error| format!("must be a time such as `2026-11-21T18:00:00Z`: {error}"))
}

impl TargetConfig {
    fn target(&self) -> Result<Target> {
        let fault = |name: &str, problem: String| {
            let path = Path::root().attribute("target").attribute(name);
            Diagnostics::error_at(path, "The target cannot be read", format!("{problem}."))
        };
        if let Some(time) = &self.time {
            let parsed = OffsetDateTime::parse(time, &Rfc3339);
            return parsed.map(Target::Time).map_err(|error| fault("time", error.to_string()));
        }
        if let Some(lsn) = &self.lsn {
            return lsn.parse().map(Target::Lsn).map_err(|error| fault("lsn", format!("{error}")));
        }
        if let Some(xid) = self.xid {
            return Ok(Target::Xid(xid));
        }
        if let Some(name) = &self.name {
            return Ok(Target::Name(name.clone()));
        }
        match self.immediate {
            Some(true) => Ok(Target::Immediate),
            _ => Err(fault("immediate", "It can only be `true`; leave it out otherwise".to_owned())),
        }
    }
}

impl WindowInfo {
    fn of(window: &Window) -> Self {
        let first = window.spans.iter().map(|span| span.from).min_by_key(|point| point.lsn);
        let last = window.spans.iter().map(|span| span.to).max_by_key(|point| point.lsn);
        let spans: Vec<SpanInfo> = window
            .spans
            .iter()
            .map(|span| SpanInfo {
                backup: span.backup.clone(),
                from_time: told(span.from.time),
                from_lsn: span.from.lsn.to_string(),
                to_time: told(span.to.time),
                to_lsn: span.to.lsn.to_string(),
                missing_segment: span.gap.map(|gap| gap.first.to_string()),
            })
            .collect();
        Self {
            timeline: window.timeline,
            system_id: window.system_id.map(|id| id.to_string()),
            earliest_time: first.map(|point| told(point.time)),
            earliest_lsn: first.map(|point| point.lsn.to_string()),
            latest_time: last.map(|point| told(point.time)),
            latest_lsn: last.map(|point| point.lsn.to_string()),
            continuous: !spans.is_empty() && window.spans.iter().all(|span| span.gap.is_none()),
            spans,
            unusable_backups: window.unusable.iter().map(|(name, _)| name.clone()).collect(),
        }
    }
}

impl GapInfo {
    fn of(gap: &Gap) -> Self {
        Self {
            first_segment: gap.first.to_string(),
            last_segment: gap.last.to_string(),
            segments: gap.segments,
        }
    }
}

/// What is told of a target.
#[derive(Default)]
struct Verdict {
    reachable: Option<bool>,
    reason: Option<String>,
    backup: Option<String>,
    timeline: Option<u32>,
}

impl Verdict {
    fn of(archive: &Archive, config: &WalgRecoveryWindow) -> Result<Self> {
        let Some(target) = &config.target else { return Ok(Self::default()) };
        let target = target.target()?;
        Ok(match archive.reachable(&target, config.timeline, config.backup.as_deref()) {
            Ok(reached) => Self {
                reachable: (!reached.undecided).then_some(true),
                reason: reached.undecided.then(|| {
                    format!(
                        "a store does not tell in which segment a transaction or a name is: recovery from {} would \
                         look for it up to {} ({})",
                        reached.backup,
                        reached.until.lsn,
                        told(reached.until.time)
                    )
                }),
                backup: Some(reached.backup),
                timeline: Some(reached.timeline),
            },
            Err(why) => Self { reachable: Some(false), reason: Some(why.to_string()), ..Self::default() },
        })
    }
}

impl DataSource for WalgRecoveryWindow {
    const NAME: &'static str = "walg_recovery_window";
    const SUBCATEGORY: &'static str = "PostgreSQL";
    type Client = Postgresql;

    async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let read = read(cx, &config.storage, config.machine.as_ref()).await?;
        let archive = &read.archive;
        let depth = match config.check {
            None | Some(Check::Names) => Depth::Names,
            Some(Check::Ends) => Depth::Ends,
            Some(Check::All) => Depth::All,
        };
        let found = archive.check(read.store.as_ref(), depth, &read.budget).await;
        let found = found.map_err(|error| failed(&error))?;
        let broken = found.broken.iter().map(|broken| format!("{}: {}", broken.key, broken.problem));
        let problems: Vec<String> = broken.chain(found.chain.iter().cloned()).collect();
        let verdict = Verdict::of(archive, &config)?;
        let current = config.current_lsn.as_deref().and_then(|text| text.parse::<Lsn>().ok());
        let rpo = current.and_then(|current| archive.rpo_bytes(current, config.timeline));
        let windows: Vec<WindowInfo> = archive.windows().iter().map(WindowInfo::of).collect();
        let gaps: Vec<GapInfo> = found.gaps.iter().map(GapInfo::of).collect();
        Ok(Self {
            system_id: archive.system_id().map(|id| id.to_string()).into(),
            windows: windows.into(),
            gaps: gaps.into(),
            whole: found.is_whole().into(),
            problems: problems.into(),
            checked_segments: (found.checked as u64).into(),
            opaque_segments: (found.opaque as u64).into(),
            reachable: verdict.reachable.into(),
            reason: verdict.reason.into(),
            chosen_backup: verdict.backup.into(),
            chosen_timeline: verdict.timeline.into(),
            end_lsn: archive.end(config.timeline).map(|end| end.lsn.to_string()).into(),
            rpo_bytes: rpo.into(),
            ..config
        })
    }
}
