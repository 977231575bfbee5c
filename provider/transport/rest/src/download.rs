//! Streamed downloads that continue where they stopped.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::classify::Class;
use crate::client::{RestClient, Run};
use crate::error::{Cause, RestError};
use crate::exchange::{Failure, Flow, Head};
use crate::hash::{Algorithm, Hasher};
use crate::request::Request;
use crate::upload::Progress;
use transport_base::Budget;

/// What a download continues from and reports to.
#[derive(Clone, Default)]
pub struct Download {
    offset: u64,
    hasher: Option<Hasher>,
    progress: Option<Progress>,
}

impl Download {
    /// From the first byte.
    pub fn new() -> Self {
        Self::default()
    }

    /// Computes a checksum on the way.
    #[must_use]
    pub fn hash(mut self, algorithm: Algorithm) -> Self {
        self.hasher = Some(Hasher::new(algorithm));
        self
    }

    /// Continues after `offset` bytes that the writer already holds; `hasher` has seen them.
    #[must_use]
    pub fn resume(mut self, offset: u64, hasher: Option<Hasher>) -> Self {
        self.offset = offset;
        self.hasher = hasher;
        self
    }

    /// Reports progress.
    #[must_use]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("offset", &self.offset).finish_non_exhaustive()
    }
}

/// A finished download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// Bytes in all, those resumed from included.
    pub bytes: u64,
    /// The checksum asked for, in lower-case hexadecimal.
    pub checksum: Option<String>,
    /// The server's entity tag, for a later comparison.
    pub etag: Option<String>,
}

impl RestClient {
    /// Streams a GET's body into `writer`. A broken stream continues with a range request; the tries that
    /// the retry table allows begin anew whenever bytes have arrived.
    ///
    /// # Errors
    /// [`RestError`]; [`Cause::Changed`] when the server's file is no longer the one begun with.
    pub async fn download<W>(
        &self,
        request: Request,
        writer: &mut W,
        download: Download,
        budget: &Budget,
    ) -> Result<Downloaded, RestError>
    where
        W: AsyncWrite + Unpin + Send,
    {
        let mut state = Stream { download, validator: None, etag: None, total: None };
        let mut run = Run::new(self, &request, budget)?;
        loop {
            let before = state.download.offset;
            let permits = run.enter().await?;
            let piece = self.piece(&request, &mut state, writer, budget, run.attempt());
            let waiting_for = || format!("the download {}", run.shown);
            let failure = match Box::pin(budget.run(waiting_for, piece)).await {
                Ok(Ok(())) => {
                    let flushed = writer.flush().await;
                    flushed.map_err(|error| run.error(Class::REFUSED, write_failed(error)))?;
                    return Ok(state.done());
                }
                Ok(Err(failure)) => failure,
                Err(interrupted) => return Err(run.interrupted(interrupted)),
            };
            drop(permits);
            if state.download.offset > before {
                run.progressed();
            }
            run.after(failure).await?;
        }
    }

    async fn piece<W: AsyncWrite + Unpin + Send>(
        &self,
        request: &Request,
        state: &mut Stream,
        writer: &mut W,
        budget: &Budget,
        attempt: crate::client::Attempt,
    ) -> Result<(), Failure> {
        let stall = self.core.policy.stall_timeout;
        let opened = tokio::time::timeout(stall, self.open(request, state.range(), budget)).await;
        let mut head = opened.unwrap_or_else(|_| Err(stalled(stall)))?;
        let before = state.download.offset;
        let outcome = self.stream(request, state, writer, &mut head).await;
        let class = outcome.as_ref().err().map_or("ok", |failure| failure.class.name());
        let received = state.download.offset.saturating_sub(before);
        let flow = Flow { host: head.host.clone(), sent: 0, received };
        self.count(request, attempt, class, flow, head.started.elapsed());
        outcome
    }

