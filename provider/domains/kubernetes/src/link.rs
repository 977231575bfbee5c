//! The block `cluster`: the way to a cluster that objects are in.

use hosts::{Connection, Machine};
use tf_framework::{Choice, Diagnostics, Model, Result};
use tf_value::Path;
use transport_ssh::{Budget, told};

use crate::api::{Access, ApiError, Kube, Kubeconfig};
use crate::client::Kubernetes;
use crate::distribution::Distribution;

/// The way to a cluster: through one of its servers, or directly with a kubeconfig. Credentials are read when they are
/// needed and stay in memory: neither the plan nor the state holds them.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct ClusterLink {
    /// A server of the cluster: its administrator's kubeconfig is read there, and the API is reached through the SSH
    /// connection to it. Nothing but SSH has to be open.
    #[attr(validate(exactly_one_of(kubeconfig_path)))]
    pub server: Option<Connection>,
    /// What the server runs, `rke2` or `k3s`. Found out unless set.
    pub distribution: Option<Runs>,
    /// A kubeconfig file on the machine that runs Terraform, for clusters whose API can be reached from there. The API must
    /// prove itself by the authority in the file; the user logs in by a client certificate or a token, not by a program.
    pub kubeconfig_path: Option<String>,
}

/// What a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "lowercase")]
pub enum Runs {
    /// RKE2.
    Rke2,
    /// K3s.
    K3s,
}

/// A cluster, opened.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// Its API.
    pub(crate) kube: Kube,
    /// The credentials and authorities it was opened with.
    pub(crate) kubeconfig: Kubeconfig,
    /// The address by which others reach it, where it is known: the server's host, or that of the kubeconfig.
    pub(crate) host: String,
}

impl ClusterLink {
    /// Reads the credentials. `path` is that of the block, for messages.
    ///
    /// # Errors
    /// The server is not reached, or there are no credentials.
    pub(crate) async fn open(&self, client: &Kubernetes, path: &Path, budget: &Budget) -> Result<Link> {
        match (&self.server, &self.kubeconfig_path) {
            (Some(server), _) => {
                let at = path.clone().attribute("server");
                let machine = client.machine(server, &at)?;
                let access = self.access(&machine, budget).await.map_err(|error| not_open(&at, &error))?;
                let kubeconfig = access.kubeconfig().clone();
                Ok(Link { kube: access.kube().clone(), kubeconfig, host: server.host.clone() })
            }
            (None, Some(file)) => from_file(file, &path.clone().attribute("kubeconfig_path")).await,
            (None, None) => Err(Diagnostics::error_at(
                path.clone(),
                "No way to the cluster is given",
                "Set `server` to one of its servers, or `kubeconfig_path` to a kubeconfig file.",
            )),
        }
    }

    async fn access(&self, machine: &Machine, budget: &Budget) -> Result<Access, ApiError> {
        match self.distribution {
            Some(Runs::Rke2) => Access::open(machine, Distribution::Rke2, budget).await,
            Some(Runs::K3s) => Access::open(machine, Distribution::K3s, budget).await,
            None => match Access::open(machine, Distribution::Rke2, budget).await {
                Err(missing @ ApiError::NoCredentials { .. }) => {
                    match Access::open(machine, Distribution::K3s, budget).await {
                        Err(ApiError::NoCredentials { .. }) => Err(missing),
                        other => other,
                    }
                }
                other => other,
            },
        }
    }
}

async fn from_file(file: &str, path: &Path) -> Result<Link> {
    let refused = |why: String| {
        Diagnostics::error_at(path.clone(), "The kubeconfig cannot be used", format!("{file}: {why}."))
    };
    let text = tokio::fs::read_to_string(file).await.map_err(|error| refused(error.to_string()))?;
    let kubeconfig = Kubeconfig::parse(&text).map_err(|error| refused(error.to_string()))?;
    let kube = Kube::direct(&kubeconfig).map_err(|error| refused(told(&error)))?;
    Ok(Link { kube, host: kubeconfig.host.clone(), kubeconfig })
}

fn not_open(path: &Path, error: &ApiError) -> Diagnostics {
    let next = match error {
        ApiError::NoCredentials { .. } => {
            " Name a server of the cluster, not an agent, and let this depend on its node (`depends_on`)."
        }
        _ => "",
    };
    Diagnostics::error_at(
        path.clone(),
        "The cluster cannot be reached",
        format!("{}.{next}", told(error).trim_end_matches('.')),
    )
}
