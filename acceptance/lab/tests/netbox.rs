//! The NetBox stand-in over HTTP: faults, tokens and permissions, allocations side by side, versions, speed.

// A test says aloud what it skips, and fails where it must.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hybridops_lab::{
    Effect, Lab, LabConfig, NetBox, NetBoxConfig, NetBoxServer, NetBoxVersion, RequestFault, TokenKind,
    conformance,
};
use serde_json::{Value, json};

async fn lab(version: NetBoxVersion) -> NetBoxServer {
    NetBoxServer::start(&NetBoxConfig { version, ..NetBoxConfig::default() }).await.expect("starts")
}

fn netbox(lab: &NetBoxServer) -> &NetBox {
    lab
}

struct Client {
    base: String,
    token: String,
    http: reqwest::Client,
}

impl Client {
    fn new(netbox: &NetBox) -> Self {
        Self::with(netbox, netbox.token())
    }

    fn with(netbox: &NetBox, token: &str) -> Self {
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { base: netbox.url().to_owned(), token: token.to_owned(), http }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let scheme = if self.token.starts_with("nbt_") { "Bearer" } else { "Token" };
        let request = self.http.request(method, format!("{}{path}", self.base));
        request.header("Authorization", format!("{scheme} {}", self.token))
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<(u16, Value), reqwest::Error> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }
}

fn fault(method: &str, path: &str, effect: Effect) -> RequestFault {
    RequestFault { method: method.into(), path: path.into(), nth: 1, times: 1, effect }
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_replay() {
    let Some(fixtures) = conformance::netbox::fixtures() else {
        eprintln!("SKIPPED: no recordings found (shared/fixtures/netbox): conformance is not checked here");
        return;
    };
    let report = conformance::netbox::replay(&fixtures).await.expect("the replay runs");
    println!("{report}");
    assert_eq!(report.unexplained(), 0, "differences without a reason:\n{report}");
    assert!(report.equal() >= 617, "too little was compared: {}", report.equal());
}

/// A recording that says something else is told apart: the replay can fail.
#[tokio::test(flavor = "multi_thread")]
async fn a_different_answer_is_noticed() {
    let Some(fixtures) = conformance::netbox::fixtures() else {
        eprintln!(
            "SKIPPED: no recordings found (shared/fixtures/netbox): the replay itself is not checked here"
        );
        return;
    };
    let altered = tempfile::tempdir().expect("a directory");
    for entry in std::fs::read_dir(&fixtures).expect("recordings") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "json") {
            std::fs::copy(&path, altered.path().join(path.file_name().expect("a name"))).expect("copied");
        }
    }
    let path = altered.path().join("crud-tag.json");
    let text = std::fs::read_to_string(&path).expect("a recording");
    std::fs::write(&path, text.replace("\"weight\": 1000", "\"weight\": 999")).expect("written");
    let report = conformance::netbox::replay(altered.path()).await.expect("the replay runs");
    assert_eq!(report.unexplained(), 3, "{report}");
}

