//! Reads zip archives as Terraform writes them (plan files): no encryption, no zip64.

use std::io::Read as _;

use anyhow::{Context as _, Result, bail};
use flate2::read::DeflateDecoder;

const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";

/// The files of an archive: name and content.
///
/// # Errors
/// It is no zip archive, or damaged, or of a kind Terraform does not write.
pub fn zip_entries(archive: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let end = archive.windows(END.len()).rposition(|window| window == END).context("no zip archive")?;
    let count = u16_at(archive, end + 10)?;
    let mut at = u32_at(archive, end + 16)?;
    let mut entries = Vec::with_capacity(count.into());
    for _ in 0..count {
        if slice(archive, at, ENTRY.len())? != ENTRY {
            bail!("the directory of the zip archive is damaged");
        }
        let method = u16_at(archive, at + 10)?;
        let packed = u32_at(archive, at + 20)?;
        let (name, extra, comment) =
            (u16_at(archive, at + 28)?, u16_at(archive, at + 30)?, u16_at(archive, at + 32)?);
        let header = u32_at(archive, at + 42)?;
        let text = String::from_utf8_lossy(slice(archive, at + 46, name.into())?).into_owned();
        entries.push((text, content(archive, header, packed, method)?));
        at += 46 + usize::from(name) + usize::from(extra) + usize::from(comment);
    }
    Ok(entries)
}

fn content(archive: &[u8], header: usize, packed: usize, method: u16) -> Result<Vec<u8>> {
    let skip = usize::from(u16_at(archive, header + 26)?) + usize::from(u16_at(archive, header + 28)?);
    let data = slice(archive, header + 30 + skip, packed)?;
    match method {
        0 => Ok(data.to_vec()),
        8 => {
            let mut content = Vec::new();
            DeflateDecoder::new(data).read_to_end(&mut content).context("the zip archive is damaged")?;
            Ok(content)
        }
        other => bail!("zip method {other} is not known here"),
    }
}

fn slice(bytes: &[u8], at: usize, length: usize) -> Result<&[u8]> {
    bytes.get(at..at + length).context("the zip archive is cut short")
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16> {
    Ok(u16::from_le_bytes(slice(bytes, at, 2)?.try_into()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<usize> {
    Ok(usize::try_from(u32::from_le_bytes(slice(bytes, at, 4)?.try_into()?))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf secret > f && zip - f`, stored.
    const STORED: &[u8] = b"PK\x03\x04\x0a\0\0\0\0\0\0\0\x21\0\x52\x58\xb6\x5c\x06\0\0\0\x06\0\0\0\x01\0\0\0fsecret\
        PK\x01\x02\x1e\x03\x0a\0\0\0\0\0\0\0\x21\0\x52\x58\xb6\x5c\x06\0\0\0\x06\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\xa4\x81\0\0\0\0f\
        PK\x05\x06\0\0\0\0\x01\0\x01\0\x2f\0\0\0\x25\0\0\0\0\0";

    #[test]
    fn reads_what_is_stored() {
        assert_eq!(zip_entries(STORED).expect("an archive"), [("f".to_owned(), b"secret".to_vec())]);
    }

    #[test]
    fn damage_is_an_error() {
        assert!(zip_entries(b"").is_err());
        assert!(zip_entries(b"PK\x05\x06").is_err());
        for length in 1..STORED.len() {
            assert!(zip_entries(&STORED[..STORED.len() - length]).is_err() || length < 6, "{length}");
        }
    }
}
