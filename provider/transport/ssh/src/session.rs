//! One command over one channel.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use transport_base::Budget;

use crate::ending::{self, Announcement, announced};
use crate::lines::Lines;
use crate::pool::{Kept, Place};
use crate::shell::{Exec, Exit, Input, OnLine, Output, OutputStream, ShellError};

/// What a command reads, opened before the command is started.
pub(crate) enum Source {
    Bytes(Bytes),
    File(File, PathBuf),
}

impl Source {
    pub(crate) async fn open(input: &Input) -> Result<Self, ShellError> {
        Ok(match input {
            Input::Nothing => Self::Bytes(Bytes::new()),
            Input::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Input::Secret(secret) => Self::Bytes(Bytes::copy_from_slice(secret.expose().as_bytes())),
            Input::File(path) => match File::open(path).await {
                Ok(file) => Self::File(file, path.clone()),
                Err(source) => return Err(ShellError::Source { path: path.clone(), source }),
            },
        })
    }
}

/// Why a command's end was not seen.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the channel was closed without a word of how the command ended")]
    NoExit,
    #[error(transparent)]
    Ssh(#[from] russh::Error),
}

/// The machine runs no commands for this user.
#[derive(Debug, thiserror::Error)]
#[error("the server refused to run a command")]
struct NotAllowed;

/// How long a command that was told to end may take before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// How much is read from a file at once.
const CHUNK: usize = 64 << 10;

/// A channel whose command is ended when it is dropped before its end was seen.
struct Running {
    parts: Option<Parts>,
}

/// What is needed to end a command, and to see its end.
struct Parts {
    read: ChannelReadHalf,
    write: ChannelWriteHalf<Msg>,
    kept: Kept,
    rights: Option<&'static str>,
    announcement: Announcement,
}

/// Runs a command to its end.
pub(crate) async fn run(
    place: Place,
    target: &str,
    exec: Exec,
    source: Source,
    budget: &Budget,
) -> Result<Output, ShellError> {
    let (read, write) = place.channel.split();
    let announcement = Announcement::default();
    let parts = Parts { read, write, kept: place.kept, rights: exec.rights, announcement };
    let mut running = Running { parts: Some(parts) };
    let work = async {
        let Some(Parts { read, write, announcement, .. }) = running.parts.as_mut() else {
            return Err(lost(target, Broken::NoExit));
        };
        let command = announced(&exec.command);
        write.exec(true, command).await.map_err(|error| lost(target, error.into()))?;
        let mut gathered = Gathered::new(&exec, announcement);
        // The command may end without having read all; then nobody waits for the rest to be sent.
        let mut sending = Box::pin(send(source, write));
        let mut sent = false;
        loop {
            tokio::select! {
                biased;
                message = read.wait() => match message {
                    None => break,
                    Some(message) => if gathered.take(message, target)? { break },
                },
                done = &mut sending, if !sent => {
                    sent = true;
                    done?;
                }
            }
        }
        gathered.finish(target)
    };
    match budget.run(|| "a command to end".into(), work).await {
        Ok(Ok(output)) => {
            running.parts = None;
            Ok(output)
        }
        Ok(Err(error)) => Err(error),
        Err(why) => {
            running.end().await;
            Err(ShellError::Interrupted { target: target.to_owned(), why })
        }
    }
}

/// Sends what the command reads, no faster than it reads.
async fn send(source: Source, write: &ChannelWriteHalf<Msg>) -> Result<(), ShellError> {
    // A channel that is closed tells it by what is read; here it is no error.
    match source {
        Source::Bytes(bytes) => {
            if write.data_bytes(bytes).await.is_err() {
                return Ok(());
            }
        }
        Source::File(mut file, path) => loop {
            let mut chunk = bytes::BytesMut::with_capacity(CHUNK);
            match file.read_buf(&mut chunk).await {
                Ok(0) => break,
                Ok(_) if write.data_bytes(chunk.freeze()).await.is_err() => return Ok(()),
                Ok(_) => {}
                Err(source) => return Err(ShellError::Source { path, source }),
            }
        },
    }
    let _ = write.eof().await;
    Ok(())
}

fn lost(target: &str, why: Broken) -> ShellError {
    let source = io::Error::other(why);
    ShellError::Lost { target: target.to_owned(), source: Box::new(source) }
}

