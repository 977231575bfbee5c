//! The clients against a small server.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use transport_ssh::{Budget, Secret};

use super::test_server::{Signed, TestServer, status};
use super::*;

fn budget() -> Budget {
    Budget::within(Duration::from_secs(20))
}

fn node(name: &str, version: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "resourceVersion": version},
        "spec": {"taints": [{"key": "theirs", "effect": "NoSchedule", "timeAdded": "2026-01-01T00:00:00Z"}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "EtcdIsVoter", "status": "False"}],
            "nodeInfo": {"kubeletVersion": "v1.33.4+rke2r1"},
            "addresses": [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": "10.0.0.1"}]},
    })
}

#[tokio::test]
async fn health_names_the_checks_that_fail() {
    let (_server, kube) = TestServer::start(|asked| {
        if asked.path.starts_with("/livez") {
            return (200, "ok".into());
        }
        (500, "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n".into())
    })
    .await;
    kube.livez(&budget()).await.unwrap();
    let error = kube.readyz(&budget()).await.unwrap_err();
    assert!(
        matches!(&error, ApiError::NotReady { why, .. } if why == "etcd failed: reason withheld"),
        "{error}"
    );
    assert!(error.may_pass());
}

#[tokio::test]
async fn connections_are_kept_and_lists_read_to_their_end() {
    let (server, kube) = TestServer::start(|asked| {
        if asked.path.contains("continue=") {
            return (200, json!({"items": [node("c", "3")], "metadata": {}}));
        }
        (200, json!({"items": [node("a", "1"), node("b", "2")], "metadata": {"continue": "x/y="}}))
    })
    .await;
    let nodes = kube.nodes(&budget()).await.unwrap();
    assert_eq!(nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let first = nodes.first().unwrap();
    assert!(first.is_ready() && !first.condition("EtcdIsVoter").unwrap().is_true());
    assert_eq!(
        (first.version.as_str(), first.addresses.as_slice()),
        ("v1.33.4+rke2r1", ["10.0.0.1".to_owned()].as_slice())
    );
    kube.nodes(&budget()).await.unwrap();
    assert_eq!(server.connections(), 1);
    let paths: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths.get(1).unwrap(), "/api/v1/nodes?limit=500&continue=x%2Fy%3D");
    assert!(server.asked().iter().all(|asked| asked.authorization == "Bearer CANARY-token"));
    assert!(!format!("{kube:?} {:?}", server.kubeconfig()).contains("CANARY"));
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let (_server, kube) = TestServer::start(|asked| match asked.path.as_str() {
        path if path.contains("gone") => status(404, "NotFound", "nodes \"gone\" not found"),
        path if path.contains("secret-ns") => status(403, "Forbidden", "no, you may not"),
        path if path.contains("who") => status(401, "Unauthorized", "Unauthorized"),
        path if path.contains("later") => (503, "apiserver not ready".into()),
        path if path.contains("/apis/") => (404, "404 page not found".into()),
        _ => (200, "no JSON".into()),
    })
    .await;
    assert_eq!(kube.node("gone", &budget()).await.unwrap(), None);
    assert_eq!(kube.kind("helm.cattle.io/v1", "HelmChart", &budget()).await.unwrap(), None);
    let forbidden = kube.secret("secret-ns", "x", &budget()).await.unwrap_err();
    assert_eq!(forbidden.to_string(), "reading Secret secret-ns/x: no, you may not (Forbidden)");
    assert!(matches!(kube.node("who", &budget()).await, Err(ApiError::Unauthorized { .. })));
    assert!(matches!(kube.node("later", &budget()).await, Err(ApiError::NotReady { .. })));
    assert!(matches!(kube.node("a", &budget()).await, Err(ApiError::Unexpected { .. })));
    assert!(kube.annotate_node("gone", "a", None, &budget()).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn an_object_is_applied_and_conflicts_name_their_managers() {
    let (server, kube) = TestServer::start(|asked| {
        if asked.path.contains("force=true") {
            return (200, asked.body.clone());
        }
        (409, json!({"kind": "Status", "code": 409, "reason": "Conflict", "message": "Apply failed with 1 conflict",
            "details": {"causes": [{"reason": "FieldManagerConflict", "message": "conflict with \"kubectl\" using apps/v1",
                "field": ".spec.replicas"}]}}))
    })
    .await;
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a b"}});
    let map = &kinds::CONFIG_MAP;
    let refused = kube.apply(map, Some("x"), "a b", &object, Apply::default(), &budget()).await.unwrap_err();
    assert!(refused.is_conflict());
    assert_eq!(conflicts(refused.status().unwrap()), [(".spec.replicas".to_owned(), "kubectl".to_owned())]);
    let how = Apply { force: true, dry_run: true };
    let applied = kube.apply(map, Some("x"), "a b", &object, how, &budget()).await.unwrap();
    assert_eq!(applied.0, object);
    let asked = server.asked().pop().unwrap();
    assert_eq!(
        (asked.method.as_str(), asked.content_type.as_str()),
        ("PATCH", "application/apply-patch+yaml")
    );
    assert_eq!(
        asked.path,
        "/api/v1/namespaces/x/configmaps/a%20b?fieldManager=hybridops&fieldValidation=Strict&force=true&dryRun=All"
    );
}

#[tokio::test]
async fn a_node_that_changed_meanwhile_is_read_again() {
    static READ: AtomicUsize = AtomicUsize::new(0);
    let (server, kube) = TestServer::start(|asked| match asked.method.as_str() {
        "GET" => (200, node("a", &READ.fetch_add(1, Ordering::SeqCst).to_string())),
        _ if asked.body.pointer("/metadata/resourceVersion") == Some(&json!("0")) => {
            status(409, "Conflict", "the object has been modified")
        }
        _ => (200, node("a", "9")),
    })
    .await;
    let ours = Taint { key: "ours".into(), effect: "NoExecute".into(), ..Taint::default() };
    assert!(kube.set_taints("a", std::slice::from_ref(&ours), &[], &budget()).await.unwrap());
    let last = server.asked().pop().unwrap().body;
    let taints = last.pointer("/spec/taints").and_then(Value::as_array).unwrap().clone();
    assert_eq!(taints.len(), 2);
    assert_eq!(taints.first().unwrap().get("timeAdded"), Some(&json!("2026-01-01T00:00:00Z")));
    assert!(!kube.set_labels("a", &BTreeMap::new(), &["not-there".into()], &budget()).await.unwrap());
}

#[tokio::test]
async fn only_what_we_cordoned_is_uncordoned() {
    let theirs = json!({"metadata": {"name": "a"}, "spec": {"unschedulable": true}});
    let (server, kube) = TestServer::start(move |_| (200, theirs.clone())).await;
    assert!(!kube.cordon("a", &budget()).await.unwrap());
    assert!(!kube.uncordon("a", &budget()).await.unwrap());
    assert!(server.asked().iter().all(|asked| asked.method == "GET"));
    let (server, kube) = TestServer::start(|_| (200, node("a", "1"))).await;
    assert!(kube.cordon("a", &budget()).await.unwrap());
    assert_eq!(server.asked().pop().unwrap().body.pointer("/spec/unschedulable"), Some(&json!(true)));
}

#[tokio::test]
async fn certificates_are_judged_by_the_kubeconfig_alone() {
    let server = TestServer::with(Signed::new(|_| {}), |_| (200, "ok".into())).await;
    let other = Signed::new(|_| {}).authority;
    let stranger = Kube::direct(&server.kubeconfig_of(&other)).unwrap();
    let error = stranger.livez(&budget()).await.unwrap_err();
    assert!(matches!(&error, ApiError::Certificate { why, .. } if why.contains("not signed")), "{error}");
    assert!(server.asked().is_empty(), "nothing was said to a stranger");
    let old = Signed::new(|own| {
        own.not_before = rcgen::date_time_ymd(2020, 1, 1);
        own.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    let server = TestServer::with(old, |_| (200, "ok".into())).await;
    let error = server.kube().livez(&budget()).await.unwrap_err();
    assert!(matches!(&error, ApiError::Certificate { why, .. } if why.contains("expired")), "{error}");
    let server =
        TestServer::with(Signed::new(|own| own.subject_alt_names.clear()), |_| (200, "ok".into())).await;
    let error = server.kube().livez(&budget()).await.unwrap_err();
    assert!(matches!(&error, ApiError::Certificate { why, .. } if why.contains("tls-san")), "{error}");
}

#[tokio::test]
async fn nothing_listening_silence_and_cancellation_are_told_apart() {
    let (server, kube) = TestServer::start(|_| (0, Value::Null)).await;
    let short = Budget::within(Duration::from_millis(300));
    assert!(matches!(kube.nodes(&short).await, Err(ApiError::Interrupted { .. })));
    let began = Instant::now();
    let cancelled = budget();
    let cancel = cancelled.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cancel.cancel();
    });
    assert!(matches!(kube.nodes(&cancelled).await, Err(ApiError::Interrupted { .. })));
    assert!(began.elapsed() < Duration::from_secs(5));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let kube = Kube::direct(&server.kubeconfig().at("127.0.0.1", free)).unwrap();
    let error = kube.livez(&budget()).await.unwrap_err();
    assert!(matches!(error, ApiError::Refused { .. }) && error.may_pass(), "{error}");
}

#[tokio::test]
async fn secrets_are_written_encoded_and_never_shown() {
    let (server, kube) = TestServer::start(|asked| match asked.method.as_str() {
        "GET" => (200, json!({"metadata": {"name": "s"}, "data": {"password": "Q0FOQVJZ"}})),
        _ => (200, asked.body.clone()),
    })
    .await;
    let read = kube.secret("x", "s", &budget()).await.unwrap().unwrap();
    assert_eq!(read.get("password").unwrap().expose(), "CANARY");
    let entries = BTreeMap::from([("password".to_owned(), Secret::new("CANARY"))]);
    let applied = kube.apply_secret("x", "s", &entries, &BTreeMap::new(), &budget()).await.unwrap();
    assert_eq!(server.asked().pop().unwrap().body.pointer("/data/password"), Some(&json!("Q0FOQVJZ")));
    assert!(!format!("{read:?} {applied:?}").contains("CANARY") && !format!("{applied:?}").contains("Q0FO"));
}

#[test]
fn kubeconfigs_that_cannot_be_used_are_refused_with_the_reason() {
    let text = |user: Value, cluster: Value| {
        json!({
            "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x",
        })
        .to_string()
    };
    let cluster = json!({"server": "https://[::1]:6443", "certificate-authority-data": "eA=="});
    let told = |text: &str| Kubeconfig::parse(text).unwrap_err().to_string();
    assert!(told(&text(json!({"exec": {}}), cluster.clone())).contains("exec"));
    assert!(told(&text(json!({}), cluster.clone())).contains("client-certificate-data"));
    assert!(told(&text(json!({"token": "t"}), json!({"server": "http://a"}))).contains("https"));
    let unsafe_one = json!({"server": "https://a", "insecure-skip-tls-verify": true});
    assert!(told(&text(json!({"token": "t"}), unsafe_one)).contains("insecure"));
    assert!(told("a: [").contains("YAML"));
    let read = Kubeconfig::parse(&text(json!({"token": "t"}), cluster)).unwrap();
    assert_eq!((read.host.as_str(), read.port), ("::1", 6443));
}
