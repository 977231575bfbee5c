//! The SHA-256 with which a snapshot ends.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::error::FileError;
use super::read_at::ReadAt;

/// Bytes of the trailer.
pub const TRAILER: u64 = 32;
/// Databases are written in units of so many bytes, which tells a snapshot with a trailer from one without.
const UNIT: u64 = 512;
/// Bytes that are hashed at a time.
const PIECE: usize = 1 << 20;
/// How a zip archive begins.
const ZIP: [u8; 4] = *b"PK\x03\x04";

/// Checks a snapshot against its trailer, and answers how many bytes of it are the database.
///
/// # Errors
/// [`FileError`]: it is empty, cut off, packed or damaged.
pub fn check(file: &dyn ReadAt) -> Result<u64, FileError> {
    let database = database_size(file)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut offset = 0;
    while offset < database {
        let length = usize::try_from(database - offset).unwrap_or(PIECE).min(PIECE);
        let Some(piece) = piece.get_mut(..length) else { break };
        file.read_at(offset, piece)?;
        hash.update(&piece);
        offset += length as u64;
    }
    let found: [u8; TRAILER as usize] = hash.finalize().into();
    let mut said = [0; TRAILER as usize];
    file.read_at(database, &mut said)?;
    if said == found {
        Ok(database)
    } else {
        Err(FileError::Damaged { said: hex(&said), found: hex(&found) })
    }
}

/// Bytes before the trailer, told by the size alone.
fn database_size(file: &dyn ReadAt) -> Result<u64, FileError> {
    let size = file.size()?;
    if size == 0 {
        return Err(FileError::Empty);
    }
    let mut start = [0; ZIP.len()];
    if size >= ZIP.len() as u64 {
        file.read_at(0, &mut start)?;
    }
    if start == ZIP {
        return Err(FileError::Compressed);
    }
    match size.checked_sub(TRAILER) {
        Some(database) if database > 0 && database % UNIT == 0 => Ok(database),
        _ => Err(FileError::CutOff { size }),
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(database: &[u8]) -> Vec<u8> {
        [database, &Sha256::digest(database)[..]].concat()
    }

    #[test]
    fn a_whole_one_is_told_from_others() {
        let whole = snapshot(&[7; 1024]);
        assert_eq!(check(&whole).unwrap(), 1024);
        assert!(matches!(check(&Vec::new()), Err(FileError::Empty)));
        for cut in [1, 31, 32, 511, 1024, 1055] {
            assert!(matches!(check(&whole[..cut].to_vec()), Err(FileError::CutOff { .. })), "{cut}");
        }
        // Cut where a snapshot could end.
        assert!(matches!(check(&whole[..544].to_vec()), Err(FileError::Damaged { .. })));
        for at in [0, 1023, 1024, 1055] {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            assert!(matches!(check(&bad), Err(FileError::Damaged { .. })), "{at}");
        }
        assert!(matches!(check(&b"PK\x03\x04 and so on".to_vec()), Err(FileError::Compressed)));
    }

    #[test]
    fn more_than_a_piece_is_hashed() {
        let whole = snapshot(&vec![3; PIECE * 2 + 512]);
        assert_eq!(check(&whole).unwrap(), PIECE as u64 * 2 + 512);
    }
}
