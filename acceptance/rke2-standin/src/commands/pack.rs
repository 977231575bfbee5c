//! `rke2-standin pack --version V --out DIR`: the artefacts of a release as its page offers them (rke2 install.sh,
//! scripts/package-*; k3s's release page). The program in them is this one with a trailer.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::files::{hex, write_mode};
use crate::logline;
use crate::version::{MARK, tag};

const UNIT_SERVER: &str = include_str!("../../assets/rke2-server.service");
const UNIT_AGENT: &str = include_str!("../../assets/rke2-agent.service");
const KILLALL: &str = include_str!("../../assets/killall.sh");
const UNINSTALL: &str = include_str!("../../assets/uninstall.sh");
const SYSCTL: &str = include_str!("../../assets/cis-sysctl.conf");

/// The sets of images RKE2 is released with.
const SETS: &[&str] =
    &["", "-core", "-canal", "-calico", "-cilium", "-flannel", "-multus", "-ingress-nginx", "-traefik"];

/// Makes the files of one release.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let (version, out) = read(arguments)?;
    std::fs::create_dir_all(&out).with_context(|| format!("mkdir {}", out.display()))?;
    let program = program(&version)?;
    let mut sums = Vec::new();
    let mut add = |name: String, bytes: &[u8], mode: u32| -> anyhow::Result<()> {
        write_mode(&out.join(&name), bytes, mode)?;
        sums.push(format!("{}  {name}", hex(&Sha256::digest(bytes))));
        Ok(())
    };
    if version.contains("+k3s") {
        add("k3s".to_owned(), &program, 0o755)?;
        let list = format!(
            "docker.io/rancher/mirrored-pause:3.6\ndocker.io/rancher/klipper-helm:{}\n",
            tag(&version)
        );
        add("k3s-airgap-images-amd64.tar.zst".to_owned(), &images(&list)?, 0o644)?;
        add("k3s-images.txt".to_owned(), list.as_bytes(), 0o644)?;
    } else {
        add("rke2.linux-amd64".to_owned(), &program, 0o755)?;
        add("rke2.linux-amd64.tar.gz".to_owned(), &tarball(&program)?, 0o644)?;
        for set in SETS {
            let list = format!(
                "docker.io/rancher/hardened-kubernetes:{}-build20250814\ndocker.io/rancher/rke2-runtime{set}:{}\n",
                tag(&version),
                tag(&version)
            );
            add(format!("rke2-images{set}.linux-amd64.tar.zst"), &images(&list)?, 0o644)?;
            add(format!("rke2-images{set}.linux-amd64.txt"), list.as_bytes(), 0o644)?;
        }
    }
    write_mode(&out.join("sha256sum-amd64.txt"), sums.join("\n") + "\n", 0o644)?;
    logline::answer(format!("{version} is packed in {}", out.display()));
    Ok(())
}

fn read(arguments: &[String]) -> anyhow::Result<(String, PathBuf)> {
    let (mut version, mut out) = (None, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match (argument.as_str(), rest.next()) {
            ("--version", Some(value)) => version = Some(value.clone()),
            ("--out", Some(value)) => out = Some(PathBuf::from(value)),
            (other, _) => bail!("pack does not know {other}: pack --version v1.33.4+rke2r1 --out DIR"),
        }
    }
    let version = version.context("pack needs --version")?;
    if !version.starts_with('v') || !(version.contains("+rke2r") || version.contains("+k3s")) {
        bail!("{version} is no version of rke2 or k3s");
    }
    Ok((version, out.context("pack needs --out")?))
}

/// This program without what a debugger wants, and with the trailer.
fn program(version: &str) -> anyhow::Result<Vec<u8>> {
    let own = std::env::current_exe()?;
    let folder = std::env::temp_dir().join(format!("rke2-standin-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let bare = folder.join("bare");
    let stripped =
        Command::new("strip").arg("-o").arg(&bare).arg(&own).status().is_ok_and(|status| status.success());
    let bytes = std::fs::read(if stripped { Path::new(&bare) } else { own.as_path() });
    let _ = std::fs::remove_dir_all(&folder);
    let mut bytes = bytes.context("the program cannot be read")?;
    bytes.extend_from_slice(format!("\n{MARK}{version}\n").as_bytes());
    Ok(bytes)
}

fn images(list: &str) -> anyhow::Result<Vec<u8>> {
    let mut tar = Vec::new();
    entry(
        &mut tar,
        "manifest.json",
        0o644,
        format!("[{{\"RepoTags\":{:?}}}]", list.lines().collect::<Vec<_>>()).as_bytes(),
    )?;
    tar.extend_from_slice(&[0; 1024]);
    Ok(zstd::encode_all(tar.as_slice(), 3)?)
}

fn tarball(program: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut tar = Vec::new();
    for (name, mode, bytes) in [
        ("bin/rke2", 0o755, program),
        ("bin/rke2-killall.sh", 0o755, KILLALL.as_bytes()),
        ("bin/rke2-uninstall.sh", 0o755, UNINSTALL.as_bytes()),
        ("lib/systemd/system/rke2-server.service", 0o644, UNIT_SERVER.as_bytes()),
        ("lib/systemd/system/rke2-server.env", 0o644, b"HOME=/root\n".as_slice()),
        ("lib/systemd/system/rke2-agent.service", 0o644, UNIT_AGENT.as_bytes()),
        ("lib/systemd/system/rke2-agent.env", 0o644, b"HOME=/root\n".as_slice()),
        ("share/rke2/rke2-cis-sysctl.conf", 0o644, SYSCTL.as_bytes()),
        (
            "share/rke2/LICENSE.txt",
            0o644,
            b"A stand-in for tests; the provider's licence applies.\n".as_slice(),
        ),
    ] {
        entry(&mut tar, name, mode, bytes)?;
    }
    tar.extend_from_slice(&[0; 1024]);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&tar)?;
    Ok(packed.finish()?)
}

/// One file in a ustar archive.
fn entry(tar: &mut Vec<u8>, name: &str, mode: u32, bytes: &[u8]) -> anyhow::Result<()> {
    let mut header = Vec::with_capacity(512);
    let mut field = |text: String, width: usize| {
        let mut bytes = text.into_bytes();
        bytes.resize(width, 0);
        header.extend_from_slice(&bytes);
    };
    field(name.to_owned(), 100);
    field(format!("{mode:07o}"), 8);
    field("0000000".to_owned(), 8);
    field("0000000".to_owned(), 8);
    field(format!("{:011o}", bytes.len()), 12);
    field("00000000000".to_owned(), 12);
    field(" ".repeat(8), 8);
    field("0".to_owned(), 1);
    field(String::new(), 100);
    field("ustar\u{0}00".to_owned(), 8);
    field("root".to_owned(), 32);
    field("root".to_owned(), 32);
    field(String::new(), 183);
    anyhow::ensure!(header.len() == 512, "{name} does not fit into an archive");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header.splice(148..156, format!("{sum:06o}\u{0} ").into_bytes());
    tar.extend_from_slice(&header);
    tar.extend_from_slice(bytes);
    tar.resize(tar.len().next_multiple_of(512), 0);
    Ok(())
}
