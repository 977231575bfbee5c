//! Sends a recording again and judges the answers.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hyper::ext::ReasonPhrase;
use regex::Regex;
use serde_json::Value;

use super::explain::{Table, Thing};
use super::learned::Learned;
use super::recording::{Exchange, Recording, Request};
use super::report::{FlowReport, Verdict};
use super::{ReplayError, normal};
use crate::pve::cluster::Reach;
use crate::pve::storage::create_image;
use crate::{Lab, LabConfig};

/// Words with which the stand-in owns up.
const NOT_SERVED: &str = "the Proxmox VE stand-in does not serve";
/// Longest wait for a task.
const PATIENCE: Duration = Duration::from_secs(20);

struct Answer {
    status: u16,
    reason: String,
    json: Option<Value>,
    body: String,
}

struct Player {
    lab: Lab,
    client: reqwest::Client,
    learned: Learned,
    /// UPIDs of recorded tasks that the stand-in never started.
    orphans: BTreeSet<String>,
    held: Option<crate::lab::Held>,
}

fn upids(text: &str) -> Vec<String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    Regex::new(r"UPID:[^/\x22]*?@[^/:\x22]*:").map_or_else(
        |_| Vec::new(),
        |pattern| pattern.find_iter(&decoded).map(|m| m.as_str().to_owned()).collect(),
    )
}

/// Replays one flow in a laboratory of its own.
pub(super) async fn play(recording: &Recording, table: &Table) -> Result<FlowReport, ReplayError> {
    let config = LabConfig {
        nodes: vec!["pve".to_owned()],
        only_local: true,
        root_password: "tfpve-secret".to_owned(),
        token_name: "tf".to_owned(),
        token_secret: Some("11111111-2222-3333-4444-555555555555".to_owned()),
        task_duration: Duration::from_millis(80),
        proxy_wait: Duration::from_millis(200),
        lock_wait: Duration::from_secs(2),
        // Recorded machines had no system, but for one.
        agent_boot: None,
        ..LabConfig::default()
    };
    let lab = Lab::start(config).await?;
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(lab.ca_certificate().as_bytes())?])
        .build()?;
    let mut player =
        Player { lab, client, learned: Learned::default(), orphans: BTreeSet::new(), held: None };
    let artefacts = player.lab.artefact_url("");
    player.learned.insert("http://10.77.0.1:8099/", &artefacts);
    let mut exchanges = Vec::new();
    let mut index = 0;
    while index < recording.exchanges.len() {
        for preparation in table.preparations(&recording.flow, index) {
            if let Thing::Settle(millis) = preparation.thing {
                tokio::time::sleep(Duration::from_millis(millis)).await;
            }
            player.prepare(&preparation.thing);
        }
        let first = &recording.exchanges[index];
        let group = recording.exchanges[index..]
            .iter()
            .take_while(|e| first.concurrent() && e.note == first.note)
            .count()
            .max(1);
        let slice = &recording.exchanges[index..index + group];
        let verdicts = if group > 1 { player.race(slice).await? } else { vec![player.one(first).await?] };
        for (offset, (exchange, verdict)) in slice.iter().zip(verdicts).enumerate() {
            let verdict = match verdict {
                Verdict::Unexplained(found) => match table.reason(&recording.flow, index + offset) {
                    Some(reason) => Verdict::Explained(reason.to_owned()),
                    None => Verdict::Unexplained(found),
                },
                other => other,
            };
            let short = format!("{} {}", exchange.request.method, exchange.request.path);
            exchanges.push((short, verdict));
        }
        index += group;
    }
    Ok(FlowReport { flow: recording.flow.clone(), exchanges })
}

impl Player {
    fn prepare(&mut self, thing: &Thing) {
        let dir = self.lab.dir().join("artefacts");
        let made = match thing {
            Thing::Image(name, size, format) => image(&dir.join(name), format, size),
            Thing::File(name, size) => std::fs::write(dir.join(name), vec![b'x'; *size]),
            Thing::Volume(volid, size) => match self.lab.volume_place("pve", volid) {
                Some(path) => {
                    let _ = path.parent().map(std::fs::create_dir_all);
                    // Imported images are as their publisher made them; guest disks as the server does.
                    let guest = path.extension().and_then(|e| e.to_str()).unwrap_or("raw");
                    image(&path, if volid.contains(":import/") { "plain-qcow2" } else { guest }, size)
                }
                None => Ok(()),
            },
            Thing::FileVolume(volid, size) => match self.lab.volume_place("pve", volid) {
                Some(path) => path
                    .parent()
                    .map_or(Ok(()), std::fs::create_dir_all)
                    .and_then(|()| std::fs::write(&path, vec![b'x'; *size])),
                None => Ok(()),
            },
            Thing::Settle(_) => Ok(()),
            Thing::SilentServer(server) => {
                self.lab.set_server_silent(server, true);
                Ok(())
            }
            Thing::Container(vmid, config, running) => {
                let config: Vec<(&str, &str)> =
                    config.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
                self.lab
                    .add_guest("lxc", "pve", *vmid, &config, *running)
                    .map_err(|error| std::io::Error::other(format!("{error:?}")))
            }
            Thing::Hold(vmid) => {
                self.held = vmid.and_then(|vmid| self.lab.hold_config_lock(vmid).ok());
                Ok(())
            }
            Thing::Node(name, state) => {
                self.lab.set_peer(
                    name,
                    match state.as_str() {
                        "offline" => Some(Reach::Offline),
                        "silent" => Some(Reach::Silent),
                        _ => None,
                    },
                );
                Ok(())
            }
        };
        if let Err(error) = made {
            tracing::warn!(%error, ?thing, "a preparation failed");
        }
    }

