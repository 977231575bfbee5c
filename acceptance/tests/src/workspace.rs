//! A directory with a configuration, in which Terraform sees this and nothing else of the machine.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::binaries::terraform;
use crate::command::Terraform;
use crate::output::Output;
use crate::plan::Plan;
use crate::process::{self, Process, wait_until};
use crate::provider::Provider;
use crate::state::State;

/// The saved plan of [`Workspace::plan`].
const PLAN: &str = "tfplan";

const LOCK: &str = ".terraform.lock.hcl";

/// How long a provider may outlive its Terraform.
const AFTERLIFE: Duration = Duration::from_secs(5);

/// A directory in which Terraform runs. Removed when dropped.
#[derive(Debug)]
pub struct Workspace {
    root: TempDir,
    providers: Vec<Provider>,
    variables: Vec<(String, String)>,
    runs: AtomicU32,
    program: Option<PathBuf>,
}

impl Workspace {
    /// A fresh workspace whose only source of providers is a filesystem mirror of these. Not initialised.
    ///
    /// # Errors
    /// The directory or the mirror cannot be made.
    pub fn new(providers: &[Provider]) -> Result<Self> {
        let root = tempfile::Builder::new().prefix("acc-").tempdir().context("no temporary directory")?;
        let workspace = Self {
            root,
            providers: providers.to_vec(),
            variables: Vec::new(),
            runs: AtomicU32::new(0),
            program: None,
        };
        for directory in [workspace.directory(), workspace.home(), workspace.temporary(), workspace.records()]
        {
            fs::create_dir_all(directory)?;
        }
        let mirror = |provider: &Provider| -> Result<String> {
            let (path, address) = (provider.mirror()?, &provider.address);
            Ok(format!(
                "  filesystem_mirror {{\n    path    = \"{}\"\n    include = [\"{address}\"]\n  }}\n",
                path.display()
            ))
        };
        let mirrors = providers.iter().map(mirror).collect::<Result<String>>()?;
        workspace.configure_cli(&format!("provider_installation {{\n{mirrors}}}\n"))?;
        let requirements: String = providers.iter().map(Provider::requirement).collect();
        workspace.write(
            "versions.tf",
            &format!("terraform {{\n  required_providers {{\n{requirements}  }}\n}}\n"),
        )?;
        Ok(workspace)
    }

    /// A workspace that is initialised for these providers.
    ///
    /// # Errors
    /// It cannot be made, or `terraform init` fails.
    pub fn ready(providers: &[Provider]) -> Result<Self> {
        static LOCKS: Mutex<BTreeMap<Vec<Provider>, String>> = Mutex::new(BTreeMap::new());
        let workspace = Self::new(providers)?;
        let mut locks = LOCKS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(providers) {
            workspace.install(lock)?;
        } else {
            workspace.init()?.ok()?;
            locks.insert(providers.to_vec(), workspace.read(LOCK)?);
        }
        Ok(workspace)
    }

    /// A workspace that is initialised for these providers, in which this program runs in place of `terraform`.
    ///
    /// # Errors
    /// It cannot be made, or `init` fails.
    pub fn ready_for(program: PathBuf, providers: &[Provider]) -> Result<Self> {
        let workspace = Self { program: Some(program), ..Self::new(providers)? };
        workspace.init()?.ok()?;
        Ok(workspace)
    }

    /// Does what `terraform init` did for the same providers, in no time.
    fn install(&self, lock: &str) -> Result<()> {
        self.write(LOCK, lock)?;
        for provider in &self.providers {
            let installed = provider.place_in(&self.path(".terraform/providers"));
            let mirrored = provider.place_in(&provider.mirror()?);
            let (link, package) =
                (installed.parent().unwrap_or(&installed), mirrored.parent().unwrap_or(&mirrored));
            fs::create_dir_all(link.parent().unwrap_or(link))?;
            symlink(package, link)?;
        }
        Ok(())
    }

