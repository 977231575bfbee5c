//! Names that PostgreSQL and WAL-G give to what they keep.

use std::fmt;
use std::str::FromStr;

use super::Lsn;

/// The folder of the write-ahead log.
pub const WAL: &str = "wal_005";
/// The folder of the backups.
pub const BACKUPS: &str = "basebackups_005";
/// How the key of a sentinel ends; the sentinel is written last and makes a backup one.
const SENTINEL: &str = "_backup_stop_sentinel.json";

/// Bytes of a WAL segment: a power of two from 1 MiB to 1 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentSize(u64);

/// The name of a WAL segment, taken apart: `000000010000000000000003`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentName {
    /// The timeline.
    pub timeline: u32,
    /// The upper half of the position.
    pub log: u32,
    /// The number of the segment within that.
    pub segment: u32,
}

/// What stands in the folder of the write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WalName {
    /// A whole segment.
    Segment(SegmentName),
    /// The beginning of a segment: the end of a timeline that was left.
    Partial(SegmentName),
    /// The history of a timeline.
    History(u32),
    /// The label of a backup, which `pg_backup_stop` writes.
    Label(SegmentName),
}

/// How an object is compressed, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// LZ4 frames.
    Lz4,
    /// Zstandard.
    Zstd,
    /// Brotli, which is not read here.
    Brotli,
    /// LZMA, which is not read here.
    Lzma,
    /// LZO, which is not read here.
    Lzo,
}

/// The ends of names by compression.
const ENDS: &[(&str, Compression)] = &[
    (".lz4", Compression::Lz4),
    (".zst", Compression::Zstd),
    (".br", Compression::Brotli),
    (".lzma", Compression::Lzma),
    (".lzo", Compression::Lzo),
];

/// Text that is no name of a segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a WAL segment: expected 24 hexadecimal digits in upper case")]
pub struct BadSegmentName(pub String);

impl Default for SegmentSize {
    fn default() -> Self {
        Self(16 << 20)
    }
}

impl SegmentSize {
    /// So many bytes; `None` where no cluster can have such segments.
    pub fn new(bytes: u64) -> Option<Self> {
        (bytes.is_power_of_two() && (1 << 20..=1 << 30).contains(&bytes)).then_some(Self(bytes))
    }

    /// In bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// The number of the segment that a position is in.
    pub fn number(self, position: Lsn) -> u64 {
        position.0 / self.0
    }

    /// Where a segment begins.
    pub fn start(self, number: u64) -> Lsn {
        Lsn(number.saturating_mul(self.0))
    }

    /// The name of a segment; its position wraps as PostgreSQL's does.
    pub fn name(self, timeline: u32, number: u64) -> SegmentName {
        let each = self.each();
        let half = |value: u64| u32::try_from(value & 0xFFFF_FFFF).unwrap_or_default();
        SegmentName { timeline, log: half(number / each), segment: half(number % each) }
    }

    /// Segments in 4 GiB.
    fn each(self) -> u64 {
        (1 << 32) / self.0
    }
}

impl SegmentName {
    /// The number of the segment from the beginning of the log; `None` where the name cannot be of this size.
    pub fn number(self, size: SegmentSize) -> Option<u64> {
        let each = size.each();
        let segment = u64::from(self.segment);
        (segment < each).then(|| u64::from(self.log) * each + segment)
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}{:08X}{:08X}", self.timeline, self.log, self.segment)
    }
}

