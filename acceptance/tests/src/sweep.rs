//! The secret sweep: planted canaries must turn up nowhere.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::bytes::Regex;

use crate::archive::zip_entries;
use crate::output::Output;
use crate::workspace::Workspace;

/// Canaries, and where they were found.
///
/// Plant them by `ephemeral` variables from the environment: what Terraform itself stores of an ordinary variable
/// is not the provider's doing.
#[derive(Clone, Debug)]
pub struct Sweep {
    canaries: Vec<(String, Vec<Vec<u8>>)>,
    /// All disguises of all canaries: what has none of them, which is nearly everything, is gone through once.
    any: Option<Regex>,
    leaks: Vec<Leak>,
    searched: usize,
}

/// A canary that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Which of the canaries, counted from 0.
    pub canary: usize,
    /// Where it was.
    pub place: String,
}

impl Sweep {
    /// A search for these canaries: plain, in base64 at any offset, in hexadecimal, and as JSON writes them.
    #[must_use]
    pub fn new(canaries: &[&str]) -> Self {
        let canaries: Vec<_> =
            canaries.iter().map(|canary| ((*canary).to_owned(), disguises(canary))).collect();
        let any = any_of(canaries.iter().flat_map(|(_, disguises)| disguises));
        Self { canaries, any, leaks: Vec::new(), searched: 0 }
    }

    /// Searches some bytes.
    pub fn bytes(&mut self, place: &str, bytes: &[u8]) {
        self.searched += 1;
        if self.any.as_ref().is_some_and(|any| !any.is_match(bytes)) {
            return;
        }
        for (canary, (_, disguises)) in self.canaries.iter().enumerate() {
            let found = |disguise: &Vec<u8>| bytes.windows(disguise.len()).any(|window| window == disguise);
            if disguises.iter().any(found) {
                self.leaks.push(Leak { canary, place: place.to_owned() });
            }
        }
    }

    /// Searches a file; a zip archive (a plan) entry by entry. The configuration that a plan carries is left out: it
    /// is the user's own text.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn file(&mut self, path: &Path) -> Result<()> {
        let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let place = path.display().to_string();
        self.bytes(&place, &bytes);
        if bytes.starts_with(b"PK\x03\x04") {
            for (name, content) in zip_entries(&bytes)? {
                if !name.starts_with("tfconfig/") {
                    self.bytes(&format!("{place}:{name}"), &content);
                }
            }
        }
        Ok(())
    }

    /// Searches everything below a directory, but for configuration (`.tf`, `.tfvars`, `.hcl`) and installed
    /// providers.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn directory(&mut self, directory: &Path) -> Result<()> {
        for entry in
            fs::read_dir(directory).with_context(|| format!("{} cannot be read", directory.display()))?
        {
            let entry = entry?;
            let path = entry.path();
            let kind = entry.file_type()?;
            let configuration =
                ["tf", "tfvars", "hcl"].iter().any(|ending| path.extension().is_some_and(|e| e == *ending));
            if kind.is_dir() && entry.file_name() != "providers" {
                self.directory(&path)?;
            } else if kind.is_file() && !configuration {
                self.file(&path)?;
            }
        }
        Ok(())
    }

    /// Searches what a run said and logged, and the command lines seen while it was watched.
    pub fn output(&mut self, output: &Output) {
        for (name, text) in [("stdout", &output.stdout), ("stderr", &output.stderr), ("log", &output.log)] {
            self.bytes(&format!("{name} of terraform {}", output.command), text.as_bytes());
        }
        self.bytes(&format!("argv below terraform {}", output.command), output.argv.join("\n").as_bytes());
    }

    /// Searches state, backups, plans, home and temporary files, streams and logs of every run of a workspace.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn workspace(&mut self, workspace: &Workspace) -> Result<()> {
        for directory in [workspace.directory(), workspace.records(), workspace.home(), workspace.temporary()]
        {
            self.directory(&directory)?;
        }
        Ok(())
    }

    /// Where canaries were found.
    #[must_use]
    pub fn leaks(&self) -> &[Leak] {
        &self.leaks
    }

    /// Nothing must have been found, and something must have been searched.
    ///
    /// # Errors
    /// A canary turned up; tells where, not what.
    pub fn clean(&self) -> Result<()> {
        if self.searched == 0 {
            bail!("the sweep searched nothing");
        }
        if self.leaks.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = self.leaks.iter().map(ToString::to_string).collect();
        bail!("secrets leaked: {}", list.join("; "))
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "canary {} in {}", self.canary, self.place)
    }
}

/// The forms in which a text may appear.
/// A pattern of all of these; nothing where there is none, or it would be too large.
fn any_of<'a>(disguises: impl Iterator<Item = &'a Vec<u8>>) -> Option<Regex> {
    let literal = |bytes: &Vec<u8>| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let literals: Vec<String> = disguises.map(literal).collect();
    if literals.is_empty() {
        return None;
    }
    Regex::new(&format!("(?-u:{})", literals.join("|"))).ok()
}

fn disguises(canary: &str) -> Vec<Vec<u8>> {
    let bytes = canary.as_bytes();
    let mut disguises = vec![bytes.to_vec()];
    for offset in 0..3 {
        // In the midst of other text the first and last characters depend on the neighbours: leave them out.
        let mut padded = vec![0; offset];
        padded.extend_from_slice(bytes);
        let encoded = STANDARD.encode(&padded).into_bytes();
        let from = if offset == 0 { 0 } else { 4 };
        let to = padded.len() / 3 * 4;
        if to > from + 8 {
            let middle = encoded[from..to].to_vec();
            disguises.push(
                middle
                    .iter()
                    .map(|byte| match byte {
                        b'+' => b'-',
                        b'/' => b'_',
                        other => *other,
                    })
                    .collect(),
            );
            disguises.push(middle);
        }
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    disguises.push(hex.to_uppercase().into_bytes());
    disguises.push(hex.into_bytes());
    let json = serde_json::Value::from(canary).to_string();
    let json = &json[1..json.len() - 1];
    disguises.push(json.as_bytes().to_vec());
    // Go escapes for HTML what others leave alone.
    let go = json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
    disguises.push(go.into_bytes());
    disguises.sort();
    disguises.dedup();
    disguises
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_disguise() {
        let canary = "canary-7f3a\"9&b";
        let encoded = |text: &str| STANDARD.encode(text);
        for text in [
            format!("x{canary}y"),
            encoded(canary),
            encoded(&format!("a{canary}zz")),
            encoded(&format!("ab{canary}")),
            "63616e6172792d3766336122392662".to_owned(),
            "{\"k\":\"canary-7f3a\\\"9&b\"}".to_owned(),
            "{\"k\":\"canary-7f3a\\\"9\\u0026b\"}".to_owned(),
        ] {
            let mut sweep = Sweep::new(&["another", canary]);
            sweep.bytes("here", text.as_bytes());
            assert_eq!(sweep.leaks(), [Leak { canary: 1, place: "here".to_owned() }], "{text}");
            assert!(!sweep.clean().expect_err("a leak").to_string().contains("7f3a"));
        }
    }

    #[test]
    fn a_search_of_nothing_proves_nothing() {
        assert!(Sweep::new(&["x"]).clean().is_err());
        let mut sweep = Sweep::new(&["canary-7f3a9b"]);
        sweep.bytes("here", b"canary-7f3a9c");
        assert!(sweep.clean().is_ok());
    }
}