    /// Sets a variable of the environment for every run from here on.
    pub fn set_env(&mut self, name: &str, value: impl Into<String>) {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.into()));
    }

    /// A variable of the environment that was set for every run.
    #[must_use]
    pub fn env(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The directory of the configuration.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.root.path().join("w")
    }

    /// A file of the workspace.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// The home directory Terraform believes in.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The temporary directory, in which the sockets are.
    #[must_use]
    pub fn temporary(&self) -> PathBuf {
        self.root.path().join("tmp")
    }

    /// Streams and logs of every run so far.
    #[must_use]
    pub fn records(&self) -> PathBuf {
        self.root.path().join("runs")
    }

    /// Replaces the CLI configuration.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn configure_cli(&self, text: &str) -> Result<()> {
        fs::write(self.cli_configuration(), text).context("the CLI configuration cannot be written")
    }

    fn cli_configuration(&self) -> PathBuf {
        self.root.path().join("terraform.rc")
    }

    /// Writes a file of the configuration.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Removes a file of the configuration.
    ///
    /// # Errors
    /// It is not there.
    pub fn remove(&self, name: &str) -> Result<()> {
        fs::remove_file(self.path(name)).with_context(|| format!("{name} cannot be removed"))
    }

    /// Reads a file of the workspace.
    ///
    /// # Errors
    /// It is not there, or no text.
    pub fn read(&self, name: &str) -> Result<String> {
        fs::read_to_string(self.path(name)).with_context(|| format!("{name} cannot be read"))
    }

    /// A run of Terraform here, to be given arguments. The environment of the test does not reach it.
    ///
    /// # Errors
    /// There is no `terraform`.
    pub fn terraform(&self) -> Result<Terraform> {
        let program = self.program.clone().or_else(terraform).context("there is no terraform")?;
        let mut command = Command::new(program);
        command.current_dir(self.directory()).env_clear();
        for name in ["PATH", "LANG", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("HOME", self.home())
            .env("TMPDIR", self.temporary())
            .env("TF_CLI_CONFIG_FILE", self.cli_configuration())
            .env("CHECKPOINT_DISABLE", "1")
            // Collecting garbage is an eighth of what a command takes that only reads a large schema.
            .env("GOGC", "400")
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        Ok(Terraform::new(command, self.directory(), self.records().join(format!("{run:03}"))))
    }

    /// Runs Terraform with these arguments.
    ///
    /// # Errors
    /// It cannot be run; that it fails is told by the output.
    pub fn run(&self, arguments: &[&str]) -> Result<Output> {
        self.terraform()?.args(arguments).run()
    }

    /// `terraform init`.
    ///
    /// # Errors
    /// See [`Workspace::run`].
    pub fn init(&self) -> Result<Output> {
        self.run(&["init", "-no-color"])
    }

    /// `terraform validate`.
    ///
    /// # Errors
    /// See [`Workspace::run`].
    pub fn validate(&self) -> Result<Output> {
        self.run(&["validate", "-no-color"])
    }

    /// `terraform plan`, saved for [`Workspace::planned`] and [`Workspace::apply_plan`].
    ///
    /// # Errors
    /// See [`Workspace::run`].
    pub fn plan(&self) -> Result<Output> {
        self.plan_with(&[])
    }

    /// `terraform plan` with more arguments, saved.
    ///
    /// # Errors
    /// See [`Workspace::run`].
    pub fn plan_with(&self, arguments: &[&str]) -> Result<Output> {
        self.terraform()?.args(["plan", "-no-color", "-out", PLAN]).args(arguments).run()
    }

    /// Plans, and reads the plan as JSON.
    ///
    /// # Errors
    /// The plan fails.
    pub fn planned(&self) -> Result<Plan> {
        self.plan()?.ok()?;
        self.saved_plan()
    }

    /// The plan saved last, as JSON.
    ///
    /// # Errors
    /// There is none.
    pub fn saved_plan(&self) -> Result<Plan> {
        Plan::parse(&self.run(&["show", "-json", PLAN])?.ok()?.stdout)
    }

    /// Applies the plan saved last.
    ///
    /// # Errors
    /// See [`Workspace::run`].
    pub fn apply_plan(&self) -> Result<Output> {
        self.run(&["apply", "-no-color", PLAN])
    }

    /// `terraform apply -auto-approve`.
    ///
    /// # Errors
    /// See [`Workspace::run`].
    pub fn apply(&self) -> Result<Output> {
        self.run(&["apply", "-no-color", "-auto-approve"])
    }

    /// `terraform destroy -auto-approve`.
    ///
    /// # Errors
    /// See [`Workspace::run`].
    pub fn destroy(&self) -> Result<Output> {
        self.run(&["destroy", "-no-color", "-auto-approve"])
    }

    /// `terraform import`.
    ///
    /// # Errors
    /// See [`Workspace::run`].
    pub fn import(&self, address: &str, id: &str) -> Result<Output> {
        self.run(&["import", "-no-color", address, id])
    }

    /// There must be nothing to do: neither to objects nor to outputs.
    ///
    /// # Errors
    /// There is, or the plan fails; tells the plan.
    pub fn expect_empty_plan(&self) -> Result<Output> {
        let output = self.run(&["plan", "-no-color", "-detailed-exitcode"])?;
        match output.status.code() {
            Some(0) => Ok(output),
            Some(2) => bail!("an empty plan was expected: {output}"),
            _ => bail!("the plan failed: {output}"),
        }
    }

    /// The state as it lies in the file. Starts no process.
    ///
    /// # Errors
    /// There is none.
    pub fn state(&self) -> Result<State> {
        State::parse(&self.read("terraform.tfstate")?)
    }

    /// Replaces the state file, for tests of old state.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_state(&self, state: &Json) -> Result<()> {
        self.write("terraform.tfstate", &serde_json::to_string_pretty(state)?)
    }

    /// `terraform show -json` of the state.
    ///
    /// # Errors
    /// It fails.
    pub fn show_json(&self) -> Result<Json> {
        self.json(&["show", "-json"])
    }

    /// `terraform output -json`: values by name.
    ///
    /// # Errors
    /// It fails.
    pub fn outputs(&self) -> Result<Json> {
        let json = self.json(&["output", "-json"])?;
        let outputs = json.as_object().context("outputs are an object")?;
        Ok(outputs.iter().map(|(name, output)| (name.clone(), output["value"].clone())).collect())
    }

    /// `terraform providers schema -json`.
    ///
    /// # Errors
    /// It fails.
    pub fn providers_schema(&self) -> Result<Json> {
        self.json(&["providers", "schema", "-json"])
    }

    fn json(&self, arguments: &[&str]) -> Result<Json> {
        let output = self.run(arguments)?.ok()?;
        serde_json::from_str(&output.stdout).with_context(|| format!("no JSON: {output}"))
    }

    /// The providers this workspace is made for.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// Provider processes that run in this workspace now.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn provider_processes(&self) -> Result<Vec<Process>> {
        process::providers_in(&self.directory())
    }

    /// No provider process may be left, nor any socket.
    ///
    /// # Errors
    /// One is, after some seconds.
    pub fn expect_no_processes(&self) -> Result<()> {
        wait_until("the providers to end", AFTERLIFE, || Ok(self.provider_processes()?.is_empty()))?;
        let left: Vec<PathBuf> = entries(&self.temporary())?;
        if !left.is_empty() {
            bail!("something was left in the temporary directory: {left:?}");
        }
        Ok(())
    }
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
    Ok(entries.into_iter().map(|entry| entry.path()).collect())
}
