//! Backups: a tar of the configuration file and the volumes, packed as asked for.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::pve::cluster::Cluster;
use crate::pve::guest::{Config, Guest, random_uuid};
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::storage::{Located, inspect, qemu_img};

/// Name of the configuration inside.
const CONFIG: &str = "guest.conf";

fn failed(what: &str) -> impl Fn(std::io::Error) -> Refusal {
    let what = what.to_owned();
    move |error| Refusal::died(format!("{what}: {error}"))
}

/// A directory that goes when it is no longer needed.
struct Scratch(PathBuf);

impl Scratch {
    fn new(cluster: &Cluster) -> Outcome<Self> {
        let dir = cluster.config.root.join("tmp").join(random_uuid());
        std::fs::create_dir_all(&dir).map_err(failed("mkdir"))?;
        Ok(Self(dir))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An unpacked backup.
pub(super) struct Backup {
    pub(super) config: Config,
    /// Bytes of the archive.
    pub(super) size: u64,
    dir: Scratch,
}

impl Backup {
    /// Copies the bytes of a volume of the backup into a new one.
    pub(super) fn pour(&self, cluster: &Cluster, key: &str, target: &Located) -> Outcome<()> {
        let inside = |format: &&str| self.dir.0.join(format!("{key}.{format}"));
        let Some(format) = ["raw", "qcow2", "vmdk"].into_iter().find(|f| inside(f).exists()) else {
            return Ok(());
        };
        let from = Located { real: inside(&format), ..target.clone() };
        cluster.fill_volume(&from, format, target)
    }
}

/// Writes a backup; answers its size.
pub(super) fn write(
    cluster: &Cluster,
    guest: &Guest,
    volumes: &[(String, Located)],
    target: &Path,
) -> Outcome<u64> {
    let scratch = Scratch::new(cluster)?;
    std::fs::write(scratch.0.join(CONFIG), config_text(&guest.config)).map_err(failed("write"))?;
    let mut names = vec![CONFIG.to_owned()];
    for (key, place) in volumes {
        let name = format!("{key}.{}", place.volume.format);
        let inside = scratch.0.join(&name);
        // A linked clone's image goes in whole: its base may be gone when it is restored.
        if inspect(&place.real, Some(&place.volume.format)).is_some_and(|i| i.backing.is_some()) {
            let (from, to) = (place.real.to_string_lossy(), inside.to_string_lossy());
            let format = place.volume.format.as_str();
            qemu_img(&["convert", "-f", format, "-O", format, &from, &to])?;
        } else {
            std::os::unix::fs::symlink(&place.real, &inside).map_err(failed("link"))?;
        }
        names.push(name);
    }
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent).map_err(failed("mkdir"))?;
    }
    let partial = target.with_extension("dat");
    let done = pack(&scratch.0, &names, target, &partial);
    if done.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    done?;
    std::fs::rename(&partial, target).map_err(failed("rename"))?;
    Ok(target.metadata().map_or(0, |m| m.len()))
}

fn pack(dir: &Path, names: &[String], target: &Path, partial: &Path) -> Outcome<()> {
    let mut tar = Command::new("tar")
        .args(["--sparse", "--dereference", "-cf", "-", "-C"])
        .arg(dir)
        .args(names)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed("tar"))?;
    let file = File::create(partial).map_err(failed("create"))?;
    if let Some(out) = tar.stdout.take() {
        compress(out, file, target).map_err(failed("write"))?;
    }
    match tar.wait().map_err(failed("tar"))?.success() {
        true => Ok(()),
        false => Err(Refusal::died("command 'tar' failed")),
    }
}

fn ends(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|e| e == ending)
}

fn compress(mut from: impl Read, mut to: File, name: &Path) -> std::io::Result<()> {
    if ends(name, "zst") {
        zstd::stream::copy_encode(from, &mut to, 1)?;
    } else if ends(name, "gz") {
        let mut encoder = flate2::write::GzEncoder::new(&mut to, flate2::Compression::fast());
        std::io::copy(&mut from, &mut encoder)?;
        encoder.finish()?;
    } else {
        std::io::copy(&mut from, &mut to)?;
    }
    to.flush()
}

/// The configuration as its file has it.
pub(super) fn config_text(config: &Config) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (key, value) in config.iter().filter(|(k, _)| *k != "lock") {
        lines.push(match key.as_str() {
            // Notes of several lines stand on one.
            "description" => format!("{key}: {}", value.replace('\n', "%0A")),
            _ => format!("{key}: {value}"),
        });
    }
    lines.push(String::new());
    lines.join("\n")
}

fn parse_config(text: &str) -> Config {
    text.lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(key, value)| (key.to_owned(), value.replace("%0A", "\n")))
        .collect()
}

/// Unpacks a backup.
pub(super) fn open(cluster: &Cluster, place: &Located) -> Outcome<Backup> {
    let volid = place.volume.volid(place.storage.plugin);
    let file =
        File::open(&place.real).map_err(|_| Refusal::died(format!("volume '{volid}' does not exist")))?;
    let size = file.metadata().map_or(0, |m| m.len());
    let dir = Scratch::new(cluster)?;
    let mut tar = Command::new("tar")
        .args(["-xf", "-", "-C"])
        .arg(&dir.0)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed("tar"))?;
    if let Some(mut input) = tar.stdin.take() {
        let mut reader: Box<dyn Read> = if ends(&place.real, "zst") {
            Box::new(zstd::stream::read::Decoder::new(file).map_err(failed("read"))?)
        } else if ends(&place.real, "gz") {
            Box::new(flate2::read::MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        std::io::copy(&mut reader, &mut input).map_err(failed("unable to restore"))?;
    }
    let done = tar.wait().map_err(failed("tar"))?.success();
    let text = std::fs::read_to_string(dir.0.join(CONFIG));
    match (done, text) {
        (true, Ok(text)) => Ok(Backup { config: parse_config(&text), size, dir }),
        _ => Err(Refusal::died(format!("unable to restore '{volid}' - not a backup"))),
    }
}
