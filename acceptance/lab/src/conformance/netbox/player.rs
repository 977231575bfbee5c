//! Sends the recordings again and judges the answers.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::super::normal::differences;
use super::super::report::{FlowReport, Report, Verdict};
use super::{Exchange, Plan, Preparation, ReplayError, compare, load, range};
use crate::netbox::server::{NetBox, NetBoxConfig};
use crate::{Lab, LabConfig};

/// Words with which the stand-in owns up.
const NOT_SERVED: &str = "the NetBox stand-in does not serve";
/// Headers that matter to a client.
const HEADERS: &[&str] = &["Content-Type", "ETag", "API-Version", "Allow", "Location", "Vary"];

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
}

struct Player {
    lab: Lab,
    client: reqwest::Client,
    /// Moments and request ids of the recording, and those of the stand-in.
    learned: BTreeMap<String, String>,
}

/// The users and tokens the recorded server had.
fn people(netbox: &NetBox) {
    netbox.put_token(1, "nbt_<key>.<token>", true);
    netbox.put_token(1, "fedcba9876543210fedcba9876543210fedcba98", false);
    let nobody = netbox.add_user("readonly", "");
    netbox.put_token(nobody, "1111111111222222222233333333334444444444", true);
}

/// Replays the whole sequence.
pub(super) async fn play(fixtures: &Path, plan: &Plan) -> Result<Report, ReplayError> {
    let config = NetBoxConfig {
        token: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        password: "admin-Passw0rd".to_owned(),
        ..NetBoxConfig::default()
    };
    let lab = Lab::start(LabConfig { netbox: Some(config), ..LabConfig::default() }).await?;
    if let Some(netbox) = lab.netbox() {
        people(netbox);
    }
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let mut player = Player { lab, client, learned: BTreeMap::new() };
    let mut recordings: BTreeMap<String, Vec<Exchange>> = BTreeMap::new();
    let mut flows: BTreeMap<String, BTreeMap<usize, (String, Verdict)>> = BTreeMap::new();
    for (flow, part) in &plan.sequence {
        if !recordings.contains_key(flow) {
            recordings.insert(flow.clone(), load(fixtures, flow)?);
        }
        let Some((exchanges, (from, to))) = recordings.get(flow).zip(range(part)) else { continue };
        for index in from..=to {
            for preparation in plan.prepare.iter().filter(|p| p.flow == *flow && p.before == index) {
                player.prepare(preparation);
            }
            let Some(exchange) = exchanges.get(index) else { continue };
            let verdict = match player.one(exchange).await? {
                Verdict::Unexplained(found) => match plan.reason(flow, index) {
                    Some(reason) => Verdict::Explained(reason.to_owned()),
                    None => Verdict::Unexplained(found),
                },
                other => other,
            };
            let short: String =
                format!("{} {}", exchange.request.method, exchange.request.path).chars().take(100).collect();
            flows.entry(flow.clone()).or_default().insert(index, (short, verdict));
        }
    }
    let mut report = Report::default();
    for (flow, exchanges) in recordings {
        let mut found = flows.remove(&flow).unwrap_or_default();
        let exchanges = (0..exchanges.len()).map(|index| {
            let missing = || (String::new(), Verdict::Unexplained(vec!["not in the sequence".to_owned()]));
            found.remove(&index).unwrap_or_else(missing)
        });
        report.flows.push(FlowReport { flow, exchanges: exchanges.collect() });
    }
    Ok(report)
}

impl Player {
    fn prepare(&self, preparation: &Preparation) {
        let (method, path, body) = &preparation.call;
        let body = (!body.is_null()).then(|| body.clone());
        if let Some(Err(refusal)) = self.lab.netbox().map(|n| n.call(method, path, body)) {
            tracing::warn!(%refusal, ?preparation, "a preparation failed");
        }
    }

    fn translate(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (recorded, actual) in &self.learned {
            if text.contains(recorded.as_str()) {
                text = text.replace(recorded.as_str(), actual);
            }
        }
        text
    }

    async fn send(&self, exchange: &Exchange) -> Result<Answer, ReplayError> {
        let base = self.lab.netbox_url().unwrap_or_default();
        let request = &exchange.request;
        let url = format!("{base}{}", self.translate(&request.path));
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap_or_default();
        let mut call = self.client.request(method, url);
        for (name, value) in &request.headers {
            call = call.header(name, self.translate(value));
        }
        match &request.body {
            Value::Null => {}
            // A text is what was sent as it stands, JSON or not.
            Value::String(raw) => call = call.body(raw.clone()),
            body => call = call.body(body.to_string()),
        }
        let response = call.send().await?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_lowercase(), value.to_str().unwrap_or_default().to_owned())
            })
            .collect();
        let text = response.text().await?;
        let body = match serde_json::from_str(&text) {
            Ok(body) => body,
            Err(_) if text.is_empty() => Value::Null,
            Err(_) => Value::String(text),
        };
        Ok(Answer { status, headers, body })
    }

    /// Learns what the stand-in made up where the recorded server made up something else.
    fn learn(&mut self, exchange: &Exchange, answer: &Answer) {
        let recorded = &exchange.response;
        let mut pairs = vec![(recorded.body.to_string(), answer.body.to_string())];
        for name in ["ETag", "X-Request-ID"] {
            let actual = answer.headers.get(&name.to_lowercase());
            if let (Some(recorded), Some(actual)) = (recorded.headers.get(name), actual) {
                pairs.push((recorded.clone(), actual.clone()));
                if name == "X-Request-ID" {
                    self.learned.insert(recorded.clone(), actual.clone());
                }
            }
        }
        for (recorded, actual) in pairs {
            let (recorded, actual) = (compare::moments(&recorded), compare::moments(&actual));
            if recorded.len() == actual.len() {
                self.learned.extend(recorded.into_iter().zip(actual));
            }
        }
    }

    async fn one(&mut self, exchange: &Exchange) -> Result<Verdict, ReplayError> {
        let answer = self.send(exchange).await?;
        if answer.body["detail"].as_str().is_some_and(|d| d.starts_with(NOT_SERVED)) {
            return Ok(Verdict::NotServed(answer.body["detail"].as_str().unwrap_or_default().to_owned()));
        }
        self.learn(exchange, &answer);
        let recorded = &exchange.response;
        let mut found = Vec::new();
        if recorded.status != answer.status {
            found.push(format!("status: {} -> {}", recorded.status, answer.status));
        }
        for name in HEADERS {
            let was = recorded.headers.get(*name).map(|v| compare::text(v));
            let is = answer.headers.get(&name.to_lowercase()).map(|v| compare::text(v));
            if was.is_some() && was != is {
                found.push(format!("{name}: {was:?} -> {is:?}"));
            }
        }
        found.extend(differences(&compare::body(&recorded.body), &compare::body(&answer.body)));
        Ok(if found.is_empty() { Verdict::Equal } else { Verdict::Unexplained(found) })
    }
}