fn hex(text: &str) -> Option<u32> {
    let right = text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    right.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

impl FromStr for SegmentName {
    type Err = BadSegmentName;

    fn from_str(text: &str) -> Result<Self, BadSegmentName> {
        let part = |from: usize| text.get(from..from + 8).and_then(hex);
        match (text.len(), part(0), part(8), part(16)) {
            (24, Some(timeline), Some(log), Some(segment)) => Ok(Self { timeline, log, segment }),
            _ => Err(BadSegmentName(text.to_owned())),
        }
    }
}

impl WalName {
    /// Takes a key apart; `None` where it is nothing that PostgreSQL archives.
    pub fn of_key(key: &str) -> Option<(Self, Compression)> {
        let file = key.strip_prefix(WAL)?.strip_prefix('/')?;
        let (name, compression) = ENDS
            .iter()
            .find_map(|(end, compression)| Some((file.strip_suffix(end)?, *compression)))
            .unwrap_or((file, Compression::None));
        Some((Self::parse(name)?, compression))
    }

    /// A name without the end that tells the compression.
    pub fn parse(name: &str) -> Option<Self> {
        if let Ok(segment) = name.parse() {
            return Some(Self::Segment(segment));
        }
        let (first, end) = name.split_once('.')?;
        match end {
            "history" => hex(first).map(Self::History),
            "partial" => first.parse().ok().map(Self::Partial),
            _ => {
                hex(end.strip_suffix(".backup")?)?;
                first.parse().ok().map(Self::Label)
            }
        }
    }

    /// The timeline it belongs to.
    pub fn timeline(self) -> u32 {
        match self {
            Self::Segment(name) | Self::Partial(name) | Self::Label(name) => name.timeline,
            Self::History(timeline) => timeline,
        }
    }
}

/// The segment in which a backup of this name began; `None` where no backup has such a name.
pub fn backup_segment(name: &str) -> Option<SegmentName> {
    let rest = name.strip_prefix("base_")?;
    let (own, parent) = rest.split_once("_D_").map_or((rest, None), |(own, parent)| (own, Some(parent)));
    if let Some(parent) = parent {
        parent.parse::<SegmentName>().ok()?;
    }
    own.parse().ok()
}

/// The backup whose sentinel has this key.
pub fn sentinel_of(key: &str) -> Option<&str> {
    let name = key.strip_prefix(BACKUPS)?.strip_prefix('/')?.strip_suffix(SENTINEL)?;
    (!name.contains('/')).then_some(name)
}

/// The key of a backup's sentinel.
pub fn sentinel_key(backup: &str) -> String {
    format!("{BACKUPS}/{backup}{SENTINEL}")
}

/// The folder of a backup, with a slash at its end.
pub fn backup_folder(backup: &str) -> String {
    format!("{BACKUPS}/{backup}/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_of_segments_survive(timeline: u32, number in 0_u64..1 << 40, bits in 20_u32..=30) {
            let size = SegmentSize::new(1 << bits).unwrap();
            let name = size.name(timeline, number & ((1 << (64 - bits)) - 1));
            prop_assert_eq!(name.to_string().parse(), Ok(name));
            prop_assert_eq!(name.number(size).map(|number| size.name(timeline, number)), Some(name));
            let whole = WalName::of_key(&format!("wal_005/{name}.zst"));
            prop_assert_eq!(whole, Some((WalName::Segment(name), Compression::Zstd)));
        }

        #[test]
        fn nothing_else_is_taken_for_a_name(key in "wal_005/\\PC{0,40}") {
            if let Some((name, _)) = WalName::of_key(&key) {
                let timeline = format!("{:08X}", name.timeline());
                prop_assert!(key.contains(&timeline));
            }
        }
    }

    #[test]
    fn names_are_told_apart() {
        let segment: SegmentName = "000000020000000A000000FE".parse().unwrap();
        assert_eq!((segment.timeline, segment.log, segment.segment), (2, 10, 254));
        let of = |file: &str| WalName::of_key(&format!("wal_005/{file}")).map(|(name, _)| name);
        assert_eq!(of("000000020000000A000000FE"), Some(WalName::Segment(segment)));
        assert_eq!(of("000000020000000A000000FE.partial.lz4"), Some(WalName::Partial(segment)));
        assert_eq!(of("000000020000000A000000FE.00000028.backup.lz4"), Some(WalName::Label(segment)));
        assert_eq!(of("00000002.history.br"), Some(WalName::History(2)));
        for other in
            ["000000020000000a000000fe.lz4", "0000000200.history", "x.lz4", "", "0000000200000000.lz4"]
        {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(segment.number(SegmentSize::new(64 << 20).unwrap()), None, "not with segments of 64 MiB");
    }

    #[test]
    fn names_of_backups_are_taken_apart() {
        let own = "000000010000000000000005";
        let parent = "000000010000000000000003";
        assert_eq!(backup_segment(&format!("base_{own}_D_{parent}")), own.parse().ok());
        assert_eq!(backup_segment("base_x"), None);
        assert_eq!(sentinel_of(&sentinel_key("base_x")), Some("base_x"));
        assert_eq!(sentinel_of("basebackups_005/a/b_backup_stop_sentinel.json"), None);
    }
}
