//! Rows of the contract that only look at a server that runs.

use std::collections::BTreeMap;

use acceptance_tests::kubernetes::Distribution;
use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::server::Server;

/// What is expected, where upstream says so, and the look.
type Row = (&'static str, &'static str, fn(&Server<'_>) -> Result<()>);

/// Every row that both distributions keep.
const ROWS: [Row; 15] = [
    ("the unit notifies, restarts and leaves its children alone", "rke2: bundle/lib/systemd/system", unit),
    ("a good start is told in this order", "rke2: pkg/rke2, k3s: pkg/server", good_start),
    ("/ping answers anybody", "k3s: pkg/server/router.go", ping),
    ("the token's hash is that of the CA that /cacerts gives", "k3s: pkg/clientaccess/token.go", cacerts),
    ("agents' paths want a password", "k3s: pkg/server/auth", agents_paths),
    ("servers' paths want the servers' password", "k3s: pkg/server/auth", servers_paths),
    ("/db/info lists the members of etcd", "k3s: pkg/etcd/etcd.go", db_info),
    ("members are named after nodes", "k3s: pkg/etcd/etcd.go", member_name),
    ("etcd tells its health without TLS on loopback", "k3s: pkg/etcd/etcd.go", etcd_health),
    ("bootstrap data stands under the token's hash", "k3s: pkg/cluster/storage.go", bootstrap_key),
    ("the kubeconfig is the administrator's alone", "k3s: pkg/server/server.go", kubeconfig),
    ("the API refuses who is nobody", "facts 2.6: anonymous-auth is off", anonymous),
    ("the API is ready and tells the version", "kubernetes: /readyz, /version", version),
    ("the node says that its member votes", "k3s: pkg/etcd/etcd.go (EtcdIsVoter)", node),
    ("the node's password is kept as a Secret", "k3s: pkg/nodepassword/nodepassword.go", node_password),
];

/// Rows that only RKE2 keeps.
const OF_RKE2: [Row; 2] = [
    ("static pods run with the images of their manifests", "rke2: pkg/podexecutor, issue 4221", static_pods),
    ("bin leads to the data of this release", "rke2: pkg/bootstrap/bootstrap.go", bin),
];

/// Looks at every row, and tells all that do not hold; how many there are.
pub(crate) fn look(server: &Server<'_>) -> Result<usize> {
    let own: &[Row] = if server.distribution == Distribution::Rke2 { &OF_RKE2 } else { &[] };
    let mut broken = Vec::new();
    for (what, source, look) in ROWS.iter().chain(own) {
        if let Err(error) = look(server) {
            broken.push(format!("{what} ({source}): {error:#}"));
        }
    }
    let all = ROWS.len() + own.len();
    if !broken.is_empty() {
        bail!("{} of {all} rows do not hold:\n- {}", broken.len(), broken.join("\n- "));
    }
    Ok(all)
}

fn unit(server: &Server<'_>) -> Result<()> {
    let told = server.sh(&format!("systemctl show {}", server.distribution.server_unit()))?;
    let told: BTreeMap<&str, &str> = told.lines().filter_map(|line| line.split_once('=')).collect();
    for (property, value) in [
        ("Type", "notify"),
        ("Restart", "always"),
        ("RestartUSec", "5s"),
        ("KillMode", "process"),
        ("Delegate", "yes"),
        ("TimeoutStartUSec", "infinity"),
        ("ActiveState", "active"),
        ("SubState", "running"),
    ] {
        let found = told.get(property).copied().unwrap_or_default();
        ensure!(found == value, "{property} is {found:?}, not {value:?}");
    }
    Ok(())
}

fn good_start(server: &Server<'_>) -> Result<()> {
    let unit = server.distribution.server_unit();
    let since = server.sh(&format!("systemctl show -P InactiveExitTimestamp {unit}"))?;
    let journal = server.sh(&format!("journalctl --no-pager -o cat -u {unit} --since '{since}'"))?;
    let name = server.distribution.name();
    let (starts, is_up) = (format!("Starting {name}"), format!("{name} is up and running"));
    let order: &[&str] = match server.distribution {
        Distribution::Rke2 => &[
            &starts,
            "Pod for etcd is synced",
            "Connection to etcd is ready",
            "Kube API server is now running",
            &is_up,
        ],
        Distribution::K3s => &[&starts, "Kube API server is now running", &is_up],
    };
    let mut rest = journal.as_str();
    for line in order {
        let at = rest.find(line).with_context(|| format!("{line:?} does not follow in:\n{journal}"))?;
        rest = &rest[at..];
    }
    Ok(())
}

fn ping(server: &Server<'_>) -> Result<()> {
    let (status, body) = server.supervisor("/ping", None)?;
    ensure!((status, body.trim()) == (200, "pong"), "{status} {body:?}");
    Ok(())
}

fn cacerts(server: &Server<'_>) -> Result<()> {
    let (status, body) = server.supervisor("/cacerts", None)?;
    ensure!(status == 200 && body.contains("BEGIN CERTIFICATE"), "{status} {body:?}");
    let (hash, _) = server.token()?;
    let file = server.sh(&format!("cat {}/server/tls/server-ca.crt", server.data()))?;
    ensure!(file.trim() == body.trim(), "/cacerts is another certificate than server-ca.crt");
    // Of one certificate that signed itself: the bytes of the PEM file, which ends with a line feed.
    let sum = hex(&Sha256::digest(format!("{}\n", file.trim()).as_bytes()));
    ensure!(sum == hash, "the token says {hash}, the certificate is {sum}");
    Ok(())
}

fn path(server: &Server<'_>, rest: &str) -> String {
    format!("/v1-{}/{rest}", server.distribution.name())
}

fn agents_paths(server: &Server<'_>) -> Result<()> {
    let (_, password) = server.token()?;
    for (user, wanted) in [
        (None, 401),
        (Some("node:wrong-password".to_owned()), 401),
        (Some(format!("node:{password}")), 200),
        (Some(format!("server:{password}")), 200),
    ] {
        for rest in ["readyz", "config", "server-ca.crt", "client-ca.crt", "apiservers"] {
            let (status, _) = server.supervisor(&path(server, rest), user.as_deref())?;
            let who = user.as_deref().and_then(|user| user.split(':').next()).unwrap_or("nobody");
            ensure!(status == wanted, "{rest} as {who}: {status}, not {wanted}");
        }
    }
    Ok(())
}

fn servers_paths(server: &Server<'_>) -> Result<()> {
    let (_, password) = server.token()?;
    for rest in [path(server, "server-bootstrap"), path(server, "encrypt/status"), "/db/info".to_owned()] {
        let (status, _) = server.supervisor(&rest, None)?;
        ensure!(matches!(status, 401 | 403), "{rest} as nobody: {status}");
        let (status, body) = server.supervisor(&rest, Some(&format!("server:{password}")))?;
        ensure!(status == 200, "{rest} as server: {status} {body}");
    }
    Ok(())
}

fn db_info(server: &Server<'_>) -> Result<()> {
    let (_, password) = server.token()?;
    let (_, body) = server.supervisor("/db/info", Some(&format!("server:{password}")))?;
    for name in members(server)? {
        ensure!(body.contains(&name), "{name} is not in {body}");
    }
    Ok(())
}

fn members(server: &Server<'_>) -> Result<Vec<String>> {
    let list = server.etcd("/v3/cluster/member/list", "{}")?;
    let names = list["members"].as_array().context("members")?.iter();
    Ok(names.filter_map(|member| member["name"].as_str().map(str::to_owned)).collect())
}

fn member_name(server: &Server<'_>) -> Result<()> {
    let own = server.name()?;
    let is_own = |member: &String| {
        member
            .strip_prefix(&own)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|tail| tail.len() == 8 && tail.chars().all(|c| c.is_ascii_hexdigit()))
    };
    let members = members(server)?;
    ensure!(members.iter().any(is_own), "none of {members:?} is of {own}");
    Ok(())
}

fn etcd_health(server: &Server<'_>) -> Result<()> {
    let said = server.sh("curl -sSf --max-time 5 http://127.0.0.1:2381/health")?;
    ensure!(said.replace(' ', "").contains("\"health\":\"true\""), "{said}");
    Ok(())
}

fn bootstrap_key(server: &Server<'_>) -> Result<()> {
    let (_, password) = server.token()?;
    let sum = hex(&Sha256::digest(password.as_bytes()));
    let key = format!("/bootstrap/{}", &sum[..12]);
    let found = server.etcd("/v3/kv/range", &format!("{{\"key\":\"{}\"}}", STANDARD.encode(&key)))?;
    let value = found["kvs"][0]["value"].as_str().with_context(|| format!("there is no {key}"))?;
    let value = String::from_utf8(STANDARD.decode(value)?)?;
    let (salt, data) = value.split_once(':').context("a salt and data")?;
    ensure!(!salt.is_empty() && STANDARD.decode(data)?.len() > 12 + 16, "{key} holds no data");
    Ok(())
}

fn kubeconfig(server: &Server<'_>) -> Result<()> {
    let path = server.distribution.kubeconfig();
    let mode = server.sh(&format!("stat -c %a:%U {path}"))?;
    ensure!(mode == "600:root", "{path} is {mode}");
    let text = server.sh(&format!("sed 's/-data:.*/-data: …/' {path}"))?;
    ensure!(text.contains("server: https://127.0.0.1:6443"), "{text}");
    Ok(())
}

fn anonymous(server: &Server<'_>) -> Result<()> {
    let status =
        server.sh("curl -sk --max-time 5 -o /dev/null -w '%{http_code}' https://127.0.0.1:6443/readyz")?;
    ensure!(status == "401", "{status}");
    Ok(())
}

fn version(server: &Server<'_>) -> Result<()> {
    let program =
        server.sh(&format!("PATH=$PATH:/usr/local/bin {} --version", server.distribution.name()))?;
    let told = server.kube("/version")?["gitVersion"].as_str().unwrap_or_default().to_owned();
    ensure!(!told.is_empty() && program.contains(&told), "the API is {told:?}, the program {program:?}");
    let kubeconfig = server.distribution.kubeconfig();
    let kubectl = "PATH=$PATH:/var/lib/rancher/rke2/bin:/usr/local/bin kubectl";
    let ready = server.sh(&format!("{kubectl} --kubeconfig {kubeconfig} get --raw /readyz"))?;
    ensure!(ready == "ok", "{ready}");
    Ok(())
}

fn node(server: &Server<'_>) -> Result<()> {
    let name = server.name()?;
    let node = server.kube(&format!("/api/v1/nodes/{name}"))?;
    let conditions = node["status"]["conditions"].as_array().cloned().unwrap_or_default();
    for kind in ["Ready", "EtcdIsVoter"] {
        let is_true = conditions.iter().any(|of| of["type"] == kind && of["status"] == "True");
        ensure!(is_true, "{kind} is not True: {conditions:?}");
    }
    let prefix = format!("etcd.{}.cattle.io", server.distribution.name());
    for annotation in ["node-name", "node-address"] {
        let value = &node["metadata"]["annotations"][format!("{prefix}/{annotation}")];
        ensure!(value.is_string(), "there is no annotation {prefix}/{annotation}");
    }
    let is_server = &node["metadata"]["labels"]["node-role.kubernetes.io/control-plane"];
    ensure!(is_server == "true", "the label of a server is {is_server}");
    Ok(())
}

fn node_password(server: &Server<'_>) -> Result<()> {
    let password = server.sh("cat /etc/rancher/node/password")?;
    ensure!(password.len() >= 16, "the password of the node is short");
    let (name, distribution) = (server.name()?, server.distribution.name());
    let secret = server
        .kube(&format!("/api/v1/namespaces/kube-system/secrets/{name}.node-password.{distribution}"))?;
    ensure!(secret["data"]["hash"].is_string(), "it has no hash");
    Ok(())
}

fn static_pods(server: &Server<'_>) -> Result<()> {
    let manifests = server.sh(&format!("ls {}/agent/pod-manifests", server.data()))?;
    let pods = server.kube("/api/v1/namespaces/kube-system/pods")?;
    let name = server.name()?;
    for pod in ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        ensure!(manifests.lines().any(|file| file.starts_with(pod)), "no manifest of {pod}: {manifests}");
        let images = server.sh(&format!(
            "grep -hoE '\"?image\"?: *\"?[^\" ,]+' {}/agent/pod-manifests/{pod}.yaml | head -n 1",
            server.data()
        ))?;
        let image = images.rsplit([' ', '"']).next().unwrap_or_default().to_owned();
        let mirror = format!("{pod}-{name}");
        let runs = pods["items"].as_array().into_iter().flatten().any(|one| {
            one["metadata"]["name"] == mirror.as_str()
                && one["spec"]["containers"][0]["image"] == image.as_str()
        });
        ensure!(runs, "{mirror} does not run with {image:?}");
    }
    Ok(())
}

fn bin(server: &Server<'_>) -> Result<()> {
    let leads = server.sh(&format!("readlink -f {}/bin", server.data()))?;
    let data = format!("{}/data/", server.data());
    ensure!(leads.starts_with(&data) && leads.ends_with("/bin"), "bin leads to {leads}");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
