//! What the plan refuses, in which words; and what only the apply can find out.

use std::fs::File;

use anyhow::Result;
use hybridops_lab::NodeState;

use crate::{Scene, iso, scene};

/// Arguments of an ISO image, as pairs to be changed.
struct Arguments(Vec<(&'static str, String)>);

impl Arguments {
    fn of(it: &Scene) -> Result<Self> {
        let sum = it.publish("tiny.iso", &iso("one"))?;
        Ok(Self(vec![
            ("nodes", "[\"pve1\"]".to_owned()),
            ("storage", "\"local\"".to_owned()),
            ("content", "\"iso\"".to_owned()),
            ("url", format!("\"{}\"", it.url("tiny.iso"))),
            ("checksum", format!("\"{sum}\"")),
        ]))
    }

    /// With these changed or added; an empty value leaves one out.
    fn with(&self, changes: &[(&'static str, String)]) -> String {
        let mut all = self.0.clone();
        for (name, value) in changes {
            all.retain(|(other, _)| other != name);
            if !value.is_empty() {
                all.push((name, value.clone()));
            }
        }
        all.iter().map(|(name, value)| format!("{name} = {value}\n")).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_is_refused_at_plan() -> Result<()> {
    let it = scene!("pve1", "pve2");
    let arguments = Arguments::of(&it)?;
    it.publish("page.iso", b"<!DOCTYPE html><html>not found</html>")?;
    it.publish("sums/SHA256SUMS", format!("{}  other.iso\n", "a".repeat(64)).as_bytes())?;
    it.publish("sums/SHA256SUMS.html", b"<html>no sums</html>")?;
    let quoted = |text: &str| format!("\"{text}\"");
    let url = |name: &str| quoted(&it.url(name));
    let none = String::new;
    let cases: Vec<(Vec<(&'static str, String)>, &str)> = vec![
        (
            vec![("nodes", "[\"pve1\", \"pve9\"]".into())],
            "The cluster has no node named \"pve9\". Its nodes are: pve1, pve2.",
        ),
        (vec![("nodes", "[]".into())], "a collection of at least 1 element"),
        (vec![("storage", quoted("nowhere"))], "The cluster has no storage named \"nowhere\""),
        (vec![("storage", quoted("local-lvm"))], "Storage local-lvm does not take ISO images"),
        (vec![("url", url("gone.iso"))], "answers with status 404"),
        (vec![("url", url("page.iso"))], "looks like a web page"),
        (vec![("content", quoted("import")), ("url", url("page.iso"))], "no qcow2, raw or vmdk disk image"),
        (vec![("content", quoted("vztmpl"))], "The URL does not tell the kind of archive"),
        (vec![("file_name", quoted("../x.iso"))], "no file name for a storage"),
        (vec![("file_name", quoted("x.qcow2"))], ".iso, .img, which is how Proxmox tells ISO images"),
        (vec![("checksum", none())], "checksum_url"),
        (vec![("checksum_url", url("SHA256SUMS"))], "checksum"),
        (vec![("checksum", quoted("sha256:abc"))], "`sha256:` or `sha512:` and the digest in hexadecimal"),
        (
            vec![("checksum", none()), ("checksum_url", url("sums/SHA256SUMS"))],
            "names 1 files, but not \"tiny.iso\"",
        ),
        (vec![("checksum", none()), ("checksum_url", url("sums/SHA256SUMS.html"))], "this is no sums file"),
        (
            vec![("checksum", none()), ("checksum_url", url("none/SHA256SUMS"))],
            "The image's checksum cannot be found",
        ),
        (vec![("transfer", quoted("pigeon"))], "transfer"),
        (vec![("url", quoted("ftp://x/tiny.iso"))], "an http:// or https:// URL"),
    ];
    for (changes, text) in cases {
        it.declare(&arguments.with(&changes))?;
        it.ws.plan()?.fails()?.says(text)?;
    }
    it.lab.set_node("pve2", NodeState::Offline);
    it.declare(&arguments.with(&[("nodes", "[\"pve1\", \"pve2\"]".into())]))?;
    it.ws.plan()?.fails()?.says("Node pve2 is offline")?;
    it.lab.set_storage_broken("local", true);
    it.declare(&arguments.with(&[]))?;
    it.ws.plan()?.fails()?.says("Storage local is not active on pve1")?;
    assert!(it.writes().is_empty(), "nothing was tried");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_does_not_fit_is_refused_at_plan() -> Result<()> {
    let it = scene!("pve1");
    let arguments = Arguments::of(&it)?;
    it.publish("huge.iso", b"")?;
    File::options().write(true).open(it.lab.dir().join("artefacts/huge.iso"))?.set_len(300 << 30)?;
    it.declare(&arguments.with(&[("url", format!("\"{}\"", it.url("huge.iso")))]))?;
    it.ws.plan()?.fails()?.says("Storage local on pve1 has no room")?.says("300.0 GiB are needed")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn lacking_privileges_are_named_at_plan() -> Result<()> {
    let mut it = scene!("pve1");
    let arguments = Arguments::of(&it)?;
    it.lab.grant("/storage/local", "ci@pve", "PVEDatastoreUser");
    let token = it.lab.add_token("ci@pve", "tf");
    it.ws.set_env("PROXMOX_VE_API_TOKEN", token);
    it.declare(&arguments.with(&[]))?;
    it.ws
        .plan()?
        .fails()?
        .says("ci@pve!tf may not store a file on storage local")?
        .says("Datastore.AllocateTemplate on /storage/local")?
        .says("Sys.Audit and Sys.Modify on /, or Sys.AccessNetwork on /nodes/pve1")?
        .says("transfer = \"provider\"")?;
    it.lab.grant("/storage/local", "ci@pve", "PVEDatastoreAdmin");
    it.ws.plan()?.fails()?.says("Sys.AccessNetwork")?.is_silent_about("AllocateTemplate on")?;
    it.declare(&arguments.with(&[("transfer", "\"provider\"".into())]))?;
    it.ws.apply()?.ok()?;
    it.ws.expect_empty_plan()?;
    it.lab.revoke("/storage/local", "ci@pve");
    it.lab.grant("/storage/local", "ci@pve", "PVEDatastoreUser");
    it.ws
        .destroy()?
        .fails()?
        .says("ci@pve!tf may not delete a file from storage local")?
        .says("Datastore.Allocate on /storage/local")?;
    assert_eq!(it.files("pve1/local").len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_apply_finds_out_leaves_nothing_behind() -> Result<()> {
    let it = scene!("pve1");
    let arguments = Arguments::of(&it)?;
    it.declare(&arguments.with(&[("checksum", format!("\"sha256:{}\"", "0".repeat(64)))]))?;
    it.ws.apply()?.fails()?.says("Nothing was kept")?.says("checksum")?;
    assert!(it.files("pve1/local").is_empty());
    assert!(it.ws.state()?.addresses().is_empty());

    it.smuggle("pve1", "local:iso/boot.iso", b"a stranger's")?;
    it.declare(&arguments.with(&[("file_name", "\"boot.iso\"".into())]))?;
    it.ws.apply()?.fails()?.says("A file of this name is there already, and it is not this image")?;
    assert_eq!(it.content("pve1", "local:iso/boot.iso")?, b"a stranger's");
    assert!(it.ws.state()?.addresses().is_empty(), "what is not ours is not tracked");

    // The same file under that name is taken: the node proved it.
    it.smuggle("pve1", "local:iso/boot.iso", &iso("one"))?;
    it.ws.apply()?.ok()?;
    it.ws.expect_empty_plan()?;
    Ok(())
}
