//! An API on loopback with a certificate authority of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::memory::MemoryStore;
use super::super::store::Store;
use crate::etcd::{EtcdClient, EtcdStore, EtcdTls};

use super::super::{AuthorityPem, Client, Kube, Settings, Timings, serve};

pub(super) struct Rig {
    pub(super) kube: Arc<Kube>,
    pub(super) client: Client,
    pub(super) url: String,
    pub(super) folder: TempDir,
    ca: String,
    _stop: DropGuard,
    _etcd: Option<tokio::process::Child>,
}

pub(super) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "rke2-client-ca");
    params.not_after = time::OffsetDateTime::now_utc() + time::Duration::days(3650);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A real etcd of one member, reached as a server of rke2 reaches its own.
async fn etcd(
    program: &str,
    folder: &Path,
    issuer: &CertifiedIssuer<'static, KeyPair>,
) -> (Arc<dyn Store>, tokio::process::Child) {
    let _again = rustls::crypto::ring::default_provider().install_default();
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, issuer).unwrap().pem();
    for (name, content) in
        [("e.crt", &certificate), ("e.key", &key.serialize_pem()), ("e-ca.crt", &issuer.pem())]
    {
        std::fs::write(folder.join(name), content).unwrap();
    }
    let at = |name: &str| folder.join(name).display().to_string();
    let (clients, peers) = (format!("https://127.0.0.1:{}", port()), format!("http://127.0.0.1:{}", port()));
    let child = tokio::process::Command::new(program)
        .args(["--name", "a", "--log-level", "error", "--logger", "zap", "--data-dir", &at("etcd")])
        .args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients])
        .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
        .args(["--initial-cluster", &format!("a={peers}"), "--unsafe-no-fsync"])
        .args(["--cert-file", &at("e.crt"), "--key-file", &at("e.key")])
        .args(["--client-cert-auth", "--trusted-ca-file", &at("e-ca.crt")])
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let tls = EtcdTls { ca: issuer.pem(), certificate, key: key.serialize_pem() };
    (Arc::new(EtcdStore(EtcdClient::new(vec![clients], &tls).unwrap())), child)
}

impl Rig {
    pub(super) async fn start() -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let issuer = authority();
        let settings = Settings {
            distribution: "rke2".to_owned(),
            version: "v1.33.4+rke2r1".to_owned(),
            node_name: "a".to_owned(),
            client_ca: AuthorityPem { certificate: issuer.pem(), key: issuer.key().serialize_pem() },
            service_account_key: KeyPair::generate().unwrap().serialize_pem(),
            manifests: Some(folder.path().join("manifests")),
            faults: folder.path().join("faults"),
            timings: Timings {
                node_grace: Duration::from_secs(4),
                pod_eviction: Duration::from_secs(2),
                pod_start: Duration::from_millis(150),
                pod_stop: Duration::from_millis(100),
                manifests_scan: Duration::from_millis(300),
                leader_lease: Duration::from_secs(4),
            },
        };
        std::fs::create_dir_all(folder.path().join("manifests")).unwrap();
        let stop = CancellationToken::new();
        let (store, etcd): (Arc<dyn Store>, _) = match std::env::var("RKE2_STANDIN_ETCD") {
            Ok(program) => {
                let (store, child) = etcd(&program, folder.path(), &issuer).await;
                (store, Some(child))
            }
            Err(_) => (Arc::new(MemoryStore::new()), None),
        };
        let kube = Kube::start(settings, store, stop.clone()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let served = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        let config = serve::server_config(&served.pem(), &key.serialize_pem(), &issuer.pem()).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        tokio::spawn(serve::serve(listener, Arc::new(config), kube.router(), stop.clone()));
        let client = kube.client("test");
        let rig = Rig { client, url, folder, ca: issuer.pem(), kube, _stop: stop.drop_guard(), _etcd: etcd };
        rig.until("the default namespace", || async {
            matches!(rig.client.get("serviceaccounts", "default", "default").await, Ok(Some(_)))
        })
        .await;
        rig
    }

