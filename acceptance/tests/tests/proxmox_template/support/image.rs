//! A small real disk image: a file system made by `mke2fs`, converted by `qemu-img`, once per run of the tests.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use acceptance_tests::terraform_or_skip;
use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256, Sha512};

/// Where this is `1` a missing `qemu-img` or `mke2fs` is a failure.
const REQUIRE: &str = "HYBRIDOPS_REQUIRE_QEMU_IMG";

/// The image in all the forms publishers give it.
pub(crate) struct Image {
    directory: tempfile::TempDir,
    /// Published file by name.
    pub(crate) files: BTreeMap<&'static str, Vec<u8>>,
}

/// The image; `None`, said aloud, where the programs are missing that these tests need.
pub(crate) fn image_or_skip(test: &str) -> Result<Option<&'static Image>> {
    static IMAGE: OnceLock<Result<Image, String>> = OnceLock::new();
    if !terraform_or_skip(test)? {
        return Ok(None);
    }
    for program in ["qemu-img", "mke2fs"] {
        if Command::new(program).arg("-V").output().is_err() {
            if std::env::var_os(REQUIRE).is_some_and(|value| value == "1") {
                bail!("there is no {program}, and {REQUIRE}=1");
            }
            writeln!(std::io::stderr(), "SKIPPED {test}: there is no {program}")?;
            return Ok(None);
        }
    }
    match IMAGE.get_or_init(|| Image::make().map_err(|error| format!("{error:#}"))) {
        Ok(image) => Ok(Some(image)),
        Err(error) => bail!("the image cannot be made: {error}"),
    }
}

impl Image {
    fn make() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let at = |name: &str| directory.path().join(name);
        let root = at("root");
        std::fs::create_dir_all(root.join("etc"))?;
        std::fs::write(root.join("etc/hostname"), "image\n")?;
        // Something that does not compress, so that a lost block shows.
        let noise: Vec<u8> = (0..6000_u64).flat_map(|n| Sha256::digest(n.to_le_bytes())).collect();
        std::fs::write(root.join("noise"), noise)?;
        let raw = at("disk.raw");
        run("mke2fs", &["-q", "-t", "ext2", "-d", text(&root), text(&raw), "1M"])?;
        let qcow2 = at("disk.qcow2");
        run("qemu-img", &["convert", "-f", "raw", "-O", "qcow2", text(&raw), text(&qcow2)])?;
        // Another release of the same: one file differs.
        std::fs::write(root.join("etc/hostname"), "another\n")?;
        let (other_raw, other) = (at("other.raw"), at("other.qcow2"));
        run("mke2fs", &["-q", "-t", "ext2", "-d", text(&root), text(&other_raw), "1M"])?;
        run("qemu-img", &["convert", "-f", "raw", "-O", "qcow2", text(&other_raw), text(&other)])?;
        let raw = std::fs::read(&raw)?;
        let mut xz = xz2::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(&raw)?;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&raw)?;
        let files = BTreeMap::from([
            ("disk.qcow2", std::fs::read(&qcow2)?),
            ("other.qcow2", std::fs::read(&other)?),
            ("disk.raw.xz", xz.finish()?),
            ("disk.raw.gz", gz.finish()?),
            ("disk.raw", raw),
        ]);
        Ok(Self { directory, files })
    }

    /// `sha256:…` of a published file.
    pub(crate) fn checksum(&self, name: &str) -> String {
        format!("sha256:{}", hex(&Sha256::digest(&self.files[name])))
    }

    /// `sha512:…` of a published file.
    pub(crate) fn checksum512(&self, name: &str) -> String {
        format!("sha512:{}", hex(&Sha512::digest(&self.files[name])))
    }

    /// A disk must hold the image's bytes; what it is larger must be zeroes.
    pub(crate) fn expect_on(&self, disk: &Path, image: &str) -> Result<()> {
        let ours = self.directory.path().join(image);
        let format = |path: &Path| match path.extension().and_then(|extension| extension.to_str()) {
            Some("qcow2") => "qcow2",
            _ => "raw",
        };
        run("qemu-img", &["compare", "-U", "-f", format(&ours), "-F", format(disk), text(&ours), text(disk)])
            .with_context(|| format!("{} does not hold {image}", disk.display()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(find(program)).args(arguments).output().context(program.to_owned())?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    bail!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&said));
}

/// `mke2fs` is often in a directory that only root searches.
fn find(program: &str) -> PathBuf {
    let places = ["/usr/sbin", "/sbin"].map(|place| Path::new(place).join(program));
    places.into_iter().find(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(program))
}
