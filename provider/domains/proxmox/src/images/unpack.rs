//! Unpacking in a stream, so that an image never has to fit in memory.

use std::io::{self, BufReader, Read, Write};

use super::Packing;

/// Why unpacking failed.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The packed data is damaged, or a file could not be read or written.
    #[error("unpacking failed: {0}")]
    Io(#[from] io::Error),
    /// It grew beyond what a disk image may be.
    #[error("the unpacked image exceeds {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
}

/// Unpacks `packed` into `to` and answers the number of bytes written. What follows the end of a gz stream is
/// ignored, as some publishers pad.
///
/// # Errors
/// The data is damaged, exceeds `limit` bytes, or a file failed.
pub fn unpack(packing: Packing, packed: impl Read, to: &mut impl Write, limit: u64) -> Result<u64, UnpackError> {
    let packed = BufReader::with_capacity(1 << 16, packed);
    match packing {
        Packing::Gz => copy(TolerantGz::new(packed), to, limit),
        Packing::Xz => copy(xz2::bufread::XzDecoder::new_multi_decoder(packed), to, limit),
        Packing::Zst => copy(zstd::stream::read::Decoder::with_buffer(packed)?, to, limit),
        Packing::Bz2 => copy(bzip2::bufread::MultiBzDecoder::new(packed), to, limit),
    }
}

fn copy(from: impl Read, to: &mut impl Write, limit: u64) -> Result<u64, UnpackError> {
    let written = io::copy(&mut from.take(limit.saturating_add(1)), to)?;
    if written > limit { Err(UnpackError::TooLarge { limit }) } else { Ok(written) }
}

/// gzip members one after the other until something that is no gzip follows.
struct TolerantGz<R: io::BufRead> {
    decoder: Option<flate2::bufread::GzDecoder<R>>,
}

impl<R: io::BufRead> TolerantGz<R> {
    fn new(reader: R) -> Self {
        Self { decoder: Some(flate2::bufread::GzDecoder::new(reader)) }
    }
}

impl<R: io::BufRead> Read for TolerantGz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.decoder else { return Ok(0) };
            let read = decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(finished) = self.decoder.take() else { return Ok(0) };
            let mut rest = finished.into_inner();
            if rest.fill_buf()?.starts_with(b"\x1f\x8b") {
                self.decoder = Some(flate2::bufread::GzDecoder::new(rest));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gz(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn packed(packing: Packing, data: &[u8]) -> Vec<u8> {
        match packing {
            Packing::Gz => gz(data),
            Packing::Xz => {
                let mut encoder = xz2::write::XzEncoder::new(Vec::new(), 1);
                encoder.write_all(data).unwrap();
                encoder.finish().unwrap()
            }
            Packing::Zst => zstd::stream::encode_all(data, 1).unwrap(),
            Packing::Bz2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(data).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    const ALL: [Packing; 4] = [Packing::Gz, Packing::Xz, Packing::Zst, Packing::Bz2];

    #[test]
    fn unpacks_what_was_packed() {
        let data: Vec<u8> = (0..200_000_u32).flat_map(|n| (n % 251).to_le_bytes()).collect();
        for packing in ALL {
            let mut out = Vec::new();
            let count = unpack(packing, &packed(packing, &data)[..], &mut out, u64::MAX - 1).unwrap();
            assert_eq!((count, &out), (data.len() as u64, &data), "{packing:?}");
        }
    }

    #[test]
    fn several_gz_members_and_padding() {
        let mut two = gz(b"one ");
        two.extend(gz(b"two"));
        two.extend([0; 64]);
        let mut out = Vec::new();
        unpack(Packing::Gz, &two[..], &mut out, 100).unwrap();
        assert_eq!(out, b"one two");
    }

    #[test]
    fn refuses_damage_and_bombs() {
        for packing in ALL {
            let whole = packed(packing, &[7; 100_000]);
            let cut = &whole[..whole.len() / 2];
            assert!(unpack(packing, cut, &mut Vec::new(), 1 << 20).is_err(), "{packing:?} cut");
            let error = unpack(packing, &whole[..], &mut Vec::new(), 1000).unwrap_err();
            assert!(matches!(error, UnpackError::TooLarge { limit: 1000 }), "{packing:?} {error}");
        }
    }
}
