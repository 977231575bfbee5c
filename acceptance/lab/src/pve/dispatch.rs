//! The order in which a request is decided: path, login, permission, node, parameters, work.

use std::sync::Arc;

use super::access::Principal;
use super::api;
use super::call::{Call, Params, Upload};
use super::cluster::{Cluster, Reach};
use super::personality::Release;
use super::reply::{Outcome, Refusal};
use super::schema::{self, Found};

/// A request after its encoding is taken off.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Decoded path segments.
    pub(crate) segments: Vec<String>,
    pub(crate) params: Params,
    pub(crate) upload: Option<Upload>,
    /// `None` where nobody is logged in.
    pub(crate) principal: Option<Principal>,
    /// Node whose endpoint was spoken to.
    pub(crate) via: String,
}

/// The API's template for a split path, for counting.
pub(crate) fn route(release: Release, method: &str, segments: &[String]) -> Option<&'static str> {
    match schema::find(release, method, &segments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Found::Served(template, _, _) => Some(template),
        Found::NotServed | Found::Nothing => None,
    }
}

impl Request {
    fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }

    fn find(&self, release: Release) -> Found {
        schema::find(release, &self.method, &self.segments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Whether it is answered without login.
    pub(crate) fn is_open(&self, release: Release) -> bool {
        matches!(self.find(release), Found::Served(_, method, _) if method.user.as_deref() == Some("world"))
    }
}

/// Does the work. Blocks: run it where blocking is allowed.
pub(crate) fn handle(cluster: &Arc<Cluster>, request: Request) -> Outcome {
    let (template, method, vars) = match request.find(cluster.config.release) {
        Found::Served(template, method, vars) => (template, method, vars),
        Found::NotServed => return Err(Refusal::not_served(&request.method, &request.path())),
        Found::Nothing => return Err(Refusal::not_implemented(&request.method, &request.path())),
    };
    let mut params = request.params;
    for (name, value) in vars {
        params.set(&name, value);
    }
    let principal = request.principal.unwrap_or_default();
    if let Some(expression) = &method.check {
        cluster.state().check(&principal, expression, &params)?;
    }
    if let (1, Some(node)) = (method.node, params.str("node")) {
        reach(cluster, node)?;
    }
    schema::check(method, &params)?;
    let handler = api::handler(&request.method, template)
        .ok_or_else(|| Refusal::not_served(&request.method, template))?;
    handler(&Call {
        cluster: Arc::clone(cluster),
        principal,
        params,
        upload: request.upload,
        via: request.via,
        template,
    })
}

/// Whether a node can be spoken to from its peers.
fn reach(cluster: &Arc<Cluster>, node: &str) -> Outcome<()> {
    let reach = cluster.state().nodes.get(node).map(|n| n.reach);
    match reach {
        Some(Reach::Online) => Ok(()),
        Some(Reach::Offline) => Err(Refusal::http(595, "No route to host")),
        Some(Reach::Silent) => {
            std::thread::sleep(cluster.config.proxy_wait);
            Err(Refusal::http(596, "Connection timed out"))
        }
        None => Err(Refusal::died(format!(
            "hostname lookup '{node}' failed - failed to get address info for: {node}: Temporary failure in name resolution"
        ))),
    }
}
