//! One operation on the machine of an instance.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hosts::{Machine, MachineError};
use transport_ssh::{Budget, FileSpec, Input, Output, Secret};

use crate::client::Postgresql;
use crate::errors::Error;

/// One operation: the machine, how long it may take, and what it took so far.
#[derive(Debug)]
pub(crate) struct Run {
    /// The machine.
    pub(crate) machine: Machine,
    /// How long the operation may take.
    pub(crate) budget: Budget,
    /// What the provider configured.
    pub(crate) client: Arc<Postgresql>,
    took: Mutex<Vec<(String, Duration)>>,
}

impl Run {
    /// An operation on a machine.
    pub(crate) fn new(machine: Machine, budget: Budget, client: Arc<Postgresql>) -> Self {
        Self { machine, budget, client, took: Mutex::default() }
    }

    /// Runs a script that must succeed, with arguments as `$1` and so on, and answers what it said.
    pub(crate) async fn script(
        &self,
        what: &str,
        script: &str,
        arguments: &[&str],
        input: Input,
    ) -> Result<String, Error> {
        Ok(self.machine.check(what, script, arguments, input, &self.budget).await?)
    }

    /// Runs a script whose exit code says something.
    pub(crate) async fn ask(&self, script: &str, arguments: &[&str], input: Input) -> Result<Output, Error> {
        let asked = self.machine.run(script, arguments, input, &self.budget).await;
        Ok(asked.map_err(MachineError::from)?)
    }

    /// Puts a file in place.
    pub(crate) async fn put(&self, file: &FileSpec) -> Result<(), Error> {
        Ok(self.machine.put(file, &self.budget).await?)
    }

    /// Runs SQL as the superuser in a database of the cluster at `port`, over the local socket, and answers rows
    /// as `psql -At` prints them. The statements go by standard input and are not logged by the server: they may
    /// hold verifiers. The first failure ends it.
    pub(crate) async fn sql(
        &self,
        what: &str,
        port: u16,
        database: &str,
        sql: &str,
    ) -> Result<String, Error> {
        let input = Input::Secret(Secret::new(format!("{UNLOGGED}{sql}")));
        self.script(what, include_str!("psql.sh"), &[&port.to_string(), database], input).await
    }

    /// Does a step and remembers how long it took.
    pub(crate) async fn step<T>(
        &self,
        what: impl Into<String>,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let (what, begun) = (what.into(), Instant::now());
        tracing::info!(machine = self.machine.name(), step = %what, "begins");
        let done = work.await;
        let took = begun.elapsed();
        tracing::info!(
            machine = self.machine.name(),
            step = %what,
            milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            ok = done.is_ok(),
            "ended"
        );
        self.took.lock().unwrap_or_else(PoisonError::into_inner).push((what, took));
        done
    }

    /// How long each step took so far, in order.
    pub(crate) fn took(&self) -> Vec<(String, Duration)> {
        self.took.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What the server shall not write into its log of a session of ours.
const UNLOGGED: &str = "\\set ON_ERROR_STOP on\n\\set QUIET on\n\
    SET log_statement = 'none';\nSET log_min_duration_statement = -1;\nSET log_min_duration_sample = -1;\n\
    SET log_min_error_statement = 'panic';\nSET client_min_messages = 'warning';\n";
