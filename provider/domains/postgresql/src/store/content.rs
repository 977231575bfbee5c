//! What is in an object of the log: decompressed, or the reason why it cannot be read here.

use std::io::Read;

use super::names::Compression;

/// Why the content of an object cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is compressed in a way that is not read here.
    #[error("{0} is not read here")]
    Compression(&'static str),
    /// It looks like what encryption makes: only who has the key can read it.
    #[error("it is encrypted")]
    Encrypted,
    /// It is not what its name says: torn, or written by something else.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It is larger than a segment can be.
    #[error("it holds more than {0} bytes")]
    TooLarge(u64),
}

const LZ4_MAGIC: [u8; 4] = [0x04, 0x22, 0x4D, 0x18];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Bytes of the beginning of an object that are enough for [`head`]: more than the first block of Zstandard.
pub const HEAD: u64 = 192 << 10;

/// The whole content, of at most `limit` bytes.
///
/// # Errors
/// [`Unreadable`].
pub fn whole(compression: Compression, object: &[u8], limit: u64) -> Result<Vec<u8>, Unreadable> {
    let reader = open(compression, object)?;
    let mut content = Vec::new();
    let read = reader.take(limit.saturating_add(1)).read_to_end(&mut content);
    read.map_err(|error| Unreadable::Damaged(error.to_string()))?;
    if content.len() as u64 > limit {
        return Err(Unreadable::TooLarge(limit));
    }
    if compression == Compression::Lz4 && !lz4_ends(object) {
        return Err(Unreadable::Damaged("its LZ4 frame is torn".to_owned()));
    }
    Ok(content)
}

/// The first `wanted` bytes of the content, from the first [`HEAD`] bytes of the object.
///
/// # Errors
/// [`Unreadable`].
pub fn head(compression: Compression, beginning: &[u8], wanted: usize) -> Result<Vec<u8>, Unreadable> {
    let content = match compression {
        Compression::Lz4 => {
            expect(&LZ4_MAGIC, beginning)?;
            lz4_head(beginning, wanted)
                .ok_or_else(|| Unreadable::Damaged("its LZ4 frame is torn".to_owned()))?
        }
        _ => {
            let mut content = Vec::new();
            let mut reader = open(compression, beginning)?.take(wanted as u64);
            reader.read_to_end(&mut content).map_err(|error| Unreadable::Damaged(error.to_string()))?;
            content
        }
    };
    if content.len() < wanted {
        return Err(Unreadable::Damaged(format!("it ends after {} bytes", content.len())));
    }
    Ok(content)
}

fn open(compression: Compression, object: &[u8]) -> Result<Box<dyn Read + '_>, Unreadable> {
    match compression {
        Compression::None => Ok(Box::new(object)),
        Compression::Lz4 => {
            expect(&LZ4_MAGIC, object)?;
            Ok(Box::new(lz4_flex::frame::FrameDecoder::new(object)))
        }
        Compression::Zstd => {
            expect(&ZSTD_MAGIC, object)?;
            let decoder = zstd::stream::read::Decoder::new(object);
            Ok(Box::new(decoder.map_err(|error| Unreadable::Damaged(error.to_string()))?))
        }
        Compression::Brotli => Err(Unreadable::Compression("Brotli")),
        Compression::Lzma => Err(Unreadable::Compression("LZMA")),
        Compression::Lzo => Err(Unreadable::Compression("LZO")),
    }
}

fn expect(magic: &[u8], object: &[u8]) -> Result<(), Unreadable> {
    if object.starts_with(magic) {
        Ok(())
    } else if looks_encrypted(object) {
        Err(Unreadable::Encrypted)
    } else {
        Err(Unreadable::Damaged("it does not begin as its name says".to_owned()))
    }
}

/// Bytes that are looked at to tell noise from data.
const SAMPLE: usize = 4096;

/// Whether bytes look like noise, as encryption makes it. Libsodium's streams have no mark of their own.
pub(super) fn looks_encrypted(object: &[u8]) -> bool {
    let sample = object.get(..SAMPLE.min(object.len())).unwrap_or_default();
    if sample.len() < 64 {
        return false;
    }
    let mut counts = [0_usize; 256];
    for byte in sample {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    // In noise no byte comes much more often than the others.
    counts.into_iter().max().unwrap_or_default() <= sample.len() / 256 * 3 + 16
}

/// Takes bytes from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A length that goes on while its bytes are full.
    fn length(&mut self, nibble: u8) -> Option<usize> {
        let mut length = usize::from(nibble);
        if nibble == 15 {
            loop {
                let more = self.byte()?;
                length = length.checked_add(usize::from(more))?;
                if more != 255 {
                    break;
                }
            }
        }
        Some(length)
    }
}

/// The first bytes of an LZ4 frame of which only the beginning is there. A frame's first block may have megabytes, and
/// a decoder of whole blocks would need all of them for the forty bytes that are looked at.
fn lz4_head(frame: &[u8], wanted: usize) -> Option<Vec<u8>> {
    let mut bytes = Bytes(frame);
    bytes.take(4)?;
    let flags = bytes.byte()?;
    bytes.byte()?;
    bytes.take(if flags & 0x08 == 0 { 0 } else { 8 })?;
    bytes.take(if flags & 0x01 == 0 { 0 } else { 4 })?;
    bytes.byte()?;
    let size = u32::from_le_bytes(bytes.take(4)?.try_into().ok()?);
    let length = usize::try_from(size & 0x7FFF_FFFF).ok()?;
    let block = bytes.0.get(..length.min(bytes.0.len()))?;
    if size & 0x8000_0000 != 0 {
        return Some(block.get(..wanted.min(block.len()))?.to_vec());
    }
    let mut out = Vec::with_capacity(wanted);
    let mut block = Bytes(block);
    while out.len() < wanted && !block.0.is_empty() {
        sequence(&mut block, &mut out, wanted)?;
    }
    Some(out)
}

