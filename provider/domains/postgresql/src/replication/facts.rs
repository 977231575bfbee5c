//! What replication must know of a member, told in one round trip.

use crate::errors::Error;
use crate::store::Lsn;

/// What a member says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Member {
    /// Its clock, in seconds since 1970.
    pub(crate) now: i64,
    /// Whether the server's programs are there.
    pub(crate) installed: bool,
    /// Its data directory.
    pub(crate) data: Data,
    /// System identifier of its data.
    pub(crate) system_id: Option<u64>,
    /// State of the cluster by its control file: `in production`, `shut down`.
    pub(crate) control: String,
    /// Position of the latest checkpoint.
    pub(crate) checkpoint: Lsn,
    /// Timeline of the latest checkpoint.
    pub(crate) timeline: u32,
    /// The timelines before, and where each ended.
    pub(crate) parents: Vec<(u32, Lsn)>,
    /// Whether it starts as a standby.
    pub(crate) standby: bool,
    /// Why it must not start as a primary.
    pub(crate) fence: Option<String>,
    /// Whether a rewind was begun and not ended.
    pub(crate) rejoining: bool,
    /// Whether a process of the server is there.
    pub(crate) alive: bool,
    /// Which fence and lease are installed.
    pub(crate) guard: Option<String>,
    /// Which settings of replication are in place, as a digest.
    pub(crate) settings: Option<String>,
    /// Version of the password that it logs in with elsewhere.
    pub(crate) password_version: Option<String>,
    /// Waits for a synchronous standby that were called off, by its logs.
    pub(crate) cancelled: u64,
    /// What the server answers, where it does.
    pub(crate) server: Option<Server>,
}

/// A data directory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Data {
    /// None.
    #[default]
    Missing,
    /// One without anything in it.
    Empty,
    /// That of a cluster.
    Present,
    /// Something else.
    Foreign,
}

/// What a server answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Server {
    /// Whether it follows or recovers.
    pub(crate) in_recovery: bool,
    /// Timeline it writes to, or receives.
    pub(crate) timeline: u32,
    /// Position it writes at, or replayed to.
    pub(crate) lsn: Lsn,
    /// When the last replayed transaction was committed, in milliseconds since 1970.
    pub(crate) replayed_at: Option<i64>,
    /// Whether it receives a stream.
    pub(crate) streaming: bool,
    /// Its physical slots.
    pub(crate) slots: Vec<Slot>,
    /// Its standbys.
    pub(crate) streams: Vec<Stream>,
    /// Whether it archives.
    pub(crate) archives: bool,
    /// Whether the last attempt to archive failed.
    pub(crate) archive_failing: bool,
    /// `max_slot_wal_keep_size` in MiB; -1 for no limit.
    pub(crate) slot_limit: i64,
}

/// A physical slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Its name.
    pub(crate) name: String,
    /// Whether somebody uses it.
    pub(crate) active: bool,
    /// Whether the WAL it wants is gone.
    pub(crate) lost: bool,
    /// Bytes of WAL that are kept for it.
    pub(crate) lag: u64,
}

/// A standby that streams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stream {
    /// The name it gives itself.
    pub(crate) name: String,
    /// `streaming`, `catchup`.
    pub(crate) state: String,
    /// `async`, `sync`, `quorum`.
    pub(crate) sync: String,
    /// Bytes it is behind.
    pub(crate) lag: u64,
}

impl Member {
    /// Whether it serves writes.
    pub(crate) fn is_primary(&self) -> bool {
        self.server.as_ref().is_some_and(|server| !server.in_recovery)
    }

    /// The server, where it follows.
    pub(crate) fn follower(&self) -> Option<&Server> {
        self.server.as_ref().filter(|server| server.in_recovery)
    }

    /// Whether it was shut down in order, as a primary.
    pub(crate) fn was_shut_down(&self) -> bool {
        !self.alive && self.control == "shut down"
    }

    /// Where the history of a newer timeline left that of `timeline`.
    pub(crate) fn fork_of(&self, timeline: u32) -> Option<Lsn> {
        self.parents.iter().find(|(parent, _)| *parent == timeline).map(|(_, end)| *end)
    }
}

/// Reads what the script said.
///
/// # Errors
/// The answer is torn, or is none.
pub(crate) fn parse(text: &str, machine: &str) -> Result<Member, Error> {
    let bad = |problem: String| Error::Answer { machine: machine.to_owned(), problem };
    if !text.ends_with("end=1\n") {
        return Err(bad("it has no end".to_owned()));
    }
    let mut member = Member::default();
    let mut server = Server { slot_limit: -1, ..Server::default() };
    let mut answers = false;
    for line in text.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        if name == "answers" {
            answers = true;
        }
        read(name, value, &mut member, &mut server).ok_or_else(|| bad(format!("{line:?}")))?;
    }
    member.server = answers.then_some(server);
    Ok(member)
}

