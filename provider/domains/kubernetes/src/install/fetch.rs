//! Artefacts on this machine: fetched once in a process, verified by their SHA-256, kept for the next.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::OnceCell;
use transport_rest::{HttpVersions, TlsError, Trust, client_config};
use transport_ssh::{Budget, Interrupted};

use crate::distribution::Distribution;
use crate::spec::Artefacts;
use crate::version::Version;

/// Where artefacts come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    place: String,
    ca_certificate: Option<String>,
}

/// Why an artefact cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("{url} cannot be fetched")]
    Fetch { url: String, source: reqwest::Error },
    #[error("{url} was answered with {status}")]
    Status { url: String, status: u16 },
    #[error("{} cannot be used", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{from} is not what it should be: its SHA-256 is {found}, and {wanted} is expected")]
    Sum { from: String, found: String, wanted: String },
    #[error("{from}: the answer makes no sense: {why}")]
    Answer { from: String, why: String },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
}

/// Bytes of a text that is read: a list of sums, a list of channels.
const TEXT: usize = 4 << 20;

impl Source {
    /// The source of a cluster's artefacts.
    pub(crate) fn of(distribution: Distribution, artefacts: Option<&Artefacts>) -> Self {
        let given = artefacts.and_then(|artefacts| artefacts.source.clone());
        Self {
            place: given
                .unwrap_or_else(|| distribution.releases().to_owned())
                .trim_end_matches('/')
                .to_owned(),
            ca_certificate: artefacts.and_then(|artefacts| artefacts.ca_certificate.clone()),
        }
    }

    fn is_url(&self) -> bool {
        self.place.starts_with("https://") || self.place.starts_with("http://")
    }

    /// Where a file of a release is.
    pub(crate) fn place_of(&self, version: &Version, file: &str) -> String {
        if self.is_url() {
            return format!("{}/{}/{file}", self.place, version.to_string().replace('+', "%2B"));
        }
        let below = Path::new(&self.place).join(version.to_string()).join(file);
        if below.exists() { below.display().to_string() } else { format!("{}/{file}", self.place) }
    }

    fn client(&self) -> Result<reqwest::Client, FetchError> {
        client(self.ca_certificate.as_deref())
    }

    /// The sums of a release's files, as the source publishes them.
    ///
    /// # Errors
    /// [`FetchError`].
    pub(crate) async fn sums(
        &self,
        distribution: Distribution,
        version: &Version,
        architecture: &str,
        budget: &Budget,
    ) -> Result<BTreeMap<String, String>, FetchError> {
        let from = self.place_of(version, &distribution.sums(architecture));
        let text = if self.is_url() {
            get_text(&self.client()?, &from, budget).await?
        } else {
            let path = PathBuf::from(&from);
            tokio::fs::read_to_string(&path).await.map_err(|source| FetchError::File { path, source })?
        };
        let sums = read_sums(&text);
        if sums.is_empty() {
            return Err(FetchError::Answer { from, why: "there is no sum in it".to_owned() });
        }
        Ok(sums)
    }
}

/// Lines `<64 hexadecimal digits>  <name>`.
fn read_sums(text: &str) -> BTreeMap<String, String> {
    let line = |line: &str| {
        let (sum, name) = line.split_once(char::is_whitespace)?;
        let is_sum = sum.len() == 64 && sum.chars().all(|c| c.is_ascii_hexdigit());
        let name = name.trim().trim_start_matches('*');
        is_sum.then(|| (name.rsplit('/').next().unwrap_or(name).to_owned(), sum.to_ascii_lowercase()))
    };
    text.lines().filter_map(line).collect()
}

/// A client that trusts this authority alone, or the system's.
pub(crate) fn client(ca_certificate: Option<&str>) -> Result<reqwest::Client, FetchError> {
    let trust = ca_certificate.map_or(Trust::System, |pem| Trust::CaPem(pem.to_owned()));
    reqwest::Client::builder()
        .tls_backend_preconfigured(client_config(&trust, HttpVersions::Http1Only)?)
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(Duration::from_secs(60))
        .build()
        .map_err(|source| FetchError::Fetch { url: "the client".to_owned(), source })
}

/// A small text.
///
/// # Errors
/// [`FetchError`].
pub(crate) async fn get_text(
    client: &reqwest::Client,
    url: &str,
    budget: &Budget,
) -> Result<String, FetchError> {
    let failed =
        |source: reqwest::Error| FetchError::Fetch { url: url.to_owned(), source: source.without_url() };
    let get = async {
        let mut answer = client.get(url).send().await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(FetchError::Status { url: url.to_owned(), status: answer.status().as_u16() });
        }
        let mut whole = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(failed)? {
            whole.extend_from_slice(&part);
            if whole.len() > TEXT {
                return Err(FetchError::Answer { from: url.to_owned(), why: "it is too long".to_owned() });
            }
        }
        Ok(String::from_utf8_lossy(&whole).into_owned())
    };
    budget.run(|| format!("asking {url}"), get).await?
}