impl Running {
    /// Tells the command to end, and sees in the background that it does.
    async fn end(&mut self) {
        let Some(parts) = self.parts.take() else { return };
        // The program may end right after: the word to end must be out by then.
        let _ = tokio::time::timeout(GRACE, parts.signal(Sig::TERM)).await;
        tokio::spawn(parts.see_off());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(parts) = self.parts.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            parts.signal(Sig::TERM).await;
            parts.see_off().await;
        });
    }
}

impl Parts {
    async fn signal(&self, signal: Sig) {
        let name = name_of(signal.clone());
        match self.announcement.group() {
            Some(group) => ending::signal(&self.kept.connection, self.rights, group, &name).await,
            None => drop(self.write.signal(signal).await),
        }
    }

    /// Waits until a command that was told to end has ended, kills it where it does not, and gives its place free.
    async fn see_off(mut self) {
        let _ = self.write.eof().await;
        if !self.closed().await {
            self.signal(Sig::KILL).await;
            let _ = self.write.close().await;
            self.closed().await;
        }
    }

    async fn closed(&mut self) -> bool {
        let closed = async { while !matches!(self.read.wait().await, None | Some(ChannelMsg::Close)) {} };
        tokio::time::timeout(GRACE, closed).await.is_ok()
    }
}

/// What a command said so far.
struct Gathered<'a> {
    announcement: &'a mut Announcement,
    limit: usize,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    truncated: bool,
    exit: Option<Exit>,
    lines: Option<(OnLine, Lines, Lines)>,
}

impl<'a> Gathered<'a> {
    fn new(exec: &Exec, announcement: &'a mut Announcement) -> Self {
        let lines = exec.on_line.clone().map(|on_line| (on_line, Lines::default(), Lines::default()));
        Self {
            announcement,
            limit: exec.limit,
            stdout: Vec::new(),
            stderr: Vec::new(),
            truncated: false,
            exit: None,
            lines,
        }
    }

    /// Takes a message of the channel; `true` after the last one.
    fn take(&mut self, message: ChannelMsg, target: &str) -> Result<bool, ShellError> {
        match message {
            ChannelMsg::Data { data } => self.keep(OutputStream::Stdout, &data),
            ChannelMsg::ExtendedData { data, ext: 1 } => {
                let own = self.announcement.strip(&data);
                self.keep(OutputStream::Stderr, &own);
            }
            ChannelMsg::ExitStatus { exit_status } => self.exit = Some(Exit::Code(exit_status)),
            ChannelMsg::ExitSignal { signal_name, .. } => {
                self.exit = Some(Exit::Signal(name_of(signal_name)));
            }
            ChannelMsg::Failure => {
                return Err(ShellError::NotStarted {
                    target: target.to_owned(),
                    source: Box::new(NotAllowed),
                });
            }
            ChannelMsg::Close => return Ok(true),
            _ => {}
        }
        Ok(false)
    }

    fn keep(&mut self, stream: OutputStream, data: &[u8]) {
        let kept = match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        };
        let room = self.limit.saturating_sub(kept.len()).min(data.len());
        kept.extend(data.iter().take(room));
        self.truncated |= room < data.len();
        if let Some((on_line, stdout, stderr)) = &mut self.lines {
            let lines = match stream {
                OutputStream::Stdout => stdout,
                OutputStream::Stderr => stderr,
            };
            lines.feed(data, |line| on_line(stream, line));
        }
    }

    fn finish(mut self, target: &str) -> Result<Output, ShellError> {
        let held = self.announcement.rest();
        self.keep(OutputStream::Stderr, &held);
        if let Some((on_line, stdout, stderr)) = &mut self.lines {
            stdout.finish(|line| on_line(OutputStream::Stdout, line));
            stderr.finish(|line| on_line(OutputStream::Stderr, line));
        }
        let exit = self.exit.ok_or_else(|| lost(target, Broken::NoExit))?;
        Ok(Output { exit, stdout: self.stdout, stderr: self.stderr, truncated: self.truncated })
    }
}

fn name_of(signal: Sig) -> String {
    match signal {
        Sig::Custom(name) => name,
        known => format!("{known:?}"),
    }
}
