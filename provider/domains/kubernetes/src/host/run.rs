//! One operation on a machine.

use std::sync::Arc;

use hosts::{Machine, MachineError};
use transport_ssh::{Budget, FileSpec, Input, Output};

use crate::client::Kubernetes;
use crate::distribution::Distribution;
use crate::errors::Error;

/// One operation: the machine, what is to be on it, and how long it may take.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) machine: Machine,
    pub(crate) distribution: Distribution,
    pub(crate) budget: Budget,
    pub(crate) client: Arc<Kubernetes>,
}

impl Run {
    /// Runs a script that must succeed, with arguments as `$1` and so on, and answers what it said.
    pub(crate) async fn script(&self, what: &str, script: &str, arguments: &[&str]) -> Result<String, Error> {
        self.script_with(what, script, arguments, Input::Nothing).await
    }

    /// The same, reading `input`.
    pub(crate) async fn script_with(
        &self,
        what: &str,
        script: &str,
        arguments: &[&str],
        input: Input,
    ) -> Result<String, Error> {
        Ok(self.machine.check(what, script, arguments, input, &self.budget).await?)
    }

    /// Runs a script whose exit code says something.
    pub(crate) async fn ask(&self, script: &str, arguments: &[&str]) -> Result<Output, Error> {
        let asked = self.machine.run(script, arguments, Input::Nothing, &self.budget).await;
        Ok(asked.map_err(MachineError::from)?)
    }

    /// Puts a file in place.
    pub(crate) async fn put(&self, file: &FileSpec) -> Result<(), Error> {
        Ok(self.machine.put(file, &self.budget).await?)
    }
}
