//! Seeds of cloud-init: an ISO 9660 image labelled `cidata`, read independently of who wrote it.

use std::collections::BTreeMap;
use std::path::Path;

use super::RealError;
use super::run::write;

/// The documents of a NoCloud seed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seed {
    /// Documents by name: `user-data`, `meta-data`, `network-config`, `vendor-data`.
    pub documents: BTreeMap<String, Vec<u8>>,
}

impl Seed {
    /// Lays the documents into a directory.
    pub(super) fn lay(&self, dir: &Path) -> Result<(), RealError> {
        for (name, content) in &self.documents {
            write(&dir.join(name), content)?;
        }
        Ok(())
    }
}

const SECTOR: usize = 2048;

/// Reads a seed image.
///
/// # Errors
/// [`RealError::Seed`] when it is none.
pub fn read_seed(image: &[u8]) -> Result<Seed, RealError> {
    let descriptor = |number: usize| image.get((16 + number) * SECTOR..(17 + number) * SECTOR);
    let mut joliet = None;
    let mut primary = None;
    for number in 0..16 {
        let Some(found) = descriptor(number) else { break };
        if found.get(1..6) != Some(b"CD001") {
            break;
        }
        match found.first() {
            Some(1) => primary = Some(found),
            Some(2) if found.get(88..90) == Some(b"%/") => joliet = Some(found),
            Some(255) => break,
            _ => {}
        }
    }
    let primary = primary.ok_or(RealError::Seed("it has no volume descriptor"))?;
    let label = String::from_utf8_lossy(primary.get(40..72).unwrap_or_default()).trim().to_lowercase();
    if label != "cidata" {
        return Err(RealError::Seed("its label is not cidata"));
    }
    let (descriptor, wide) = match joliet {
        Some(joliet) => (joliet, true),
        None => (primary, false),
    };
    let root = descriptor.get(156..190).ok_or(RealError::Seed("it has no root directory"))?;
    let listed = extent(image, root).ok_or(RealError::Seed("its root directory lies outside"))?;
    let mut documents = BTreeMap::new();
    for record in records(listed) {
        let Some(name) = name_of(record, wide) else { continue };
        let content = extent(image, record).ok_or(RealError::Seed("a file lies outside"))?;
        documents.insert(name, content.to_vec());
    }
    Ok(Seed { documents })
}

fn number(record: &[u8], at: usize) -> Option<usize> {
    let bytes: [u8; 4] = record.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

fn extent<'a>(image: &'a [u8], record: &[u8]) -> Option<&'a [u8]> {
    let start = number(record, 2)?.checked_mul(SECTOR)?;
    image.get(start..start.checked_add(number(record, 10)?)?)
}

/// Directory records; a sector's rest that holds none is skipped.
fn records(listed: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    for sector in listed.chunks(SECTOR) {
        let mut at = 0;
        while let Some(length) = sector.get(at).copied().map(usize::from).filter(|length| *length > 33) {
            found.extend(sector.get(at..at + length));
            at += length;
        }
    }
    found
}

/// A file's name; none for directories.
fn name_of(record: &[u8], wide: bool) -> Option<String> {
    if record.get(25)? & 2 != 0 {
        return None;
    }
    let length = usize::from(*record.get(32)?);
    let raw = record.get(33..33 + length)?;
    let name = if wide {
        let units: Vec<u16> =
            raw.chunks_exact(2).filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?))).collect();
        String::from_utf16_lossy(&units)
    } else {
        rock_ridge(record.get(33 + length..)?).unwrap_or_else(|| String::from_utf8_lossy(raw).to_lowercase())
    };
    let name = name.split(';').next().unwrap_or_default().trim_end_matches('.').to_owned();
    Some(name).filter(|name| !name.is_empty())
}

/// The name that Rock Ridge keeps beside the short one.
fn rock_ridge(rest: &[u8]) -> Option<String> {
    let mut at = rest.iter().position(|byte| *byte != 0)?;
    while let (Some(tag), Some(length)) = (rest.get(at..at + 2), rest.get(at + 2).copied().map(usize::from)) {
        if tag == b"NM" && length > 5 {
            return Some(String::from_utf8_lossy(rest.get(at + 5..at + length)?).into_owned());
        }
        at += length.max(4);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_seed_is_told() {
        assert!(matches!(read_seed(b""), Err(RealError::Seed(_))));
        assert!(matches!(read_seed(&[0; 64 * 1024]), Err(RealError::Seed(_))));
    }
}
