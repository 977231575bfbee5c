//! What a member has that the primary has not.

use super::model::Lost;

/// What was counted on a member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Transactions committed after the histories parted.
    pub(crate) commits: u64,
    /// When the first of them was.
    pub(crate) first: Option<String>,
    /// When the last of them was.
    pub(crate) last: Option<String>,
    /// Each of them: number, position, time.
    pub(crate) list: Vec<String>,
    /// The segments that hold them.
    pub(crate) segments: Vec<String>,
}

impl Report {
    /// Reads what the script said; `None` where it is no report.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut report = Self::default();
        let mut counted = false;
        for line in text.lines() {
            let Some((name, value)) = line.split_once('=') else { continue };
            match name {
                "commits" => {
                    report.commits = value.parse().ok()?;
                    counted = true;
                }
                "first" => report.first = Some(value.to_owned()),
                "last" => report.last = Some(value.to_owned()),
                "commit" => report.list.push(value.to_owned()),
                "keep" => report.segments.push(value.to_owned()),
                _ => {}
            }
        }
        counted.then_some(report)
    }

    /// As the state shows it.
    pub(crate) fn lost(&self, kept: &str, accepted: bool) -> Lost {
        Lost {
            commits: self.commits,
            first: self.first.clone(),
            last: self.last.clone(),
            kept: kept.to_owned(),
            accepted,
        }
    }

    /// As it is kept in the store.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("commits {}\ntransaction|position|committed at\n", self.commits);
        for commit in &self.list {
            text.push_str(commit);
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_and_a_torn_one_is_not() {
        let text = "commits=2\nfirst=2026-11-21 19:07:03.24 UTC\nlast=2026-11-21 19:07:04 UTC\n\
            commit=729|0/0400CC20|2026-11-21 19:07:03.24 UTC\ncommit=730|0/0400CC88|2026-11-21 19:07:04 UTC\n\
            keep=000000020000000000000004\n";
        let report = Report::parse(text).unwrap();
        assert_eq!((report.commits, report.list.len(), report.segments.len()), (2, 2, 1));
        assert!(report.text().contains("730|0/0400CC88"));
        assert_eq!(Report::parse("first=x\n"), None);
    }
}
