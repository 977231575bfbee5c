//! Whom a client trusts, against real TLS.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "helpers of tests"
)]

mod support;

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use support::{Server, client, json, quick};
use tokio_rustls::TlsAcceptor;
use transport_rest::{Budget, Cause, Class, Fingerprint, HttpVersions, Policy, Request, Trust};

struct Site {
    server: Server,
    ca: String,
    pin: Fingerprint,
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

async fn site(names: &[&str]) -> Site {
    let ca = authority();
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &ca).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let pin = Fingerprint::of(leaf.der());
    let server = Server::start_with(Some(TlsAcceptor::from(Arc::new(config))), |_, _| json("{}")).await;
    Site { server, ca: ca.pem(), pin }
}

async fn ask(site: &Site, trust: Trust) -> Result<(), transport_rest::RestError> {
    let policy = Policy { trust, versions: HttpVersions::Http1Only, ..quick() };
    let client = client(&[&site.server.url], policy, None);
    client.send(Request::post(["a"]), &Budget::unlimited()).await.map(drop)
}

fn refused(outcome: Result<(), transport_rest::RestError>, site: &Site) {
    let error = outcome.unwrap_err();
    assert!(matches!(error.cause(), Cause::Untrusted { .. }), "{error}");
    assert_eq!((error.class(), error.attempts()), (Class::TLS, 1), "an untrusted certificate is not retried");
    assert_eq!(site.server.count(), 0, "nothing was sent to an untrusted server");
}

#[tokio::test]
async fn an_authority_vouches_for_its_own_only() {
    let (site, other) = (site(&["127.0.0.1"]).await, authority().pem());
    refused(ask(&site, Trust::CaPem(other)).await, &site);
    refused(ask(&site, Trust::System).await, &site);
    ask(&site, Trust::CaPem(site.ca.clone())).await.unwrap();
}

#[tokio::test]
async fn an_authority_vouches_for_names() {
    let site = site(&["pve1.example.test"]).await;
    refused(ask(&site, Trust::CaPem(site.ca.clone())).await, &site);
}

#[tokio::test]
async fn a_pin_is_enough_and_only_the_right_one() {
    let site = site(&["whatever.example.test"]).await;
    let wrong = Fingerprint::of(b"another certificate");
    let outcome = ask(&site, Trust::Pins(vec![wrong])).await;
    let told = outcome.as_ref().unwrap_err().to_string();
    assert!(told.contains(&site.pin.to_string()), "the seen fingerprint is told: {told}");
    refused(outcome, &site);
    ask(&site, Trust::Pins(vec![wrong, site.pin])).await.unwrap();
    let text = site.pin.to_string().parse().unwrap();
    ask(&site, Trust::Pins(vec![text])).await.unwrap();
}

#[tokio::test]
async fn insecure_takes_anyone() {
    let site = site(&["whatever.example.test"]).await;
    ask(&site, Trust::Insecure).await.unwrap();
}

#[tokio::test]
async fn an_untrusted_endpoint_does_not_stop_the_next() {
    let (bad, good) = (site(&["127.0.0.1"]).await, site(&["127.0.0.1"]).await);
    let policy = Policy { trust: Trust::CaPem(good.ca.clone()), ..quick() };
    let client = client(&[&bad.server.url, &good.server.url], policy, None);
    client.send(Request::get(["a"]), &Budget::unlimited()).await.unwrap();
    assert_eq!((bad.server.count(), good.server.count()), (0, 1));
}
