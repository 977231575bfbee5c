//! The shell of this machine: for directories that stand here.

use std::process::Stdio;

use async_trait::async_trait;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use transport_base::Budget;
use transport_ssh::{Exec, Exit, Input, Output, Shell, ShellError};

/// Runs command lines on this machine, as the user that runs Terraform.
#[derive(Debug)]
pub(super) struct Here;

#[async_trait]
impl Shell for Here {
    fn target(&self) -> &'static str {
        "this machine"
    }

    async fn exec(&self, exec: Exec, budget: &Budget) -> Result<Output, ShellError> {
        let target = || self.target().to_owned();
        let not_started =
            |source: std::io::Error| ShellError::NotStarted { target: target(), source: source.into() };
        let lost = |source: std::io::Error| ShellError::Lost { target: target(), source: source.into() };
        let input = match exec.input {
            Input::Nothing => Vec::new(),
            Input::Bytes(bytes) => bytes.to_vec(),
            Input::Secret(secret) => secret.expose().as_bytes().to_vec(),
            Input::File(path) => {
                tokio::fs::read(&path).await.map_err(|source| ShellError::Source { path, source })?
            }
        };
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(&exec.command).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(not_started)?;
        let stdin = child.stdin.take();
        let feed = async move {
            if let Some(mut stdin) = stdin {
                // A script that ends without reading all is no failure.
                let _ = stdin.write_all(&input).await;
            }
        };
        let work = async { tokio::join!(feed, child.wait_with_output()).1 };
        let done = budget.run(|| exec.command.chars().take(40).collect(), work).await;
        let done = done.map_err(|why| ShellError::Interrupted { target: target(), why })?.map_err(lost)?;
        let exit = done.status.code().and_then(|code| u32::try_from(code).ok());
        let mut stdout = done.stdout;
        let truncated = stdout.len() > exec.limit;
        stdout.truncate(exec.limit);
        Ok(Output {
            exit: exit.map_or_else(|| Exit::Signal(done.status.to_string()), Exit::Code),
            stdout,
            stderr: done.stderr,
            truncated,
        })
    }
}
