//! Data guards what it belongs to.

use acceptance_tests::kubernetes::Distribution;
use anyhow::{Result, ensure};

use crate::{NAMESPACE, addon, manifests, scene};

const RKE2: Distribution = Distribution::Rke2;

#[test]
fn data_refuses_to_be_deleted_unless_told() -> Result<()> {
    let Some((scene, a)) = scene("data_refuses_to_be_deleted_unless_told", RKE2)? else { return Ok(()) };
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\n\
                      spec:\n  group: example.com\n  scope: Namespaced\n  names: {plural: things, singular: thing, kind: Thing, listKind: ThingList}\n  \
                      versions:\n  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, \
                      x-kubernetes-preserve-unknown-fields: true}}}\n";
    let thing = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: one, namespace: web}\nspec: {colour: red}\n";
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: web}\nspec: {accessModes: \
                 [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
    let whole = addon(&a, "web").set("manifests", manifests(&[thing, definition, claim, NAMESPACE]));
    // A kind, and an object of it, in one apply.
    scene.converge(&[&whole])?;
    scene.kubectl(RKE2, &a, "-n web get things.example.com one -o name")?;

    // Taken out of the configuration, and destroyed: refused, and nothing was deleted.
    let smaller = whole.clone().set("manifests", manifests(&[NAMESPACE]));
    let says = ["data would be lost", "web/one", "web/data"];
    scene.refused(&[&smaller], &says)?;
    scene.kubectl(RKE2, &a, "-n web get persistentvolumeclaim data -o name")?;
    scene.declare(&[&whole])?;
    scene.ws.destroy()?.fails()?.says("data would be lost")?;
    scene.kubectl(RKE2, &a, "-n web get things.example.com one -o name")?;

    scene.converge(&[&smaller.text("on_destroy", "delete")])?;
    let left = scene.kubectl(RKE2, &a, "get crd things.example.com --ignore-not-found -o name")?;
    ensure!(left.is_empty(), "{left}");

    // Kept: only forgotten.
    let kept = addon(&a, "web").set("manifests", manifests(&[NAMESPACE])).text("on_destroy", "keep");
    scene.converge(&[&kept])?;
    scene.ws.destroy()?.ok()?;
    scene.kubectl(RKE2, &a, "get namespace web -o name")?;
    Ok(())
}
