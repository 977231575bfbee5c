//! A client that waits for tasks.

use std::time::Duration;

use hybridops_lab::{Lab, LabConfig};
use serde_json::Value;

pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    ticket: Option<(String, String)>,
}

/// Three nodes and a template on each.
pub(crate) async fn lab() -> Lab {
    lab_with(LabConfig::default()).await
}

pub(crate) async fn lab_with(config: LabConfig) -> Lab {
    let nodes = vec!["pve1".to_owned(), "pve2".to_owned(), "pve3".to_owned()];
    let lab = Lab::start(LabConfig { nodes, ha_delay: Duration::from_millis(60), ..config })
        .await
        .expect("the laboratory comes up");
    for node in ["pve1", "pve2"] {
        let place = lab.volume_place(node, TEMPLATE).expect("a place");
        std::fs::create_dir_all(place.parent().expect("a directory")).expect("made");
        std::fs::write(place, "a template").expect("written");
    }
    lab
}

pub(crate) const TEMPLATE: &str = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst";

impl Client {
    pub(crate) fn new(lab: &Lab) -> Self {
        Self::with(lab, Some(lab.api_token().to_owned()))
    }

    pub(crate) fn with(lab: &Lab, token: Option<String>) -> Self {
        let ca = reqwest::Certificate::from_pem(lab.ca_certificate().as_bytes()).expect("a certificate");
        let http = reqwest::Client::builder().tls_certs_only([ca]).build().expect("a client");
        Self { http, base: format!("{}/api2/json", lab.endpoints()[0]), token, ticket: None }
    }

    /// root@pam with a ticket.
    pub(crate) async fn root(lab: &Lab) -> Self {
        let mut client = Self::with(lab, None);
        let form = [("username", "root@pam"), ("password", lab.root_password())];
        let (status, answer) = client.call("POST", "/access/ticket", &form).await;
        assert_eq!(status, 200, "{answer}");
        let text = |key: &str| answer["data"][key].as_str().expect("text").to_owned();
        client.ticket = Some((text("ticket"), text("CSRFPreventionToken")));
        client
    }

    pub(crate) async fn call(&self, method: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let mut request =
            self.http.request(method.parse().expect("a method"), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("PVEAPIToken={token}"));
        }
        if let Some((ticket, csrf)) = &self.ticket {
            request = request
                .header("cookie", format!("PVEAuthCookie={}", urlencode(ticket)))
                .header("CSRFPreventionToken", csrf);
        }
        let request = if form.is_empty() { request } else { request.form(form) };
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// The data of a call that must succeed.
    pub(crate) async fn ok(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Value {
        let (status, answer) = self.call(method, path, form).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer["data"].clone()
    }

    /// The text of a call that must be refused, with its status.
    pub(crate) async fn refused(&self, method: &str, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let (status, answer) = self.call(method, path, form).await;
        assert_ne!(status, 200, "{method} {path}: {answer}");
        let errors = answer["errors"].as_object().map(|e| format!("{e:?}")).unwrap_or_default();
        (status, format!("{}{errors}", answer["message"].as_str().unwrap_or_default().trim_end()))
    }

    /// Starts a task and answers its exit text.
    pub(crate) async fn task(&self, method: &str, path: &str, form: &[(&str, &str)]) -> String {
        let upid = self.ok(method, path, form).await;
        self.exit(upid.as_str().expect("a UPID")).await
    }

    pub(crate) async fn exit(&self, upid: &str) -> String {
        let node = upid.split(':').nth(1).expect("a node").to_owned();
        for _ in 0..1000 {
            let data = self.ok("GET", &format!("/nodes/{node}/tasks/{upid}/status"), &[]).await;
            if data["status"] == "stopped" {
                return data["exitstatus"].as_str().unwrap_or_default().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the task does not end");
    }

    /// A container that runs on `pve1`.
    pub(crate) async fn container(&self, vmid: &str, more: &[(&str, &str)]) {
        let mut form = vec![
            ("vmid", vmid),
            ("hostname", "db"),
            ("ostemplate", TEMPLATE),
            ("rootfs", "local:1"),
            ("memory", "128"),
            ("unprivileged", "1"),
            ("net0", "name=eth0,bridge=vmbr0,ip=10.0.0.5/24"),
            ("start", "1"),
        ];
        form.retain(|(key, _)| !more.iter().any(|(k, _)| k == key));
        form.extend(more);
        assert_eq!(self.task("POST", "/nodes/pve1/lxc", &form).await, "OK");
    }
}

fn urlencode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never so: {what}");
}
