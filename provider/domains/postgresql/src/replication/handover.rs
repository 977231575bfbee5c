//! What an old primary wrote and its standby did not get, carried over from disk to disk.
//!
//! A server that is down cannot stream, and archives nothing of the segment it was writing. Where its machine still
//! answers, that segment is there to be read: brought to the standby, whose `restore_command` looks for it first, it is
//! replayed to the last record, and nothing is lost that was ever acknowledged.

use tf_framework::Diagnostic;
use transport_ssh::{FileSpec, Input};

use super::act::{Cluster, Memory, seen};
use super::member::{Node, step};
use super::plan::World;
use super::steps::{CATCH_UP, SEGMENT, STILL, value};
use crate::errors::Error;
use crate::store::Lsn;

/// Segments that are carried over at most: they go through the machine that runs Terraform.
const MOST: usize = 128;

/// What is on the old primary only.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tail {
    /// Position of its last record.
    last: Option<Lsn>,
    /// The segments that hold it.
    segments: Vec<String>,
    /// A segment that begins it and is gone there.
    gap: Option<String>,
}

impl Tail {
    fn parse(said: &str) -> Self {
        let mut tail = Self::default();
        for line in said.lines() {
            match line.split_once('=') {
                Some(("last", lsn)) => tail.last = lsn.parse().ok(),
                Some(("segment", name)) => tail.segments.push(name.to_owned()),
                Some(("gap", name)) => tail.gap = Some(name.to_owned()),
                _ => {}
            }
        }
        tail
    }
}

impl Cluster {
    /// Brings the standby what it did not get of an old primary that is down. What cannot be brought is said, and
    /// judged by the step that follows.
    pub(super) async fn hand_over(
        &self,
        old: &str,
        new: &str,
        world: &World,
        memory: &mut Memory,
    ) -> Result<(), Error> {
        let Some(member) = seen(world, old) else { return Ok(()) };
        let (from, to) = (self.node(old)?, self.node(new)?);
        let end = if member.was_shut_down() { member.checkpoint.to_string() } else { String::new() };
        let timeline = member.timeline.to_string();
        let (passed, replayed) = self.position(to, &end).await?;
        let Some(replayed) = replayed.filter(|_| !passed) else { return Ok(()) };
        let what = "looking for what was not sent";
        let arguments = [timeline.as_str(), &replayed.to_string()];
        let said = from.run(what, step!("tail"), &arguments, Input::Nothing, &self.budget).await?;
        let tail = Tail::parse(&said);
        memory.end = Some(tail.last.unwrap_or(replayed));
        if let Some(gap) = &tail.gap {
            memory.end = None;
            memory.outcome.warnings.push(not_brought(old, new, &format!("{gap} is not on {old} any more")));
            return Ok(());
        }
        if tail.segments.len() > MOST {
            let why =
                format!("they are {} segments, more than the {MOST} that are carried", tail.segments.len());
            memory.outcome.warnings.push(not_brought(old, new, &why));
            return Ok(());
        }
        for segment in &tail.segments {
            self.carry(from, to, segment).await?;
        }
        if let Some(last) = tail.last {
            self.position(to, &last.to_string()).await?;
            memory.outcome.handed_over = Some(last.since(replayed));
        }
        Ok(())
    }

    /// How far a standby replays: whether it passed `end`, and where it is.
    async fn position(&self, node: &Node, end: &str) -> Result<(bool, Option<Lsn>), Error> {
        // Where the end is known, PostgreSQL is given the time in which it asks its archive again.
        let still = if end.is_empty() { STILL } else { ASKS_AGAIN };
        let what = "replaying what is there";
        let arguments = [end, still, CATCH_UP];
        let said = node.run(what, step!("position"), &arguments, Input::Nothing, &self.budget).await?;
        let replayed = value(&said, "replayed").and_then(|lsn| lsn.parse().ok());
        Ok((value(&said, "passed") == Some("1"), replayed))
    }

    async fn carry(&self, from: &Node, to: &Node, segment: &str) -> Result<(), Error> {
        let path = format!("{}/pg_wal/{segment}", from.place.data);
        let Some(content) = from.machine.read(&path, SEGMENT, &self.budget).await? else { return Ok(()) };
        let file = FileSpec {
            path: format!("{}/handover/{segment}", to.state()),
            content: Input::Bytes(content.into()),
            mode: 0o600,
            owner: Some("postgres:postgres".to_owned()),
        };
        Ok(to.machine.put(&file, &self.budget).await?)
    }
}

/// Seconds without progress after which a standby will not come to an end that is known. It asks its archive every five.
const ASKS_AGAIN: &str = "15";

fn not_brought(old: &str, new: &str, why: &str) -> Diagnostic {
    Diagnostic::warning(
        format!("What {old} wrote last was not brought to {new} from its disk"),
        format!("{why}. What {new} gets from its stream and its archive is all it will have."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_read() {
        let tail = Tail::parse(
            "last=0/7000060\nsegment=000000010000000000000006\nsegment=000000010000000000000007\n",
        );
        assert_eq!(tail.last, Some(Lsn(0x0700_0060)));
        assert_eq!(tail.segments.len(), 2);
        assert_eq!(Tail::parse(""), Tail::default());
        assert_eq!(
            Tail::parse("gap=000000010000000000000002\n").gap.as_deref(),
            Some("000000010000000000000002")
        );
    }
}