/// The artefacts that are on this machine.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// By their SHA-256: fetched once, whoever asks.
    known: Mutex<HashMap<String, Arc<OnceCell<PathBuf>>>>,
}

impl Shelf {
    /// A file of a release, on this machine and verified.
    ///
    /// # Errors
    /// [`FetchError`].
    pub(crate) async fn file(
        &self,
        source: &Source,
        version: &Version,
        name: &str,
        sha256: &str,
        budget: &Budget,
    ) -> Result<PathBuf, FetchError> {
        let cell = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(sha256.to_owned()).or_default())
        };
        cell.get_or_try_init(|| bring(source, version, name, sha256, budget)).await.cloned()
    }
}

async fn bring(
    source: &Source,
    version: &Version,
    name: &str,
    wanted: &str,
    budget: &Budget,
) -> Result<PathBuf, FetchError> {
    let from = source.place_of(version, name);
    if !source.is_url() {
        let path = PathBuf::from(&from);
        let found = sum_of(&path).await?;
        return if found == wanted {
            Ok(path)
        } else {
            Err(FetchError::Sum { from, found, wanted: wanted.to_owned() })
        };
    }
    let directory = cache();
    let io = |source| FetchError::File { path: directory.clone(), source };
    tokio::fs::create_dir_all(&directory).await.map_err(io)?;
    let path = directory.join(wanted);
    // What another run left, or anybody else, counts only if it is what is expected.
    if path.exists() && sum_of(&path).await.is_ok_and(|found| found == wanted) {
        return Ok(path);
    }
    let new = directory.join(format!("{wanted}.{}.new", std::process::id()));
    let fetched =
        budget.run(|| format!("the download of {from}"), download(&source.client()?, &from, &new)).await;
    let found = match fetched.map_err(FetchError::from).and_then(|inner| inner) {
        Ok(found) => found,
        Err(error) => {
            let _ = tokio::fs::remove_file(&new).await;
            return Err(error);
        }
    };
    if found != wanted {
        let _ = tokio::fs::remove_file(&new).await;
        return Err(FetchError::Sum { from, found, wanted: wanted.to_owned() });
    }
    tokio::fs::rename(&new, &path).await.map_err(io)?;
    Ok(path)
}

fn cache() -> PathBuf {
    let home = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    home.unwrap_or_else(std::env::temp_dir).join("hybridops").join("artefacts")
}

async fn download(client: &reqwest::Client, url: &str, to: &Path) -> Result<String, FetchError> {
    let failed =
        |source: reqwest::Error| FetchError::Fetch { url: url.to_owned(), source: source.without_url() };
    let io = |source| FetchError::File { path: to.to_owned(), source };
    let mut answer = client.get(url).send().await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(FetchError::Status { url: url.to_owned(), status: answer.status().as_u16() });
    }
    let mut file = tokio::fs::File::create(to).await.map_err(io)?;
    let mut hash = Sha256::new();
    while let Some(part) = answer.chunk().await.map_err(failed)? {
        hash.update(&part);
        file.write_all(&part).await.map_err(io)?;
    }
    file.sync_all().await.map_err(io)?;
    Ok(hex(&hash.finalize()))
}

async fn sum_of(path: &Path) -> Result<String, FetchError> {
    let io = |source| FetchError::File { path: path.to_owned(), source };
    let mut file = tokio::fs::File::open(path).await.map_err(io)?;
    let mut hash = Sha256::new();
    let mut part = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut part).await.map_err(io)?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(part.get(..read).unwrap_or_default());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(place: &str) -> Source {
        Source { place: place.to_owned(), ca_certificate: None }
    }

    #[test]
    fn places() {
        let version: Version = "v1.33.4+rke2r1".parse().unwrap();
        let place = source("https://x/releases").place_of(&version, "f");
        assert_eq!(place, "https://x/releases/v1.33.4%2Brke2r1/f");
        assert_eq!(source("/nowhere").place_of(&version, "f"), "/nowhere/f");
    }

    #[test]
    fn sums_are_read() {
        let sum = "a".repeat(64);
        let sums = read_sums(&format!("{sum}  rke2.linux-amd64.tar.gz\n{sum} *./dist/k3s\nnothing\n"));
        assert_eq!(sums.keys().collect::<Vec<_>>(), ["k3s", "rke2.linux-amd64.tar.gz"]);
    }

    #[tokio::test]
    async fn a_file_that_is_not_what_it_should_be_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("f"), "hello").unwrap();
        let version: Version = "v1.33.4+rke2r1".parse().unwrap();
        let source = source(&directory.path().display().to_string());
        let shelf = Shelf::default();
        let right = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let budget = Budget::unlimited();
        assert!(shelf.file(&source, &version, "f", right, &budget).await.is_ok());
        let wrong = shelf.file(&source, &version, "f", &"0".repeat(64), &budget).await;
        assert!(matches!(wrong, Err(FetchError::Sum { .. })), "{wrong:?}");
    }
}
