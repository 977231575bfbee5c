//! A machine as the domains use it: scripts and files, run as root.

use std::fmt::Write as _;
use std::sync::Arc;

use transport_base::Budget;

use crate::shell::{Exec, Exit, Input, Output, Shell, ShellError};
use crate::tunnel::{Tunnel, TunnelError};

/// A machine, or a container of one.
#[derive(Clone, Debug)]
pub struct Machine {
    shell: Arc<dyn Shell>,
    wraps: Vec<Wrap>,
    name: String,
}

/// How a command line becomes one that has the rights, or the place, it needs. The outermost comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrap {
    /// As root by `sudo -n`.
    Sudo,
    /// As root by `doas -n`.
    Doas,
    /// In a container of a Proxmox VE node, by `pct exec` on it.
    Container(u32),
}

/// A file to be put on a machine: whole or not at all, and never readable by others in between.
#[derive(Clone, Debug)]
pub struct FileSpec {
    /// Absolute path.
    pub path: String,
    /// What is in it.
    pub content: Input,
    /// Mode, `0o600`.
    pub mode: u32,
    /// Owner as `user:group`; root's where it is left out.
    pub owner: Option<String>,
}

/// Why something could not be done on a machine.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// The machine was not reached, or the end of the command was not seen.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// The command failed.
    #[error("{what} failed on {machine} with {exit}{}", said(errors))]
    Failed {
        /// What was done.
        what: String,
        /// The machine, as messages name it.
        machine: String,
        /// How the command ended.
        exit: Exit,
        /// The end of what it said.
        errors: String,
    },
    /// The file is larger than was asked for.
    #[error("{path} on {machine} is larger than {limit} bytes")]
    TooLarge {
        /// The file.
        path: String,
        /// The machine, as messages name it.
        machine: String,
        /// The limit, in bytes.
        limit: usize,
    },
}

fn said(errors: &str) -> String {
    if errors.is_empty() { String::new() } else { format!(": {errors}") }
}

/// Bytes of the end of what a failed command said that are shown.
const SHOWN: usize = 2000;

impl Machine {
    /// A machine whose shell is root's already.
    pub fn new(shell: Arc<dyn Shell>) -> Self {
        let name = shell.target().to_owned();
        Self { shell, wraps: Vec::new(), name }
    }

    /// The same machine, with each command line wrapped once more, inside of the wraps it has.
    #[must_use]
    pub fn within(mut self, wrap: Wrap) -> Self {
        if let Wrap::Container(vmid) = wrap {
            self.name = format!("container {vmid} on {}", self.name);
        }
        self.wraps.push(wrap);
        self
    }

    /// The machine, as messages name it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a script by `/bin/sh` as root with `arguments` as `$1` and so on. An exit code other than 0 is no error.
    /// Script and arguments can be read by everyone on the machine; secrets go by `input`.
    ///
    /// # Errors
    /// [`ShellError`].
    pub async fn run(
        &self,
        script: &str,
        arguments: &[&str],
        input: Input,
        budget: &Budget,
    ) -> Result<Output, ShellError> {
        self.shell.exec(self.exec(script, arguments).input(input), budget).await
    }

    /// Runs a script that must end with code 0, and answers its output.
    ///
    /// # Errors
    /// [`MachineError`], naming `what` was done.
    pub async fn check(
        &self,
        what: &str,
        script: &str,
        arguments: &[&str],
        input: Input,
        budget: &Budget,
    ) -> Result<String, MachineError> {
        let output = self.run(script, arguments, input, budget).await?;
        if !output.ok() {
            return Err(self.failed(what, &output));
        }
        Ok(output.text())
    }

    /// Puts a file in place atomically: written beside with the mode and owner it is to have, synced, renamed. A program that
    /// reads its input cannot tell its end from that of a connection that broke, so it is told how much there is to come.
    ///
    /// # Errors
    /// [`MachineError`].
    pub async fn put(&self, file: &FileSpec, budget: &Budget) -> Result<(), MachineError> {
        let owner = file.owner.as_deref().unwrap_or("root:root");
        let mode = format!("{:04o}", file.mode);
        let what = format!("writing {}", file.path);
        let length = file.content.length()?;
        let arguments = [file.path.as_str(), &mode, owner, &length.to_string()];
        self.check(&what, PUT, &arguments, file.content.clone(), budget).await.map(drop)
    }