    async fn send(&self, request: &Request) -> Result<Answer, ReplayError> {
        let base = self.lab.endpoints().first().cloned().unwrap_or_default();
        let url = format!("{base}{}", self.learned.apply(&request.path));
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap_or_default();
        let mut call = self.client.request(method, url);
        for (name, value) in request.headers.iter().filter(|(n, _)| !n.eq_ignore_ascii_case("content-length"))
        {
            call = call.header(name, self.learned.apply(value));
        }
        if let Some(body) = &request.body {
            call = call.body(self.learned.apply(body));
        }
        let response = call.send().await?;
        let status = response.status();
        let reason = match response.extensions().get::<ReasonPhrase>() {
            Some(phrase) => String::from_utf8_lossy(phrase.as_bytes()).into_owned(),
            None => status.canonical_reason().unwrap_or_default().to_owned(),
        };
        let is_json = response
            .headers()
            .get("content-type")
            .is_some_and(|v| v.as_bytes().starts_with(b"application/json"));
        let body = response.text().await?;
        let json = is_json.then(|| serde_json::from_str(&body).ok()).flatten();
        Ok(Answer { status: status.as_u16(), reason, json, body })
    }

    fn adrift(&self, exchange: &Exchange) -> bool {
        upids(&exchange.request.path).iter().any(|u| self.orphans.contains(u) && !self.learned.knows(u))
    }

    async fn one(&mut self, exchange: &Exchange) -> Result<Verdict, ReplayError> {
        if self.adrift(exchange) {
            return Ok(Verdict::NotServed("follows a task that is not served".to_owned()));
        }
        let mut answer = self.send(&exchange.request).await?;
        let running = |a: &Answer| {
            a.json.as_ref().and_then(|j| j.pointer("/data/status")).is_some_and(|s| s == "running")
        };
        if exchange.is_poll() && exchange.task_status() == Some("stopped") {
            let deadline = Instant::now() + PATIENCE;
            while running(&answer) && Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(20)).await;
                answer = self.send(&exchange.request).await?;
            }
        }
        if exchange.is_poll()
            && exchange.task_status() == Some("running")
            && !running(&answer)
            && answer.status == 200
        {
            return Ok(Verdict::Explained("the task was over before it was first looked at".to_owned()));
        }
        Ok(self.judge(exchange, &answer))
    }

    /// Sends several at once; any pairing of answers will do.
    async fn race(&mut self, group: &[Exchange]) -> Result<Vec<Verdict>, ReplayError> {
        let sent = futures::future::join_all(group.iter().map(|e| self.send(&e.request))).await;
        let mut answers: Vec<Answer> = sent.into_iter().collect::<Result<_, _>>()?;
        let mut verdicts = Vec::new();
        for exchange in group {
            let best =
                (0..answers.len()).find(|i| differences(exchange, &answers[*i]).is_empty()).unwrap_or(0);
            let answer = answers.remove(best);
            verdicts.push(self.judge(exchange, &answer));
        }
        Ok(verdicts)
    }

    /// Remembers that what this would have started is not there.
    fn forsake(&mut self, exchange: &Exchange) -> Verdict {
        if let Some(json) = &exchange.response.json {
            self.orphans.extend(upids(&json.to_string()));
        }
        Verdict::NotServed("path not served yet".to_owned())
    }

    fn judge(&mut self, exchange: &Exchange, answer: &Answer) -> Verdict {
        if answer.reason.starts_with(NOT_SERVED) {
            return self.forsake(exchange);
        }
        if let (Some(recorded), Some(actual)) = (&exchange.response.json, &answer.json) {
            self.learned.compare(recorded, actual);
        }
        let found = differences(exchange, answer);
        if found.is_empty() {
            return Verdict::Equal;
        }
        if let Some(json) = exchange.response.json.as_ref().filter(|_| answer.status != 200) {
            self.orphans.extend(upids(&json.to_string()));
        }
        Verdict::Unexplained(found)
    }
}

fn image(path: &std::path::Path, format: &str, size: &str) -> std::io::Result<()> {
    let bytes = crate::pve::storage::parse_size(size, 1).unwrap_or_default();
    if format == "plain-qcow2" {
        let made =
            crate::pve::storage::qemu_img(&["create", "-q", "-f", "qcow2", &path.to_string_lossy(), size]);
        return made.map(|_| ()).map_err(|refusal| std::io::Error::other(refusal.exit_text()));
    }
    create_image(path, "", format, bytes)
        .map(|_| ())
        .map_err(|refusal| std::io::Error::other(refusal.exit_text()))
}

fn differences(exchange: &Exchange, answer: &Answer) -> Vec<String> {
    let recorded = &exchange.response;
    let mut found = Vec::new();
    if recorded.status() != answer.status {
        found.push(format!("status: {} -> {}", recorded.status(), answer.status));
    }
    let (was, is) = (normal::text(recorded.reason().trim()), normal::text(answer.reason.trim()));
    if was != is {
        found.push(format!("reason: {was} -> {is}"));
    }
    match (&recorded.json, &answer.json) {
        (Some(recorded), Some(actual)) => {
            found.extend(normal::differences(&normal::answer(recorded), &normal::answer(actual)));
        }
        (None, None) if recorded.body.as_deref().unwrap_or_default() == answer.body => {}
        (None, None) => found.push(format!("body: {:?} -> {:?}", recorded.body, answer.body)),
        (Some(_), None) => found.push("body: JSON -> none".to_owned()),
        (None, Some(json)) => found.push(format!("body: none -> {json}")),
    }
    found
}