    async fn stream<W: AsyncWrite + Unpin + Send>(
        &self,
        request: &Request,
        state: &mut Stream,
        writer: &mut W,
        head: &mut Head,
    ) -> Result<(), Failure> {
        let status = head.response.status();
        if status == StatusCode::RANGE_NOT_SATISFIABLE && state.is_complete(head.response.headers()) {
            return Ok(());
        }
        if !status.is_success() {
            let stall = self.core.policy.stall_timeout;
            let body = tokio::time::timeout(stall, head.response.chunk()).await;
            let body = body.ok().and_then(Result::ok).flatten().unwrap_or_default();
            self.judge(request, head, &body)?;
            // A table that calls this a success would leave the download without its bytes.
            return Err(Failure::new(
                Class::MALFORMED,
                Cause::Setup(format!("answered {status} to a download")),
            ));
        }
        let mut skip = state.begin(status, head.response.headers())?;
        let stall = self.core.policy.stall_timeout;
        loop {
            let chunk = match tokio::time::timeout(stall, head.response.chunk()).await {
                Err(_) => return Err(stalled(stall)),
                Ok(Err(error)) => return Err(broken(error)),
                Ok(Ok(None)) => return state.end(),
                Ok(Ok(Some(chunk))) => chunk,
            };
            // A server without ranges sends what we have once more.
            let known = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
            skip -= known as u64;
            state.keep(writer, chunk.slice(known..)).await?;
        }
    }
}

struct Stream {
    download: Download,
    /// The strong validator of the file begun with.
    validator: Option<HeaderValue>,
    etag: Option<String>,
    total: Option<u64>,
}

impl Stream {
    fn range(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        // Ranges count the bytes of one encoding.
        headers.insert(http::header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if self.download.offset == 0 {
            return headers;
        }
        if let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", self.download.offset)) {
            headers.insert(RANGE, range);
        }
        if let Some(validator) = &self.validator {
            headers.insert(IF_RANGE, validator.clone());
        }
        headers
    }

    /// Compares with the file begun with; returns how many bytes of this answer are already written.
    fn begin(&mut self, status: StatusCode, headers: &HeaderMap) -> Result<u64, Failure> {
        let changed = || Failure::new(Class::REFUSED, Cause::Changed);
        let strong = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
        let validator = strong.or_else(|| headers.get(LAST_MODIFIED)).cloned();
        if self.validator.is_some() && validator.is_some() && self.validator != validator {
            return Err(changed());
        }
        self.validator = self.validator.take().or(validator);
        self.etag = headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let length = headers.get(CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse::<u64>().ok());
        let (skip, total) = if status == StatusCode::PARTIAL_CONTENT {
            let (start, total) = content_range(headers).ok_or_else(changed)?;
            if start != self.download.offset {
                return Err(changed());
            }
            (0, total)
        } else {
            (self.download.offset, length)
        };
        let shrunk = total.is_some_and(|total| total < self.download.offset);
        let resized = matches!((self.total, total), (Some(before), Some(now)) if before != now);
        if shrunk || resized {
            return Err(changed());
        }
        self.total = total.or(self.total);
        Ok(skip)
    }

    async fn keep<W: AsyncWrite + Unpin>(&mut self, writer: &mut W, chunk: Bytes) -> Result<(), Failure> {
        if chunk.is_empty() {
            return Ok(());
        }
        let written = writer.write_all(&chunk).await;
        written.map_err(|error| Failure::new(Class::REFUSED, write_failed(error)))?;
        if let Some(hasher) = &mut self.download.hasher {
            hasher.update(&chunk);
        }
        self.download.offset += chunk.len() as u64;
        if let Some(progress) = &self.download.progress {
            progress(self.download.offset, self.total);
        }
        Ok(())
    }

    fn end(&self) -> Result<(), Failure> {
        match self.total {
            Some(total) if self.download.offset < total => {
                let reason = format!("the stream ended after {} of {total} bytes", self.download.offset);
                Err(Failure::new(Class::INTERRUPTED, Cause::Broken(reason)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a refused range means that nothing is missing.
    fn is_complete(&self, headers: &HeaderMap) -> bool {
        let text = headers.get(CONTENT_RANGE).and_then(|text| text.to_str().ok());
        let total = text.and_then(|text| text.strip_prefix("bytes */")?.parse::<u64>().ok());
        self.download.offset > 0 && total == Some(self.download.offset)
    }

    fn done(self) -> Downloaded {
        Downloaded {
            bytes: self.download.offset,
            checksum: self.download.hasher.map(Hasher::hex),
            etag: self.etag,
        }
    }
}

/// Start and, where told, total of `bytes 5-9/10`.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
    let (range, total) = text.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, total.trim().parse().ok()))
}

fn stalled(limit: Duration) -> Failure {
    Failure::new(Class::TIMEOUT, Cause::Timeout(limit))
}

fn broken(error: reqwest::Error) -> Failure {
    Failure::new(Class::INTERRUPTED, Cause::Broken(error.without_url().to_string()))
}

fn write_failed(error: std::io::Error) -> Cause {
    Cause::File { what: "cannot write the download".to_owned(), error }
}