    /// Reads a file; `None` where there is none.
    ///
    /// # Errors
    /// [`MachineError`].
    pub async fn read(
        &self,
        path: &str,
        limit: usize,
        budget: &Budget,
    ) -> Result<Option<Vec<u8>>, MachineError> {
        let exec = Exec { limit, ..self.exec(READ, &[path]) };
        let output = self.shell.exec(exec, budget).await?;
        match output.code() {
            Some(0) if output.truncated => {
                Err(MachineError::TooLarge { path: path.to_owned(), machine: self.name.clone(), limit })
            }
            Some(0) => Ok(Some(output.stdout)),
            Some(NO_FILE) => Ok(None),
            _ => Err(self.failed(&format!("reading {path}"), &output)),
        }
    }

    /// Opens a stream to a host and port as this machine sees them, through the connection that is open to it.
    ///
    /// # Errors
    /// [`TunnelError`]; of a container, always [`TunnelError::Unsupported`].
    pub async fn tunnel(&self, host: &str, port: u16, budget: &Budget) -> Result<Tunnel, TunnelError> {
        if self.wraps.iter().any(|wrap| matches!(wrap, Wrap::Container(_))) {
            let address = crate::connect::authority(host, port);
            return Err(TunnelError::Unsupported { machine: self.name.clone(), address });
        }
        self.shell.tunnel(host, port, budget).await
    }

    /// The failure of a command, with the end of what it said.
    pub fn failed(&self, what: &str, output: &Output) -> MachineError {
        let errors = output.errors();
        let mut start = errors.len().saturating_sub(SHOWN);
        while !errors.is_char_boundary(start) {
            start += 1;
        }
        MachineError::Failed {
            what: what.to_owned(),
            machine: self.name.clone(),
            exit: output.exit.clone(),
            errors: errors.get(start..).unwrap_or_default().trim().to_owned(),
        }
    }

    fn exec(&self, script: &str, arguments: &[&str]) -> Exec {
        let rights = self.wraps.iter().find_map(Wrap::rights);
        Exec { rights, ..Exec::new(self.line(script, arguments)) }
    }

    /// The whole command line: the script, and around it what gives it rights and place.
    fn line(&self, script: &str, arguments: &[&str]) -> String {
        let mut line = format!("/bin/sh -c {} sh", quote(script));
        for argument in arguments {
            let _ = write!(line, " {}", quote(argument));
        }
        self.wraps.iter().rev().fold(line, |line, wrap| wrap.around(&line))
    }
}

impl Wrap {
    fn around(&self, line: &str) -> String {
        match (self.rights(), self) {
            (Some(rights), _) => format!("{rights} {line}"),
            (None, Self::Container(vmid)) => format!("pct exec {vmid} -- {line}"),
            (None, _) => line.to_owned(),
        }
    }

    /// What gives a command line other rights on the same machine.
    fn rights(&self) -> Option<&'static str> {
        match self {
            Self::Sudo => Some("sudo -n --"),
            Self::Doas => Some("doas -n --"),
            Self::Container(_) => None,
        }
    }
}

/// Code by which [`READ`] says that there is no file.
const NO_FILE: u32 = 66;

const READ: &str = r#"[ -e "$1" ] || exit 66; exec cat -- "$1""#;

/// `$1` path, `$2` mode, `$3` owner, `$4` bytes. The temporary name is fixed, so that a run that was killed leaves one file at
/// most.
const PUT: &str = r#"
set -eu
umask 077
new="$1.hybridops-new"
rm -f -- "$new"
cat >"$new"
if [ "$(wc -c <"$new")" -ne "$4" ]; then
    rm -f -- "$new"
    echo "not all of it arrived: the connection broke" >&2
    exit 1
fi
chown -- "$3" "$new"
chmod -- "$2" "$new"
sync -- "$new" 2>/dev/null || sync
mv -f -- "$new" "$1"
"#;

/// Text as one word of the shell's language.
pub(crate) fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_arrive_whole_is_not_put_in_place() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("journal.json");
        std::fs::write(&path, "as it was").unwrap();
        let mut put = std::process::Command::new("/bin/sh")
            .args(["-c", PUT, "sh", path.to_str().unwrap(), "0600", "root:root", "12"])
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // The connection breaks.
        std::io::Write::write_all(&mut put.stdin.take().unwrap(), b"as it").unwrap();
        let ended = put.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(1));
        assert_eq!(
            String::from_utf8_lossy(&ended.stderr).trim(),
            "not all of it arrived: the connection broke"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "as it was");
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[test]
    fn words_are_one_word() {
        for (text, expected) in [("a-b", "a-b"), ("", "''"), ("a b", "'a b'"), ("it's $x", r"'it'\''s $x'")] {
            assert_eq!(quote(text), expected);
        }
    }
}
