//! Sees an instance that was set back under its archive: a snapshot of its container rolled back, an old copy started.
//!
//! Such an instance makes segments of the same names with other contents. WAL-G would refuse the first of them, and the
//! server would wait for ever; here it is told before.

use crate::store::Object;

/// What the archive has beyond what the server has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// Nothing.
    Nothing,
    /// Segments of the server's own timeline, up to this one: the server was set back.
    SameTimeline(String),
    /// A later timeline: another server was promoted, and this one is what it left behind.
    LaterTimeline(u32),
}

/// Judges the objects of `wal_005` that come after the segment the server writes to, that one included.
pub(crate) fn ahead(current: &str, objects: &[Object]) -> Ahead {
    let Some(own) = timeline(current) else { return Ahead::Nothing };
    let names = objects.iter().filter_map(|object| object.key.rsplit('/').next()).map(stem);
    let mut found = Ahead::Nothing;
    for name in names {
        match timeline(name) {
            Some(other) if other == own && is_segment(name) && name >= current => {
                found = Ahead::SameTimeline(name.to_owned());
            }
            Some(other) if other > own && (is_segment(name) || name.len() == 8) => {
                return match found {
                    Ahead::Nothing => Ahead::LaterTimeline(other),
                    found => found,
                };
            }
            _ => {}
        }
    }
    found
}

/// A key after which all of them come. It ends before the last digit: without compression the segment's own object has no
/// extension, and what comes after a key is not that key. A few earlier ones come too.
pub(crate) fn listed_after(current: &str) -> String {
    let mut key = object_of(current);
    key.pop();
    key
}

/// The key of a segment, without the extension its object may have.
pub(crate) fn object_of(segment: &str) -> String {
    format!("wal_005/{segment}")
}

/// A name without its extensions: `00000002.history.zst` is `00000002`.
fn stem(name: &str) -> &str {
    // A segment that is not whole is none: it is what a promotion left of the old timeline.
    if name.contains(".partial") { "" } else { name.split('.').next().unwrap_or_default() }
}

fn is_segment(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn timeline(name: &str) -> Option<u32> {
    u32::from_str_radix(name.get(..8)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(names: &[&str]) -> Vec<Object> {
        let object = |name: &&str| Object {
            key: format!("wal_005/{name}"),
            size: 1,
            modified: time::OffsetDateTime::UNIX_EPOCH,
            tag: None,
        };
        names.iter().map(object).collect()
    }

    #[test]
    fn the_segment_itself_comes_after_the_key() {
        let current = "000000010000000000000010";
        for object in [object_of(current), object_of(current) + ".zst", object_of("000000010000000000000011")]
        {
            assert!(listed_after(current) < object, "{object}");
        }
        assert!(listed_after(current) > object_of("00000001000000000000000F"));
    }

    #[test]
    fn what_is_ahead_is_told() {
        let current = "000000020000000000000007";
        for (names, expected) in [
            (vec![], Ahead::Nothing),
            (vec!["000000020000000000000007.zst"], Ahead::SameTimeline(current.to_owned())),
            (
                vec!["000000020000000000000007.zst", "000000020000000000000009.zst", "00000003.history.zst"],
                Ahead::SameTimeline("000000020000000000000009".to_owned()),
            ),
            (vec!["000000020000000000000007.partial.zst", "00000003.history.zst"], Ahead::LaterTimeline(3)),
            (vec!["000000020000000000000007.00000028.backup.zst"], Ahead::SameTimeline(current.to_owned())),
            (vec!["00000005000000000000000A.lz4"], Ahead::LaterTimeline(5)),
            (vec!["something-else", "Ä"], Ahead::Nothing),
        ] {
            assert_eq!(ahead(current, &objects(&names)), expected, "{names:?}");
        }
    }
}
