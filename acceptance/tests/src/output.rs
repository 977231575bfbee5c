//! What a run of Terraform said.

use std::fmt;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Result, bail};

/// A run of Terraform that came to its end.
#[derive(Clone, Debug)]
pub struct Output {
    /// The command line after `terraform`.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// What `TF_LOG` wrote; empty unless it was asked for.
    pub log: String,
    /// How long it took.
    pub took: Duration,
    /// Command lines of every process that was seen below it; empty unless it was watched.
    pub argv: Vec<String>,
}

impl Output {
    /// The run must have succeeded.
    ///
    /// # Errors
    /// It did not; tells everything it said.
    pub fn ok(self) -> Result<Self> {
        if self.status.success() { Ok(self) } else { bail!("terraform failed: {self}") }
    }

    /// The run must have failed.
    ///
    /// # Errors
    /// It did not; tells everything it said.
    pub fn fails(self) -> Result<Self> {
        if self.status.success() {
            bail!("terraform succeeded, a failure was expected: {self}")
        } else {
            Ok(self)
        }
    }

    /// The user must have read this text. Frames, colours and line breaks do not count.
    ///
    /// # Errors
    /// It is not there; tells everything that is.
    pub fn says(self, text: &str) -> Result<Self> {
        if self.text().contains(&flow(text)) { Ok(self) } else { bail!("{text:?} was expected in: {self}") }
    }

    /// The user must not have read this text.
    ///
    /// # Errors
    /// It is there; tells everything.
    pub fn is_silent_about(self, text: &str) -> Result<Self> {
        if self.text().contains(&flow(text)) {
            bail!("{text:?} was not expected in: {self}")
        } else {
            Ok(self)
        }
    }

    /// Everything said on both streams as one line of words, without frames and colours.
    #[must_use]
    pub fn text(&self) -> String {
        flow(&format!("{}\n{}", self.stdout, self.stderr))
    }
}

/// Text without colours, frames and line breaks.
fn flow(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..start]);
        let tail = &rest[start..];
        rest = tail.find('m').map_or("", |end| &tail[end + 1..]);
    }
    plain.push_str(rest);
    let words = |line: &str| {
        let line = line.trim_start_matches(['│', '╷', '╵', '├', '─', ' ']);
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    plain.lines().map(words).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "terraform {} ({}, {} ms)", self.command, self.status, self.took.as_millis())?;
        write!(f, "--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr)?;
        if !self.log.is_empty() {
            let lines: Vec<&str> = self.log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(60)..];
            write!(f, "--- end of the log ({} lines)\n{}", lines.len(), tail.join("\n"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::flow;

    #[test]
    fn text_flows() {
        let framed = "\u{1b}[31m╷\u{1b}[0m\n│ Error: A value is\n│   wrong\n│ \n│ It must be right.\n╵\n";
        assert_eq!(flow(framed), "Error: A value is wrong It must be right.");
        assert_eq!(flow("a\n  b   c"), "a b c");
    }
}
