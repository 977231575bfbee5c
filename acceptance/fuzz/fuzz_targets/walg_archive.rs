//! What is found in an archive of WAL-G: names, sentinels, histories, compressed objects and first pages of segments. The
//! first byte says as what the rest is read.

#![no_main]

use domain_postgresql::store::content::{head, whole};
use domain_postgresql::store::history::History;
use domain_postgresql::store::names::{Compression, SegmentName, WalName, backup_segment, sentinel_of};
use domain_postgresql::store::page::Page;
use domain_postgresql::store::{Backup, Lsn};
use libfuzzer_sys::fuzz_target;

/// Bytes that an object may unfold to.
const LIMIT: u64 = 1 << 20;

fn name(text: &str) {
    if let Ok(segment) = text.parse::<SegmentName>() {
        assert_eq!(segment.to_string(), text, "a name is written in one way");
    }
    if let Ok(lsn) = text.parse::<Lsn>() {
        assert_eq!(lsn.to_string().parse(), Ok(lsn));
    }
    let _ = (WalName::of_key(text), backup_segment(text), sentinel_of(text));
}

fn compressed(compression: Compression, object: &[u8]) {
    let Ok(content) = whole(compression, object, LIMIT) else { return };
    let wanted = content.len().min(40);
    if let Ok(beginning) = head(compression, object, wanted) {
        assert_eq!(Some(beginning.as_slice()), content.get(..wanted), "the beginning is the beginning of the whole");
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match kind % 6 {
        0 => name(&text),
        1 => {
            let _ = Backup::parse("base_000000010000000000000003", rest, Some(rest));
        }
        2 => {
            if let Ok(history) = History::parse(u32::MAX, &text) {
                assert!(history.0.is_sorted_by_key(|left| (left.timeline, left.at)));
            }
        }
        3 => compressed(Compression::Lz4, rest),
        4 => compressed(Compression::Zstd, rest),
        _ => {
            let _ = Page::parse(rest);
        }
    }
});
