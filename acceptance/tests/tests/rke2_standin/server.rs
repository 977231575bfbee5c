//! A server of a cluster, in the laboratory or real: a shell as root.

use std::io::Write as _;
use std::process::{Command, Stdio};

use acceptance_tests::kubernetes::{Distribution, Machine, Scene};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value as Json;

/// A server and how its shell is reached.
#[derive(Clone, Copy)]
pub(crate) enum Shell<'a> {
    /// A machine of the laboratory.
    Lab(&'a Scene, &'a Machine),
    /// One that is reached as a real one is: `user@host`, a private key, and a file of known hosts in place of the user's.
    Ssh(&'a str, &'a str, Option<&'a str>),
}

/// A server that runs.
pub(crate) struct Server<'a> {
    pub(crate) distribution: Distribution,
    pub(crate) shell: Shell<'a>,
}

impl Server<'_> {
    /// Runs a script as root.
    pub(crate) fn sh(&self, script: &str) -> Result<String> {
        match self.shell {
            Shell::Lab(scene, machine) => scene.exec(machine, script),
            Shell::Ssh(target, key, known) => {
                // Who is not in known_hosts is not asked. Scripts name passwords: they go by standard input.
                let mut ssh = Command::new("ssh");
                ssh.args(["-i", key, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]);
                if let Some(known) = known {
                    ssh.args(["-o", &format!("UserKnownHostsFile={known}")]);
                }
                ssh.args(["-o", "LogLevel=ERROR", target, "sudo -n /bin/sh -s"]);
                let piped = ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
                let mut running = piped.spawn().context("ssh cannot be started")?;
                // A whole command, so that nothing in the script reads the rest of it; closed by being dropped.
                let mut input = running.stdin.take().context("standard input")?;
                input.write_all(format!("{{ {script}\n}} </dev/null\n").as_bytes())?;
                drop(input);
                let run = running.wait_with_output()?;
                if !run.status.success() {
                    bail!("{target}: {}: {}", run.status, String::from_utf8_lossy(&run.stderr));
                }
                Ok(String::from_utf8_lossy(&run.stdout).trim().to_owned())
            }
        }
    }

    pub(crate) fn name(&self) -> Result<String> {
        self.sh("hostname")
    }

    pub(crate) fn data(&self) -> String {
        self.distribution.data()
    }

    /// The status and the body of a request to the supervisor on this server, past its certificate.
    pub(crate) fn supervisor(&self, path: &str, user: Option<&str>) -> Result<(u16, String)> {
        let port = self.distribution.supervisor_port();
        // curl reads it from a pipe that the shell's own printf fills: no command line has it.
        let (feed, option) = match user {
            Some(user) => (format!("printf 'user = \"%s\"\\n' '{user}' |"), "-K -"),
            None => (String::new(), ""),
        };
        let said = self.sh(&format!(
            "{feed} curl -sk --max-time 10 {option} -w '\\n%{{http_code}}' 'https://127.0.0.1:{port}{path}'"
        ))?;
        let (body, status) = said.rsplit_once('\n').unwrap_or(("", &said));
        Ok((status.parse().with_context(|| format!("no status: {said}"))?, body.to_owned()))
    }

    /// The token of servers, `K10…::server:…`, in parts: hash and password.
    pub(crate) fn token(&self) -> Result<(String, String)> {
        let token = self.sh(&format!("cat {}/server/token", self.data()))?;
        let (hash, rest) = token.split_once("::").context("a token with a hash")?;
        let (user, password) = rest.split_once(':').context("a user and a password")?;
        ensure!(user == "server", "the token is of {user:?}");
        let hash = hash.strip_prefix("K10").context("a token that begins with K10")?;
        Ok((hash.to_owned(), password.to_owned()))
    }

    /// An answer of the kube API to the administrator.
    pub(crate) fn kube(&self, path: &str) -> Result<Json> {
        let kubeconfig = self.distribution.kubeconfig();
        let kubectl = "PATH=$PATH:/var/lib/rancher/rke2/bin:/usr/local/bin kubectl";
        let text = self.sh(&format!("{kubectl} --kubeconfig {kubeconfig} get --raw '{path}'"))?;
        serde_json::from_str(&text).with_context(|| format!("{path} is no JSON: {text}"))
    }

    /// A request to etcd as its client.
    pub(crate) fn etcd(&self, path: &str, body: &str) -> Result<Json> {
        let tls = format!("{}/server/tls/etcd", self.data());
        let text = self.sh(&format!(
            "curl -sSf --max-time 10 --cacert {tls}/server-ca.crt --cert {tls}/client.crt --key {tls}/client.key \
             -d '{body}' https://127.0.0.1:2379{path}"
        ))?;
        serde_json::from_str(&text).with_context(|| format!("{path} is no JSON: {text}"))
    }
}
