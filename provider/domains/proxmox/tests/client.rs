//! The client against a scripted server: logins, tasks, the shared inventory, and the shape of its requests.

#![allow(clippy::unwrap_used, clippy::panic, clippy::needless_pass_by_value, reason = "helpers of tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain_proxmox::api::{
    ApiError, Availability, Client, CloneGuest, Config, ConfigError, ConfigView, Credentials, Destroy,
    DiskSize, GuestRef, Kind, Presence, TaskFilter, Upid, UploadImage, VolumeId, encode_ssh_keys,
};
use serde_json::{Value, json};
use transport_rest::{Budget, Form, Secret, Trust};
use wiremock::matchers::{body_string, header, method, path, path_regex, query_param};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

const TOKEN: &str = "root@pam!tf=11111111-2222-3333-4444-canary000001";
const UPID: &str = "UPID:pve:0000090E:0005AE66:6B0138B9:qmclone:300:root@pam!tf:";

fn config(url: &str, credentials: Credentials) -> Config {
    Config {
        endpoints: vec![url.to_owned()],
        credentials,
        trust: Trust::System,
        concurrency: Config::CONCURRENCY,
    }
}

fn client(server: &MockServer) -> Client {
    Client::new(config(&server.uri(), Credentials::ApiToken(Secret::new(TOKEN)))).unwrap()
}

fn budget() -> Budget {
    Budget::within(Duration::from_secs(20))
}

fn data(data: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "data": data }))
}

fn refusal(status: u16, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"data": null, "message": format!("{message}\n")}))
}

fn api(verb: &str, tail: &str) -> wiremock::MockBuilder {
    Mock::given(method(verb)).and(path(format!("/api2/json{tail}")))
}

/// Answers the nth request with the nth template, the last one for all others.
struct Script(Vec<ResponseTemplate>, AtomicUsize);

impl Script {
    fn new(templates: impl IntoIterator<Item = ResponseTemplate>) -> Self {
        Self(templates.into_iter().collect(), AtomicUsize::new(0))
    }
}

impl Respond for Script {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let index = self.1.fetch_add(1, Ordering::SeqCst).min(self.0.len() - 1);
        self.0[index].clone()
    }
}

fn task(tail: &str) -> wiremock::MockBuilder {
    Mock::given(method("GET")).and(path_regex(format!("/api2/json/nodes/pve/tasks/UPID.*/{tail}$")))
}

fn running() -> ResponseTemplate {
    data(json!({"upid": UPID, "status": "running"}))
}

fn ended(exit: &str) -> ResponseTemplate {
    data(json!({"upid": UPID, "status": "stopped", "exitstatus": exit}))
}

fn no_such_task() -> ResponseTemplate {
    ResponseTemplate::new(400).set_body_json(
        json!({"data": null, "message": "Parameter verification failed.\n", "errors": {"upid": "no such task"}}),
    )
}

fn upid() -> Upid {
    UPID.parse().unwrap()
}

#[test]
fn bad_set_ups_are_refused_without_a_network() {
    let make = |url: &str, credentials| Client::new(config(url, credentials)).map(drop);
    let token = || Credentials::ApiToken(Secret::new(TOKEN));
    assert!(matches!(make("pve1:8006", token()), Err(ConfigError::Endpoint(_))));
    assert_eq!(make("https://pve1:8006", Credentials::ApiToken(Secret::new("x"))), Err(ConfigError::Token));
    let password = |username: &str, password: &str| Credentials::Password {
        username: username.to_owned(),
        password: Secret::new(password),
        otp: None,
    };
    assert!(matches!(make("https://pve1:8006", password("root", "x")), Err(ConfigError::Username(_))));
    assert_eq!(make("https://pve1:8006", password("root@pam", "")), Err(ConfigError::Password));
    // A client of an address nobody listens on can be made: nothing is asked before the first call.
    make("https://127.0.0.1:1", password("root@pam", "x")).unwrap();
}

