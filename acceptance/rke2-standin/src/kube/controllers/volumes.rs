//! Claims and volumes: bound at first use, protected while in use (kubernetes/pkg/controller/volume).

use std::time::Duration;

use serde_json::{Value, json};

use super::super::objects::{self, at, finalizers, is_deleting, list, name, namespace, set, text, uid};
use super::super::status::ApiResult;
use super::context::Context;

pub(crate) const WAKES: &[&str] = &["persistentvolume", "pods/", "storageclasses/"];
const CLAIMS: &str = "persistentvolumeclaims";
const VOLUMES: &str = "persistentvolumes";
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

pub(crate) async fn reconcile(context: Context) -> ApiResult<Option<Duration>> {
    for claim in context.all(CLAIMS) {
        let used = is_used(&context, &claim);
        if is_deleting(&claim) {
            if !used && finalizers(&claim).contains(&"kubernetes.io/pvc-protection") {
                context
                    .client
                    .finalize(CLAIMS, namespace(&claim), name(&claim), "kubernetes.io/pvc-protection")
                    .await?;
            }
        } else if text(&claim, &["status", "phase"]) != "Bound" {
            bind(&context, &claim, used).await?;
        }
    }
    for volume in context.all(VOLUMES) {
        release(&context, &volume).await?;
    }
    Ok(None)
}

fn is_used(context: &Context, claim: &Value) -> bool {
    context.all("pods").iter().filter(|pod| namespace(pod) == namespace(claim)).any(|pod| {
        let ended = matches!(text(pod, &["status", "phase"]), "Succeeded" | "Failed");
        let names = list(pod, &["spec", "volumes"]);
        !ended
            && names.iter().any(|volume| text(volume, &["persistentVolumeClaim", "claimName"]) == name(claim))
    })
}

/// The provisioner of every class but `kubernetes.io/no-provisioner` is played here.
async fn bind(context: &Context, claim: &Value, used: bool) -> ApiResult<()> {
    let asked = at(claim, &["spec", "storageClassName"]).as_str();
    let classes = context.all("storageclasses.storage.k8s.io");
    let class = classes.iter().find(|class| match asked {
        Some(asked) => name(class) == asked,
        None => objects::annotation(class, DEFAULT_CLASS) == "true",
    });
    let Some(class) = class else { return Ok(()) };
    if class["provisioner"] == "kubernetes.io/no-provisioner"
        || (class["volumeBindingMode"] == "WaitForFirstConsumer" && !used)
    {
        return Ok(());
    }
    let own = format!("pvc-{}", uid(claim));
    let capacity = at(claim, &["spec", "resources", "requests"]).clone();
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": { "name": own, "annotations": { "pv.kubernetes.io/provisioned-by": class["provisioner"] } },
        "spec": {
            "capacity": capacity, "accessModes": claim["spec"]["accessModes"], "storageClassName": name(class),
            "persistentVolumeReclaimPolicy": class["reclaimPolicy"],
            "claimRef": {
                "kind": "PersistentVolumeClaim", "namespace": namespace(claim), "name": name(claim), "uid": uid(claim),
            },
        },
    });
    context.client.ensure(VOLUMES, "", volume).await?;
    let phase = json!({ "status": { "phase": "Bound" } });
    context.client.merge_patch(VOLUMES, "", &own, "status", &phase).await?;
    let class_name = name(class).to_owned();
    context
        .client
        .modify(CLAIMS, namespace(claim), name(claim), "", |claim| {
            set(claim, &["spec", "volumeName"], json!(own));
            set(claim, &["spec", "storageClassName"], json!(class_name));
        })
        .await?;
    context
        .client
        .modify(CLAIMS, namespace(claim), name(claim), "status", |claim| {
            set(claim, &["status", "phase"], json!("Bound"));
            set(claim, &["status", "capacity"], capacity.clone());
            set(claim, &["status", "accessModes"], claim["spec"]["accessModes"].clone());
        })
        .await?;
    Ok(())
}

/// A volume without its claim is deleted or kept, as its policy says.
async fn release(context: &Context, volume: &Value) -> ApiResult<()> {
    let reference = at(volume, &["spec", "claimRef"]);
    if reference.is_null() {
        return Ok(());
    }
    let claim = context.one(CLAIMS, text(reference, &["namespace"]), text(reference, &["name"]));
    let bound = claim.is_some_and(|claim| uid(&claim) == text(reference, &["uid"]));
    if is_deleting(volume) {
        if !bound && finalizers(volume).contains(&"kubernetes.io/pv-protection") {
            context.client.finalize(VOLUMES, "", name(volume), "kubernetes.io/pv-protection").await?;
        }
        return Ok(());
    }
    if bound || text(volume, &["status", "phase"]) != "Bound" {
        return Ok(());
    }
    if text(volume, &["spec", "persistentVolumeReclaimPolicy"]) == "Delete" {
        return context.client.delete(VOLUMES, "", name(volume)).await;
    }
    let phase = json!({ "status": { "phase": "Released" } });
    context.client.merge_patch(VOLUMES, "", name(volume), "status", &phase).await?;
    Ok(())
}
