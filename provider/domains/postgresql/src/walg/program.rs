//! Gets WAL-G to where Terraform runs, and out of what it came in.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use flate2::read::GzDecoder;
use tokio::sync::Mutex;
use transport_rest::{HttpVersions, TlsError, Trust, client_config};
use transport_ssh::{Budget, Interrupted};

use super::differences::hex;
use super::model::WalG;

/// Bytes of a program that are taken; the released ones have about 90 million.
const LIMIT: usize = 512 << 20;

/// The program, out of its file.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    /// The program.
    pub(crate) program: Bytes,
    /// Its SHA-256.
    pub(crate) sha256: String,
    /// SHA-256 of the file it came in.
    pub(crate) origin: String,
}

/// Why there is no program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramError {
    /// The URL cannot be read.
    #[error("{url} cannot be fetched")]
    Fetch {
        /// The URL.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server's answer is not the file.
    #[error("{url} is answered with {status}")]
    Status {
        /// The URL.
        url: String,
        /// The status.
        status: http::StatusCode,
    },
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is another file.
    #[error("{from} has the SHA-256 {found}, and `wal_g.sha256` says {wanted}. Nothing was installed")]
    Sum {
        /// Where it came from.
        from: String,
        /// What it has.
        found: String,
        /// What it must have.
        wanted: String,
    },
    /// There is no program in the archive.
    #[error("{from} is an archive without a file whose name begins with `wal-g`")]
    NotInArchive {
        /// Where it came from.
        from: String,
    },
    /// It is larger than any WAL-G.
    #[error("{from} has more than {LIMIT} bytes")]
    TooLarge {
        /// Where it came from.
        from: String,
    },
    /// The client cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The time ran out.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// What was fetched by this process, by its SHA-256: many instances take one download.
static FETCHED: LazyLock<Mutex<BTreeMap<String, Fetched>>> = LazyLock::new(Mutex::default);

/// The program that `url` or `file` names; nothing where it is on the machine.
///
/// # Errors
/// [`ProgramError`].
pub(crate) async fn fetch(wal_g: &WalG, budget: &Budget) -> Result<Option<Fetched>, ProgramError> {
    let (Some(sha256), None) = (&wal_g.sha256, &wal_g.binary) else { return Ok(None) };
    let wanted = sha256.to_ascii_lowercase();
    let mut known = FETCHED.lock().await;
    if let Some(fetched) = known.get(&wanted) {
        return Ok(Some(fetched.clone()));
    }
    let (from, whole) = match (&wal_g.url, &wal_g.file) {
        (Some(url), _) => match url.strip_prefix("file://") {
            Some(path) => (url.clone(), read(Path::new(path)).await?),
            None => (url.clone(), download(url, budget).await?),
        },
        (None, Some(path)) => (path.clone(), read(Path::new(path)).await?),
        (None, None) => return Ok(None),
    };
    let found = hex(&whole);
    if found != wanted {
        return Err(ProgramError::Sum { from, found, wanted });
    }
    let program = unpack(&from, whole)?;
    let fetched = Fetched { sha256: hex(&program), program, origin: wanted.clone() };
    known.insert(wanted, fetched.clone());
    Ok(Some(fetched))
}

async fn read(path: &Path) -> Result<Bytes, ProgramError> {
    let read = tokio::fs::read(path).await;
    read.map(Bytes::from).map_err(|source| ProgramError::File { path: path.to_owned(), source })
}

async fn download(url: &str, budget: &Budget) -> Result<Bytes, ProgramError> {
    let failed = |source: reqwest::Error| ProgramError::Fetch {
        url: url.to_owned(),
        source: source.without_url().into(),
    };
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(client_config(&Trust::System, HttpVersions::Http1Only)?)
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(Duration::from_secs(60))
        .build()
        .map_err(failed)?;
    let get = async {
        let mut answer = client.get(url).send().await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(ProgramError::Status { url: url.to_owned(), status: answer.status() });
        }
        let mut whole = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(failed)? {
            if whole.len() + part.len() > LIMIT {
                return Err(ProgramError::TooLarge { from: url.to_owned() });
            }
            whole.extend_from_slice(&part);
        }
        Ok(Bytes::from(whole))
    };
    budget.run(|| format!("the download of {url}"), get).await?
}

