//! Ephemeral `hybridops_kubeconfig`.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::json;
use tf_framework::{
    Computed, Diagnostics, EphemeralContext, EphemeralResource, Field, GoDuration, Model, Opened, Result,
    Sensitive,
};
use tf_value::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use transport_ssh::{Budget, Secret, told};
use x509_parser::pem::parse_x509_pem;

use super::request::Request;
use crate::api::{ApiError, Delete, Kube, kinds};
use crate::client::{Kubernetes, budget};
use crate::link::{ClusterLink, Link};

/// Access to a cluster that ends by itself: a client certificate of a user of your choice, or a token of a service account,
/// for minutes or hours.
///
/// The administrator's credentials stay on the server; what comes out can do what RBAC lets that user or service account
/// do, and nothing of it is in the plan or the state.
#[derive(Clone, Model)]
pub struct KubeconfigAccess {
    /// The way to the cluster.
    cluster: ClusterLink,
    /// User that the certificate is for. RBAC knows it by this name.
    #[attr(validate(length(1..), exactly_one_of(service_account)))]
    user: Option<String>,
    /// Groups of the user. `system:masters` is refused by the cluster.
    #[attr(validate(required_with(user)))]
    groups: Option<BTreeSet<String>>,
    /// Service account that the token is of.
    service_account: Option<ServiceAccountRef>,
    /// How long it is good for, at least `10m`, such as `1h`. The cluster may give less.
    ttl: Option<GoDuration>,
    /// Address that the kubeconfig names, `https://host:port`: the registration address or a load balancer. The server's
    /// own, with port 6443, unless set. It must be among the names of the API's certificate (`tls_san`).
    #[attr(validate(matches(
        r"^https://[A-Za-z0-9.:\[\]-]+$",
        "an address such as `https://rke2.example.net:6443`"
    )))]
    server_address: Option<String>,
    /// The kubeconfig, YAML.
    #[attr(sensitive)]
    kubeconfig: Computed<Sensitive<String>>,
    /// Address of the API.
    host: Computed<String>,
    /// The authority that signs the API's certificate, PEM.
    cluster_ca_certificate: Computed<String>,
    /// The client certificate, PEM. Null for a service account.
    #[attr(sensitive)]
    client_certificate: Computed<Option<Sensitive<String>>>,
    /// Its key, PEM. Null for a service account.
    #[attr(sensitive)]
    client_key: Computed<Option<Sensitive<String>>>,
    /// The token. Null for a user.
    #[attr(sensitive)]
    token: Computed<Option<Sensitive<String>>>,
    /// When it ends, RFC 3339.
    expires_at: Computed<String>,
}

/// A service account.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct ServiceAccountRef {
    /// Its namespace.
    namespace: String,
    /// Its name.
    name: String,
    /// Who the token is for. The API unless set.
    audiences: Option<Vec<String>>,
}

/// What was granted.
enum Granted {
    Certificate { certificate: String, key: Secret },
    Token(Secret),
}

/// Life of what is granted, unless set otherwise.
const USUAL: Duration = Duration::from_secs(3600);

/// The shortest that the API signs for.
const SHORTEST: Duration = Duration::from_secs(600);

/// The group that may do everything.
const MASTERS: &str = "system:masters";

/// How long the cluster may take to sign.
const SIGNING: Duration = Duration::from_secs(60);

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

impl EphemeralResource for KubeconfigAccess {
    const NAME: &'static str = "kubeconfig";
    const SUBCATEGORY: &'static str = "Kubernetes";
    type Client = Kubernetes;
    type Private = ();

    fn validate(config: &KubeconfigAccessPartial, diagnostics: &mut Diagnostics) {
        if let Field::Known(ttl) = &config.ttl
            && ttl.length() < SHORTEST
        {
            let detail = "The cluster signs for ten minutes at least: set `10m` or more.";
            diagnostics.extend(Diagnostics::error_at(at("ttl"), "The life is too short", detail));
        }
        let mut groups = config.groups.known().into_iter().flatten();
        if groups.any(|group| group.known().is_some_and(|group| group == MASTERS)) {
            diagnostics.extend(masters());
        }
    }

