//! Which cluster a server belongs to: its token, authorities, and how they came here (k3s pkg/cluster/bootstrap.go).

use anyhow::{Context as _, bail};

use crate::bootstrap;
use crate::context::{Context, critical};
use crate::files::{random_hex, read_if_there, write_private};
use crate::logline;
use crate::pki::{make_authorities, make_leaves};
use crate::supervisor::{Remote, Secrets, write_passwords};
use crate::token::{self, Token, ca_hash};

/// How this start comes by its database.
pub(crate) enum Origin {
    /// It has one.
    Own,
    /// It makes one.
    New,
    /// It gets one from another server.
    Join(Box<Remote>),
}

/// What a start knows before its database runs.
pub(crate) struct Identity {
    pub(crate) origin: Origin,
    pub(crate) secrets: Secrets,
}

/// Settles token and authorities; files are on disk after it.
pub(crate) async fn settle(context: &Context) -> anyhow::Result<Identity> {
    let layout = &context.layout;
    let given = context.secret("token")?.map(|text| Token::parse(&text)).transpose()?;
    let agent =
        context.secret("agent-token")?.map(|text| Token::parse(&text)).transpose()?.map(|t| t.password);
    let has_database = layout.etcd().join("member/wal").exists();
    let join = context.server_url().filter(|_| !has_database).map(str::to_owned);
    let Some(url) = join else {
        let known = read_if_there(&layout.server("token"))?.map(|text| Token::parse(&text)).transpose()?;
        let password = match given.or(known) {
            Some(token) => token.password,
            None => random_hex(16)?,
        };
        if !has_database {
            make_authorities(layout)
                .context("starting kubernetes: preparing server: failed to make authorities")?;
            crate::encryption::prepare(context)?;
        }
        let secrets = Secrets { agent: agent.unwrap_or_else(|| password.clone()), server: password };
        let origin = if has_database { Origin::Own } else { Origin::New };
        return Ok(Identity { origin, secrets });
    };
    let Some(token) = given else { bail!("--token is required to join a cluster") };
    let remote = Remote::trust(&url, &token, "server", layout.distribution).await;
    let remote = remote.context("starting kubernetes: preparing server")?;
    check_parity(context, &remote, agent.as_deref()).await?;
    let text = remote.get("server-bootstrap", &[]).await;
    let text = text.context("starting kubernetes: preparing server: failed to retrieve bootstrap data")?;
    let data: bootstrap::Data = serde_json::from_str(&text).context("bootstrap data is not understood")?;
    bootstrap::spread(layout, &data)?;
    let known = Secrets::read(layout)?;
    let agent =
        agent.or_else(|| known.map(|secrets| secrets.agent)).unwrap_or_else(|| token.password.clone());
    Ok(Identity {
        origin: Origin::Join(Box::new(remote)),
        secrets: Secrets { agent, server: token.password },
    })
}

/// Compares what all servers have to share (k3s pkg/cluster/bootstrap.go compareConfig).
async fn check_parity(context: &Context, remote: &Remote, agent_token: Option<&str>) -> anyhow::Result<()> {
    let text = remote.get("config", &[]).await.context("starting kubernetes: preparing server")?;
    let answer: serde_json::Value = serde_json::from_str(&text).context("the server's configuration")?;
    let mut differs = Vec::new();
    for (key, value) in critical(&context.config, context.layout.distribution.has_static_pods()) {
        let theirs = answer.pointer(&format!("/critical/{key}")).and_then(serde_json::Value::as_str);
        if theirs.is_some_and(|theirs| theirs != value) {
            differs.push(key);
        }
    }
    if let (Some(ours), Some(hash)) = (agent_token, answer["agentTokenHash"].as_str())
        && token::key_hash(ours) != hash
    {
        differs.push("agent-token");
    }
    for key in &differs {
        logline::warn(format!("critical configuration mismatched: {key}"));
    }
    if differs.is_empty() {
        return Ok(());
    }
    bail!(
        "starting kubernetes: preparing server: failed to validate server configuration: critical configuration value \
         mismatch between servers"
    )
}

/// Leaves, passwords and token files as they have to be now.
pub(crate) fn write_files(context: &Context, secrets: &Secrets) -> anyhow::Result<()> {
    let layout = &context.layout;
    let expired = context.faults.active(crate::faults::name::EXPIRED_CERTS).is_some();
    let days = context.faults.active(crate::faults::name::SHORT_CERTS).and_then(|days| days.parse().ok());
    make_leaves(layout, &context.alternatives(), expired, days)?;
    write_passwords(layout, secrets)?;
    let ca = std::fs::read_to_string(layout.tls("server-ca.crt")).context("open server-ca.crt")?;
    let hash = ca_hash(&ca)?;
    let server = token::format(&hash, "server", &secrets.server);
    write_private(&layout.server("token"), format!("{server}\n"))?;
    write_private(&layout.server("node-token"), format!("{server}\n"))?;
    let agent =
        if secrets.agent == secrets.server { server } else { token::format(&hash, "node", &secrets.agent) };
    write_private(&layout.server("agent-token"), format!("{agent}\n"))
}
