//! Lines out of what comes in pieces.

/// The line that is not finished yet.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
}

/// A line longer than this is told in pieces.
const LONGEST: usize = 64 << 10;

impl Lines {
    /// Tells the lines that are finished by what came.
    pub(crate) fn feed(&mut self, data: &[u8], mut tell: impl FnMut(&str)) {
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.rest.len() >= LONGEST {
                self.finish(&mut tell);
            }
        }
    }

    /// Tells the last line, where it has no end.
    pub(crate) fn finish(&mut self, mut tell: impl FnMut(&str)) {
        let line = std::mem::take(&mut self.rest);
        if line.is_empty() {
            return;
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        tell(&String::from_utf8_lossy(line));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lines_do_not_depend_on_the_pieces(text in "[ab\n]{0,60}", size in 1_usize..7) {
            let mut lines = Lines::default();
            let mut told: Vec<String> = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                lines.feed(piece, |line| told.push(line.to_owned()));
            }
            lines.finish(|line| told.push(line.to_owned()));
            prop_assert_eq!(told, text.lines().map(str::to_owned).collect::<Vec<_>>());
        }
    }
}