    async fn open(cx: &mut EphemeralContext<Self>, config: Self) -> Result<Opened<Self, ()>> {
        let budget = budget(cx);
        let link = config.cluster.open(&*cx.client()?, &at("cluster"), &budget).await?;
        let life = config.ttl.as_ref().map_or(USUAL, GoDuration::length);
        let (granted, end) = match (&config.user, &config.service_account) {
            (Some(user), _) => config.certificate(&link.kube, user, life, &budget).await?,
            (None, Some(account)) => token(&link.kube, account, life, &budget).await?,
            (None, None) => {
                return Err(Diagnostics::error_at(
                    at("user"),
                    "Nobody is named",
                    "Set `user` or `service_account`.",
                ));
            }
        };
        Ok(Opened { value: config.filled(&link, &granted, &end), renew_at: None, private: () })
    }
}

fn masters() -> Diagnostics {
    Diagnostics::error_at(
        at("groups"),
        "The cluster signs nobody into `system:masters`",
        "Bind `cluster-admin`, or less, to a group or user of your own by a ClusterRoleBinding, and name that one.",
    )
}

impl KubeconfigAccess {
    async fn certificate(
        &self,
        kube: &Kube,
        user: &str,
        life: Duration,
        budget: &Budget,
    ) -> Result<(Granted, String)> {
        let groups = self.groups.clone().unwrap_or_default();
        if groups.contains(MASTERS) {
            return Err(masters());
        }
        let request = Request::new(user, &groups);
        let request = request.map_err(|error| {
            Diagnostics::error("The certificate could not be asked for", format!("{error}."))
        })?;
        let name = format!("hybridops-{}", unique());
        let signed = sign(kube, &name, &request.pem, life, budget).await;
        // What was signed stays good; the request is of no more use to anybody.
        let rest = Budget::within(Duration::from_secs(10));
        let removed = kube.delete(&kinds::SIGNING_REQUEST, None, &name, &Delete::default(), &rest).await;
        if let Err(error) = removed {
            tracing::warn!(%error, name, "a request for a certificate is left in the cluster");
        }
        let certificate = signed?;
        let end = end_of(&certificate).ok_or_else(|| {
            Diagnostics::error(
                "The certificate cannot be read",
                "The cluster signed something that is no certificate.",
            )
        })?;
        Ok((Granted::Certificate { certificate, key: request.key }, end))
    }

    fn filled(self, link: &Link, granted: &Granted, end: &str) -> Self {
        let port = if self.cluster.server.is_some() { 6443 } else { link.kubeconfig.port };
        let host = if link.host.contains(':') { format!("[{}]", link.host) } else { link.host.clone() };
        let host = self.server_address.clone().unwrap_or_else(|| format!("https://{host}:{port}"));
        let authority = link.kubeconfig.authorities.clone();
        let text = written(&host, &authority, granted);
        let shown = |secret: &Secret| Some(Sensitive::new(secret.expose().to_owned()));
        let (certificate, key, token) = match granted {
            Granted::Certificate { certificate, key } => {
                (Some(Sensitive::new(certificate.clone())), shown(key), None)
            }
            Granted::Token(token) => (None, None, shown(token)),
        };
        Self {
            kubeconfig: Computed::Known(Sensitive::new(text)),
            host: Computed::Known(host),
            cluster_ca_certificate: Computed::Known(authority),
            client_certificate: Computed::Known(certificate),
            client_key: Computed::Known(key),
            token: Computed::Known(token),
            expires_at: Computed::Known(end.to_owned()),
            ..self
        }
    }
}

/// A kubeconfig of one cluster, one user and one context.
fn written(host: &str, authority: &str, granted: &Granted) -> String {
    let user = match granted {
        Granted::Certificate { certificate, key } => format!(
            "client-certificate-data: {}\n    client-key-data: {}",
            STANDARD.encode(certificate),
            STANDARD.encode(key.expose())
        ),
        Granted::Token(token) => format!("token: {}", token.expose()),
    };
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: default\nclusters:\n- name: default\n  cluster:\n    server: {host}\n    \
         certificate-authority-data: {}\ncontexts:\n- name: default\n  context:\n    cluster: default\n    user: default\n\
         users:\n- name: default\n  user:\n    {user}\n",
        STANDARD.encode(authority)
    )
}

