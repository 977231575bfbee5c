//! The fields of a protobuf message, as they stand on the wire.

/// A field's number and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field<'a> {
    /// A number.
    Number(u32, u64),
    /// Bytes: text, or another message.
    Bytes(u32, &'a [u8]),
}

/// The fields of a message, up to the first that makes no sense.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        loop {
            let tag = self.varint()?;
            let number = u32::try_from(tag >> 3).ok()?;
            match tag & 7 {
                0 => return Some(Field::Number(number, self.varint()?)),
                1 => drop(self.take(8)?),
                2 => {
                    let length = usize::try_from(self.varint()?).ok()?;
                    return Some(Field::Bytes(number, self.take(length)?));
                }
                5 => drop(self.take(4)?),
                _ => return None,
            }
        }
    }
}

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

/// The first bytes of a field.
pub(super) fn bytes(message: &[u8], number: u32) -> Option<&[u8]> {
    Fields(message).find_map(|field| match field {
        Field::Bytes(found, bytes) if found == number => Some(bytes),
        _ => None,
    })
}

/// The first text of a field.
pub(super) fn text(message: &[u8], number: u32) -> Option<String> {
    bytes(message, number).and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
}
