//! Certificates on request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::{Value, json};

use super::super::objects::text;
use super::rig::Rig;

const RESOURCE: &str = "certificatesigningrequests.certificates.k8s.io";

fn request(name: &str, group: &str, key: &KeyPair) -> Value {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "jane");
    params.distinguished_name.push(DnType::OrganizationName, group);
    let pem = params.serialize_request(key).unwrap().pem().unwrap();
    json!({ "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": { "name": name },
        "spec": { "request": STANDARD.encode(pem), "signerName": "kubernetes.io/kube-apiserver-client",
            "expirationSeconds": 3600, "usages": ["client auth"] } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_request_becomes_a_certificate_that_is_let_in() {
    let rig = Rig::start().await;
    let url = format!("{}/apis/certificates.k8s.io/v1/certificatesigningrequests", rig.url);
    let key = KeyPair::generate().unwrap();
    let refused = rig.admin().post(&url).json(&request("root", "system:masters", &key)).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 403);
    assert!(refused.text().await.unwrap().contains("signer with system:masters group is not allowed"));
    let made: Value = rig
        .admin()
        .post(&url)
        .json(&request("jane", "ops", &key))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(made["spec"]["username"], "system:admin");
    let mut approved = made.clone();
    approved["status"]["conditions"] =
        json!([{ "type": "Approved", "status": "True", "reason": "Test", "message": "yes" }]);
    let answer = rig.admin().put(format!("{url}/jane/approval")).json(&approved).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    rig.until("the certificate", || async {
        let found = rig.client.get(RESOURCE, "", "jane").await.unwrap().unwrap();
        !text(&found, &["status", "certificate"]).is_empty()
    })
    .await;
    let found = rig.client.get(RESOURCE, "", "jane").await.unwrap().unwrap();
    let pem = String::from_utf8(STANDARD.decode(text(&found, &["status", "certificate"])).unwrap()).unwrap();
    let (_, parsed) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
    let validity = parsed.parse_x509().unwrap().validity().clone();
    let seconds = validity.not_after.timestamp() - validity.not_before.timestamp();
    assert!((3600..=3600 + 301).contains(&seconds), "{seconds}");
    let two = super::super::certificates::subject(&parsed.contents).unwrap();
    assert_eq!((two.common_name.as_str(), two.organizations.as_slice()), ("jane", &["ops".to_owned()][..]));
    let binding = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": "ops" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
        "subjects": [{ "kind": "Group", "name": "ops" }] });
    rig.client.create("clusterrolebindings.rbac.authorization.k8s.io", "", binding).await.unwrap();
    let jane = rig.http(Some((pem, key.serialize_pem())));
    rig.until("jane to be let in", || async {
        jane.get(format!("{}/api/v1/nodes", rig.url)).send().await.unwrap().status().as_u16() == 200
    })
    .await;
}
