//! In which versions something is there: a set, written as ranges of feature releases.

/// A set of versions, by their place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(u8);

/// `4.2` of `4.2.9`.
pub(crate) fn feature(version: &str) -> String {
    version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
}

impl Span {
    pub(crate) fn new(mask: u8) -> Self {
        Self(mask)
    }

    pub(crate) fn has(self, version: usize) -> bool {
        version < 8 && self.0 & (1 << version) != 0
    }

    /// `4.2..4.4`, open at an end where the table ends, ranges with commas between.
    pub(crate) fn text(self, versions: &[String]) -> String {
        let mut ranges = Vec::new();
        let mut at = 0;
        while at < versions.len() {
            if !self.has(at) {
                at += 1;
                continue;
            }
            let first = at;
            while at < versions.len() && self.has(at) {
                at += 1;
            }
            let from = if first == 0 { String::new() } else { feature(&versions[first]) };
            let to = if at == versions.len() { String::new() } else { feature(&versions[at - 1]) };
            ranges.push(format!("{from}..{to}"));
        }
        ranges.join(",")
    }

    /// Reads what [`Span::text`] wrote; versions not known count as ends.
    pub(crate) fn parse(text: &str, versions: &[String]) -> Self {
        let place = |name: &str| versions.iter().position(|v| feature(v) == name);
        let mut mask = 0;
        for range in text.split(',') {
            let (from, to) = range.split_once("..").unwrap_or((range, range));
            let from = place(from).unwrap_or(0);
            let to = place(to).unwrap_or(versions.len().saturating_sub(1));
            for version in from..=to {
                mask |= 1 << version;
            }
        }
        Self(mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read_again() {
        let versions: Vec<String> = ["4.1.11", "4.2.9", "4.3.7", "4.7.0-beta1"].map(str::to_owned).to_vec();
        for mask in 1..16 {
            let span = Span::new(mask);
            assert_eq!(Span::parse(&span.text(&versions), &versions), span, "{}", span.text(&versions));
        }
        assert_eq!(Span::new(0b0110).text(&versions), "4.2..4.3");
        assert_eq!(Span::new(0b1100).text(&versions), "4.3..");
    }
}