/// Has a request signed by the cluster.
async fn sign(kube: &Kube, name: &str, request: &str, life: Duration, budget: &Budget) -> Result<String> {
    let kind = &kinds::SIGNING_REQUEST;
    let failed = |what: &'static str| move |error: ApiError| not_granted(what, &error);
    let body = json!({
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": name},
        "spec": {"signerName": "kubernetes.io/kube-apiserver-client", "expirationSeconds": life.as_secs(),
            "usages": ["client auth"], "request": STANDARD.encode(request)},
    });
    let made = kube
        .create(kind, None, &body, budget)
        .await
        .map_err(failed("The certificate could not be asked for"))?;
    let mut approved = made.0;
    let condition = json!([{"type": "Approved", "status": "True", "reason": "HybridOps",
        "message": "Asked for by the administrator's own credentials"}]);
    if let Some(object) = approved.as_object_mut() {
        object.insert("status".to_owned(), json!({"conditions": condition}));
        // Lists and answers to creations may leave them out.
        object.entry("apiVersion").or_insert_with(|| "certificates.k8s.io/v1".into());
        object.entry("kind").or_insert_with(|| "CertificateSigningRequest".into());
    }
    let approval = kube.part(Method::PUT, kind, (None, name), "approval", &approved, budget).await;
    approval.map_err(failed("The certificate could not be approved"))?;
    let patience = budget.shortened(SIGNING);
    loop {
        let now =
            kube.get(kind, None, name, budget).await.map_err(failed("The certificate could not be read"))?;
        let now = now.ok_or_else(|| {
            Diagnostics::error("The certificate was not signed", "Somebody deleted the request for it.")
        })?;
        if let Some(refused) = now.conditions().iter().find(|it| it.kind == "Failed" || it.kind == "Denied") {
            return Err(Diagnostics::error(
                "The certificate was not signed",
                format!("{}.", refused.message),
            ));
        }
        let certificate =
            STANDARD.decode(now.text("/status/certificate")).ok().filter(|bytes| !bytes.is_empty());
        if let Some(text) = certificate.and_then(|bytes| String::from_utf8(bytes).ok()) {
            return Ok(text);
        }
        let slept = patience.sleep(Duration::from_millis(300), || "the cluster to sign".to_owned()).await;
        slept.map_err(|why| {
            let detail = format!("{why}. The controller manager signs: see that it runs on a server.");
            Diagnostics::error("The certificate was not signed", detail)
        })?;
    }
}

async fn token(
    kube: &Kube,
    account: &ServiceAccountRef,
    life: Duration,
    budget: &Budget,
) -> Result<(Granted, String)> {
    let body = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": {"expirationSeconds": life.as_secs(), "audiences": account.audiences.clone().unwrap_or_default()},
    });
    let of = (Some(account.namespace.as_str()), account.name.as_str());
    let answer = kube.part(Method::POST, &kinds::SERVICE_ACCOUNT, of, "token", &body, budget).await;
    let answer = answer.map_err(|error| {
        if error.is_not_found() {
            let detail = format!("There is no service account {}/{}.", account.namespace, account.name);
            return Diagnostics::error_at(at("service_account"), "No token was given", detail);
        }
        not_granted("No token was given", &error)
    })?;
    let text = answer.text("/status/token");
    if text.is_empty() {
        return Err(Diagnostics::error("No token was given", "The answer of the API holds none."));
    }
    Ok((Granted::Token(Secret::new(text)), answer.text("/status/expirationTimestamp").to_owned()))
}

fn not_granted(summary: &str, error: &ApiError) -> Diagnostics {
    Diagnostics::error(summary, format!("{}.", told(error).trim_end_matches('.')))
}

/// When a certificate ends, RFC 3339.
fn end_of(certificate: &str) -> Option<String> {
    let (_, pem) = parse_x509_pem(certificate.as_bytes()).ok()?;
    let parsed = pem.parse_x509().ok()?;
    let end = OffsetDateTime::from_unix_timestamp(parsed.validity().not_after.timestamp()).ok()?;
    end.format(&Rfc3339).ok()
}

/// A name that nobody else has.
fn unique() -> String {
    let mut bytes = [0_u8; 8];
    // Without entropy there would be no key either; a name taken is refused by the cluster.
    if getrandom::fill(&mut bytes).is_err() {
        bytes = OffsetDateTime::now_utc().unix_timestamp().to_be_bytes();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kubeconfig;

    #[test]
    fn what_is_written_can_be_read() {
        let granted = Granted::Token(Secret::new("a.b-c_d"));
        let text = written("https://rke2.lab:6443", "-----BEGIN CERTIFICATE-----\n", &granted);
        let read = Kubeconfig::parse(&text).unwrap();
        assert_eq!((read.host.as_str(), read.port), ("rke2.lab", 6443));
        assert_eq!(read.bearer().unwrap().expose(), "Bearer a.b-c_d");
    }
}
