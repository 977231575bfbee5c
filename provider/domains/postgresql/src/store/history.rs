//! History files: from which timelines a timeline descends, and where it left them.

use std::collections::BTreeMap;

use super::Lsn;
use super::names::SegmentSize;

/// The history of a timeline: its ancestors, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(pub Vec<Left>);

/// A timeline that was left for the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The timeline.
    pub timeline: u32,
    /// Where it was left: what it has from here on is not part of the history.
    pub at: Lsn,
}

/// Text that is no history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHistory {
    /// A line is neither a comment nor an ancestor.
    #[error("line {line} is not made of a timeline and a position: {text:?}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
    /// Timelines or positions do not grow.
    #[error("line {line}: timelines and positions must grow from line to line")]
    Order {
        /// The number of the line, from 1.
        line: usize,
    },
    /// The timeline is its own ancestor, or older than one.
    #[error("timeline {own} cannot descend from timeline {ancestor}")]
    Ancestor {
        /// The timeline of the file.
        own: u32,
        /// The ancestor.
        ancestor: u32,
    },
    /// Timeline 1 has no history, all others have.
    #[error("it names no ancestor")]
    Empty,
}

impl History {
    /// Reads the history of timeline `own`.
    ///
    /// # Errors
    /// [`BadHistory`].
    pub fn parse(own: u32, text: &str) -> Result<Self, BadHistory> {
        let mut ancestors: Vec<Left> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let mut words = text.split_ascii_whitespace();
            let timeline = words.next().and_then(|word| word.parse().ok());
            let at = words.next().and_then(|word| word.parse().ok());
            let (Some(timeline), Some(at)) = (timeline, at) else {
                return Err(BadHistory::Line { line, text: text.to_owned() });
            };
            if timeline >= own || timeline == 0 {
                return Err(BadHistory::Ancestor { own, ancestor: timeline });
            }
            if ancestors.last().is_some_and(|last| timeline <= last.timeline || at < last.at) {
                return Err(BadHistory::Order { line });
            }
            ancestors.push(Left { timeline, at });
        }
        if ancestors.is_empty() { Err(BadHistory::Empty) } else { Ok(Self(ancestors)) }
    }

    /// The timeline it left last, and where.
    pub fn parent(&self) -> Option<&Left> {
        self.0.last()
    }
}

/// The way through the segments that ends on a timeline: which timeline's file each segment is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The timeline at its end.
    pub timeline: u32,
    ancestors: Vec<Left>,
    /// The first segment of each timeline, oldest first.
    stretches: Vec<(u64, u32)>,
}

impl Way {
    /// The way to `timeline`; `None` where its history is not known.
    pub fn to(timeline: u32, histories: &BTreeMap<u32, History>, size: SegmentSize) -> Option<Self> {
        let ancestors = match histories.get(&timeline) {
            Some(history) => history.0.clone(),
            None if timeline == 1 => Vec::new(),
            None => return None,
        };
        let mut stretches = Vec::new();
        let mut from = 0;
        for left in &ancestors {
            stretches.push((from, left.timeline));
            // The new timeline begins with a copy of the segment in which the old one was left.
            from = size.number(left.at);
        }
        stretches.push((from, timeline));
        Some(Self { timeline, ancestors, stretches })
    }

    /// The timeline whose file holds a segment.
    pub fn owner(&self, segment: u64) -> u32 {
        let later = self.stretches.iter().rev().find(|(from, _)| *from <= segment);
        later.map_or(self.timeline, |(_, timeline)| *timeline)
    }

    /// Whether a position of a timeline is on the way.
    pub fn passes(&self, timeline: u32, position: Lsn) -> bool {
        timeline == self.timeline
            || self.ancestors.iter().any(|left| left.timeline == timeline && position <= left.at)
    }

    /// Where the timeline at the end began; the beginning of the log for the first one.
    pub fn begins(&self) -> Lsn {
        self.ancestors.last().map_or(Lsn(0), |left| left.at)
    }

    /// The first segment of the timeline at the end.
    pub fn first_segment(&self) -> u64 {
        self.stretches.last().map_or(0, |(from, _)| *from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_tells_the_way() {
        let text =
            "1\t0/5000060\tno recovery target specified\n\n2\t0/7000000\tbefore 2026-11-21 12:00:00+00\n";
        let history = History::parse(3, text).unwrap();
        let way = Way::to(3, &BTreeMap::from([(3, history)]), SegmentSize::default()).unwrap();
        assert_eq!([4, 5, 6, 7, 8].map(|segment| way.owner(segment)), [1, 2, 2, 3, 3]);
        assert!(way.passes(1, Lsn(0x0500_0060)) && !way.passes(1, Lsn(0x0500_0061)));
        assert!(way.passes(3, Lsn(u64::MAX)) && !way.passes(4, Lsn(0)));
        assert!(Way::to(2, &BTreeMap::new(), SegmentSize::default()).is_none());
    }

    #[test]
    fn what_is_no_history_is_refused() {
        for bad in ["", "# only\n", "x 0/1 y", "1 0\n", "3 0/1", "2 0/1\n1 0/2", "1 0/2\n2 0/1", "0 0/1"] {
            assert!(History::parse(3, bad).is_err(), "{bad:?}");
        }
    }
}
