//! What lies below an object besides its status: scale, binding, token, approval, finalize, and the reviews that are
//! asked but never stored.

use std::sync::Arc;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::api::{Kube, Place, WriteOptions};
use super::auth::Caller;
use super::kinds::Kind;
use super::objects::{self, at, list, number, set, text};
use super::rbac::Action;
use super::status::{ApiResult, Status};
use super::tokens::ISSUER;

impl Kube {
    /// The `Scale` of a workload.
    pub(crate) async fn scale(&self, place: Place<'_>) -> ApiResult<Value> {
        Ok(scale_of(&self.get(place).await?))
    }

    /// Sets the replicas of a workload through its `Scale`.
    pub(crate) async fn set_scale(
        &self,
        place: Place<'_>,
        options: &WriteOptions,
        mut change: impl FnMut(&Value) -> ApiResult<Value> + Send,
    ) -> ApiResult<Value> {
        let changed = self
            .modify(place, options, |old| {
                let scale = change(&scale_of(old))?;
                let version = text(&scale, &["metadata", "resourceVersion"]);
                if !version.is_empty() && version != text(old, &["metadata", "resourceVersion"]) {
                    return Err(Status::modified(&place.kind.qualified(), place.name));
                }
                let mut new = old.clone();
                set(
                    &mut new,
                    &["spec", "replicas"],
                    json!(number(&scale, &["spec", "replicas"]).unwrap_or(0)),
                );
                Ok(new)
            })
            .await?;
        Ok(scale_of(&changed))
    }

    /// The scheduler's word (pkg/registry/core/pod/storage: BindingREST).
    pub(crate) async fn bind(&self, place: Place<'_>, binding: &Value) -> ApiResult<Value> {
        let node = text(binding, &["target", "name"]).to_owned();
        let options = WriteOptions {
            manager: "kube-scheduler".to_owned(),
            subresource: "binding".to_owned(),
            dry_run: false,
        };
        self.modify(place, &options, |pod| {
            let known = text(pod, &["spec", "nodeName"]);
            if !known.is_empty() {
                let why = format!("pod {} is already assigned to node \"{known}\"", place.name);
                return Err(Status::conflict("pods/binding", place.name, &why));
            }
            let mut bound = pod.clone();
            set(&mut bound, &["spec", "nodeName"], json!(node));
            objects::set_condition(&mut bound, "PodScheduled", "True", "", "");
            Ok(bound)
        })
        .await?;
        Ok(json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 }))
    }

    /// TokenRequest (pkg/registry/core/serviceaccount/storage/token.go).
    pub(crate) async fn request_token(&self, place: Place<'_>, request: &Value) -> ApiResult<Value> {
        let account = self.get(place).await?;
        let seconds = number(request, &["spec", "expirationSeconds"]).unwrap_or(3600);
        if seconds < 600 {
            let why = format!("Invalid value: {seconds}: may not specify a duration less than 10 minutes");
            return Err(Status::invalid(
                "TokenRequest.authentication.k8s.io",
                place.name,
                "spec.expirationSeconds",
                &why,
            ));
        }
        let mut audiences: Vec<String> = list(request, &["spec", "audiences"])
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        if audiences.is_empty() {
            audiences.push(ISSUER.to_owned());
        }
        let token = self.tokens.issue(&account, &audiences, seconds).map_err(Status::internal)?;
        let expiry = OffsetDateTime::now_utc() + time::Duration::seconds(seconds);
        Ok(json!({
            "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
            "metadata": { "name": place.name, "namespace": place.namespace, "creationTimestamp": objects::now() },
            "spec": { "audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": null },
            "status": { "token": token, "expirationTimestamp": objects::stamp(expiry) },
        }))
    }

    /// The finalizers of a namespace (pkg/registry/core/namespace/storage: FinalizeREST).
    pub(crate) async fn finalize_namespace(&self, place: Place<'_>, object: &Value) -> ApiResult<Value> {
        let options = WriteOptions { subresource: "finalize".to_owned(), ..WriteOptions::default() };
        let finalizers = at(object, &["spec", "finalizers"]).clone();
        self.modify(place, &options, |old| {
            let mut new = old.clone();
            set(&mut new, &["spec", "finalizers"], finalizers.clone());
            Ok(new)
        })
        .await
    }

    /// Requests that are answered and forgotten.
    pub(crate) async fn review(
        self: &Arc<Self>,
        caller: &Caller,
        resource: &str,
        mut review: Value,
    ) -> ApiResult<Value> {
        review["status"] = match resource {
            "selfsubjectaccessreviews" => {
                let asked = at(&review, &["spec", "resourceAttributes"]);
                let subresource = text(asked, &["subresource"]);
                let mut named = text(asked, &["resource"]).to_owned();
                if !subresource.is_empty() {
                    named = format!("{named}/{subresource}");
                }
                let action = Action {
                    verb: text(asked, &["verb"]),
                    group: text(asked, &["group"]),
                    resource: &named,
                    namespace: text(asked, &["namespace"]),
                    name: text(asked, &["name"]),
                };
                json!({ "allowed": self.authorize(caller, action).is_ok() })
            }
            "selfsubjectreviews" => {
                json!({ "userInfo": { "username": caller.name, "groups": caller.groups } })
            }
            "tokenreviews" => match self.tokens.check(text(&review, &["spec", "token"])) {
                Some(claims) => json!({ "authenticated": true, "audiences": claims.audiences, "user": {
                    "username": format!("system:serviceaccount:{}:{}", claims.namespace, claims.service_account),
                    "uid": claims.uid } }),
                None => json!({ "authenticated": false }),
            },
            _ => return Err(Status::no_such_path()),
        };
        Ok(review)
    }
}

