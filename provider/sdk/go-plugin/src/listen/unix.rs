//! A Unix socket only the owner can reach, in a place whose path is short enough.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};
use tokio::net::{UnixListener, UnixStream};

use super::ListenError;
use crate::environment::Environment;

const SOCKET_DIR: &str = "PLUGIN_UNIX_SOCKET_DIR";
const SOCKET_GROUP: &str = "PLUGIN_UNIX_SOCKET_GROUP";
const PREFIX: &str = "plugin-";

/// Where to look when `TMPDIR` makes a path longer than a socket address holds (some 100 bytes), which workspaces of
/// build servers do.
const SHORT_DIRECTORY: &str = "/tmp";

/// A socket and what must vanish with it, in this order.
pub(super) struct SocketFile {
    socket: NamedTempFile<UnixListener>,
    directory: Option<TempDir>,
}

impl SocketFile {
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.socket.as_file().accept().await.map(|(stream, _)| stream)
    }
}

/// Binds a Unix socket; `None` where no directory gives one.
pub(super) fn bind(env: &Environment) -> Result<Option<(SocketFile, PathBuf)>, ListenError> {
    let bound = match env.path(SOCKET_DIR) {
        // The host looks for the socket's file name in its own view of this directory: no directory of ours between.
        Some(directory) => {
            let failed = |source| ListenError::Directory { directory: directory.to_owned(), source };
            Some(SocketFile { socket: bind_in(directory).map_err(failed)?, directory: None })
        }
        None => {
            let usual = env.path("TMPDIR").unwrap_or_else(|| Path::new(SHORT_DIRECTORY));
            bind_among([usual, Path::new(SHORT_DIRECTORY)])
        }
    };
    let Some(file) = bound else { return Ok(None) };
    if let Some(group) = env.get(SOCKET_GROUP) {
        share(&file, group).map_err(|source| ListenError::Group { group: group.to_owned(), source })?;
    }
    let path = file.socket.path().to_owned();
    Ok(Some((file, path)))
}

/// The first directory in which a socket can be bound.
fn bind_among<'a>(parents: impl IntoIterator<Item = &'a Path>) -> Option<SocketFile> {
    // The handshake is a line of text with bars between its fields: a path that does not fit in cannot be told.
    let tellable = |parent: &&Path| parent.to_str().is_some_and(|path| !path.contains(['|', '\n', '\r']));
    parents.into_iter().filter(tellable).find_map(|parent| bind_in_fresh(parent).ok())
}

fn bind_in_fresh(parent: &Path) -> io::Result<SocketFile> {
    let directory =
        Builder::new().prefix(PREFIX).permissions(Permissions::from_mode(0o700)).tempdir_in(parent)?;
    Ok(SocketFile { socket: bind_in(directory.path())?, directory: Some(directory) })
}

fn bind_in(directory: &Path) -> io::Result<NamedTempFile<UnixListener>> {
    let socket = Builder::new().prefix(PREFIX).make_in(directory, |path| UnixListener::bind(path))?;
    fs::set_permissions(socket.path(), Permissions::from_mode(0o600))?;
    Ok(socket)
}

/// Lets a group connect: it may pass through our directory, if there is one, and use the socket.
fn share(file: &SocketFile, group: &str) -> io::Result<()> {
    let gid = group_id(group)?;
    if let Some(directory) = &file.directory {
        give(directory.path(), gid, 0o710)?;
    }
    give(file.socket.path(), gid, 0o660)
}

fn give(path: &Path, gid: u32, mode: u32) -> io::Result<()> {
    chown(path, None, Some(gid))?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// A group by number or by name. Names come from the local file alone, as in any statically linked program.
fn group_id(group: &str) -> io::Result<u32> {
    if let Ok(gid) = group.parse() {
        return Ok(gid);
    }
    let groups = fs::read_to_string("/etc/group")?;
    find_group(&groups, group).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such group"))
}

fn find_group(groups: &str, name: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("metadata").permissions().mode() & 0o777
    }

    fn bind_with(variables: &[(&str, &str)]) -> (SocketFile, PathBuf) {
        bind(&variables.iter().copied().collect()).expect("no error").expect("a socket")
    }

    #[tokio::test]
    async fn lives_in_a_private_directory_and_leaves_nothing() {
        let parent = tempfile::tempdir().expect("a directory");
        let (file, path) = bind_with(&[("TMPDIR", parent.path().to_str().expect("text"))]);
        let directory = path.parent().expect("a parent").to_owned();
        assert!(directory.starts_with(parent.path()));
        assert_eq!((mode(&directory), mode(&path)), (0o700, 0o600));
        drop(file);
        assert!(!directory.exists());
    }

    #[tokio::test]
    async fn falls_back_where_the_path_is_too_long_or_missing() {
        let parent = tempfile::tempdir().expect("a directory");
        for length in [90, 200] {
            let long = parent.path().join("d".repeat(length));
            fs::create_dir(&long).expect("a directory");
            let (_file, path) = bind_with(&[("TMPDIR", long.to_str().expect("text"))]);
            assert!(path.as_os_str().len() < 104, "{path:?}");
            assert_eq!(fs::read_dir(&long).expect("readable").count(), 0, "nothing left behind");
        }
        let (_file, path) = bind_with(&[("TMPDIR", "/does/not/exist")]);
        assert!(path.starts_with(SHORT_DIRECTORY));
        let bar = parent.path().join("a|b");
        fs::create_dir(&bar).expect("a directory");
        let (_file, path) = bind_with(&[("TMPDIR", bar.to_str().expect("text"))]);
        assert!(!path.starts_with(bar));
        assert!(
            bind_among([Path::new("/does/not/exist"), Path::new("/nor/this")]).is_none(),
            "then it is TCP"
        );
    }

    #[tokio::test]
    async fn honours_directory_and_group_of_the_host() {
        let parent = tempfile::tempdir().expect("a directory");
        let directory = parent.path().to_str().expect("text");
        let gid = {
            use std::os::unix::fs::MetadataExt as _;
            fs::metadata(directory).expect("metadata").gid()
        };
        let (file, path) = bind_with(&[(SOCKET_DIR, directory), (SOCKET_GROUP, &gid.to_string())]);
        assert_eq!(path.parent(), Some(parent.path()));
        assert_eq!(mode(&path), 0o660);
        drop(file);
        assert_eq!(fs::read_dir(directory).expect("readable").count(), 0);
    }

    #[tokio::test]
    async fn refuses_what_the_host_asked_for_and_cannot_be() {
        let nowhere = [(SOCKET_DIR, "/does/not/exist")].into_iter().collect();
        assert!(matches!(bind(&nowhere), Err(ListenError::Directory { .. })));
        let nobody = [(SOCKET_GROUP, "no such group, surely")].into_iter().collect();
        assert!(matches!(bind(&nobody), Err(ListenError::Group { .. })));
    }

    #[test]
    fn groups_by_name() {
        let groups = "root:x:0:\nbroken\ndocker:x:998:me,you\nodd:x:n:\n";
        assert_eq!(find_group(groups, "docker"), Some(998));
        assert_eq!(find_group(groups, "root"), Some(0));
        assert_eq!(find_group(groups, "dock"), None);
        assert_eq!(find_group(groups, "broken"), None);
        assert_eq!(find_group(groups, "odd"), None);
    }
}
