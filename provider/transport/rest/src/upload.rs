//! Files sent as multipart bodies whose length is known before the first byte.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use crate::error::Cause;

/// Called with bytes done and, where known, bytes in all.
pub type Progress = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// A multipart form: text fields, then one file.
#[derive(Clone)]
pub struct Upload {
    fields: Vec<(String, String)>,
    part: String,
    file_name: String,
    path: PathBuf,
    progress: Option<Progress>,
}

impl Upload {
    /// A file sent in the part named `part` under `file_name`.
    pub fn new(part: impl Into<String>, file_name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        Self {
            fields: Vec::new(),
            part: part.into(),
            file_name: file_name.into(),
            path: path.as_ref().to_owned(),
            progress: None,
        }
    }

    /// Adds a text field before the file.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Reports progress.
    #[must_use]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Opens the file and frames it.
    pub(crate) async fn open(&self) -> Result<Opened, Cause> {
        let fault = |error| Cause::File { what: format!("cannot read {}", self.path.display()), error };
        let file = File::open(&self.path).await.map_err(fault)?;
        let size = file.metadata().await.map_err(fault)?.len();
        let boundary = boundary();
        let head = Bytes::from(self.head(&boundary));
        let tail = Bytes::from(format!("\r\n--{boundary}--\r\n"));
        let length = head.len() as u64 + size + tail.len() as u64;
        let sent = Arc::new(AtomicU64::new(0));
        let counted = counted(file, size, sent.clone(), self.progress.clone());
        let once = |bytes: Bytes| futures::stream::once(async move { Ok::<_, std::io::Error>(bytes) });
        let body = reqwest::Body::wrap_stream(once(head).chain(counted).chain(once(tail)));
        Ok(Opened { body, length, sent, content_type: format!("multipart/form-data; boundary={boundary}") })
    }

    fn head(&self, boundary: &str) -> String {
        use fmt::Write as _;
        let mut head = String::new();
        for (name, value) in &self.fields {
            let _ = write!(
                head,
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{value}\r\n",
                quoted(name)
            );
        }
        let _ = write!(
            head,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n",
            quoted(&self.part),
            quoted(&self.file_name)
        );
        head
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("file_name", &self.file_name).field("path", &self.path).finish()
    }
}

/// An upload ready to be sent once.
pub(crate) struct Opened {
    pub(crate) body: reqwest::Body,
    pub(crate) length: u64,
    pub(crate) content_type: String,
    /// File bytes handed to the connection so far.
    pub(crate) sent: Arc<AtomicU64>,
}

/// The file's bytes, no more than the announced size; a file that shrank fails the request instead of
/// leaving the server waiting.
fn counted(
    file: File,
    size: u64,
    sent: Arc<AtomicU64>,
    progress: Option<Progress>,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    let chunks = ReaderStream::with_capacity(file.take(size), 256 << 10);
    let seen = sent.clone();
    let counted = chunks.inspect_ok(move |chunk| {
        let total = sent.fetch_add(chunk.len() as u64, Ordering::Relaxed) + chunk.len() as u64;
        if let Some(progress) = &progress {
            progress(total, Some(size));
        }
    });
    let check = futures::stream::once(async move {
        if seen.load(Ordering::Relaxed) == size {
            Ok(Bytes::new())
        } else {
            Err(std::io::Error::new(
                std::io::ErrorKind::UnexpectedEof,
                "the file became shorter while it was sent",
            ))
        }
    });
    counted.chain(check).try_filter(|chunk| std::future::ready(!chunk.is_empty()))
}

/// Quotes that cannot end the parameter early.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A boundary that no file holds by accident: time and a counter, hashed.
fn boundary() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map(|since| since.as_nanos())
        .unwrap_or_default();
    let mut hasher = crate::hash::Hasher::new(crate::hash::Algorithm::Sha256);
    hasher.update(&nanos.to_le_bytes());
    hasher.update(&COUNTER.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    hasher.update(&std::process::id().to_le_bytes());
    format!("hybridops-{}", &hasher.hex()[..40])
}