    /// Waits at most ten seconds.
    pub(super) async fn until<F: Future<Output = bool>>(&self, what: &str, mut holds: impl FnMut() -> F) {
        for _ in 0..200 {
            if holds().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("in vain waited for {what}");
    }

    /// A node that reports once, now.
    pub(super) async fn node(&self, name: &str) {
        let node = json!({ "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
            "status": { "nodeInfo": { "kubeletVersion": "v1.33.4+rke2r1" }, "conditions": [
                { "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "",
                  "lastHeartbeatTime": super::super::objects::now(), "lastTransitionTime": super::super::objects::now() } ] } });
        self.client.create("nodes", "", node).await.unwrap();
    }

    /// Keeps reporting until the test ends.
    pub(super) fn heartbeats(&self, names: &'static [&'static str]) {
        let client = self.client.clone();
        tokio::spawn(async move {
            loop {
                for name in names {
                    let lease = json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": name },
                        "spec": { "holderIdentity": name, "renewTime": super::super::objects::now_micro() } });
                    let _retried = client.apply("leases.coordination.k8s.io", "kube-node-lease", lease).await;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
    }

    pub(super) fn identity(&self, name: &str, groups: &[&str]) -> (String, String) {
        self.kube.authority.issue_client(name, groups, Duration::from_secs(3600)).unwrap()
    }

    /// An HTTP client, with a certificate or without.
    pub(super) fn http(&self, identity: Option<(String, String)>) -> reqwest::Client {
        use rustls_pki_types::pem::PemObject;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(rustls_pki_types::CertificateDer::from_pem_slice(self.ca.as_bytes()).unwrap()).unwrap();
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match identity {
            Some((certificate, key)) => builder
                .with_client_auth_cert(
                    vec![rustls_pki_types::CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                    rustls_pki_types::PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                )
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        reqwest::Client::builder().tls_backend_preconfigured(config).build().unwrap()
    }

    /// An administrator over HTTP.
    pub(super) fn admin(&self) -> reqwest::Client {
        self.http(Some(self.identity("system:admin", &["system:masters"])))
    }

    /// A kubeconfig of an administrator.
    pub(super) fn kubeconfig(&self) -> PathBuf {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let (certificate, key) = self.identity("system:admin", &["system:masters"]);
        let config = json!({ "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{ "name": "c", "cluster": { "server": self.url, "certificate-authority-data": encode(&self.ca) } }],
            "users": [{ "name": "u", "user": { "client-certificate-data": encode(&certificate), "client-key-data": encode(&key) } }],
            "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }] });
        let path = self.folder.path().join("kubeconfig");
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }
}

/// Every kubectl of this machine: those named in `RKE2_STANDIN_KUBECTL` (separated by colons), or the one on the path.
pub(super) fn kubectls() -> Vec<PathBuf> {
    let named = std::env::var("RKE2_STANDIN_KUBECTL").unwrap_or_else(|_| "kubectl".to_owned());
    named
        .split(':')
        .map(PathBuf::from)
        .filter(|program| {
            Command::new(program).args(["version", "--client"]).output().is_ok_and(|o| o.status.success())
        })
        .collect()
}

/// kubectl against this API.
pub(super) struct Kubectl {
    program: PathBuf,
    config: PathBuf,
    home: PathBuf,
}

impl Kubectl {
    pub(super) fn new(rig: &Rig, program: PathBuf) -> Kubectl {
        Kubectl { program, config: rig.kubeconfig(), home: rig.folder.path().to_owned() }
    }

    pub(super) async fn run(&self, arguments: &[&str], input: Option<&str>) -> Output {
        use std::process::Stdio;
        use tokio::io::AsyncWriteExt as _;
        let mut child = tokio::process::Command::new(&self.program)
            .arg("--kubeconfig")
            .arg(&self.config)
            .args(arguments)
            .env("HOME", &self.home)
            .env("KUBECONFIG", &self.config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        if let Some(input) = input {
            stdin.write_all(input.as_bytes()).await.unwrap();
        }
        drop(stdin);
        tokio::time::timeout(Duration::from_secs(60), child.wait_with_output())
            .await
            .expect("kubectl hangs")
            .unwrap()
    }

    /// Has to succeed; what it printed.
    pub(super) async fn ok(&self, arguments: &[&str]) -> String {
        self.ok_with(arguments, None).await
    }

    pub(super) async fn ok_with(&self, arguments: &[&str], input: Option<&str>) -> String {
        let output = self.run(arguments, input).await;
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "kubectl {arguments:?}\n{out}\n{err}");
        format!("{out}{err}")
    }

    /// Has to fail; what it said.
    pub(super) async fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, None).await;
        assert!(!output.status.success(), "kubectl {arguments:?} should have failed");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    pub(super) async fn json(&self, arguments: &[&str]) -> Value {
        let out = self.ok(&[arguments, &["-o", "json"]].concat()).await;
        serde_json::from_str(&out).unwrap()
    }
}

pub(super) fn pod(name: &str, labels: &Value, node: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": labels },
        "spec": { "nodeName": node, "containers": [{ "name": "c", "image": "pause" }] } })
}