fn scale_of(object: &Value) -> Value {
    let labels = at(object, &["spec", "selector", "matchLabels"]).as_object();
    let selector: Vec<String> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    let mut metadata = json!({});
    for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        metadata[key] = object["metadata"][key].clone();
    }
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        "spec": { "replicas": number(object, &["spec", "replicas"]).unwrap_or(0) },
        "status": {
            "replicas": number(object, &["status", "replicas"]).unwrap_or(0), "selector": selector.join(","),
        },
    })
}

/// Who asked for a certificate stands in the request, whatever the client wrote there
/// (pkg/registry/certificates/certificates/strategy.go); nobody gets one for `system:masters`
/// (plugin/pkg/admission/certificates/subjectrestriction).
pub(crate) fn stamp_request(kind: &Kind, object: &mut Value, caller: &Caller) -> ApiResult<()> {
    if kind.resource != "certificatesigningrequests" {
        return Ok(());
    }
    set(object, &["spec", "username"], json!(caller.name));
    set(object, &["spec", "groups"], json!(caller.groups));
    let own = objects::name(object).to_owned();
    let refuse = |field: &str, why: &str| Err(Status::invalid(&kind.qualified_kind(), &own, field, why));
    let pem = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD
            .decode(text(object, &["spec", "request"]))
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
    };
    let Some(subject) = pem.as_deref().and_then(super::certificates::requested_subject) else {
        return refuse("spec.request", "Invalid value: PEM block type must be CERTIFICATE REQUEST");
    };
    if number(object, &["spec", "expirationSeconds"]).is_some_and(|seconds| seconds < 600) {
        return refuse(
            "spec.expirationSeconds",
            "Invalid value: may not specify a duration less than 600 seconds (10 minutes)",
        );
    }
    if list(object, &["spec", "usages"]).is_empty() {
        return refuse("spec.usages", "Required value");
    }
    let signer = text(object, &["spec", "signerName"]);
    if signer == "kubernetes.io/kube-apiserver-client"
        && subject.organizations.iter().any(|group| group == "system:masters")
    {
        let why = format!("use of {signer} signer with system:masters group is not allowed");
        return Err(Status::forbidden(&kind.qualified(), &own, &why));
    }
    Ok(())
}
