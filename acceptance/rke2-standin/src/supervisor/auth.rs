//! Who asks: Basic credentials out of a token, a bootstrap token, or a client certificate.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Shared;
use crate::distribution::Layout;
use crate::files::{read_if_there, write_private};
use crate::kube::serve::PeerCertificate;
use crate::pki::names;

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Caller {
    Nobody,
    Agent,
    Server,
}

/// The passwords in the tokens of this cluster.
#[derive(Clone)]
pub(crate) struct Secrets {
    pub(crate) server: String,
    /// The same as the server's unless the configuration names one.
    pub(crate) agent: String,
}

impl Secrets {
    /// As `cred/passwd` has them.
    pub(crate) fn read(layout: &Layout) -> anyhow::Result<Option<Self>> {
        let Some(text) = read_if_there(&layout.server("cred/passwd"))? else { return Ok(None) };
        let of = |user: &str| {
            text.lines().find_map(|line| {
                let mut fields = line.split(',');
                let password = fields.next()?;
                (fields.next()? == user).then(|| password.to_owned())
            })
        };
        Ok(of("server").map(|server| Self { agent: of("node").unwrap_or_else(|| server.clone()), server }))
    }
}

/// Writes `cred/passwd` (k3s pkg/daemons/control/deps: genUsers).
pub(crate) fn write_passwords(layout: &Layout, secrets: &Secrets) -> anyhow::Result<()> {
    let text =
        format!("{},node,node,k3s:agent\n{},server,server,k3s:server\n", secrets.agent, secrets.server);
    write_private(&layout.server("cred/passwd"), text)
}

/// Same length of time for every wrong answer.
fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// What the caller of a request may do.
pub(crate) async fn caller(shared: &Shared, headers: &HeaderMap, peer: Option<&PeerCertificate>) -> Caller {
    if let Some(der) = peer.and_then(|peer| peer.0.as_ref()) {
        return match names(der) {
            Ok((_, groups)) if groups.iter().any(|group| group == "system:masters") => Caller::Server,
            Ok((user, _)) if user.starts_with("system:node:") => Caller::Agent,
            Ok(_) | Err(_) => Caller::Nobody,
        };
    }
    let Some(given) = headers.get("authorization").and_then(|value| value.to_str().ok()) else {
        return Caller::Nobody;
    };
    if let Some(basic) = given.strip_prefix("Basic ") {
        return by_password(shared, basic);
    }
    match given.strip_prefix("Bearer ") {
        Some(token) if by_bootstrap_token(shared, token).await => Caller::Agent,
        Some(_) | None => Caller::Nobody,
    }
}

fn by_password(shared: &Shared, basic: &str) -> Caller {
    let decoded = STANDARD.decode(basic).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((user, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
        return Caller::Nobody;
    };
    let Ok(Some(secrets)) = Secrets::read(&shared.context.layout) else { return Caller::Nobody };
    match user {
        "server" if same(password, &secrets.server) => Caller::Server,
        "node" if same(password, &secrets.agent) => Caller::Agent,
        _ => Caller::Nobody,
    }
}

/// A Secret of type `bootstrap.kubernetes.io/token` (k3s pkg/authenticator, kubeadm's format).
async fn by_bootstrap_token(shared: &Shared, token: &str) -> bool {
    let (Some((id, secret)), Some(api)) = (token.split_once('.'), shared.api.get()) else { return false };
    if !id.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return false;
    }
    let path = format!("/api/v1/namespaces/kube-system/secrets/bootstrap-token-{id}");
    let Ok(Some(object)) = api.get(&path).await else { return false };
    let field = |name: &str| {
        let encoded = object.get("data").and_then(|data| data.get(name)).and_then(Value::as_str)?;
        String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
    };
    let alive = field("expiration").is_none_or(|until| {
        time::OffsetDateTime::parse(&until, &time::format_description::well_known::Rfc3339)
            .is_ok_and(|until| until > time::OffsetDateTime::now_utc())
    });
    alive && field("token-secret").is_some_and(|known| same(&known, secret))
}