#[test]
fn the_table_is_what_the_documents_give() {
    let Some(fixtures) = conformance::netbox::fixtures() else {
        eprintln!("SKIPPED: no documents found (shared/fixtures/netbox): the table is not checked here");
        return;
    };
    let documents = NetBoxVersion::all().map(|version| {
        let packed = std::fs::read(fixtures.join(format!("openapi-{version}.json.gz"))).expect("a document");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut text)
            .expect("gzip");
        text
    });
    let table = hybridops_lab::netbox_table(&documents).expect("the documents can be reduced");
    let kept = include_str!("../data/netbox/table.json");
    assert!(
        table == kept,
        "data/netbox/table.json is out of date: run `hybridops-lab netbox-table` and commit"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_strike_before_and_after_the_work() {
    let lab = lab(NetBoxVersion::V4_6).await;
    let netbox = netbox(&lab);
    let client = Client::new(netbox);
    let make = |slug: &str| Some(json!({ "name": slug, "slug": slug }));
    let sites = "/api/dcim/sites/";
    netbox.faults().add(fault("POST", "^/api/dcim/sites/$", Effect::DropBefore)).expect("armed");
    assert!(client.call("POST", sites, make("a")).await.is_err());
    assert_eq!(netbox.count("dcim/sites"), 0);
    netbox.faults().add(fault("POST", "^/api/dcim/sites/$", Effect::DropAfter)).expect("armed");
    assert!(client.call("POST", sites, make("a")).await.is_err());
    assert_eq!(netbox.count("dcim/sites"), 1);
    let status = Effect::StatusAfter { status: 502, message: "bad gateway".into() };
    netbox.faults().add(fault("POST", "sites", status)).expect("armed");
    let (status, body) = client.call("POST", sites, make("b")).await.expect("answers");
    assert_eq!((status, body, netbox.count("dcim/sites")), (502, json!({ "detail": "bad gateway" }), 2));
    netbox.faults().add(fault("GET", "", Effect::Truncate)).expect("armed");
    assert!(client.call("GET", sites, None).await.is_err());
    netbox
        .faults()
        .add(fault("GET", "", Effect::HtmlPage { status: 503, title: "Maintenance".into() }))
        .expect("armed");
    let (status, page) = client.call("GET", sites, None).await.expect("answers");
    assert!(status == 503 && page.as_str().is_some_and(|p| p.contains("<title>Maintenance</title>")));
    let location = "https://sso.example.com/login".to_owned();
    netbox.faults().add(fault("GET", "", Effect::Redirect { location: location.clone() })).expect("armed");
    let response = client.request("GET", sites).send().await.expect("answers");
    assert_eq!(
        (response.status().as_u16(), response.headers()["location"].to_str().ok()),
        (302, Some(location.as_str()))
    );
    netbox.faults().add(fault("GET", "", Effect::Delay { millis: 120 })).expect("armed");
    let started = Instant::now();
    assert_eq!(client.call("GET", sites, None).await.expect("answers").0, 200);
    assert!(started.elapsed() >= Duration::from_millis(120));
    assert_eq!(netbox.journal().counts()["POST /api/dcim/sites/"], 3);
    let first = &netbox.journal().all()[0];
    assert_eq!((first.status, first.fault.is_some()), (0, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_stay_out_of_the_log() {
    let lab = lab(NetBoxVersion::V4_6).await;
    let netbox = netbox(&lab);
    let client = Client::new(netbox);
    let body = json!({ "name": "w", "payload_url": "http://x/", "secret": "canary" });
    assert_eq!(client.call("POST", "/api/extras/webhooks/", Some(body)).await.expect("answers").0, 201);
    let log = serde_json::to_string(&netbox.journal().all()).expect("JSON");
    assert!(log.contains("payload_url") && !log.contains("canary") && !log.contains(netbox.token()));
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_are_per_type_action_and_object() {
    let lab = lab(NetBoxVersion::V4_6).await;
    let netbox = netbox(&lab);
    let tenant = netbox.insert("tenancy/tenants", json!({ "name": "t", "slug": "t" })).expect("made");
    let mine = netbox
        .insert("dcim/sites", json!({ "name": "mine", "slug": "mine", "tenant": tenant }))
        .expect("made");
    let other = netbox.insert("dcim/sites", json!({ "name": "other", "slug": "other" })).expect("made");
    let user = netbox.add_user("tf", "secret");
    let client = Client::with(netbox, &netbox.add_token(user, TokenKind::V1));
    let site = |id: u64| format!("/api/dcim/sites/{id}/");
    let forbidden = (403, json!({ "detail": "You do not have permission to perform this action." }));
    assert_eq!(client.call("GET", &site(mine), None).await.expect("answers"), forbidden);
    netbox.grant(user, &["dcim.site"], &["view", "change", "add"], &json!({ "tenant__slug": "t" }));
    assert_eq!(client.call("GET", &site(mine), None).await.expect("answers").0, 200);
    assert_eq!(client.call("GET", &site(other), None).await.expect("answers").0, 404);
    let (_, page) = client.call("GET", "/api/dcim/sites/", None).await.expect("answers");
    assert_eq!(page["count"], 1);
    let change = Some(json!({ "description": "x" }));
    assert_eq!(client.call("PATCH", &site(mine), change.clone()).await.expect("answers").0, 200);
    assert_eq!(client.call("DELETE", &site(mine), None).await.expect("answers"), forbidden);
    // An object made outside the constraint is taken back.
    let outside = Some(json!({ "name": "n", "slug": "n" }));
    assert_eq!(client.call("POST", "/api/dcim/sites/", outside).await.expect("answers").0, 403);
    assert_eq!(netbox.count("dcim/sites"), 2);
    // A reference by attributes needs the right to see its target, one by id does not.
    let by = |tenant: Value| Some(json!({ "tenant": tenant }));
    assert_eq!(client.call("PATCH", &site(mine), by(json!({ "slug": "t" }))).await.expect("answers").0, 400);
    assert_eq!(client.call("PATCH", &site(mine), by(json!(tenant))).await.expect("answers").0, 200);
    let reader = Client::with(netbox, &netbox.add_token(1, TokenKind::ReadOnly));
    assert_eq!(reader.call("GET", &site(other), None).await.expect("answers").0, 200);
    assert_eq!(reader.call("PATCH", &site(other), change).await.expect("answers"), forbidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_allocations_at_once_are_two_hundred_addresses() {
    let lab = lab(NetBoxVersion::V4_6).await;
    let netbox = netbox(&lab);
    let prefix = netbox.insert("ipam/prefixes", json!({ "prefix": "10.0.0.0/24" })).expect("made");
    let path = format!("/api/ipam/prefixes/{prefix}/available-ips/");
    let calls = (0..200).map(|n| {
        let (client, path) = (Client::new(netbox), path.clone());
        async move { client.call("POST", &path, Some(json!({ "description": format!("{n}") }))).await }
    });
    let answers = futures::future::join_all(calls).await;
    let addresses: BTreeSet<String> = answers
        .into_iter()
        .map(|answer| {
            let (status, body) = answer.expect("answers");
            assert_eq!(status, 201, "{body}");
            body["address"].as_str().expect("an address").to_owned()
        })
        .collect();
    assert_eq!(addresses.len(), 200);
    let client = Client::new(netbox);
    let (_, rest) = client.call("POST", &path, Some(json!(vec![json!({}); 54]))).await.expect("answers");
    assert_eq!(rest.as_array().map(Vec::len), Some(54));
    let full = client.call("POST", &path, Some(json!({}))).await.expect("answers");
    assert_eq!(
        full,
        (409, json!({ "detail": "Insufficient resources are available to satisfy the request" }))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_objects_are_listed_fast() {
    let lab = lab(NetBoxVersion::V4_6).await;
    let netbox = netbox(&lab);
    for slug in ["a", "b"] {
        netbox.insert("extras/tags", json!({ "name": slug, "slug": slug })).expect("made");
    }
    let site = netbox.insert("dcim/sites", json!({ "name": "s", "slug": "s" })).expect("made");
    let bodies: Vec<Value> = (0..1000)
        .map(|n| {
            json!({ "prefix": format!("10.{}.{}.0/24", n / 250, n % 250), "scope_type": "dcim.site", "scope_id": site,
                    "tags": [{ "slug": "a" }, { "slug": "b" }] })
        })
        .collect();
    netbox.call("POST", "/api/ipam/prefixes/", Some(json!(bodies))).expect("made");
    let client = Client::new(netbox);
    for path in ["/api/ipam/prefixes/?start=0&limit=1000", "/api/ipam/prefixes/?limit=0"] {
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let started = Instant::now();
            let response = client.request("GET", path).send().await.expect("answers");
            let bytes = response.bytes().await.expect("a body");
            best = best.min(started.elapsed());
            let page: Value = serde_json::from_slice(&bytes).expect("JSON");
            assert_eq!(page["results"].as_array().map(Vec::len), Some(1000));
        }
        println!("{path}: {best:?}");
        assert!(best < Duration::from_millis(100), "{path} takes {best:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn components_are_born_with_their_device() {
    let lab = lab(NetBoxVersion::V4_6).await;
    let netbox = netbox(&lab);
    let put = |kind: &str, data: Value| netbox.insert(kind, data).expect("made");
    let maker = put("dcim/manufacturers", json!({ "name": "m", "slug": "m" }));
    let model = put("dcim/device-types", json!({ "manufacturer": maker, "model": "x", "slug": "x" }));
    for name in ["eth0", "eth1"] {
        put("dcim/interface-templates", json!({ "device_type": model, "name": name, "type": "1000base-t" }));
    }
    let power = put("dcim/power-port-templates", json!({ "device_type": model, "name": "psu" }));
    put("dcim/power-outlet-templates", json!({ "device_type": model, "name": "out", "power_port": power }));
    put("dcim/module-bay-templates", json!({ "device_type": model, "name": "bay", "position": "3" }));
    let module_type = put("dcim/module-types", json!({ "manufacturer": maker, "model": "card" }));
    put(
        "dcim/interface-templates",
        json!({ "module_type": module_type, "name": "card{module}/0", "type": "10gbase-t" }),
    );
    let role = put("dcim/device-roles", json!({ "name": "r", "slug": "r" }));
    let site = put("dcim/sites", json!({ "name": "s", "slug": "s" }));
    let device =
        put("dcim/devices", json!({ "name": "d", "device_type": model, "role": role, "site": site }));
    let names = |kind: &str| -> Vec<String> {
        netbox.objects(kind).iter().map(|o| o["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names("dcim/interfaces"), ["eth0", "eth1"]);
    assert_eq!(netbox.objects("dcim/power-outlets")[0]["power_port"]["name"], "psu");
    assert_eq!(netbox.object("dcim/devices", device).expect("there")["interface_count"], 2);
    let bay = netbox.objects("dcim/module-bays")[0]["id"].clone();
    put("dcim/modules", json!({ "device": device, "module_bay": bay, "module_type": module_type }));
    assert_eq!(names("dcim/interfaces"), ["eth0", "eth1", "card3/0"]);
    netbox.remove("dcim/devices", device).expect("removed");
    assert_eq!(
        netbox.count("dcim/interfaces") + netbox.count("dcim/modules") + netbox.count("dcim/power-ports"),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_differ_as_observed() {
    for version in NetBoxVersion::all() {
        let lab = lab(version).await;
        let netbox = netbox(&lab);
        let client = Client::new(netbox);
        let response = client.request("GET", "/api/status/").send().await.expect("answers");
        assert_eq!(response.headers()["api-version"].to_str().ok(), Some(version.feature()));
        let choices = json!({ "name": "c", "extra_choices": [["a", "A"]] });
        let set = netbox.insert("extras/custom-field-choice-sets", choices).expect("made");
        let field =
            json!({ "name": "pick", "type": "select", "object_types": ["dcim.site"], "choice_set": set });
        netbox.insert("extras/custom-fields", field).expect("made");
        let body = json!({ "name": "s", "slug": "s", "bogus": 1, "changelog_message": "why",
                           "custom_fields": { "pick": "a" } });
        let response = client.request("POST", "/api/dcim/sites/").json(&body).send().await.expect("answers");
        assert_eq!(response.headers().contains_key("etag"), version >= NetBoxVersion::V4_6);
        let site: Value = response.json().await.expect("JSON");
        let shown =
            if version >= NetBoxVersion::V4_7 { json!({ "value": "a", "label": "A" }) } else { json!("a") };
        assert_eq!(site["custom_fields"]["pick"], shown, "{version}");
        let log = netbox
            .call("GET", "/api/core/object-changes/?changed_object_type=dcim.site", None)
            .expect("a log");
        let kept = if version >= NetBoxVersion::V4_4 { json!("why") } else { Value::Null };
        let told = log["results"][0].get("message").cloned().unwrap_or_default();
        assert_eq!(told, kept, "{version}");
        let page = netbox.call("GET", "/api/dcim/sites/?start=0&limit=1", None).expect("a page");
        assert_eq!(page["count"].is_null(), version >= NetBoxVersion::V4_6);
        netbox.insert("extras/tags", json!({ "name": "t", "slug": "t" })).expect("made");
        let tagged =
            netbox.change("dcim/sites", 1, json!({ "add_tags": [{ "slug": "t" }] })).expect("changed");
        assert_eq!(
            tagged["tags"].as_array().map(Vec::len),
            Some(usize::from(version >= NetBoxVersion::V4_6))
        );
        let group = json!({ "name": "g", "slug": "g", "vid_ranges": [[5, 9]] });
        let group = netbox.call("POST", "/api/ipam/vlan-groups/", Some(group)).expect("made");
        let ranges = if version <= NetBoxVersion::V4_3 { json!([[5, 8]]) } else { json!([[5, 9]]) };
        assert_eq!(group["vid_ranges"], ranges, "{version}");
        assert_eq!(netbox.object("ipam/vlan-groups", 1).expect("there")["vid_ranges"], json!([[5, 9]]));
        let bad = json!([{ "name": "x", "slug": "x" }, { "name": "y" }]);
        let refusal = netbox.call("POST", "/api/dcim/sites/", Some(bad)).expect_err("refused");
        assert_eq!(refusal.body.is_array(), version < NetBoxVersion::V4_7);
        let types = |app: &str| netbox.call("GET", &format!("/api/{app}/object-types/"), None).is_ok();
        assert_eq!(
            (types("core"), types("extras")),
            (version >= NetBoxVersion::V4_4, version <= NetBoxVersion::V4_4)
        );
        assert_eq!(netbox.token().starts_with("nbt_"), version >= NetBoxVersion::V4_5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_interfaces_are_written_where_the_version_lets_them() {
    for version in [NetBoxVersion::V4_1, NetBoxVersion::V4_2, NetBoxVersion::V4_7] {
        let lab = lab(version).await;
        let netbox = netbox(&lab);
        let put = |kind: &str, data: Value| netbox.insert(kind, data).expect("made");
        let kind = put("virtualization/cluster-types", json!({ "name": "c", "slug": "c" }));
        let cluster = put("virtualization/clusters", json!({ "name": "c", "type": kind }));
        let machine = put("virtualization/virtual-machines", json!({ "name": "vm", "cluster": cluster }));
        let body = json!({ "virtual_machine": machine, "name": "eth0", "mac_address": "02:00:00:00:00:0a" });
        let id = put("virtualization/interfaces", body);
        let shown = netbox.object("virtualization/interfaces", id).expect("there")["mac_address"].clone();
        let kept = if version == NetBoxVersion::V4_2 { Value::Null } else { json!("02:00:00:00:00:0A") };
        assert_eq!(shown, kept, "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_type_is_served_like_any_other() {
    let lab = lab(NetBoxVersion::V4_2).await;
    let client = Client::new(netbox(&lab));
    let path = "/api/plugins/lab/widgets/";
    let (status, made) =
        client.call("POST", path, Some(json!({ "name": "w", "size": 3 }))).await.expect("answers");
    assert_eq!((status, &made["size"], &made["display"]), (201, &json!(3), &json!("w")));
    let (_, page) = client.call("GET", "/api/plugins/lab/widgets/?name__ic=W", None).await.expect("answers");
    assert_eq!(page["count"], 1);
    let (status, _) =
        client.call("PATCH", &format!("{path}1/"), Some(json!({ "size": null }))).await.expect("answers");
    assert_eq!(status, 200);
    assert_eq!(client.call("DELETE", &format!("{path}1/"), None).await.expect("answers").0, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_uploaded_and_long_request_lines_refused() {
    let lab = lab(NetBoxVersion::V4_6).await;
    let netbox = netbox(&lab);
    let client = Client::new(netbox);
    let site = netbox.insert("dcim/sites", json!({ "name": "s", "slug": "s" })).expect("made");
    let image = reqwest::multipart::Part::bytes(vec![1, 2, 3]).file_name("front.png");
    let form = reqwest::multipart::Form::new()
        .text("object_type", "dcim.site")
        .text("object_id", site.to_string())
        .text("name", "front")
        .part("image", image);
    let response = client
        .request("POST", "/api/extras/image-attachments/")
        .multipart(form)
        .send()
        .await
        .expect("answers");
    let (status, made) = (response.status().as_u16(), response.json::<Value>().await.expect("JSON"));
    assert_eq!(status, 201, "{made}");
    assert!(made["image"].as_str().is_some_and(|url| url.ends_with("/media/front.png")), "{made}");
    let long = "/api/dcim/sites/?".to_owned() + &"id=1&".repeat(1000);
    let (status, page) = client.call("GET", &long, None).await.expect("answers");
    assert!(status == 400 && page.as_str().is_some_and(|p| p.contains("Request Line is too large")));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_at_once_are_whole_or_not_at_all() {
    let lab = lab(NetBoxVersion::V4_6).await;
    let netbox = netbox(&lab);
    let calls = (0..60).map(|n| {
        let client = Client::new(netbox);
        // Every third list has a member that is refused, every list a shared name among its own.
        let last = if n % 3 == 0 {
            json!({ "name": "x" })
        } else {
            json!({ "name": format!("b{n}"), "slug": format!("b{n}") })
        };
        let body = json!([{ "name": format!("a{n}"), "slug": format!("a{n}") }, last]);
        async move { client.call("POST", "/api/dcim/sites/", Some(body)).await.expect("answers").0 }
    });
    let statuses = futures::future::join_all(calls).await;
    assert_eq!(statuses.iter().filter(|s| **s == 201).count(), 40);
    assert_eq!(netbox.count("dcim/sites"), 80);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laboratory_has_one_beside() {
    let netbox = NetBoxConfig { version: NetBoxVersion::V4_2, ..NetBoxConfig::default() };
    let lab = Lab::start(LabConfig { netbox: Some(netbox), ..LabConfig::default() }).await.expect("starts");
    let environment = lab.environment();
    assert_eq!(environment.get("NETBOX_SERVER_URL").map(String::as_str), lab.netbox_url());
    let netbox = lab.netbox().expect("a NetBox");
    assert_eq!(environment["NETBOX_API_TOKEN"], netbox.token());
    // The same handles over HTTP, as tests in other processes use them.
    let http = reqwest::Client::new();
    let control = |path: &str| format!("{}/netbox/{path}", lab.control_url());
    let post = |path: &str, body: Value| http.post(control(path)).json(&body).send();
    let made = json!({ "method": "POST", "path": "/api/extras/tags/", "body": { "name": "a", "slug": "a" } });
    assert_eq!(post("call", made.clone()).await.expect("answers").status().as_u16(), 200);
    assert_eq!(post("call", made).await.expect("answers").status().as_u16(), 400);
    assert_eq!(netbox.count("extras/tags"), 1);
    let armed = json!({ "method": "GET", "path": "", "effect": { "kind": "html_page", "status": 502, "title": "x" } });
    assert!(post("faults", armed).await.expect("answers").status().is_success());
    let client = Client::new(netbox);
    assert_eq!(client.call("GET", "/api/", None).await.expect("answers").0, 502);
    assert_eq!(client.call("GET", "/api/", None).await.expect("answers").0, 200);
    let counts: Value =
        http.get(control("counts")).send().await.expect("answers").json().await.expect("JSON");
    assert_eq!(counts, json!({ "GET /api/": 2 }));
    post("reset", Value::Null).await.expect("answers");
    assert!(netbox.journal().all().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_look_along_references() {
    let lab = lab(NetBoxVersion::V4_6).await;
    let netbox = netbox(&lab);
    let put = |kind: &str, data: Value| netbox.insert(kind, data).expect("made");
    let emea = put("dcim/regions", json!({ "name": "EMEA", "slug": "emea" }));
    let se = put("dcim/regions", json!({ "name": "SE", "slug": "se", "parent": emea }));
    let site = put("dcim/sites", json!({ "name": "sto", "slug": "sto", "region": se }));
    let far = put("dcim/sites", json!({ "name": "far", "slug": "far" }));
    let hall = put("dcim/locations", json!({ "name": "hall", "slug": "hall", "site": site }));
    let maker = put("dcim/manufacturers", json!({ "name": "m", "slug": "m" }));
    let model = put("dcim/device-types", json!({ "manufacturer": maker, "model": "x", "slug": "x" }));
    let role = put("dcim/device-roles", json!({ "name": "r", "slug": "r" }));
    for (name, at) in [("d1", site), ("d2", far)] {
        let device =
            put("dcim/devices", json!({ "name": name, "device_type": model, "role": role, "site": at }));
        let interface =
            put("dcim/interfaces", json!({ "device": device, "name": "eth0", "type": "virtual" }));
        put(
            "ipam/ip-addresses",
            json!({ "address": format!("10.0.0.{device}/24"),
            "assigned_object_type": "dcim.interface", "assigned_object_id": interface }),
        );
    }
    let vrf = put("ipam/vrfs", json!({ "name": "v", "rd": "1:1" }));
    for (prefix, kind, id, vrf) in [
        ("10.0.0.0/16", "dcim.site", site, Value::Null),
        ("10.0.1.0/24", "dcim.location", hall, Value::Null),
        ("10.0.1.0/24", "dcim.region", se, json!(vrf)),
    ] {
        put("ipam/prefixes", json!({ "prefix": prefix, "scope_type": kind, "scope_id": id, "vrf": vrf }));
    }
    let count = |path: &str| {
        let page = netbox.call("GET", &format!("/api/{path}"), None);
        page.unwrap_or_else(|refusal| panic!("{path}: {refusal}"))["count"].as_u64().expect("a count")
    };
    for (path, wanted) in [
        ("dcim/sites/?region=emea", 1),
        ("dcim/sites/?region__n=emea", 1),
        ("dcim/devices/?region=emea", 1),
        ("dcim/devices/?manufacturer=m", 2),
        ("dcim/interfaces/?site=sto", 1),
        ("dcim/interfaces/?region=emea&device_role=r", 1),
        ("dcim/interfaces/?device=d1&device=d2", 2),
        ("ipam/ip-addresses/?device=d2", 1),
        ("ipam/ip-addresses/?parent=10.0.0.0/24&assigned=true", 2),
        ("ipam/prefixes/?site=sto", 2),
        ("ipam/prefixes/?region=emea", 3),
        ("ipam/prefixes/?location=hall", 1),
        ("ipam/prefixes/?vrf=1:1", 1),
        ("ipam/prefixes/?vrf_id=null", 2),
        ("ipam/prefixes/?within=10.0.0.0/16", 2),
        ("ipam/prefixes/?contains=10.0.1.7&depth=1", 1),
        ("ipam/prefixes/?mask_length__lte=16&family=4", 1),
        ("dcim/sites/?name__isw=ST&status=active", 1),
        ("dcim/sites/?id=1&id=2&id=99", 2),
        ("dcim/sites/?nonsense=1", 2),
    ] {
        assert_eq!(count(path), wanted, "{path}");
    }
    let refused = |path: &str| netbox.call("GET", &format!("/api/{path}"), None).expect_err("refused").body;
    assert!(refused("dcim/sites/?region=mars")["region"].is_array());
    assert!(refused("dcim/sites/?tenant_id=99")["tenant_id"].is_array());
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_are_mapped_from_both_sides() {
    let lab = lab(NetBoxVersion::V4_6).await;
    let netbox = netbox(&lab);
    let put = |kind: &str, data: Value| netbox.insert(kind, data).expect("made");
    let maker = put("dcim/manufacturers", json!({ "name": "m", "slug": "m" }));
    let model = put("dcim/device-types", json!({ "manufacturer": maker, "model": "x", "slug": "x" }));
    let role = put("dcim/device-roles", json!({ "name": "r", "slug": "r" }));
    let site = put("dcim/sites", json!({ "name": "s", "slug": "s" }));
    let device =
        put("dcim/devices", json!({ "name": "d", "device_type": model, "role": role, "site": site }));
    let port = |name: &str| json!({ "device": device, "name": name, "type": "lc", "positions": 2 });
    let rear = put("dcim/rear-ports", port("rear"));
    let mut front = port("front");
    front["rear_ports"] = json!([{ "position": 1, "rear_port": rear, "rear_port_position": 2 }]);
    let front = put("dcim/front-ports", front);
    let seen = netbox.object("dcim/rear-ports", rear).expect("there")["front_ports"].clone();
    assert_eq!(seen, json!([{ "position": 2, "front_port": front, "front_port_position": 1 }]));
    netbox.change("dcim/rear-ports", rear, json!({ "front_ports": [] })).expect("changed");
    assert_eq!(netbox.object("dcim/front-ports", front).expect("there")["rear_ports"], json!([]));
}
