//! Who calls: client certificates and tokens of service accounts. There is no anonymous user
//! (rke2/pkg/rke2: `anonymous-auth=false`).

use std::sync::Arc;

use http::{HeaderMap, header};

use super::api::{Kube, Place};
use super::certificates;
use super::objects;
use super::serve::PeerCertificate;
use super::status::{ApiResult, Status};
use super::tokens::ISSUER;

/// A caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
}

impl Caller {
    pub(crate) fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == "system:masters")
    }
}

/// The caller of a request; 401 without a credential that counts.
pub(crate) async fn caller(
    kube: &Arc<Kube>,
    headers: &HeaderMap,
    peer: Option<&PeerCertificate>,
) -> ApiResult<Caller> {
    if let Some(token) = bearer(headers) {
        return token_caller(kube, token).await;
    }
    let subject = peer.and_then(|peer| peer.0.as_deref()).and_then(certificates::subject);
    let subject = subject.ok_or_else(Status::unauthorized)?;
    let mut groups = subject.organizations;
    groups.push("system:authenticated".to_owned());
    Ok(Caller { name: subject.common_name, groups })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A token counts while its account is there, with the same uid (serviceaccount/claims.go).
async fn token_caller(kube: &Arc<Kube>, token: &str) -> ApiResult<Caller> {
    let claims = kube.tokens.check(token).ok_or_else(Status::unauthorized)?;
    if !claims.audiences.iter().any(|audience| audience == ISSUER) {
        return Err(Status::unauthorized());
    }
    let kind = kube.kinds.named("serviceaccounts").ok_or_else(Status::unauthorized)?;
    let place = Place { kind: &kind, namespace: &claims.namespace, name: &claims.service_account };
    let account = kube.get(place).await.map_err(|_| Status::unauthorized())?;
    if objects::uid(&account) != claims.uid {
        return Err(Status::unauthorized());
    }
    Ok(Caller {
        name: format!("system:serviceaccount:{}:{}", claims.namespace, claims.service_account),
        groups: vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{}", claims.namespace),
            "system:authenticated".to_owned(),
        ],
    })
}