/// Takes one line; `None` where the value is not what the name promises.
fn read(name: &str, value: &str, member: &mut Member, server: &mut Server) -> Option<()> {
    match name {
        "now" => member.now = value.parse().ok()?,
        "installed" => member.installed = true,
        "data" => {
            member.data = match value {
                "missing" => Data::Missing,
                "empty" => Data::Empty,
                "present" => Data::Present,
                _ => Data::Foreign,
            };
        }
        "system_id" => member.system_id = Some(value.parse().ok()?),
        "control" => value.clone_into(&mut member.control),
        "checkpoint" => member.checkpoint = value.parse().ok()?,
        "timeline" => member.timeline = value.parse().ok()?,
        "parent" => {
            let (timeline, end) = value.split_once('|')?;
            member.parents.push((timeline.parse().ok()?, end.parse().ok()?));
        }
        "standby" => member.standby = true,
        "fence" => member.fence = Some(value.to_owned()),
        "rejoin" => member.rejoining = true,
        "alive" => member.alive = true,
        "guard" => member.guard = Some(value.to_owned()),
        "settings" => member.settings = Some(value.to_owned()),
        "password_version" => member.password_version = Some(value.to_owned()),
        "cancelled" => member.cancelled = value.parse().ok()?,
        "in_recovery" => server.in_recovery = value == "1",
        "server_timeline" => server.timeline = value.parse().ok()?,
        "lsn" => server.lsn = value.parse().ok()?,
        "replayed_at" => server.replayed_at = Some(milliseconds(value)?),
        "receiver" => server.streaming = value.starts_with("streaming"),
        "slot" => server.slots.push(slot(value)?),
        "stream" => server.streams.push(stream(value)?),
        "set.archive_mode" => server.archives = value != "off",
        "set.max_slot_wal_keep_size" => server.slot_limit = value.parse().ok()?,
        "archive_failing" => server.archive_failing = true,
        _ => {}
    }
    Some(())
}

/// `1795288021.022` as milliseconds.
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    let (seconds, rest) = text.split_once('.').unwrap_or((text, "0"));
    let rest: i64 = format!("{rest:0<3}").get(..3)?.parse().ok()?;
    seconds.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(rest)
}

fn number(text: &str) -> Option<u64> {
    // A standby may be told to be ahead of what was just read.
    if text.is_empty() || text.starts_with('-') { Some(0) } else { text.parse().ok() }
}

fn slot(text: &str) -> Option<Slot> {
    let fields: Vec<&str> = text.split('|').collect();
    let [name, active, _, status, lag] = fields.as_slice() else { return None };
    Some(Slot {
        name: (*name).to_owned(),
        active: *active == "1",
        lost: *status == "lost",
        lag: number(lag)?,
    })
}

fn stream(text: &str) -> Option<Stream> {
    let fields: Vec<&str> = text.split('|').collect();
    let [name, state, sync, _, lag] = fields.as_slice() else { return None };
    Some(Stream {
        name: (*name).to_owned(),
        state: (*state).to_owned(),
        sync: (*sync).to_owned(),
        lag: number(lag)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the script said of a real primary.
    const PRIMARY: &str = "now=1795287985\ninstalled=1\ndata=present\nmajor=15\nsystem_id=7710703029256789848\n\
        control=in production\ncheckpoint=0/3027D40\ntimeline=2\nparent=1|0/3027BF0\nsegment_size=16777216\n\
        rewindable=1on\nalive=1\npassword_version=1\ncancelled=3\nanswers=1\nin_recovery=0\n\
        system_id=7710703029256789848\nlsn=0/4000000\nserver_timeline=2\nslot=db_a|0|0/3027C58|reserved|16614312\n\
        stream=db_c|streaming|async|0/3FFFFF0|16\nset.archive_mode=off\nset.max_slot_wal_keep_size=1024\nready=0\nend=1\n";

    #[test]
    fn what_a_primary_says_is_read() {
        let member = parse(PRIMARY, "db").unwrap();
        assert!(member.is_primary());
        assert_eq!(member.system_id, Some(7_710_703_029_256_789_848));
        assert_eq!(member.fork_of(1), Some(Lsn(0x0302_7BF0)));
        assert_eq!(member.cancelled, 3);
        let server = member.server.unwrap();
        assert_eq!((server.slots[0].lag, server.streams[0].lag, server.slot_limit), (16_614_312, 16, 1024));
    }

    #[test]
    fn times_are_exact() {
        assert_eq!(milliseconds("1795288021.022"), Some(1_795_288_021_022));
        assert_eq!(milliseconds("5"), Some(5000));
        assert_eq!(milliseconds("5.1"), Some(5100));
        assert_eq!(milliseconds("x"), None);
    }

    proptest! {
        #[test]
        fn a_torn_answer_is_never_taken_for_a_whole_one(cut in 0..PRIMARY.len()) {
            prop_assert!(parse(&PRIMARY[..cut], "db").is_err());
        }

        #[test]
        fn whatever_is_said_is_no_panic(text in "([a-z_.]{1,12}=[ -~]{0,20}\n){0,20}") {
            let _ = parse(&format!("{text}end=1\n"), "db");
        }
    }
}
