//! Programs and files.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::RealError;

/// Programs that real guests take, and the Debian package of each.
const PROGRAMS: [(&str, &str); 9] = [
    ("lxc-start", "lxc"),
    ("debootstrap", "debootstrap"),
    ("ip", "iproute2"),
    ("mount", "mount"),
    ("nsenter", "util-linux"),
    ("perl", "perl-base"),
    ("mkfs.ext4", "e2fsprogs"),
    ("losetup", "mount"),
    ("ssh-keygen", "openssh-client"),
];

/// Whether this machine can have real guests.
pub(super) fn requirements() -> Result<(), RealError> {
    if !is_root() {
        return Err(RealError::Needs("root".to_owned()));
    }
    for (program, package) in PROGRAMS {
        if !on_path(program) {
            return Err(RealError::Needs(format!("{program} (Debian package {package})")));
        }
    }
    Ok(())
}

/// What one user may have of the kernel, and how much of it is for twenty machines and more: all unprivileged guests of a
/// machine are one user to it. Debian's kernel gives 200 keys, which nine systems with their services use up, and 128 watchers,
/// seven a system; one that gets none does not come up.
const ROOM: [(&str, u64); 3] = [
    ("fs/inotify/max_user_instances", 1024),
    ("kernel/keys/maxkeys", 4000),
    ("kernel/keys/maxbytes", 400_000),
];

/// Raises what is lower. A machine that does not let itself be told has room for a few guests still.
pub(super) fn make_room() {
    for (setting, wanted) in ROOM {
        let path = Path::new("/proc/sys").join(setting);
        let found = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<u64>().ok());
        if found.is_some_and(|found| found < wanted)
            && let Err(error) = std::fs::write(&path, wanted.to_string())
        {
            tracing::warn!(setting, %error, "there is little room for many guests");
        }
    }
}

/// Whether this process is root: it owns what it makes as 0.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|of_self| of_self.uid() == 0)
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    places.into_iter().any(|place| place.join(program).is_file())
}

/// Runs a program to its success.
pub(super) fn run<A: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Result<String, RealError> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).env("LC_ALL", "C");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    let failed = |output: String| RealError::Program { program: program.to_owned(), output };
    let done = command.output().map_err(|error| failed(error.to_string()))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    let lines: Vec<&str> = said.lines().collect();
    let tail = lines.get(lines.len().saturating_sub(8)..).unwrap_or_default();
    Err(failed(format!("{}: {}", done.status, tail.join("; "))))
}

pub(super) fn file_error(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> RealError {
    let what = what.into();
    move |source| RealError::File { what, source }
}

pub(super) fn make_dir(dir: &Path) -> Result<(), RealError> {
    std::fs::create_dir_all(dir).map_err(file_error(format!("cannot make {}", dir.display())))
}

pub(super) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), RealError> {
    if let Some(parent) = path.parent() {
        make_dir(parent)?;
    }
    std::fs::write(path, content).map_err(file_error(format!("cannot write {}", path.display())))
}

/// Removes a directory, which may be gone already.
pub(super) fn remove_dir(dir: &Path) -> Result<(), RealError> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(file_error(format!("cannot remove {}", dir.display()))(error))
        }
        _ => Ok(()),
    }
}
