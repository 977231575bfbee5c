//! Targets: how the server is told, and whether it came there.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::model::RestoreTarget;
use crate::store::Lsn;

/// A point to recover to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Everything committed until then, in microseconds since 1970.
    Time(i64),
    /// A position.
    Position(Lsn),
    /// A transaction.
    Transaction(u64),
    /// A restore point.
    Named(String),
    /// The end of the backup.
    Immediate,
    /// All there is.
    Latest,
}

/// Where a recovery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// Whether it paused at its target; else the archive had no more.
    pub(crate) paused: bool,
    /// Position that was replayed to.
    pub(crate) lsn: Lsn,
    /// Time of the last commit, in microseconds since 1970.
    pub(crate) committed: Option<i64>,
    /// What the server said of it.
    pub(crate) said: String,
}

/// Why a target was not reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Missed {
    /// The archive ended before.
    #[error("the archive ends at {lsn}, before the target")]
    End {
        /// Where.
        lsn: Lsn,
    },
    /// The archive ended, and nothing says that it has all up to that time.
    #[error(
        "the archive ends at {lsn}, and its last WAL was archived before that time: what was committed until then may be missing"
    )]
    NotYet {
        /// Where.
        lsn: Lsn,
    },
    /// It went on too far.
    #[error("it was recovered to {lsn}, beyond the target")]
    Beyond {
        /// Where.
        lsn: Lsn,
    },
    /// It stopped somewhere else.
    #[error("it stopped at {lsn}, which is not the target ({said})")]
    Elsewhere {
        /// Where.
        lsn: Lsn,
        /// What the server said.
        said: String,
    },
}

/// A time in microseconds since 1970.
pub(crate) fn micros(text: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000)).ok()
}

/// A time as text, RFC 3339.
pub(crate) fn rfc3339(micros: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}

/// A time as every server reads it, whatever its zone: not every version takes the `T` and the `Z` of RFC 3339.
fn as_the_server_reads(micros: i64) -> String {
    let text = rfc3339(micros);
    format!("{}+00", text.trim_end_matches('Z').replace('T', " "))
}

impl Target {
    /// The target of a block; nothing where none is set, which validation does not let through.
    pub(crate) fn of(block: &RestoreTarget) -> Option<Self> {
        if let Some(time) = &block.time {
            return micros(time).map(Self::Time);
        }
        if let Some(lsn) = &block.lsn {
            return lsn.parse().ok().map(Self::Position);
        }
        let rest = block.xid.map(Self::Transaction).or_else(|| block.name.clone().map(Self::Named));
        rest.or_else(|| block.immediate.map(|_| Self::Immediate))
            .or_else(|| block.latest.map(|_| Self::Latest))
    }

    /// The settings of the server that make it stop there.
    pub(crate) fn settings(&self, inclusive: bool, timeline: u32) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\\', r"\\").replace('\'', "''"));
        let target = match self {
            Self::Time(time) => format!("recovery_target_time = {}\n", quoted(&as_the_server_reads(*time))),
            Self::Position(lsn) => format!("recovery_target_lsn = '{lsn}'\n"),
            Self::Transaction(xid) => format!("recovery_target_xid = '{xid}'\n"),
            Self::Named(name) => format!("recovery_target_name = {}\n", quoted(name)),
            Self::Immediate => "recovery_target = 'immediate'\n".to_owned(),
            Self::Latest => String::new(),
        };
        let word = if inclusive { "on" } else { "off" };
        format!("{target}recovery_target_inclusive = {word}\nrecovery_target_timeline = '{timeline}'\n")
    }

    /// Whether a recovery came there, neither less nor more. `archived_until` is when the newest WAL was archived, in
    /// microseconds since 1970.
    pub(crate) fn judge(
        &self,
        inclusive: bool,
        arrived: &Arrived,
        archived_until: Option<i64>,
    ) -> Result<(), Missed> {
        let lsn = arrived.lsn;
        let elsewhere = || Missed::Elsewhere { lsn, said: arrived.said.clone() };
        if !arrived.paused {
            return match self {
                Self::Latest => Ok(()),
                // No commit came after that time; the archive must be known to have all up to it.
                Self::Time(time) if archived_until.is_some_and(|until| until > *time) => {
                    self.not_beyond(inclusive, arrived)
                }
                Self::Time(_) => Err(Missed::NotYet { lsn }),
                _ => Err(Missed::End { lsn }),
            };
        }
        let said = &arrived.said;
        match self {
            Self::Time(_) => self.not_beyond(inclusive, arrived),
            Self::Position(target) if inclusive && lsn <= *target => Err(elsewhere()),
            Self::Position(_) => said.contains("WAL location").then_some(()).ok_or_else(elsewhere),
            Self::Transaction(xid) => {
                let word = if inclusive { "after commit" } else { "before commit" };
                let aborted = if inclusive { "after abort" } else { "before abort" };
                let told = said.contains(word) || said.contains(aborted);
                let right = told && said.contains(&format!("transaction {xid},"));
                right.then_some(()).ok_or_else(elsewhere)
            }
            Self::Named(name) => {
                said.contains(&format!("restore point \"{name}\"")).then_some(()).ok_or_else(elsewhere)
            }
            Self::Immediate => said.contains("consistency").then_some(()).ok_or_else(elsewhere),
            // It has no target to pause at.
            Self::Latest => Err(elsewhere()),
        }
    }

    fn not_beyond(&self, inclusive: bool, arrived: &Arrived) -> Result<(), Missed> {
        let (Self::Time(target), Some(last)) = (self, arrived.committed) else { return Ok(()) };
        let fits = if inclusive { last <= *target } else { last < *target };
        fits.then_some(()).ok_or(Missed::Beyond { lsn: arrived.lsn })
    }
}