/// Whether the last frame has its end. Decoders take the end of the text for it, so that an object torn between two
/// blocks would pass.
fn lz4_ends(object: &[u8]) -> bool {
    let mut bytes = Bytes(object);
    while !bytes.0.is_empty() {
        if lz4_frame(&mut bytes).is_none() {
            return false;
        }
    }
    true
}

/// Passes over one frame: its head, its blocks, its end.
fn lz4_frame(bytes: &mut Bytes<'_>) -> Option<()> {
    bytes.take(4)?;
    let flags = bytes.byte()?;
    bytes.byte()?;
    bytes.take(if flags & 0x08 == 0 { 0 } else { 8 })?;
    bytes.take(if flags & 0x01 == 0 { 0 } else { 4 })?;
    bytes.byte()?;
    loop {
        let size = u32::from_le_bytes(bytes.take(4)?.try_into().ok()?);
        if size == 0 {
            break;
        }
        bytes.take(usize::try_from(size & 0x7FFF_FFFF).ok()?)?;
        bytes.take(if flags & 0x10 == 0 { 0 } else { 4 })?;
    }
    bytes.take(if flags & 0x04 == 0 { 0 } else { 4 })?;
    Some(())
}

/// One sequence of a block: literals, then a copy of what was already written.
fn sequence(block: &mut Bytes<'_>, out: &mut Vec<u8>, wanted: usize) -> Option<()> {
    let token = block.byte()?;
    let literals = block.length(token >> 4)?;
    let needed = literals.min(wanted.saturating_sub(out.len()));
    out.extend_from_slice(block.0.get(..needed)?);
    if out.len() >= wanted {
        return Some(());
    }
    block.take(literals)?;
    if block.0.is_empty() {
        return Some(());
    }
    let offset = usize::from(u16::from_le_bytes(block.take(2)?.try_into().ok()?));
    let copies = block.length(token & 0x0F)?.checked_add(4)?;
    let from = out.len().checked_sub(offset).filter(|_| offset > 0)?;
    for at in from..from + copies.min(wanted.saturating_sub(out.len())) {
        // What is copied may be what this very copy wrote.
        let byte = *out.get(at)?;
        out.push(byte);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn lz4(content: &[u8]) -> Vec<u8> {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// Content with and without repetitions.
    fn contents() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            prop::collection::vec(any::<u8>(), 1..40),
            (any::<u8>(), 1_usize..600).prop_map(|(byte, count)| vec![byte; count]),
        ];
        prop::collection::vec(part, 1..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn heads_are_beginnings(content in contents(), cut in 0_usize..64) {
            let wanted = 40.min(content.len());
            let zstd = zstd::encode_all(content.as_slice(), 1).unwrap();
            for (compression, object) in [
                (Compression::None, content.clone()),
                (Compression::Lz4, lz4(&content)),
                (Compression::Zstd, zstd),
            ] {
                prop_assert_eq!(&head(compression, &object, wanted).unwrap(), &content[..wanted]);
                prop_assert_eq!(&whole(compression, &object, content.len() as u64).unwrap(), &content);
                prop_assert_eq!(
                    whole(compression, &object, content.len() as u64 - 1),
                    Err(Unreadable::TooLarge(content.len() as u64 - 1))
                );
                // A torn object is an error or a beginning, never something else.
                let torn = &object[..object.len().saturating_sub(cut)];
                if let Ok(read) = head(compression, torn, wanted) {
                    prop_assert_eq!(&read, &content[..wanted]);
                }
                if cut > 0 && compression != Compression::None {
                    prop_assert!(whole(compression, torn, 1 << 20).is_err());
                }
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for compression in [Compression::Lz4, Compression::Zstd, Compression::None, Compression::Brotli] {
                let _ = head(compression, &bytes, 40);
                let lz4: Vec<u8> = LZ4_MAGIC.iter().chain(&bytes).copied().collect();
                let _ = head(Compression::Lz4, &lz4, 40);
                let _ = whole(Compression::Lz4, &lz4, 1 << 16);
            }
        }
    }

    #[test]
    fn noise_is_encryption_and_zeros_are_damage() {
        let noise: Vec<u8> = (0_u64..512)
            .flat_map(|n| <[u8; 32]>::from(<sha2::Sha256 as sha2::Digest>::digest(n.to_le_bytes())))
            .collect();
        assert_eq!(head(Compression::Lz4, &noise, 40), Err(Unreadable::Encrypted));
        assert_eq!(whole(Compression::Zstd, &noise, 9), Err(Unreadable::Encrypted));
        assert!(matches!(head(Compression::Lz4, &[0; 9000], 40), Err(Unreadable::Damaged(_))));
        assert!(matches!(head(Compression::Zstd, b"", 40), Err(Unreadable::Damaged(_))));
        assert!(matches!(head(Compression::Brotli, &noise, 40), Err(Unreadable::Compression(_))));
    }
}