/// The program itself, or the one in a `.tar.gz`.
fn unpack(from: &str, whole: Bytes) -> Result<Bytes, ProgramError> {
    if !whole.starts_with(&[0x1f, 0x8b]) {
        return Ok(whole);
    }
    let broken = |source: std::io::Error| ProgramError::File { path: PathBuf::from(from), source };
    let mut plain = Vec::new();
    let limit = u64::try_from(LIMIT).unwrap_or(u64::MAX);
    GzDecoder::new(whole.as_ref()).take(limit + 1).read_to_end(&mut plain).map_err(broken)?;
    if plain.len() > LIMIT {
        return Err(ProgramError::TooLarge { from: from.to_owned() });
    }
    // A compressed program without an archive around it.
    if plain.starts_with(b"\x7fELF") {
        return Ok(plain.into());
    }
    in_archive(&plain).ok_or_else(|| ProgramError::NotInArchive { from: from.to_owned() })
}

const BLOCK: usize = 512;

/// The first ordinary file of a tar archive whose name begins with `wal-g`.
fn in_archive(archive: &[u8]) -> Option<Bytes> {
    let mut at = 0;
    loop {
        let header = archive.get(at..at + BLOCK)?;
        let text = |range: std::ops::Range<usize>| {
            let field = header.get(range).unwrap_or_default();
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
            String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
        };
        let name = text(0..100);
        if name.is_empty() {
            return None;
        }
        let size = usize::from_str_radix(text(124..136).trim(), 8).ok()?;
        let content = archive.get(at + BLOCK..(at + BLOCK).checked_add(size)?)?;
        let ordinary = matches!(header.get(156), Some(b'0' | 0));
        if ordinary && name.rsplit('/').next().is_some_and(|name| name.starts_with("wal-g")) {
            return Some(Bytes::copy_from_slice(content));
        }
        at = at + BLOCK + size.div_ceil(BLOCK) * BLOCK;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    fn entry(name: &str, content: &[u8]) -> Vec<u8> {
        let mut header = vec![0u8; BLOCK];
        header[..name.len()].copy_from_slice(name.as_bytes());
        let size = format!("{:011o}", content.len());
        header[124..135].copy_from_slice(size.as_bytes());
        header[156] = b'0';
        header.extend_from_slice(content);
        header.resize(header.len().div_ceil(BLOCK) * BLOCK, 0);
        header
    }

    fn gzip(plain: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).expect("memory");
        encoder.finish().expect("memory").into()
    }

    #[test]
    fn the_program_comes_out_of_its_archive() {
        let archive =
            [entry("README", b"x"), entry("./wal-g-pg-22.04-amd64", b"\x7fELF 1"), vec![0; 1024]].concat();
        assert_eq!(unpack("a.tar.gz", gzip(&archive)).expect("there").as_ref(), b"\x7fELF 1");
        assert_eq!(unpack("a", Bytes::from_static(b"\x7fELF 2")).expect("plain").as_ref(), b"\x7fELF 2");
        let without = [entry("README", b"x"), vec![0; 1024]].concat();
        assert!(matches!(unpack("b", gzip(&without)), Err(ProgramError::NotInArchive { .. })));
    }

    #[tokio::test]
    async fn another_file_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("wal-g");
        std::fs::write(&path, b"\x7fELF other").expect("written");
        let wal_g = WalG {
            url: None,
            file: Some(path.to_string_lossy().into_owned()),
            binary: None,
            sha256: Some("00".repeat(32)),
            version: None,
        };
        let refused = fetch(&wal_g, &Budget::unlimited()).await.map(drop);
        assert!(matches!(refused, Err(ProgramError::Sum { .. })), "{refused:?}");
        let wal_g = WalG { sha256: Some(hex(b"\x7fELF other")), ..wal_g };
        let fetched = fetch(&wal_g, &Budget::unlimited()).await.expect("ours").expect("from here");
        assert_eq!(fetched.sha256, fetched.origin);
    }

    proptest! {
        #[test]
        fn nothing_in_an_archive_breaks_it(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let _ = in_archive(&bytes);
        }
    }
}