#[tokio::test]
async fn a_token_goes_along_and_is_shown_nowhere() {
    let server = MockServer::start().await;
    let token = format!("PVEAPIToken={TOKEN}");
    api("GET", "/version")
        .and(header("authorization", token.as_str()))
        .respond_with(data(json!({"version": "8.4.21", "release": "8.4", "repoid": "x"})))
        .mount(&server)
        .await;
    api("GET", "/nodes").respond_with(refusal(403, &format!("no {token}"))).mount(&server).await;
    let client = client(&server);
    let version = client.version(&budget()).await.unwrap();
    assert_eq!((version.major, version.minor, version.patch), (8, 4, 21));
    let error = client.nodes(&budget()).await.unwrap_err();
    for shown in [error.to_string(), format!("{error:?}"), format!("{client:?}")] {
        assert!(!shown.contains("canary"), "{shown}");
    }
    assert_eq!(client.principal().to_string(), "root@pam!tf");
}

#[tokio::test]
async fn one_login_serves_many_calls_and_a_refused_ticket_is_replaced() {
    let server = MockServer::start().await;
    let ticket = |name: &str| data(json!({"ticket": name, "CSRFPreventionToken": format!("csrf-{name}")}));
    api("POST", "/access/ticket")
        .and(body_string("username=root%40pam&password=canary"))
        .respond_with(Script::new([ticket("A"), ticket("B")]))
        .expect(2)
        .mount(&server)
        .await;
    Mock::given(header("cookie", "PVEAuthCookie=A"))
        .and(path_regex("nodes/.*/network"))
        .respond_with(data(json!([])))
        .mount(&server)
        .await;
    api("POST", "/nodes/pve/qemu/1/template")
        .and(header("cookie", "PVEAuthCookie=A"))
        .respond_with(ResponseTemplate::new(401))
        .expect(1)
        .mount(&server)
        .await;
    api("POST", "/nodes/pve/qemu/1/template")
        .and(header("cookie", "PVEAuthCookie=B"))
        .and(header("csrfpreventiontoken", "csrf-B"))
        .respond_with(data(json!(UPID)))
        .expect(1)
        .mount(&server)
        .await;
    let credentials =
        Credentials::Password { username: "root@pam".into(), password: Secret::new("canary"), otp: None };
    let client = Client::new(config(&server.uri(), credentials)).unwrap();
    assert!(client.principal().is_root());
    let budget = budget();
    let nodes = ["a", "b", "c", "d"];
    for answer in futures::future::join_all(nodes.map(|node| client.network(node, &budget))).await {
        answer.unwrap();
    }
    client.convert_to_template(&GuestRef::qemu("pve", 1), &budget).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_said_and_not_repeated() {
    let server = MockServer::start().await;
    api("POST", "/access/ticket")
        .respond_with(refusal(401, "authentication failure"))
        .expect(1)
        .mount(&server)
        .await;
    let credentials =
        Credentials::Password { username: "root@pam".into(), password: Secret::new("canary"), otp: None };
    let client = Client::new(config(&server.uri(), credentials)).unwrap();
    let error = client.version(&budget()).await.unwrap_err();
    assert!(
        error.is(Kind::Unauthenticated) && error.to_string().contains("authentication failure"),
        "{error}"
    );
}

fn index(guests: &[(u32, &str)]) -> ResponseTemplate {
    let guest = |(vmid, node): &(u32, &str)| json!({"type": "qemu", "vmid": vmid, "node": node, "id": format!("qemu/{vmid}")});
    data(guests.iter().map(guest).collect())
}

#[tokio::test]
async fn the_inventory_is_read_once_until_something_is_written() {
    let server = MockServer::start().await;
    let slow = index(&[(100, "pve")]).set_delay(Duration::from_millis(50));
    api("GET", "/cluster/resources").respond_with(slow).expect(2).mount(&server).await;
    api("POST", "/nodes/pve/qemu/100/template").respond_with(refusal(500, "no")).mount(&server).await;
    let client = client(&server);
    let budget = budget();
    for answer in futures::future::join_all((0..50).map(|_| client.inventory(&budget))).await {
        assert!(answer.unwrap().guest(100).is_some());
    }
    client.inventory(&budget).await.unwrap();
    // Also a failed write may have changed something.
    client.convert_to_template(&GuestRef::qemu("pve", 100), &budget).await.unwrap_err();
    client.inventory(&budget).await.unwrap();
    client.inventory(&budget).await.unwrap();
}

#[tokio::test]
async fn gone_is_proven_twice() {
    let server = MockServer::start().await;
    api("GET", "/cluster/resources").respond_with(index(&[(100, "pve2")])).mount(&server).await;
    let taken =
        json!({"message": "Parameter verification failed.\n", "errors": {"vmid": "VM 101 already exists"}});
    let taken = ResponseTemplate::new(400).set_body_json(taken);
    api("GET", "/cluster/nextid").and(query_param("vmid", "101")).respond_with(taken).mount(&server).await;
    api("GET", "/cluster/nextid")
        .and(query_param("vmid", "102"))
        .respond_with(data(json!("102")))
        .mount(&server)
        .await;
    let broken = refusal(500, "cluster is on fire");
    api("GET", "/cluster/nextid").and(query_param("vmid", "103")).respond_with(broken).mount(&server).await;
    let (client, budget) = (client(&server), budget());
    let Presence::Present(guest) = client.presence(100, &budget).await.unwrap() else {
        panic!("100 is there")
    };
    assert_eq!(guest.node, "pve2");
    let Presence::Unclear(reason) = client.presence(101, &budget).await.unwrap() else {
        panic!("101 is unclear")
    };
    assert!(reason.contains("VM.Audit") && reason.contains("/vms/101"), "{reason}");
    assert_eq!(client.presence(102, &budget).await.unwrap(), Presence::Gone);
    assert!(client.presence(103, &budget).await.is_err(), "a failure proves nothing");
    assert_eq!(client.vmid_availability(101, &budget).await.unwrap(), Availability::Taken);
}

#[tokio::test]
async fn a_guest_created_after_the_index_was_read_is_not_unclear() {
    let server = MockServer::start().await;
    let indexes = Script::new([index(&[]), index(&[(101, "pve")])]);
    api("GET", "/cluster/resources").respond_with(indexes).mount(&server).await;
    let taken = json!({"message": "x\n", "errors": {"vmid": "VM 101 already exists"}});
    api("GET", "/cluster/nextid")
        .respond_with(ResponseTemplate::new(400).set_body_json(taken))
        .mount(&server)
        .await;
    assert!(matches!(client(&server).presence(101, &budget()).await.unwrap(), Presence::Present(_)));
}

#[tokio::test]
async fn a_task_is_waited_for_from_before_it_is_known() {
    let server = MockServer::start().await;
    let script = Script::new([no_such_task(), no_such_task(), running(), running(), ended("OK")]);
    task("status").respond_with(script).expect(5).mount(&server).await;
    let start = Instant::now();
    let finished = client(&server).wait(&upid(), &budget()).await.unwrap();
    assert!(finished.warnings.is_empty());
    assert!(start.elapsed() < Duration::from_secs(2), "the first looks come quickly: {:?}", start.elapsed());
}

#[tokio::test]
async fn a_failed_task_brings_its_meaning_and_the_end_of_its_log() {
    let server = MockServer::start().await;
    task("status")
        .respond_with(ended("unable to create VM 200 - volume 'local:iso/none.iso' does not exist"))
        .mount(&server)
        .await;
    let line = |n: u64| json!({"n": n, "t": format!("line {n}")});
    let page = |from: u64, to: u64| {
        ResponseTemplate::new(200)
            .set_body_json(json!({"data": (from..=to).map(line).collect::<Vec<_>>(), "total": 400}))
    };
    task("log").and(query_param("start", "0")).respond_with(page(1, 15)).mount(&server).await;
    task("log").and(query_param("start", "385")).respond_with(page(386, 400)).mount(&server).await;
    let error = client(&server).wait(&upid(), &budget()).await.unwrap_err();
    let ApiError::Task(failed) = &error else { panic!("{error}") };
    assert_eq!(
        (failed.kind, failed.log.len(), failed.log.last().unwrap().as_str()),
        (Kind::Missing, 15, "line 400")
    );
    assert!(error.to_string().contains("line 400") && error.upid() == Some(&upid()), "{error}");
}

#[tokio::test]
async fn warnings_are_success_with_remarks() {
    let server = MockServer::start().await;
    task("status").respond_with(ended("WARNINGS: 2")).mount(&server).await;
    let log = json!({"total": 3, "data": [{"n": 1, "t": "WARN: old format"}, {"n": 2, "t": "done"}, {"n": 3, "t": "TASK WARNINGS: 2"}]});
    task("log").respond_with(ResponseTemplate::new(200).set_body_json(log)).mount(&server).await;
    let finished = client(&server).wait(&upid(), &budget()).await.unwrap();
    assert_eq!(finished.warnings, ["WARN: old format"]);
}

#[tokio::test]
async fn a_purged_task_is_lost_at_once_and_never_waited_for() {
    let server = MockServer::start().await;
    task("status").respond_with(Script::new([running(), no_such_task()])).expect(2).mount(&server).await;
    let error = client(&server).wait(&upid(), &budget()).await.unwrap_err();
    assert!(matches!(error, ApiError::TaskLost { .. }), "{error}");
}

#[tokio::test]
async fn a_task_outlives_the_wait_and_a_silent_node() {
    let server = MockServer::start().await;
    let silent = || ResponseTemplate::new(595);
    task("status")
        .respond_with(Script::new([running(), silent(), silent(), silent(), running()]))
        .mount(&server)
        .await;
    let error = client(&server).wait(&upid(), &Budget::within(Duration::from_secs(5))).await.unwrap_err();
    let ApiError::TaskUnfinished { upid: still, .. } = &error else { panic!("{error}") };
    assert_eq!(**still, upid());
    assert!(error.is_interrupted() && error.may_have_taken_effect());
    assert!(error.to_string().contains("qmclone"), "says what was waited for: {error}");
    let cancelled = Budget::unlimited();
    cancelled.cancel.cancel();
    let error = client(&server).wait(&upid(), &cancelled).await.unwrap_err();
    assert!(matches!(error, ApiError::TaskUnfinished { .. }), "{error}");
}

#[tokio::test]
async fn work_whose_task_got_no_lock_is_started_again() {
    let server = MockServer::start().await;
    let lock = "can't lock file '/var/lock/qemu-server/lock-300.conf' - got timeout";
    task("status").respond_with(Script::new([ended(lock), ended("OK")])).mount(&server).await;
    task("log")
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": [], "total": 0})))
        .mount(&server)
        .await;
    api("POST", "/nodes/pve/qemu/300/clone")
        .and(body_string("newid=301&name=full1&full=1&storage=local"))
        .respond_with(data(json!(UPID)))
        .expect(2)
        .mount(&server)
        .await;
    let (client, budget) = (client(&server), budget());
    let (source, clone) = (
        GuestRef::qemu("pve", 300),
        CloneGuest {
            newid: 301,
            name: Some("full1".into()),
            full: Some(true),
            storage: Some("local".into()),
            ..CloneGuest::default()
        },
    );
    let noted = Arc::new(AtomicUsize::new(0));
    let _place = client.begin_work(["node:pve", "storage:local", "guest:300"], &budget).await.unwrap();
    let dispatch = || async {
        noted.fetch_add(1, Ordering::SeqCst);
        client.clone_guest(&source, &clone, &budget).await
    };
    client.run(&budget, dispatch).await.unwrap();
    assert_eq!(noted.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn running_tasks_of_a_guest_are_found() {
    let server = MockServer::start().await;
    let other = "UPID:pve:1:2:3:qmclone:301:root@pam:";
    let backup = "UPID:pve:1:2:3:vzdump:300:root@pam:";
    api("GET", "/cluster/tasks")
        .respond_with(data(json!([
            {"upid": UPID}, {"upid": other}, {"upid": backup, "status": "RUNNING"},
            {"upid": UPID, "status": "OK", "endtime": 5},
        ])))
        .mount(&server)
        .await;
    let (client, budget) = (client(&server), budget());
    let found = async |filter| client.running_tasks(&filter, &budget).await.unwrap().len();
    assert_eq!(found(TaskFilter::default()).await, 3);
    assert_eq!(found(TaskFilter { vmid: Some(300), kinds: vec![] }).await, 2);
    assert_eq!(found(TaskFilter { vmid: Some(300), kinds: vec!["qmclone".into()] }).await, 1);
}

#[tokio::test]
async fn a_lock_timeout_is_repeated_and_a_lost_update_is_not() {
    let server = MockServer::start().await;
    let lock = refusal(500, "can't lock file '/run/lock/lxc/pve-config-310.lock' - got timeout");
    api("PUT", "/nodes/pve/lxc/310/config")
        .and(body_string("memory=222&delete=net1%2Cmp0&digest=abc"))
        .respond_with(Script::new([lock, data(json!(null))]))
        .expect(2)
        .mount(&server)
        .await;
    api("POST", "/nodes/pve/qemu/200/config")
        .respond_with(refusal(500, "checksum mismatch (file change by other user?)"))
        .expect(1)
        .mount(&server)
        .await;
    let (client, budget) = (client(&server), budget());
    let settings = Form::new().number("memory", 222);
    let container = GuestRef::lxc("pve", 310);
    let done =
        client.set_guest_config(&container, settings, &["net1", "mp0"], Some("abc"), &budget).await.unwrap();
    assert!(done.is_none());
    let machine = GuestRef::qemu("pve", 200);
    let error =
        client.set_guest_config(&machine, Form::new().flag("kvm", false), &[], Some("old"), &budget).await;
    assert!(error.unwrap_err().is(Kind::Modified));
}

#[tokio::test]
async fn a_create_that_may_have_happened_is_not_repeated() {
    let server = MockServer::start().await;
    api("POST", "/nodes/pve/qemu").respond_with(ResponseTemplate::new(596)).expect(1).mount(&server).await;
    let create = client(&server)
        .create_guest(&GuestRef::qemu("pve", 200), Form::new().text("name", "a"), &budget())
        .await;
    let error = create.unwrap_err();
    assert!(error.is(Kind::NodeTimeout) && error.may_have_taken_effect(), "{error}");
}

#[tokio::test]
async fn requests_have_the_recorded_shapes() {
    let server = MockServer::start().await;
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDD8IHY/0z2puGSFrgKrTJoLUK3ZTcH1LG5C2AEwxmjF tf@test";
    api("POST", "/nodes/pve/qemu")
        .and(body_string(
            "vmid=200&kvm=0&onboot=1&sshkeys=ssh-ed25519%2520AAAAC3NzaC1lZDI1NTE5AAAAIDD8IHY%252F0z2puGSFrgKrTJoLUK3ZTcH1LG5C2AEwxmjF%2520tf%2540test",
        ))
        .respond_with(data(json!(UPID)))
        .expect(1)
        .mount(&server)
        .await;
    api("DELETE", "/nodes/pve/qemu/200")
        .and(query_param("purge", "1"))
        .and(query_param("destroy-unreferenced-disks", "1"))
        .respond_with(data(json!(UPID)))
        .expect(1)
        .mount(&server)
        .await;
    api("PUT", "/nodes/pve/qemu/200/resize")
        .and(body_string("disk=scsi0&size=32G"))
        .respond_with(data(json!(UPID)))
        .expect(1)
        .mount(&server)
        .await;
    api("GET", "/nodes/pve/qemu/200/config")
        .and(query_param("current", "1"))
        .respond_with(data(json!({"digest": "d", "memory": "256"})))
        .expect(1)
        .mount(&server)
        .await;
    api("DELETE", "/nodes/pve/storage/local/content/local%3Aiso%2Fx.iso")
        .respond_with(data(json!(null)))
        .expect(1)
        .mount(&server)
        .await;
    let (client, budget, guest) = (client(&server), budget(), GuestRef::qemu("pve", 200));
    let settings =
        Form::new().flag("kvm", false).flag("onboot", true).text("sshkeys", encode_ssh_keys([key]));
    client.create_guest(&guest, settings, &budget).await.unwrap();
    let all = Destroy { purge: true, unreferenced_disks: true };
    client.destroy_guest(&guest, all, &budget).await.unwrap();
    client.resize_disk(&guest, "scsi0", DiskSize::gib(32).unwrap(), None, &budget).await.unwrap();
    let config = client.guest_config(&guest, ConfigView::Current, &budget).await.unwrap();
    assert_eq!((config.number("memory"), config.digest()), (Some(256), Some("d")));
    let volume: VolumeId = "local:iso/x.iso".parse().unwrap();
    assert!(client.delete_volume("pve", &volume, &budget).await.unwrap().is_none());
}

#[tokio::test]
async fn an_upload_states_its_length_and_puts_fields_before_the_file() {
    let server = MockServer::start().await;
    api("POST", "/nodes/pve/storage/local/upload")
        .respond_with(data(json!(UPID)))
        .expect(1)
        .mount(&server)
        .await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"image bytes").unwrap();
    let image = UploadImage {
        path: file.path().to_owned(),
        content: "iso".into(),
        filename: "up.iso".into(),
        checksum: None,
        progress: None,
    };
    client(&server).upload("pve", "local", &image, &budget()).await.unwrap();
    let request = &server.received_requests().await.unwrap()[0];
    assert!(request.headers.get("transfer-encoding").is_none());
    assert_eq!(request.headers["content-length"], request.body.len().to_string().as_str());
    let body = String::from_utf8_lossy(&request.body);
    let (content, file) =
        (body.find("name=\"content\"\r\n\r\niso").unwrap(), body.find("filename=\"up.iso\"").unwrap());
    assert!(content < file && body.contains("\r\n\r\nimage bytes\r\n--"));
}

#[tokio::test]
async fn a_lacking_privilege_and_a_bad_parameter_are_named() {
    let server = MockServer::start().await;
    api("GET", "/nodes/pve/network")
        .respond_with(refusal(403, "Permission check failed (/nodes/pve, Sys.Audit|Sys.Modify)"))
        .mount(&server)
        .await;
    let bad = json!({"message": "Parameter verification failed.\n", "errors": {"filename": "wrong file extension"}});
    api("GET", "/storage").respond_with(ResponseTemplate::new(400).set_body_json(bad)).mount(&server).await;
    let (client, budget) = (client(&server), budget());
    let ApiError::Refused(refusal) = client.network("pve", &budget).await.unwrap_err() else { panic!() };
    let forbidden = refusal.forbidden.unwrap();
    assert_eq!(
        (forbidden.path.as_deref(), forbidden.privileges),
        (Some("/nodes/pve"), vec!["Sys.Audit".into(), "Sys.Modify".into()])
    );
    let ApiError::Refused(refusal) = client.storage_configs(&budget).await.unwrap_err() else { panic!() };
    assert_eq!((refusal.kind, refusal.fields["filename"].as_str()), (Kind::Invalid, "wrong file extension"));
    assert!(refusal.to_string().contains("wrong file extension"));
}
