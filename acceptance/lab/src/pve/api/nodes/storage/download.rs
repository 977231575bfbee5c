//! Downloads by the node itself, over real HTTP.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::fetch::{self, Fetched};
use crate::pve::call::Call;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::{inspect, subdir};
use crate::pve::tasks::{self, Worker};

/// What a download task is to do.
struct Job {
    url: String,
    verify: bool,
    real: PathBuf,
    shown: String,
    checksum: Option<(String, String)>,
    compression: Option<String>,
    content: String,
}

pub(super) fn metadata(call: &Call) -> Outcome {
    let url = call.params.need("url")?.to_owned();
    let verify = call.params.flag_or("verify-certificates", true);
    let found = call.cluster.runtime.block_on(fetch::head(&url, verify))?;
    Ok(json!({ "filename": found.filename, "size": found.size, "mimetype": found.mimetype }).into())
}

pub(super) fn download(call: &Call) -> Outcome {
    let params = &call.params;
    let content = params.need("content")?.to_owned();
    let storage = super::file_storage(call, &content)?;
    let name = super::normalise_filename(params.need("filename")?);
    super::check_extension(&content, &name)?;
    let dir = subdir(&content).unwrap_or("import");
    let job = Job {
        url: params.need("url")?.to_owned(),
        verify: params.flag_or("verify-certificates", true),
        real: call.cluster.storage_dir(call.node(), &storage).join(dir).join(&name),
        shown: format!("{}/{dir}/{name}", storage.path),
        checksum: params
            .str("checksum")
            .zip(params.str("checksum-algorithm"))
            .map(|(s, a)| (s.to_owned(), a.to_owned())),
        compression: params.str("compression").map(str::to_owned),
        content,
    };
    Ok(tasks::spawn(&call.cluster, &call.principal, call.node(), "download", &name, move |worker| {
        run(worker, &job)
    })
    .into())
}

fn run(worker: &Worker, job: &Job) -> Outcome<()> {
    if job.compression.is_some() && job.content != "iso" {
        return Err(Refusal::died(format!("decompression not supported for {}", job.content)));
    }
    worker.log(format!("downloading {} to {}", job.url, job.shown));
    if job.real.exists() {
        return existing(worker, job);
    }
    let temporary = PathBuf::from(format!("{}.tmp_dwnl.{}", job.real.display(), worker.pid()));
    let result = transfer(worker, job, &temporary);
    if result.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    result
}

/// A file of that name is there: good only with the right checksum.
fn existing(worker: &Worker, job: &Job) -> Outcome<()> {
    let Some((expected, algorithm)) = &job.checksum else {
        return Err(Refusal::died(format!("refusing to override existing file '{}'", job.shown)));
    };
    let got = super::checksum(&job.real, algorithm)?;
    if got.eq_ignore_ascii_case(expected) {
        worker
            .log("calculating checksum of existing file...OK, got correct file already, no need to download");
        return Ok(());
    }
    worker.log("calculating checksum of existing file...");
    Err(Refusal::died(format!("checksum mismatch: got '{got}' != expect '{expected}', aborting")))
}

fn transfer(worker: &Worker, job: &Job, temporary: &Path) -> Outcome<()> {
    let failed = |error: std::io::Error| Refusal::died(format!("unable to write '{}': {error}", job.shown));
    if let Some(parent) = job.real.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    let stamp = worker.cluster.now_text();
    worker.log(format!("--{stamp}--  {}", job.url));
    let shown_temporary = format!("{}.tmp_dwnl.{}", job.shown, worker.pid());
    let fetched =
        worker.cluster.runtime.block_on(fetch::fetch(&job.url, job.verify, temporary, &|| worker.stopped()));
    log_transfer(worker, job, &shown_temporary, &fetched);
    fetched.result?;
    worker.work()?;
    if let Some((expected, algorithm)) = &job.checksum {
        let got = super::checksum(temporary, algorithm)?;
        if !got.eq_ignore_ascii_case(expected) {
            worker.log("calculating checksum...");
            return Err(Refusal::died(format!("checksum mismatch: got '{got}' != expect '{expected}'")));
        }
        worker.log("calculating checksum...OK, checksum verified");
    }
    if let Some(algorithm) = &job.compression {
        worker.log(format!("decompressing {shown_temporary} to {}", job.shown));
        let unpacked = temporary.with_extension("unpacked");
        decompress(algorithm, temporary, &unpacked)?;
        std::fs::rename(&unpacked, temporary).map_err(failed)?;
    }
    check_image(job, temporary)?;
    std::fs::rename(temporary, &job.real).map_err(failed)?;
    worker.log(format!("download of '{}' to '{}' finished", job.url, job.shown));
    Ok(())
}

/// An image to import must be what its name says.
fn check_image(job: &Job, file: &Path) -> Outcome<()> {
    let format = job.real.extension().and_then(|e| e.to_str()).unwrap_or_default();
    if job.content == "import" && matches!(format, "qcow2" | "vmdk") && inspect(file, Some(format)).is_none()
    {
        return Err(Refusal::died(format!(
            "could not parse qemu-img info command output for '{}' - not a valid {format} image",
            job.shown
        )));
    }
    Ok(())
}

fn log_transfer(worker: &Worker, job: &Job, temporary: &str, fetched: &Fetched) {
    let host = url::Url::parse(&job.url).ok();
    let host = host.as_ref().map(|u| {
        format!("{}:{}", u.host_str().unwrap_or_default(), u.port_or_known_default().unwrap_or_default())
    });
    let host = host.unwrap_or_default();
    let Some(status) = &fetched.status else {
        worker.log(format!("Connecting to {host}... failed: Connection refused."));
        return;
    };
    worker.log(format!("Connecting to {host}... connected."));
    worker.log(format!("HTTP request sent, awaiting response... {status}"));
    let stamp = worker.cluster.now_text();
    if fetched.result.is_err() {
        let (code, reason) = status.split_once(' ').unwrap_or((status, ""));
        worker.log(format!("{stamp} ERROR {code}: {reason}."));
        return;
    }
    let size = fetched.size;
    worker.log(format!("Length: {size} ({}) [{}]", human(size), fetched.mimetype));
    worker.log(format!("Saving to: '{temporary}'"));
    worker.log("     0K                                    100%  100M=0s".to_owned());
    worker.log(format!("{stamp} (100 MB/s) - '{temporary}' saved [{size}/{size}]"));
}

fn human(size: u64) -> String {
    match size {
        0..1024 => size.to_string(),
        1024..1_048_576 => format!("{}K", (size + 512) >> 10),
        _ => format!("{}M", (size + (1 << 19)) >> 20),
    }
}

fn decompress(algorithm: &str, from: &Path, to: &Path) -> Outcome<()> {
    let failed = |error: std::io::Error| Refusal::died(format!("decompression failed: {error}"));
    if algorithm == "lzo" {
        let status = Command::new("lzop").arg("-d").arg("-o").arg(to).arg(from).status().map_err(failed)?;
        return if status.success() { Ok(()) } else { Err(Refusal::died("decompression failed: lzop")) };
    }
    let source = std::fs::File::open(from).map_err(failed)?;
    let mut target = std::fs::File::create(to).map_err(failed)?;
    let copied = match algorithm {
        "gz" => std::io::copy(&mut flate2::read::MultiGzDecoder::new(source), &mut target),
        "bz2" => std::io::copy(&mut bzip2::read::MultiBzDecoder::new(source), &mut target),
        "zst" => zstd::stream::copy_decode(source, &mut target).map(|()| 0),
        _ => return Err(Refusal::died("no decompression method found")),
    };
    copied.map(|_| ()).map_err(failed)
}
