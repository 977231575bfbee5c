//! Uploads.

use crate::pve::call::Call;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::subdir;
use crate::pve::tasks;

pub(super) fn upload(call: &Call) -> Outcome {
    let params = &call.params;
    let content = params.need("content")?.to_owned();
    let Some(spooled) = &call.upload else {
        return Err(Refusal::param("tmpfilename", "property is missing and it is not optional"));
    };
    let spool = spooled.path.clone();
    let prepared = prepare(call, &content);
    let (storage, name) = match prepared {
        Ok(found) => found,
        Err(refusal) => {
            // The spooled file goes with the request.
            let _ = std::fs::remove_file(&spool);
            return Err(refusal);
        }
    };
    let dir = subdir(&content).unwrap_or("import");
    let real = call.cluster.storage_dir(call.node(), &storage).join(dir).join(&name);
    let target = format!("{}/{dir}/{name}", storage.path);
    let (shown, size) = (spooled.shown.clone(), spooled.size);
    let sum = params.str("checksum").map(str::to_owned);
    let algorithm = params.str("checksum-algorithm").unwrap_or("sha256").to_owned();
    let upid = tasks::spawn(&call.cluster, &call.principal, call.node(), "imgcopy", "", move |worker| {
        let failed = |error: std::io::Error| Refusal::died(format!("import failed: {error}"));
        worker.log(format!("starting file import from: {shown}"));
        if let Some(expected) = sum {
            worker.log("calculating checksum...");
            let got = super::checksum(&spool, &algorithm)?;
            if !got.eq_ignore_ascii_case(&expected) {
                let _ = std::fs::remove_file(&spool);
                return Err(Refusal::died(format!("checksum mismatch: got '{got}' != expect '{expected}'")));
            }
            worker.log("OK, checksum verified");
        }
        worker.log(format!("target node: {}", worker.node()));
        worker.log(format!("target file: {target}"));
        worker.log(format!("file size is: {size}"));
        worker.log(format!("command: cp -- {shown} {target}"));
        worker.work()?;
        if let Some(parent) = real.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        std::fs::copy(&spool, &real).map_err(failed)?;
        let _ = std::fs::remove_file(&spool);
        worker.log("finished file import successfully");
        Ok(())
    });
    Ok(upid.into())
}

fn prepare(call: &Call, content: &str) -> Outcome<(crate::pve::storage::Storage, String)> {
    let storage = super::file_storage(call, content)?;
    let name = super::normalise_filename(call.params.need("filename")?);
    super::check_extension(content, &name)?;
    Ok((storage, name))
}
