//! What cannot be meant.

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::Result;

fn data(storage: &str, more: &str) -> String {
    format!("data \"hybridops_walg_recovery_window\" \"it\" {{\n  storage = {storage}\n  {more}\n}}\n")
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_asked() -> Result<()> {
    if !terraform_or_skip("what_cannot_be_meant_is_refused_before_anything_is_asked")? {
        return Ok(());
    }
    let ws = Workspace::ready(&[Provider::hybridops()?])?;
    let s3 = r#"{ s3 = { prefix = "s3://walg/db01", endpoint = "http://127.0.0.1:9" } }"#;
    for (storage, more, says) in [
        (r#"{ s3 = { prefix = "walg/db01" } }"#, "", "s3://bucket/folder"),
        (r#"{ s3 = { prefix = "s3://walg/../db01" } }"#, "", "`..`"),
        (r#"{ file = { prefix = "backup" } }"#, "", "absolute path"),
        (r#"{ file = { prefix = "/srv/a" }, gcs = { prefix = "gs://walg/a" } }"#, "", "gcs"),
        (s3, r#"target = { lsn = "3000028" }"#, "0/3000028"),
        (s3, r#"target = { time = "yesterday" }"#, "target.time"),
        (s3, r#"target = { xid = 7, name = "x" }"#, "name"),
    ] {
        ws.write("main.tf", &data(storage, more))?;
        ws.validate()?.fails()?.says(says)?;
    }
    // Neither section nor environment has credentials: both ways are named.
    ws.write("main.tf", &data(s3, ""))?;
    ws.plan()?.fails()?.says("access_key_id")?.says("AWS_ACCESS_KEY_ID")?;
    // A directory of another machine needs the way to it.
    ws.write("main.tf", &data(r#"{ sftp = { prefix = "ssh://nas/srv/walg" } }"#, ""))?;
    ws.plan()?.fails()?.says("machine")?;
    Ok(())
}
