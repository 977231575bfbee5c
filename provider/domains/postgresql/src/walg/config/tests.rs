use super::super::keys::{KEYS, Kind, find};
use super::super::model::WalG;
use super::*;
use crate::store::{FileStorage, Storage};
use tf_framework::{Computed, WriteOnly};

fn backup() -> Backup {
    Backup {
        storage: Storage {
            s3: None,
            gcs: None,
            azure: None,
            file: Some(FileStorage { prefix: "/srv/archive".to_owned() }),
            sftp: None,
        },
        credentials: None,
        credentials_version: None,
        schedule: "02:00".to_owned(),
        window: "30d".to_owned(),
        minimum_verified: 1,
        compression: Compression::Zstd,
        encryption: None,
        delta_steps: 0,
        limits: None,
        timeouts: None,
        wal_g: WalG {
            url: None,
            file: None,
            binary: Some("/usr/bin/wal-g".to_owned()),
            sha256: None,
            version: None,
        },
        metrics_directory: "/var/lib/prometheus/node-exporter".to_owned(),
        settings: BTreeMap::new(),
        fingerprint: Computed::Unknown,
        differences: Computed::Unknown,
        expired_backups: Default::default(),
        proof: Computed::Unknown,
    }
}

fn place() -> Place {
    Place {
        member: "db-01".to_owned(),
        version: 15,
        cluster: "main".to_owned(),
        layout: Layout::of_cluster(15, "main"),
        data: "/var/lib/postgresql/15/main".to_owned(),
        socket: "/var/run/postgresql".to_owned(),
        port: 5432,
        system_id: u64::MAX,
        segment: 64 << 20,
        rpo: Some(60),
        epoch_guard: false,
        is_restore: false,
    }
}

fn encrypted(encryption: Encryption) -> Backup {
    Backup { encryption: Some(encryption), ..backup() }
}

fn sodium(key: &str) -> Encryption {
    Encryption {
        libsodium_key: WriteOnly::new(key.to_owned()),
        pgp_key: WriteOnly::default(),
        pgp_passphrase: WriteOnly::default(),
        key_version: 1,
    }
}

#[test]
fn every_key_that_is_written_is_known() {
    let keys = settings(&backup(), &place());
    for name in keys.keys() {
        assert!(find(name).is_some(), "{name}");
    }
    for (name, value) in [
        ("WALG_FILE_PREFIX", "/srv/archive"),
        ("WALG_PG_WAL_SIZE", "64"),
        ("WALG_PREVENT_WAL_OVERWRITE", "true"),
        ("WALG_PREFETCH_DIR", "/var/lib/hybridops/postgresql/15-main/prefetch"),
        ("WALG_STOP_BACKUP_TIMEOUT", "3600s"),
        ("WALG_COMPRESSION_METHOD", "zstd"),
    ] {
        assert_eq!(keys.get(name).map(String::as_str), Some(value), "{name}");
    }
}

#[test]
fn a_key_of_libsodium_has_32_bytes_or_is_refused() {
    let hex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let base64 = "ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=";
    let of = |key: &str| secrets(&encrypted(sodium(key)));
    let (a, b) = (of(hex).expect("hex"), of(base64).expect("base64"));
    assert_eq!(a.fingerprint, b.fingerprint, "the same bytes are the same key");
    assert_eq!(a.keys["WALG_LIBSODIUM_KEY_TRANSFORM"].expose(), "hex");
    assert_eq!(b.keys["WALG_LIBSODIUM_KEY_TRANSFORM"].expose(), "base64");
    for bad in ["", "password", &hex[2..], "zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"]
    {
        assert_eq!(of(bad).map(drop), Err(BadKey::Libsodium), "{bad}");
    }
    assert_eq!(
        secrets(&encrypted(Encryption { libsodium_key: WriteOnly::default(), ..sodium("") })).map(drop),
        Err(BadKey::NotOne)
    );
}

#[test]
fn the_document_is_json_with_one_key_a_line() {
    let backup = encrypted(sodium("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"));
    let secrets = secrets(&backup).expect("a key");
    let text = document(&settings(&backup, &place()), &secrets);
    let json: BTreeMap<String, String> = serde_json::from_str(text.expose()).expect("JSON");
    assert_eq!(text.expose().lines().count(), json.len() + 2);
    assert_eq!(json["WALG_LIBSODIUM_KEY_TRANSFORM"], "hex");
    assert!(!format!("{secrets:?}{text:?}").contains("00112233"));
}

/// The machine masks by a pattern: it must hide every key that holds a secret, and none that is compared.
#[test]
fn the_machine_hides_what_is_secret() {
    let script = include_str!("../facts.sh");
    let pattern =
        script.split("s/^(  \"").nth(1).and_then(|rest| rest.split(").*").next()).expect("the pattern");
    let pattern = regex::Regex::new(&format!("^(  \"{pattern})")).expect("a pattern");
    for key in KEYS {
        let line = format!("  \"{}\": \"x\",", key.name);
        let hidden = key.kind == Kind::Secret || key.name == "WALG_LIBSODIUM_KEY_TRANSFORM";
        assert_eq!(pattern.is_match(&line), hidden, "{line}");
    }
}

#[test]
fn the_file_of_the_scripts_is_one_for_a_shell() {
    let place = Place { member: "it's".to_owned(), ..place() };
    let text = shell(&instance(&backup(), &place, &Done::default()));
    assert!(text.contains("HYBRIDOPS_SYSTEM_ID='18446744073709551615'\n"), "{text}");
    assert!(text.contains(r"HYBRIDOPS_MEMBER='it'\''s'"), "{text}");
    assert!(text.contains("export PGDATA='/var/lib/postgresql/15/main'\n"), "{text}");
}
