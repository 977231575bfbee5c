//! Commands that only ask the server of this machine: `token`, `secrets-encrypt` (k3s pkg/cli/token, secretsencrypt).

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::api::Api;
use crate::context::Context;
use crate::files::random_hex;
use crate::logline;
use crate::supervisor::Remote;
use crate::token::{self, Token};

fn flag(arguments: &[String], names: &[&str]) -> Option<String> {
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        for name in names {
            if let Some(value) = word.strip_prefix(&format!("{name}=")) {
                return Some(value.to_owned());
            }
            if word == name {
                return rest.next().cloned();
            }
        }
    }
    None
}

async fn remote(context: &Context, token: Option<String>) -> anyhow::Result<Remote> {
    let text = match token {
        Some(text) => text,
        None => {
            let path = context.layout.server("token");
            std::fs::read_to_string(&path).with_context(|| format!("open {}", path.display()))?
        }
    };
    let token = Token::parse(&text)?;
    Ok(Remote::trust(&context.local_supervisor(), &token, "server", context.layout.distribution).await?)
}

/// `secrets-encrypt status|rotate-keys`.
pub(crate) async fn secrets_encrypt(context: &Context, arguments: &[String]) -> anyhow::Result<()> {
    let remote = remote(context, None).await?;
    match arguments.first().map(String::as_str) {
        Some("status") => {
            let text = remote.get("encrypt/status", &[]).await?;
            let answer: Value = serde_json::from_str(&text)?;
            if flag(arguments, &["--output", "-o"]).as_deref() == Some("json") {
                logline::answer(answer.to_string());
                return Ok(());
            }
            let on = answer["enable"] == json!(true);
            logline::answer(format!("Encryption Status: {}", if on { "Enabled" } else { "Disabled" }));
            if on {
                logline::answer(format!(
                    "Current Rotation Stage: {}",
                    answer["stage"].as_str().unwrap_or_default()
                ));
                let hashes = answer["hasherror"].as_str().unwrap_or("All hashes match");
                logline::answer(format!("Server Encryption Hashes: {hashes}"));
                logline::answer(format!(
                    "Active  Key Type  Name\n *      {}",
                    answer["activekey"].as_str().unwrap_or_default()
                ));
            }
            Ok(())
        }
        Some("rotate-keys") => {
            remote.put("encrypt/config", &json!({ "stage": "rotate_keys" })).await?;
            logline::answer("keys rotated, reencryption started");
            Ok(())
        }
        other => bail!("secrets-encrypt knows status and rotate-keys, not {}", other.unwrap_or("nothing")),
    }
}

/// `token rotate|create|list|delete`.
pub(crate) async fn tokens(context: &Context, arguments: &[String]) -> anyhow::Result<()> {
    match arguments.first().map(String::as_str) {
        Some("rotate") => {
            let old = flag(arguments, &["--token", "-t"]);
            let new = flag(arguments, &["--new-token"]);
            let remote = remote(context, old).await?;
            remote.put("token", &json!({ "newToken": new })).await?;
            logline::answer(format!(
                "Token rotated, restart {} nodes with new token",
                context.layout.product()
            ));
            Ok(())
        }
        Some("create") => create(context, arguments).await,
        Some("list") => {
            for secret in api(context)?.list("/api/v1/namespaces/kube-system/secrets").await? {
                if secret["type"] == "bootstrap.kubernetes.io/token" {
                    let name = secret["metadata"]["name"].as_str().unwrap_or_default();
                    logline::answer(name.trim_start_matches("bootstrap-token-"));
                }
            }
            Ok(())
        }
        Some("delete") => {
            for word in arguments.iter().skip(1).filter(|word| !word.starts_with('-')) {
                let id = word.split('.').next().unwrap_or_default();
                let path = format!("/api/v1/namespaces/kube-system/secrets/bootstrap-token-{id}");
                api(context)?.delete(&path).await?;
            }
            Ok(())
        }
        other => bail!("token knows rotate, create, list and delete, not {}", other.unwrap_or("nothing")),
    }
}

fn api(context: &Context) -> anyhow::Result<Api> {
    let ca = std::fs::read_to_string(context.layout.tls("server-ca.crt")).context("open server-ca.crt")?;
    Api::new(vec![context.local_api()], &ca, &context.layout.pair("client-admin")?)
}

async fn create(context: &Context, arguments: &[String]) -> anyhow::Result<()> {
    let (id, secret) = (random_hex(3)?, random_hex(8)?);
    let hours = flag(arguments, &["--ttl"])
        .and_then(|text| text.strip_suffix('h')?.parse::<i64>().ok())
        .unwrap_or(24);
    let mut data = json!({ "token-id": STANDARD.encode(&id), "token-secret": STANDARD.encode(&secret) });
    if hours > 0 {
        let until = (time::OffsetDateTime::now_utc() + time::Duration::hours(hours)).format(&Rfc3339)?;
        data["expiration"] = json!(STANDARD.encode(until));
    }
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
        "metadata": { "name": format!("bootstrap-token-{id}"), "namespace": "kube-system" }, "data": data,
    });
    api(context)?.create("/api/v1/namespaces/kube-system/secrets", &object).await?;
    let ca = std::fs::read_to_string(context.layout.tls("server-ca.crt"))?;
    logline::answer(format!("K10{}::{id}.{secret}", token::ca_hash(&ca)?));
    Ok(())
}
