//! Whether an object of the archive can be read without the key.

use std::io::Read as _;

use bytes::Bytes;

/// Why an object is not encrypted, as far as can be told; nothing where it is not to be read without a key.
pub(crate) fn readable(object: &Bytes, system_id: u64) -> Option<&'static str> {
    let magic: [(&[u8], &str); 5] = [
        (&[0x28, 0xb5, 0x2f, 0xfd], "it is a stream of zstd"),
        (&[0x04, 0x22, 0x4d, 0x18], "it is a stream of lz4"),
        (&[0xfd, b'7', b'z', b'X', b'Z'], "it is a stream of xz"),
        (&[0x5d, 0x00, 0x00], "it is a stream of lzma"),
        (&[0x1f, 0x8b], "it is a stream of gzip"),
    ];
    if let Some((_, why)) = magic.iter().find(|(magic, _)| object.starts_with(magic)) {
        return Some(why);
    }
    if is_wal(object, system_id) {
        return Some("it is a plain WAL segment");
    }
    let mut first = [0; 40];
    let decoded =
        zstd::Decoder::new(object.as_ref()).is_ok_and(|mut decoder| decoder.read_exact(&mut first).is_ok());
    if decoded {
        return Some("zstd decompresses it");
    }
    let decoded = lz4_flex::frame::FrameDecoder::new(object.as_ref()).read_exact(&mut first).is_ok();
    decoded.then_some("lz4 decompresses it")
}

/// Whether bytes are the beginning of a WAL segment of this system, or hold its identifier where one would.
fn is_wal(bytes: &[u8], system_id: u64) -> bool {
    bytes.get(24..32) == Some(system_id.to_le_bytes().as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wal() -> Vec<u8> {
        let mut page = vec![0u8; 8192];
        page[24..32].copy_from_slice(&77u64.to_le_bytes());
        page
    }

    #[test]
    fn what_can_be_read_is_told() {
        let zstd = zstd::encode_all(wal().as_slice(), 1).expect("memory");
        let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
        std::io::Write::write_all(&mut lz4, &wal()).expect("memory");
        let lz4 = lz4.finish().expect("memory");
        for readable_one in [wal(), zstd, lz4] {
            assert!(readable(&readable_one.into(), 77).is_some());
        }
        let sealed: Vec<u8> = (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        assert_eq!(readable(&sealed.into(), 77), None);
    }
}
