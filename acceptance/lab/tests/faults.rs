//! Faults, the request log, permissions at run time, and what a killed client looks like.

// A test says aloud what it skips, and fails where it must.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use hybridops_lab::{Effect, Lab, LabConfig, NodeState, Release, RequestFault, TaskEffect, TaskFaultRule};
use serde_json::{Value, json};

struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    fn new(lab: &Lab) -> Self {
        Self::with(lab, lab.api_token(), 0)
    }

    fn with(lab: &Lab, token: &str, endpoint: usize) -> Self {
        let ca = reqwest::Certificate::from_pem(lab.ca_certificate().as_bytes()).expect("a certificate");
        let http = reqwest::Client::builder().tls_certs_only([ca]).build().expect("a client");
        Self { http, base: format!("{}/api2/json", lab.endpoints()[endpoint]), token: token.to_owned() }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.http
            .request(method, format!("{}{path}", self.base))
            .header("authorization", format!("PVEAPIToken={}", self.token))
    }

    async fn call(&self, method: &str, path: &str, form: &[(&str, &str)]) -> reqwest::Result<(u16, Value)> {
        let request = self.request(method, path);
        let request = if form.is_empty() { request } else { request.form(form) };
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// Waits for a task and answers its exit text.
    async fn exit(&self, upid: &Value) -> String {
        let upid = upid["data"].as_str().expect("a UPID").to_owned();
        let node = upid.split(':').nth(1).expect("a node").to_owned();
        for _ in 0..500 {
            let path = format!("/nodes/{node}/tasks/{}/status", upid.replace('/', "%2F"));
            let (_, answer) = self.call("GET", &path, &[]).await.expect("answers");
            if answer["data"]["status"] == "stopped" {
                return answer["data"]["exitstatus"].as_str().unwrap_or_default().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the task does not end");
    }
}

async fn lab(config: LabConfig) -> Lab {
    Lab::start(config).await.expect("the laboratory comes up")
}

fn fault(method: &str, path: &str, effect: Effect) -> RequestFault {
    RequestFault { method: method.into(), path: path.into(), nth: 1, times: 1, effect }
}

const CREATE: &[(&str, &str)] =
    &[("vmid", "100"), ("name", "a"), ("scsi0", "local:1"), ("cipassword", "canary")];

#[tokio::test(flavor = "multi_thread")]
async fn lost_response_leaves_the_effect_and_drop_before_does_not() {
    let lab = lab(LabConfig::default()).await;
    let client = Client::new(&lab);
    lab.faults().add(fault("POST", "/qemu$", Effect::DropBefore)).expect("armed");
    assert!(client.call("POST", "/nodes/pve1/qemu", CREATE).await.is_err());
    assert_eq!(lab.state()["guests"], json!({}));
    lab.faults().add(fault("POST", "/qemu$", Effect::DropAfter)).expect("armed");
    assert!(client.call("POST", "/nodes/pve1/qemu", CREATE).await.is_err());
    assert!(lab.state()["guests"]["100"].is_object());
    let (status, _) = client.call("POST", "/nodes/pve1/qemu", CREATE).await.expect("answers");
    assert_eq!(status, 500);
    let creates: Vec<_> = lab.journal().all().into_iter().filter(|e| e.method == "POST").collect();
    assert_eq!(creates.iter().map(|e| e.status).collect::<Vec<_>>(), [0, 0, 500]);
    assert!(creates[0].fault.is_some());
    assert_eq!(creates[2].principal, "root@pam!lab");
    assert_eq!(creates[2].params["cipassword"], "<redacted>");
    assert_eq!(lab.journal().counts()["POST /nodes/{node}/qemu"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_delays_and_truncation() {
    let lab = lab(LabConfig::default()).await;
    let client = Client::new(&lab);
    let status = Effect::Status { status: 503, message: "service unavailable".into() };
    lab.faults().add(fault("GET", "^/version$", status)).expect("armed");
    let (status, body) = client.call("GET", "/version", &[]).await.expect("answers");
    assert_eq!((status, body["message"].as_str()), (503, Some("service unavailable\n")));
    lab.faults().add(fault("GET", "^/version$", Effect::Truncate)).expect("armed");
    assert!(client.call("GET", "/version", &[]).await.is_err());
    lab.faults().add(fault("GET", "^/version$", Effect::Delay { millis: 150 })).expect("armed");
    let started = std::time::Instant::now();
    client.call("GET", "/version", &[]).await.expect("answers");
    assert!(started.elapsed() >= Duration::from_millis(150));
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_fail_and_hang_on_request() {
    let lab = lab(LabConfig::default()).await;
    let client = Client::new(&lab);
    let text = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout";
    let rule = |effect| TaskFaultRule { task: "qmcreate".into(), nth: 1, times: 1, effect };
    lab.faults().add_task(rule(TaskEffect::Fail { text: text.into() })).expect("armed");
    let (_, upid) = client.call("POST", "/nodes/pve1/qemu", CREATE).await.expect("answers");
    assert_eq!(client.exit(&upid).await, text);
    lab.faults().clear();
    lab.faults().add_task(rule(TaskEffect::Hang)).expect("armed");
    let create: Vec<_> = CREATE.iter().map(|(k, v)| (*k, if *k == "vmid" { "101" } else { *v })).collect();
    let (_, upid) = client.call("POST", "/nodes/pve1/qemu", &create).await.expect("answers");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(lab.state()["guests"]["101"]["config"]["lock"], "create");
    lab.faults().release();
    assert_eq!(client.exit(&upid).await, "OK");
    assert_eq!(lab.state()["guests"]["101"]["config"]["lock"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_go_and_permissions_are_taken_at_run_time() {
    let nodes = vec!["pve1".to_owned(), "pve2".to_owned()];
    let lab = lab(LabConfig { nodes, ..LabConfig::default() }).await;
    let token = lab.add_token("tf@pve", "t");
    lab.grant("/vms", "tf@pve", "PVEVMAdmin");
    let client = Client::with(&lab, &token, 0);
    assert_eq!(client.call("GET", "/nodes/pve1/qemu/100/config", &[]).await.expect("answers").0, 500);
    lab.revoke("/vms", "tf@pve");
    let (status, body) = client.call("GET", "/nodes/pve1/qemu/100/config", &[]).await.expect("answers");
    assert_eq!((status, &body["message"]), (403, &json!("Permission check failed (/vms/100, VM.Audit)\n")));
    lab.set_node("pve2", NodeState::Offline);
    let root = Client::new(&lab);
    assert_eq!(root.call("GET", "/nodes/pve2/status", &[]).await.expect("answers").0, 595);
    assert!(Client::with(&lab, lab.api_token(), 1).call("GET", "/version", &[]).await.is_err());
    lab.set_node("pve2", NodeState::Online);
    assert_eq!(root.call("GET", "/nodes/pve2/status", &[]).await.expect("answers").0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_lock_times_out_and_a_broken_storage_refuses() {
    let config = LabConfig { lock_wait: Duration::from_millis(50), ..LabConfig::default() };
    let lab = lab(config).await;
    let client = Client::new(&lab);
    let (_, upid) = client.call("POST", "/nodes/pve1/qemu", CREATE).await.expect("answers");
    assert_eq!(client.exit(&upid).await, "OK");
    let held = lab.hold_config_lock(100).expect("free");
    let (status, body) =
        client.call("PUT", "/nodes/pve1/qemu/100/config", &[("cores", "2")]).await.expect("answers");
    let text = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout\n";
    assert_eq!((status, body["message"].as_str()), (500, Some(text)));
    drop(held);
    assert_eq!(
        client.call("PUT", "/nodes/pve1/qemu/100/config", &[("cores", "2")]).await.expect("answers").0,
        200
    );
    lab.set_storage_broken("local", true);
    assert_eq!(client.call("GET", "/nodes/pve1/storage/local/content", &[]).await.expect("answers").0, 500);
}

/// The template path on thin LVM and on release 9, with real files behind it.
#[tokio::test(flavor = "multi_thread")]
async fn template_from_a_downloaded_image() {
    let lab = lab(LabConfig { release: Release::V9, ..LabConfig::default() }).await;
    let client = Client::new(&lab);
    let source = lab.dir().join("artefacts/cloud.qcow2");
    let made = std::process::Command::new("qemu-img")
        .args(["create", "-q", "-f", "qcow2"])
        .arg(&source)
        .arg("64M")
        .status();
    assert!(made.expect("qemu-img runs").success());
    let sums =
        reqwest::get(lab.artefact_url("SHA256SUMS")).await.expect("answers").text().await.expect("text");
    let sum = sums.split_whitespace().next().expect("a checksum").to_owned();
    let url = lab.artefact_url("cloud.qcow2");
    let wrong = "0".repeat(64);
    for (checksum, expected) in [(&wrong, "checksum mismatch"), (&sum, "OK")] {
        let form = [
            ("content", "import"),
            ("filename", "cloud.qcow2"),
            ("url", &url),
            ("checksum", checksum),
            ("checksum-algorithm", "sha256"),
        ];
        let path = "/nodes/pve1/storage/local/download-url";
        let (_, upid) = client.call("POST", path, &form).await.expect("answers");
        assert!(client.exit(&upid).await.starts_with(expected));
    }
    let form = [
        ("vmid", "900"),
        ("scsi0", "local-lvm:0,import-from=local:import/cloud.qcow2"),
        ("ide2", "local-lvm:cloudinit"),
        ("net0", "virtio,bridge=vmbr0"),
    ];
    let (_, upid) = client.call("POST", "/nodes/pve1/qemu", &form).await.expect("answers");
    assert_eq!(client.exit(&upid).await, "OK");
    let (_, upid) = client.call("POST", "/nodes/pve1/qemu/900/template", &[]).await.expect("answers");
    assert_eq!(client.exit(&upid).await, "OK");
    let (_, config) = client.call("GET", "/nodes/pve1/qemu/900/config", &[]).await.expect("answers");
    assert_eq!(config["data"]["scsi0"], "local-lvm:base-900-disk-0,size=64M");
    assert!(config["data"]["meta"].as_str().is_some_and(|m| m.starts_with("creation-qemu=10.")));
    assert!(lab.volume_path("pve1", "local-lvm:base-900-disk-0").is_some());
    let (_, upid) = client.call("DELETE", "/nodes/pve1/qemu/900?purge=1", &[]).await.expect("answers");
    assert_eq!(client.exit(&upid).await, "OK");
    assert!(lab.volume_path("pve1", "local-lvm:base-900-disk-0").is_none());
}

/// A client in a process of its own dies when the fault strikes.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_process_is_killed() {
    use std::os::unix::process::ExitStatusExt;
    let lab = lab(LabConfig::default()).await;
    lab.faults().add(fault("GET", "^/version$", Effect::KillClientBefore)).expect("armed");
    let url = format!("{}/api2/json/version", lab.endpoints()[0]);
    let spawned = std::process::Command::new("curl").args(["-sk", "--max-time", "20", &url]).spawn();
    let Ok(mut child) = spawned else {
        eprintln!("SKIPPED: curl is not installed");
        return;
    };
    let status = tokio::task::spawn_blocking(move || child.wait()).await.expect("joined").expect("waited");
    assert_eq!(status.signal(), Some(9));
}

/// The same handles over HTTP, as acceptance tests use them.
#[tokio::test(flavor = "multi_thread")]
async fn the_control_endpoint_arms_counts_and_resets() {
    let lab = lab(LabConfig::default()).await;
    let client = Client::new(&lab);
    let control = lab.control_url();
    let post =
        |path: &str, body: Value| reqwest::Client::new().post(format!("{control}/{path}")).json(&body).send();
    let get = |path: &str| reqwest::get(format!("{control}/{path}"));
    let armed =
        json!({ "method": "GET", "path": "^/version$", "nth": 2, "effect": { "kind": "drop_before" } });
    assert!(post("faults", armed).await.expect("answers").status().is_success());
    assert!(client.call("GET", "/version", &[]).await.is_ok());
    assert!(client.call("GET", "/version", &[]).await.is_err());
    let bad = json!({ "path": "(", "effect": { "kind": "drop_before" } });
    assert_eq!(post("faults", bad).await.expect("answers").status().as_u16(), 400);
    let task = json!({ "task": "qmcreate", "effect": { "kind": "fail", "text": "no" } });
    assert!(post("faults", task).await.expect("answers").status().is_success());
    let (_, upid) = client.call("POST", "/nodes/pve1/qemu", CREATE).await.expect("answers");
    assert_eq!(client.exit(&upid).await, "no");
    let counts: Value = get("counts").await.expect("answers").json().await.expect("JSON");
    assert_eq!(counts["GET /version"], 2);
    let log: Value = get("log?since=1").await.expect("answers").json().await.expect("JSON");
    assert_eq!(log[0]["sequence"], 2);
    post("node", json!({ "node": "pve1", "state": "offline" })).await.expect("answers");
    assert!(client.call("GET", "/version", &[]).await.is_err());
    post("node", json!({ "node": "pve1", "state": "online" })).await.expect("answers");
    post("reset", Value::Null).await.expect("answers");
    let counts: Value = get("counts").await.expect("answers").json().await.expect("JSON");
    assert_eq!(counts, json!({}));
}

/// Uploads need a length; the file arrives whole and bears its name.
#[tokio::test(flavor = "multi_thread")]
async fn uploads_are_spooled_and_chunked_ones_refused() {
    let lab = lab(LabConfig::default()).await;
    let client = Client::new(&lab);
    let path = "/nodes/pve1/storage/local/upload";
    let part = |name: &'static str| {
        let file = reqwest::multipart::Part::bytes(b"seed".to_vec()).file_name(name);
        reqwest::multipart::Form::new().text("content", "iso").part("filename", file)
    };
    let response = client.request("POST", path).multipart(part("seed.iso")).send().await.expect("answers");
    let upid: Value = response.json().await.expect("JSON");
    assert_eq!(client.exit(&upid).await, "OK");
    let stored = lab.volume_path("pve1", "local:iso/seed.iso").expect("stored");
    assert_eq!(std::fs::read(stored).expect("readable"), b"seed");
    let refused = client.request("POST", path).multipart(part("seed.exe")).send().await.expect("answers");
    assert_eq!(refused.status().as_u16(), 400);
    let chunks = futures::stream::iter([Ok::<_, std::io::Error>("a"), Ok("b")]);
    let chunked = client.request("POST", path).body(reqwest::Body::wrap_stream(chunks));
    assert_eq!(chunked.send().await.expect("answers").status().as_u16(), 501);
    assert_eq!(std::fs::read_dir(lab.dir().join("tmp")).expect("readable").count(), 0);
}

/// Task lists and logs are paged and filtered, and a stopped task says so.
#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_listed_paged_and_stopped() {
    let lab = lab(LabConfig::default()).await;
    let client = Client::new(&lab);
    let (_, upid) = client.call("POST", "/nodes/pve1/qemu", CREATE).await.expect("answers");
    assert_eq!(client.exit(&upid).await, "OK");
    let log = format!("/nodes/pve1/tasks/{}/log", upid["data"].as_str().expect("a UPID"));
    let (_, page) = client.call("GET", &format!("{log}?start=1&limit=1"), &[]).await.expect("answers");
    assert_eq!(page["total"], 3);
    let line = "scsi0: successfully created disk 'local:100/vm-100-disk-0.raw,size=1G'";
    assert_eq!(page["data"], json!([{ "n": 2, "t": line }]));
    let hang = TaskFaultRule { task: "qmstart".into(), nth: 1, times: 1, effect: TaskEffect::Hang };
    lab.faults().add_task(hang).expect("armed");
    let (_, upid) = client.call("POST", "/nodes/pve1/qemu/100/status/start", &[]).await.expect("answers");
    let (_, active) = client.call("GET", "/nodes/pve1/tasks?source=active", &[]).await.expect("answers");
    assert_eq!((&active["total"], &active["data"][0]["upid"]), (&json!(1), &upid["data"]));
    let path = format!("/nodes/pve1/tasks/{}", upid["data"].as_str().expect("a UPID"));
    assert_eq!(client.call("DELETE", &path, &[]).await.expect("answers"), (200, json!({ "data": null })));
    assert_eq!(client.exit(&upid).await, "received interrupt");
    let (_, failed) = client.call("GET", "/nodes/pve1/tasks?errors=1", &[]).await.expect("answers");
    assert_eq!((&failed["total"], &failed["data"][0]["type"]), (&json!(1), &json!("qmstart")));
    let (_, of_type) =
        client.call("GET", "/nodes/pve1/tasks?typefilter=qmcreate", &[]).await.expect("answers");
    assert_eq!(of_type["total"], 1);
}
