//! The way to a cluster through one of its servers.

use transport_ssh::{Budget, Machine, Secret};

use super::error::ApiError;
use super::kube::Kube;
use super::kubeconfig::Kubeconfig;
use super::supervisor::Supervisor;
use crate::distribution::Distribution;

/// One server's two APIs, reached through its SSH connection with the administrator's credentials that it holds. They stay
/// in memory.
#[derive(Clone, Debug)]
pub struct Access {
    kube: Kube,
    supervisor: Supervisor,
    kubeconfig: Kubeconfig,
}

/// Where a server keeps its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The administrator's kubeconfig.
    pub kubeconfig: String,
    /// The token of servers.
    pub token: String,
}

/// Bytes of a file of credentials that are read.
const LIMIT: usize = 1 << 20;

impl Credentials {
    /// Where they are unless the configuration moves them.
    pub fn of(distribution: Distribution) -> Self {
        Self {
            kubeconfig: distribution.kubeconfig().to_owned(),
            token: format!("{}/server/token", distribution.data_dir()),
        }
    }
}

impl Access {
    /// Reads the credentials of a server where they usually are. Asks no API anything.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::NoCredentials`] where the server has not been up yet.
    pub async fn open(
        machine: &Machine,
        distribution: Distribution,
        budget: &Budget,
    ) -> Result<Self, ApiError> {
        Self::open_with(machine, distribution, &Credentials::of(distribution), budget).await
    }

    /// The same, where the configuration moved them.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::NoCredentials`] where the server has not been up yet.
    pub async fn open_with(
        machine: &Machine,
        distribution: Distribution,
        credentials: &Credentials,
        budget: &Budget,
    ) -> Result<Self, ApiError> {
        let path = &credentials.kubeconfig;
        let text = secret_file(machine, path, budget).await?.ok_or_else(|| ApiError::NoCredentials {
            machine: machine.name().to_owned(),
            path: path.clone(),
        })?;
        let kubeconfig = Kubeconfig::parse(text.expose()).map_err(|source| ApiError::Kubeconfig {
            from: format!("{path} on {}", machine.name()),
            source,
        })?;
        let token = secret_file(machine, &credentials.token, budget).await?;
        let password = token.as_ref().map(|token| password(token.expose()));
        let supervisor =
            Supervisor::through(machine, distribution, &kubeconfig.authorities, password.as_ref())?;
        Ok(Self { kube: Kube::through(machine, &kubeconfig)?, supervisor, kubeconfig })
    }

    /// The Kubernetes API of this server, not through any load balancer.
    pub fn kube(&self) -> &Kube {
        &self.kube
    }

    /// The supervisor of this server.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// The credentials themselves.
    pub fn kubeconfig(&self) -> &Kubeconfig {
        &self.kubeconfig
    }
}

async fn secret_file(machine: &Machine, path: &str, budget: &Budget) -> Result<Option<Secret>, ApiError> {
    let Some(bytes) = machine.read(path, LIMIT, budget).await? else { return Ok(None) };
    Ok(Some(Secret::new(String::from_utf8_lossy(&bytes).into_owned())))
}

/// The password in a token of any form: `K10<hash>::server:<password>`, or the password alone.
fn password(token: &str) -> Secret {
    let token = token.trim();
    let login = token.split_once("::").map_or(token, |(_, login)| login);
    Secret::new(login.split_once(':').map_or(login, |(_, password)| password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_every_form_of_token() {
        for token in ["K10abc::server:pa:ss\n", "server:pa:ss", "K10abc::node:pa:ss"] {
            assert_eq!(password(token).expose(), "pa:ss");
        }
        assert_eq!(password("secret\n").expose(), "secret");
    }
}
