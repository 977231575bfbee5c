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

/// A multipart form: text fields, then files.
#[derive(Clone)]
pub struct Upload {
    fields: Vec<(String, String)>,
    files: Vec<FilePart>,
    progress: Option<Progress>,
}

/// One file of a form.
#[derive(Clone)]
struct FilePart {
    part: String,
    file_name: String,
    path: PathBuf,
}

impl Upload {
    /// A file sent in the part named `part` under `file_name`.
    pub fn new(part: impl Into<String>, file_name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        Self { fields: Vec::new(), files: Vec::new(), progress: None }.file(part, file_name, path)
    }

    /// Adds another file.
    #[must_use]
    pub fn file(
        mut self,
        part: impl Into<String>,
        file_name: impl Into<String>,
        path: impl AsRef<Path>,
    ) -> Self {
        let path = path.as_ref().to_owned();
        self.files.push(FilePart { part: part.into(), file_name: file_name.into(), path });
        self
    }

    /// Adds a text field before the files.
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

    /// Opens the files and frames them.
    pub(crate) async fn open(&self) -> Result<Opened, Cause> {
        let boundary = boundary();
        let mut parts = Vec::with_capacity(self.files.len());
        let mut lead = self.fields_framed(&boundary);
        let mut length = 0;
        for part in &self.files {
            let fault = |error| Cause::File { what: format!("cannot read {}", part.path.display()), error };
            let file = File::open(&part.path).await.map_err(fault)?;
            let size = file.metadata().await.map_err(fault)?.len();
            let head = Bytes::from(std::mem::take(&mut lead) + &part.framed(&boundary));
            length += head.len() as u64 + size;
            parts.push((head, file, size));
            lead.push_str("\r\n");
        }
        let tail = Bytes::from(format!("\r\n--{boundary}--\r\n"));
        length += tail.len() as u64;
        let total = parts.iter().map(|(.., size)| size).sum();
        let flow = Flow { sent: Arc::default(), total, progress: self.progress.clone() };
        let sent = flow.sent.clone();
        let once = |bytes: Bytes| futures::stream::once(async move { Ok::<_, std::io::Error>(bytes) });
        let framed = move |(head, file, size)| once(head).chain(counted(file, size, flow.clone()));
        let body = futures::stream::iter(parts).map(framed).flatten().chain(once(tail));
        let content_type = format!("multipart/form-data; boundary={boundary}");
        Ok(Opened { body: reqwest::Body::wrap_stream(body), length, sent, content_type })
    }

    fn fields_framed(&self, boundary: &str) -> String {
        use fmt::Write as _;
        let mut framed = String::new();
        for (name, value) in &self.fields {
            let name = quoted(name);
            let _ = write!(
                framed,
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        framed
    }
}

impl FilePart {
    fn framed(&self, boundary: &str) -> String {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n",
            quoted(&self.part),
            quoted(&self.file_name)
        )
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.files.iter().map(|file| (&file.file_name, &file.path));
        f.debug_map().entries(files).finish()
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

/// What the files of one upload count together.
#[derive(Clone)]
struct Flow {
    sent: Arc<AtomicU64>,
    total: u64,
    progress: Option<Progress>,
}

/// A file's bytes, no more than the announced size; a file that shrank fails the request instead of
/// leaving the server waiting.
fn counted(
    file: File,
    size: u64,
    flow: Flow,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    let chunks = ReaderStream::with_capacity(file.take(size), 256 << 10);
    let of_this_file = Arc::new(AtomicU64::new(0));
    let seen = of_this_file.clone();
    let counted = chunks.inspect_ok(move |chunk| {
        let bytes = chunk.len() as u64;
        of_this_file.fetch_add(bytes, Ordering::Relaxed);
        let sent = flow.sent.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Some(progress) = &flow.progress {
            progress(sent, Some(flow.total));
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