/// Reads what the recovery said at its end.
pub(crate) fn arrived(text: &str) -> Option<Arrived> {
    let mut lines = text.lines();
    let words: Vec<&str> = lines.next()?.split_whitespace().collect();
    let [state, lsn, time] = words.as_slice() else { return None };
    let paused = match *state {
        "paused" => true,
        "end" => false,
        _ => return None,
    };
    let committed = if *time == "-" { None } else { Some(time.parse().ok()?) };
    Some(Arrived {
        paused,
        lsn: lsn.parse().ok()?,
        committed,
        said: lines.next().unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paused(lsn: u64, committed: Option<i64>, said: &str) -> Arrived {
        Arrived { paused: true, lsn: Lsn(lsn), committed, said: said.to_owned() }
    }

    fn ended(lsn: u64, committed: Option<i64>) -> Arrived {
        Arrived { paused: false, ..paused(lsn, committed, "") }
    }

    #[test]
    fn what_the_server_says_is_read() {
        let said =
            "paused 0/406F5F0 1795287827694296\nrecovery stopping at restore point \"three\", time 2026";
        let arrived = arrived(said).expect("well formed");
        assert_eq!(arrived.lsn, Lsn(0x0406_F5F0));
        assert_eq!(Target::Named("three".into()).judge(true, &arrived, None), Ok(()));
        assert!(Target::Named("thre".into()).judge(true, &arrived, None).is_err());
    }

    #[test]
    fn the_end_of_the_archive_is_a_target_only_where_it_is_known_to_be_late_enough() {
        let time = Target::Time(1_000);
        assert_eq!(time.judge(true, &ended(9, Some(900)), Some(1_001)), Ok(()));
        assert_eq!(time.judge(true, &ended(9, Some(900)), Some(999)), Err(Missed::NotYet { lsn: Lsn(9) }));
        assert_eq!(time.judge(true, &ended(9, Some(900)), None), Err(Missed::NotYet { lsn: Lsn(9) }));
        assert_eq!(
            Target::Position(Lsn(10)).judge(true, &ended(9, None), Some(1)),
            Err(Missed::End { lsn: Lsn(9) })
        );
        assert_eq!(Target::Latest.judge(true, &ended(9, None), None), Ok(()));
    }

    #[test]
    fn more_than_the_target_is_refused() {
        let time = Target::Time(1_000);
        let said = "recovery stopping before commit of transaction 7, time x";
        assert_eq!(time.judge(true, &paused(9, Some(1_000), said), None), Ok(()));
        assert!(time.judge(false, &paused(9, Some(1_000), said), None).is_err());
        assert!(time.judge(true, &paused(9, Some(1_001), said), None).is_err());
        assert!(Target::Transaction(7).judge(false, &paused(9, None, said), None).is_ok());
        assert!(Target::Transaction(7).judge(true, &paused(9, None, said), None).is_err());
        assert!(Target::Transaction(70).judge(false, &paused(9, None, said), None).is_err());
    }

    #[test]
    fn times_are_written_for_the_server() {
        let settings = Target::Time(1_795_287_827_752_024).settings(true, 1);
        assert!(
            settings.starts_with("recovery_target_time = '2026-11-21 19:03:47.752024+00'\n"),
            "{settings}"
        );
    }

    #[test]
    fn names_are_quoted() {
        let settings = Target::Named(r"it's \ here".into()).settings(true, 3);
        assert!(settings.starts_with("recovery_target_name = 'it''s \\\\ here'\n"), "{settings}");
        assert!(settings.ends_with("recovery_target_timeline = '3'\n"), "{settings}");
    }

    proptest! {
        #[test]
        fn times_survive_text(micros_of in 0i64..4_000_000_000_000_000) {
            prop_assert_eq!(micros(&rfc3339(micros_of)), Some(micros_of));
        }

        #[test]
        fn nothing_that_is_said_breaks_it(text in "\\PC*") {
            let _ = arrived(&text);
        }

        /// Whatever the server does, a promoted server never has a commit beyond the target.
        #[test]
        fn no_commit_beyond_the_time(target in 0i64..2_000, last in 0i64..2_000, paused: bool, inclusive: bool, until in 0i64..3_000) {
            let arrived = Arrived { paused, lsn: Lsn(1), committed: Some(last), said: String::new() };
            if Target::Time(target).judge(inclusive, &arrived, Some(until)).is_ok() {
                prop_assert!(last < target || inclusive && last == target);
                prop_assert!(paused || until > target);
            }
        }
    }
}
