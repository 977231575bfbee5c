//! The first page of a WAL segment: whose it is.

use super::Lsn;
use super::names::{SegmentName, SegmentSize};

/// Bytes of the header that are looked at.
pub const LENGTH: usize = 40;
/// The bit that says that the page is the first of a segment.
const LONG: u16 = 0x0002;

/// What the first page of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The timeline it was written on: that of an ancestor in the first segment of a timeline, which is a copy.
    pub timeline: u32,
    /// Where the segment begins.
    pub address: Lsn,
    /// The system identifier of the cluster.
    pub system_id: u64,
    /// Bytes of its segments.
    pub segment_size: SegmentSize,
}

/// Why a segment is not what its name and place say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPage {
    /// It does not begin like a segment.
    #[error("it does not begin with the first page of a segment")]
    NoPage,
    /// It is of another cluster.
    #[error("it is of the cluster with system id {found}, not {expected}")]
    System {
        /// The one it is of.
        found: u64,
        /// The one it should be of.
        expected: u64,
    },
    /// It begins elsewhere.
    #[error("it begins at {0}, which is another segment")]
    Address(Lsn),
    /// It was written on a later timeline.
    #[error("it was written on timeline {0}")]
    Timeline(u32),
    /// Its cluster has segments of another size.
    #[error("its cluster has segments of {0} bytes")]
    Size(u64),
}

impl Page {
    /// Reads the header from the first bytes of a segment.
    ///
    /// # Errors
    /// [`BadPage::NoPage`].
    pub fn parse(bytes: &[u8]) -> Result<Self, BadPage> {
        Self::read(bytes).ok_or(BadPage::NoPage)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let two = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let four = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let eight = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        // All versions since 9.3 have a magic number that begins with D0 or D1.
        if !matches!(two(0)? >> 8, 0xD0 | 0xD1) || two(2)? & LONG == 0 {
            return None;
        }
        Some(Self {
            timeline: four(4)?,
            address: Lsn(eight(8)?),
            system_id: eight(24)?,
            segment_size: SegmentSize::new(four(32)?.into())?,
        })
    }

    /// Whether it is the first page of the segment `name` of the cluster `system_id`.
    ///
    /// # Errors
    /// [`BadPage`].
    pub fn check(&self, name: SegmentName, system_id: Option<u64>) -> Result<(), BadPage> {
        if let Some(expected) = system_id.filter(|expected| *expected != self.system_id) {
            return Err(BadPage::System { found: self.system_id, expected });
        }
        let number = name.number(self.segment_size).ok_or(BadPage::Size(self.segment_size.bytes()))?;
        if self.address != self.segment_size.start(number) {
            return Err(BadPage::Address(self.address));
        }
        if self.timeline > name.timeline { Err(BadPage::Timeline(self.timeline)) } else { Ok(()) }
    }
}

#[cfg(test)]
pub(super) fn page(timeline: u32, address: Lsn, system_id: u64) -> Vec<u8> {
    let mut bytes = vec![0x10, 0xD1, 0x06, 0x00];
    bytes.extend(timeline.to_le_bytes());
    bytes.extend(address.0.to_le_bytes());
    bytes.extend([0; 8]);
    bytes.extend(system_id.to_le_bytes());
    bytes.extend((16_u32 << 20).to_le_bytes());
    bytes.extend(8192_u32.to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_whose_it_is() {
        let read = Page::parse(&page(2, Lsn(0x0300_0000), 7_300_000_000_000_000_001)).unwrap();
        let name = |text: &str| text.parse::<SegmentName>().unwrap();
        let ours = Some(7_300_000_000_000_000_001);
        assert_eq!(read.check(name("000000020000000000000003"), ours), Ok(()));
        assert_eq!(read.check(name("000000030000000000000003"), ours), Ok(()), "a copy at the fork");
        assert!(matches!(read.check(name("000000010000000000000003"), ours), Err(BadPage::Timeline(2))));
        assert!(matches!(read.check(name("000000020000000000000004"), ours), Err(BadPage::Address(_))));
        assert!(matches!(read.check(name("000000020000000000000003"), Some(1)), Err(BadPage::System { .. })));
        assert!(matches!(read.check(name("000000020000000000000100"), ours), Err(BadPage::Size(_))));
        assert_eq!(Page::parse(&[0; 40]), Err(BadPage::NoPage));
        assert_eq!(Page::parse(&[]), Err(BadPage::NoPage));
    }
}
