//! Hosts for Kubernetes, and the web server they and the workstation get releases from.

#![allow(clippy::expect_used, clippy::panic, reason = "what a test needs must be there")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use hybridops_lab::{Lab, LabConfig, LabError, RealError, ReleaseFault, Releases, TEMPLATE_KUBERNETES};
use reqwest::StatusCode;
use serde_json::json;

const VERSION: &str = "v1.33.4+rke2r1";
const FILE: &str = "rke2.linux-amd64.tar.gz";

async fn releases(dir: &std::path::Path) -> (Releases, reqwest::Client) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let releases = Releases::start(Ipv4Addr::LOCALHOST, dir).await.expect("a server");
    releases.put("rke2", VERSION, FILE, [0xffu8; 1000]).expect("a file");
    releases.put("rke2", VERSION, "sha256sum-amd64.txt", format!("0abc  {FILE}\n")).expect("a file");
    releases.set_channel("rke2", "stable", VERSION);
    releases.set_channel("k3s", "stable", "v1.33.4+k3s1");
    let authority = reqwest::Certificate::from_pem(releases.ca().as_bytes()).expect("a certificate");
    let client = reqwest::Client::builder()
        .tls_certs_only([authority])
        .no_proxy()
        .no_gzip()
        .redirect(reqwest::redirect::Policy::none());
    (releases, client.build().expect("a client"))
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_are_listed_and_lead_to_versions() {
    let dir = tempfile::tempdir().expect("a directory");
    let (releases, client) = releases(dir.path()).await;
    let list: serde_json::Value = {
        let text = client.get(releases.channel_server("rke2")).send().await.expect("an answer").text().await;
        serde_json::from_str(&text.expect("a list")).expect("JSON")
    };
    assert_eq!(list["data"][0]["name"], "stable");
    assert_eq!(list["data"][0]["latest"], VERSION);
    assert_eq!(
        list["data"].as_array().map(Vec::len),
        Some(1),
        "channels of the other distribution are not its own"
    );
    for (url, version) in [
        (format!("{}/v1-release/channels/stable", releases.url()), VERSION),
        (format!("{}/stable", releases.channel_server("k3s")), "v1.33.4+k3s1"),
    ] {
        let answer = client.get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FOUND);
        let place = answer.headers()["location"].to_str().expect("a text").to_owned();
        assert_eq!(place.rsplit('/').next(), Some(version));
    }
    let none =
        client.get(format!("{}/latest", releases.channel_server("rke2"))).send().await.expect("an answer");
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
    assert!(releases.downloads().is_empty(), "channels are no downloads");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_served_counted_and_spoiled() {
    let dir = tempfile::tempdir().expect("a directory");
    let (releases, client) = releases(dir.path()).await;
    let url = |file: &str| format!("{}/{}/{file}", releases.source("rke2"), VERSION.replace('+', "%2B"));
    let get = |file: &str| client.get(url(file)).send();
    let whole = get(FILE).await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(whole.len(), 1000);
    let rest = client.get(url(FILE)).header("range", "bytes=900-").send().await.expect("an answer");
    assert_eq!((rest.status(), rest.content_length()), (StatusCode::PARTIAL_CONTENT, Some(100)));
    assert_eq!(get("../../x").await.expect("an answer").status(), StatusCode::NOT_FOUND);

    releases.fail(FILE, ReleaseFault::Status(503), Some(1)).expect("a pattern");
    assert_eq!(get(FILE).await.expect("an answer").status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(FILE).await.expect("an answer").status(), StatusCode::OK);
    releases.fail(FILE, ReleaseFault::Truncated, Some(1)).expect("a pattern");
    assert_eq!(get(FILE).await.expect("an answer").bytes().await.expect("a body").len(), 500);
    releases.fail(FILE, ReleaseFault::Torn, Some(1)).expect("a pattern");
    assert!(get(FILE).await.expect("an answer").bytes().await.is_err());
    // For ever: a client may ask again by itself.
    releases.fail(FILE, ReleaseFault::Cut, None).expect("a pattern");
    assert!(get(FILE).await.is_err());
    releases.heal();
    releases.fail("", ReleaseFault::Wrong, None).expect("a pattern");
    assert_ne!(get(FILE).await.expect("an answer").bytes().await.expect("a body"), whole);
    let sums = get("sha256sum-amd64.txt").await.expect("an answer").text().await.expect("a text");
    assert_eq!(sums, format!("1abc  {FILE}\n"));
    releases.heal();
    releases.fail(FILE, ReleaseFault::Slow(Duration::from_millis(200)), Some(1)).expect("a pattern");
    let began = Instant::now();
    assert_eq!(get(FILE).await.expect("an answer").bytes().await.expect("a body"), whole);
    assert!(began.elapsed() >= Duration::from_millis(200));

    let counted: BTreeMap<String, usize> = releases.downloads();
    assert!(counted.get(&format!("/rke2/{VERSION}/{FILE}")).is_some_and(|count| *count >= 8), "{counted:?}");
    releases.clear();
    assert!(releases.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_has_etcd_and_reaches_releases() {
    let cache = std::env::var_os("HYBRIDOPS_LAB_CACHE").unwrap_or_else(|| "/var/cache/hybridops-lab".into());
    let config = LabConfig { real_guests: Some(PathBuf::from(cache)), ..LabConfig::default() };
    let lab = match Lab::start(config).await {
        Ok(lab) => lab,
        Err(LabError::Real(RealError::Needs(what)))
            if std::env::var_os("HYBRIDOPS_REQUIRE_REAL").is_none() =>
        {
            return writeln!(std::io::stderr(), "SKIPPED a Kubernetes host: it needs {what}")
                .expect("a terminal");
        }
        Err(error) => panic!("{error:?}"),
    };
    let real = lab.real().expect("real guests");
    let dir = tempfile::tempdir().expect("a directory");
    let releases = Releases::start(real.host(), dir.path()).await.expect("a server");
    releases.put("rke2", VERSION, FILE, b"bytes").expect("a file");
    let made = lab.call(
        "POST",
        "/nodes/pve1/lxc",
        &json!({
            "vmid": "111", "hostname": "k8s-01", "ostemplate": TEMPLATE_KUBERNETES, "unprivileged": "1",
            "storage": "local", "rootfs": "local:1", "memory": "512",
            "net0": format!("name=eth0,bridge=vmbr0,ip={}.11/24", real.network()),
        }),
    );
    made.expect("a container");
    while lab.guest(111).is_none_or(|guest| guest.config.contains_key("lock")) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(lab.set_running(111, true));
    real.wait_booted(111, Duration::from_secs(60)).expect("booted");
    let run = |script: &str| real.exec(111, script).unwrap_or_else(|error| panic!("{script}: {error}"));
    assert!(run("etcd --version; etcdctl version; kubectl version --client").contains("etcd Version: 3.4"));
    assert_eq!(run("systemctl is-enabled etcd || true").trim(), "masked");
    assert!(run("pgrep -x etcd || echo none").contains("none"));
    run(&format!("cat > /tmp/ca.pem <<'E'\n{}E", releases.ca()));
    let url = format!("{}/{}/{FILE}", releases.source("rke2"), VERSION.replace('+', "%2B"));
    assert_eq!(run(&format!("curl -sSf --cacert /tmp/ca.pem {url}")), "bytes");
    assert_eq!(releases.requests()[0].from.to_string(), format!("{}.11", real.network()));
}
