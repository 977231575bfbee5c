//! Requests for client certificates: signed once they are approved
//! (kubernetes/pkg/controller/certificates/{signer,cleaner}).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use time::OffsetDateTime;

use super::super::objects::{self, at, list, name, number, parse_time, set, text};
use super::super::status::ApiResult;
use super::context::Context;

pub(crate) const WAKES: &[&str] = &["certificatesigningrequests/"];
const RESOURCE: &str = "certificatesigningrequests.certificates.k8s.io";
const SIGNER: &str = "kubernetes.io/kube-apiserver-client";
/// cluster-signing-duration
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);
/// Requests that are done are cleared away after an hour.
const KEPT: time::Duration = time::Duration::hours(1);

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    for request in context.all(RESOURCE) {
        let created = parse_time(text(&request, &["metadata", "creationTimestamp"]));
        let signed = !text(&request, &["status", "certificate"]).is_empty();
        let refused = objects::is_true(&request, "Denied") || objects::is_true(&request, "Failed");
        if (signed || refused) && created.is_some_and(|created| OffsetDateTime::now_utc() - created > KEPT) {
            context.client.delete(RESOURCE, "", name(&request)).await?;
        }
        if signed || refused || text(&request, &["spec", "signerName"]) != SIGNER {
            continue;
        }
        if objects::is_true(&request, "Approved") {
            sign(&context, &request).await?;
        }
    }
    Ok(None)
}

async fn sign(context: &Context, request: &serde_json::Value) -> ApiResult<()> {
    let seconds = number(request, &["spec", "expirationSeconds"])
        .map_or(LONGEST, |s| Duration::from_secs(s.unsigned_abs()));
    let usages = list(request, &["spec", "usages"]);
    let pem = STANDARD
        .decode(text(request, &["spec", "request"]))
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let signed = if usages.iter().any(|usage| usage == "client auth") {
        pem.ok_or_else(|| "the request is not PEM".to_owned()).and_then(|pem| {
            context.kube.authority.sign_client(&pem, seconds.min(LONGEST)).map_err(|error| error.to_string())
        })
    } else {
        Err("usages did not contain [client auth]".to_owned())
    };
    context
        .client
        .modify(RESOURCE, "", name(request), "status", |request| match &signed {
            Ok(certificate) => set(request, &["status", "certificate"], json!(STANDARD.encode(certificate))),
            Err(why) if at(request, &["status", "certificate"]).is_null() => {
                objects::set_condition(request, "Failed", "True", "SignerValidationFailure", why);
            }
            Err(_) => {}
        })
        .await?;
    Ok(())
}
