//! An archive that PGP encrypts: proved by reading it raw, restored with the key, and not without it.

use std::process::Command;

use acceptance_tests::postgresql::{Declared, Scene};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;
use sha2::{Digest as _, Sha256};

const PASSPHRASE: &str = "canary-pgp-passphrase-6e21";
/// What a user writes into the database, and nobody may find in the archive.
const CANARY: &str = "canary-row-0b7d41ce92";

/// A private key, armoured; `None`, said aloud, where GnuPG is not here to make one.
fn key(scene: &Scene, name: &str) -> Result<Option<String>> {
    let home = tempfile::Builder::new().prefix("gpg-").tempdir()?;
    let gpg = |arguments: &[&str]| {
        Command::new("gpg")
            .args(["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", PASSPHRASE])
            .args(arguments)
            .env("GNUPGHOME", home.path())
            .output()
    };
    let wish = home.path().join("wish");
    let text = format!(
        "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign\nSubkey-Type: RSA\nSubkey-Length: 2048\nSubkey-Usage: encrypt\n\
         Name-Real: {name}\nExpire-Date: 0\nPassphrase: {PASSPHRASE}\n%commit\n"
    );
    std::fs::write(&wish, text)?;
    let Ok(made) = gpg(&["--gen-key", &wish.display().to_string()]) else {
        scene.tell("SKIPPED an_archive_encrypted_by_pgp: it needs GnuPG")?;
        return Ok(None);
    };
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let exported = gpg(&["--armor", "--export-secret-keys"])?;
    ensure!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    // Its agent would outlive the directory.
    Command::new("gpgconf").args(["--kill", "gpg-agent"]).env("GNUPGHOME", home.path()).status()?;
    Ok(Some(String::from_utf8(exported.stdout)?))
}

#[test]
fn an_archive_encrypted_by_pgp() -> Result<()> {
    let Some(mut scene) = Scene::start("an_archive_encrypted_by_pgp")? else { return Ok(()) };
    let (Some(right), Some(wrong)) = (key(&scene, "right")?, key(&scene, "wrong")?) else { return Ok(()) };
    let mut variables = String::new();
    for (name, value) in
        [("pgp_key", &right), ("wrong_key", &wrong), ("pgp_passphrase", &PASSPHRASE.to_owned())]
    {
        scene.ws.set_env(&format!("TF_VAR_{name}"), value);
        variables += &format!(
            "variable \"{name}\" {{\n  type      = string\n  ephemeral = true\n  sensitive = true\n}}\n"
        );
    }
    scene.ws.write("pgp.tf", &variables)?;
    scene.secrets.add(PASSPHRASE);
    scene.secrets.add(right.lines().nth(4).context("a line of the key")?);

    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let encryption = |key: &str| {
        format!("{{ pgp_key = var.{key}, pgp_passphrase = var.pgp_passphrase, key_version = 1 }}")
    };
    let declared = Declared::host("it", &machine)
        .backed_up(&scene.store, "db01")
        .set("backup.encryption", encryption("pgp_key"))
        .set("backup.compression", "\"none\"");
    let output = scene.converge(&[&declared])?;
    let backup = scene.ws.state()?.get(&declared.address(), "backup")?.clone();
    let fingerprint: String =
        Sha256::digest(right.trim().as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    ensure!(backup["fingerprint"] == fingerprint.as_str(), "{backup}");
    let sealed = backup["proof"]["encrypted_object"].as_str().context("a proof of the encryption")?;
    scene.tell(&format!("encrypted by PGP in {:.1} s, proved by {sealed}", output.took.as_secs_f64()))?;

    scene.sql(
        &machine,
        &format!("CREATE TABLE secrets AS SELECT '{CANARY}' || n AS text FROM generate_series(1, 2000) n"),
    )?;
    scene.exec(&machine, "runuser -u postgres -- /usr/local/lib/hybridops/hybridops-backup 15-main full")?;
    scene.sql(&machine, "SELECT pg_switch_wal()")?;
    std::thread::sleep(std::time::Duration::from_secs(5));
    let mut raw = 0;
    for (key, size) in scene.store.list("db01/")? {
        let (data, object) =
            (key.contains("/wal_005/") || key.contains("/tar_partitions/"), scene.store.object(&key)?);
        ensure!(!object.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()), "{key} can be read");
        raw += u64::from(data) * size;
    }
    ensure!(raw > 16 << 20, "the archive holds {raw} bytes of data only");
    // The same search finds it where it is not encrypted.
    let grep = format!("grep -rlF '{CANARY}' /var/lib/postgresql/15/main | wc -l");
    ensure!(scene.exec(&machine, &grep)? != "0", "the search finds nothing anywhere");

    // With another key nothing is made, and nothing is left that looks like a server.
    let spare = scene.machine("db-02", 12, TEMPLATE_POSTGRESQL)?;
    let again = |key: &str| {
        Declared::host("again", &spare)
            .backed_up(&scene.store, "db02")
            .set("restore.source.storage", scene.store.block("db01"))
            .set("restore.source.encryption", encryption(key))
            .set("restore.target", "{ latest = true }")
    };
    let before = scene.store.list("db02/")?.len();
    let refused =
        scene.refused(&[&declared, &again("wrong_key")], &["The archive cannot be read", "set the key"])?;
    scene.tell(&format!("with another key it is refused in {:.1} s", refused.took.as_secs_f64()))?;
    ensure!(
        scene.exec(&spare, "[ -e /var/lib/postgresql/15/main/PG_VERSION ] && echo there || echo none")?
            == "none"
    );
    ensure!(scene.store.list("db02/")?.len() == before, "something was archived");

    // With the right one, everything is there.
    let restored = scene.converge(&[&declared, &again("pgp_key")])?;
    ensure!(
        scene.value(&spare, &format!("SELECT count(*) FROM secrets WHERE text LIKE '{CANARY}%'"))? == "2000"
    );
    scene.tell(&format!("restored with the key in {:.1} s", restored.took.as_secs_f64()))?;
    scene.expect_no_secret(&std::collections::BTreeSet::new(), &[&machine, &spare])
}
