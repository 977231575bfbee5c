//! Publishers of images: anyone's web server, reached without credentials.

use std::path::Path;
use std::time::Duration;

use http::header::RANGE;
use tokio::fs::File;
use transport_rest::{
    Algorithm, Budget, Download, Policy, Request, Response, RestClient, RestError, StandardStatus, Url,
};

use super::sniff::HEAD_BYTES;
use super::sums::{SumsError, find_sum};

/// A sums file is kilobytes; whatever is larger is something else.
const MAX_SUMS_BYTES: usize = 4 << 20;

/// A look at a publisher must not hold up a plan.
const LOOK: Duration = Duration::from_secs(20);

/// Why a publisher's file could not be had.
#[derive(Debug, thiserror::Error)]
pub enum PublisherError {
    /// The address is none.
    #[error("{url:?} is no URL: {reason}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The web server did not deliver.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The sums file does not help.
    #[error("{url}: {source}")]
    Sums {
        /// The sums file.
        url: String,
        /// Why.
        #[source]
        source: SumsError,
    },
    /// The file is not the one that was published.
    #[error("the checksum of {url} is {found}, expected {expected}")]
    Mismatch {
        /// The file.
        url: String,
        /// What it hashes to.
        found: String,
        /// What it should.
        expected: String,
    },
    /// A local file failed.
    #[error("a temporary file failed: {0}")]
    File(#[from] std::io::Error),
}

/// A checksum as `sha256:…` or `sha512:…`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedChecksum(String);

impl ResolvedChecksum {
    /// Takes a checksum as users write it.
    #[must_use]
    pub fn given(text: &str) -> Self {
        Self(text.to_ascii_lowercase())
    }

    /// `sha256:…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Algorithm and digest.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or(("sha256", &self.0))
    }

    fn algorithm(&self) -> Algorithm {
        self.parts().0.parse().unwrap_or(Algorithm::Sha256)
    }
}

/// A look at a published file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Glimpse {
    /// It is there.
    Seen {
        /// Its first bytes.
        head: Vec<u8>,
        /// Its size in bytes, where the server tells.
        size: Option<u64>,
    },
    /// The publisher has no such file: the status it says so with.
    Absent(u16),
    /// This machine cannot look at it (no route to the publisher, a server without ranges): the node may still be
    /// able to download it.
    Unseen,
}

/// The size of the file of which a part was answered: `Content-Range: bytes 0-511/123456`.
fn whole_size(response: &Response) -> Option<u64> {
    match response.header("content-range") {
        Some(range) => range.rsplit_once('/')?.1.trim().parse().ok(),
        // A server without ranges answers the file itself.
        None => u64::try_from(response.body.len()).ok(),
    }
}

/// Fetches what publishers publish.
#[derive(Clone, Debug)]
pub struct Publisher {
    rest: RestClient,
}

impl Default for Publisher {
    fn default() -> Self {
        let policy = Policy { max_answer: MAX_SUMS_BYTES, ..Policy::default() };
        Self { rest: RestClient::new(Vec::new(), policy, StandardStatus, None) }
    }
}

/// The last part of a URL's path, decoded.
#[must_use]
pub fn url_name(url: &str) -> String {
    let path = Url::parse(url).map(|url| url.path().to_owned()).unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned()
}

fn parse(url: &str) -> Result<Url, PublisherError> {
    Url::parse(url).map_err(|error| PublisherError::Url { url: url.to_owned(), reason: error.to_string() })
}

impl Publisher {
    /// The checksum a sums file gives for the image.
    ///
    /// # Errors
    /// The file cannot be had, or does not name the image.
    pub async fn sum(
        &self,
        sums: &str,
        image: &str,
        budget: &Budget,
    ) -> Result<ResolvedChecksum, PublisherError> {
        let response = self.rest.send(Request::get_url(parse(sums)?), &budget.shortened(LOOK)).await?;
        let text = String::from_utf8_lossy(&response.body);
        find_sum(&text, &url_name(image))
            .map(ResolvedChecksum)
            .map_err(|source| PublisherError::Sums { url: sums.to_owned(), source })
    }

    /// Looks at the beginning of a published file.
    pub async fn glimpse(&self, url: &str, budget: &Budget) -> Glimpse {
        let Ok(parsed) = parse(url) else { return Glimpse::Unseen };
        let range = format!("bytes=0-{}", HEAD_BYTES - 1);
        let request = Request::get_url(parsed).header(RANGE, &range);
        match self.rest.send(request, &budget.shortened(LOOK)).await {
            Ok(response) => Glimpse::Seen {
                size: whole_size(&response),
                head: response.body.iter().copied().take(HEAD_BYTES).collect(),
            },
            Err(error) => {
                tracing::debug!(%error, "cannot look at the image from here");
                match error.status().map(|failure| failure.status.as_u16()) {
                    Some(status @ (404 | 410)) => Glimpse::Absent(status),
                    _ => Glimpse::Unseen,
                }
            }
        }
    }

    /// Downloads a file and verifies its checksum.
    ///
    /// # Errors
    /// The file cannot be had, or is not the one that was published.
    pub async fn fetch(
        &self,
        url: &str,
        checksum: &ResolvedChecksum,
        to: &Path,
        budget: &Budget,
    ) -> Result<u64, PublisherError> {
        let mut file = File::create(to).await?;
        let download = Download::new().hash(checksum.algorithm());
        let request = Request::get_url(parse(url)?);
        let done = Box::pin(self.rest.download(request, &mut file, download, budget)).await?;
        let found = format!("{}:{}", checksum.parts().0, done.checksum.unwrap_or_default());
        if found != checksum.as_str() {
            return Err(PublisherError::Mismatch {
                url: url.to_owned(),
                found,
                expected: checksum.as_str().to_owned(),
            });
        }
        Ok(done.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_urls() {
        assert_eq!(url_name("https://x/a/debian-12.qcow2?x=1"), "debian-12.qcow2");
        assert_eq!(url_name("https://x/a%20b.img"), "a b.img");
        assert_eq!(url_name("nonsense"), "");
    }

    #[test]
    fn checksums_are_compared_in_lower_case() {
        let given = ResolvedChecksum::given("SHA256:ABC");
        assert_eq!((given.as_str(), given.parts()), ("sha256:abc", ("sha256", "abc")));
    }
}
