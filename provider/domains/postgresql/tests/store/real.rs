//! An archive that a real WAL-G makes of a real PostgreSQL: HYBRIDOPS_ACC_WALG names the program, or it stands where the
//! lab keeps it. Without it, without PostgreSQL 15 or without root the test says that it was skipped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use domain_postgresql::store::archive::Cache;
use domain_postgresql::store::retention::Policy;
use domain_postgresql::store::{Archive, Depth, Directory, Lsn, Store, Target, Verified, retention_run};
use time::OffsetDateTime;
use transport_ssh::Budget;

use crate::moto::{Moto, open};

const BIN: &str = "/usr/lib/postgresql/15/bin";

fn walg() -> Option<PathBuf> {
    let named = std::env::var_os("HYBRIDOPS_ACC_WALG").map(PathBuf::from);
    let usual = PathBuf::from("/var/cache/hybridops-lab/wal-g-3.0.9");
    let found = named.or(Some(usual)).filter(|path| path.exists());
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if found.is_none() || !root || !Path::new(BIN).exists() {
        eprintln!("SKIPPED: a real archive needs root, PostgreSQL 15 and WAL-G (HYBRIDOPS_ACC_WALG)");
        return None;
    }
    found
}

/// A cluster of its own below a temporary directory, archiving by WAL-G.
struct Cluster {
    directory: tempfile::TempDir,
    environment: String,
    walg: PathBuf,
    port: u16,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.data();
        let _ = self.shell(&format!("{BIN}/pg_ctl -D {data} -m immediate -w stop"));
    }
}

impl Cluster {
    fn new(walg: PathBuf, environment: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = Self { directory, environment: environment.to_owned(), walg, port };
        assert!(
            Command::new("chown").arg("postgres").arg(cluster.directory.path()).status().unwrap().success()
        );
        let (root, data) = (cluster.root(), cluster.data());
        std::fs::write(format!("{root}/environment"), cluster.settings()).unwrap();
        cluster.run(&format!("{BIN}/initdb -D {data} --data-checksums --locale=C.UTF-8 -A trust >/dev/null"));
        let archive = format!("set -a; . {root}/environment; {} wal-push %p", cluster.walg.display());
        let conf = format!(
            "port = {port}\nunix_socket_directories = '{root}'\nlisten_addresses = ''\narchive_mode = on\n\
             archive_command = '{archive}'\nfsync = off\nwal_level = replica\n",
        );
        std::fs::write(format!("{data}/conf.txt"), &conf).unwrap();
        cluster.run(&format!("cat {data}/conf.txt >> {data}/postgresql.conf"));
        cluster.run(&format!("{BIN}/pg_ctl -D {data} -l {root}/log -w start >/dev/null"));
        cluster
    }

    fn root(&self) -> String {
        self.directory.path().display().to_string()
    }

    fn data(&self) -> String {
        format!("{}/data", self.root())
    }

    fn settings(&self) -> String {
        let (root, data, port) = (self.root(), self.data(), self.port);
        format!(
            "PGDATA={data}\nPGHOST={root}\nPGPORT={port}\nPGUSER=postgres\nWALG_COMPRESSION_METHOD=lz4\n\
             WALG_DELTA_MAX_STEPS=2\n{}",
            self.environment
        )
    }

    fn shell(&self, line: &str) -> std::process::Output {
        let line = format!("cd /; set -a; . {}/environment; {line}", self.root());
        Command::new("runuser").args(["-u", "postgres", "--", "/bin/sh", "-c", &line]).output().unwrap()
    }

    fn run(&self, line: &str) -> String {
        let output = self.shell(line);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{line}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn sql(&self, query: &str) -> String {
        self.run(&format!("psql -XAtc \"{query}\" postgres"))
    }

    fn backup(&self, arguments: &str) {
        self.run(&format!("{} backup-push {arguments} {}", self.walg.display(), self.data()));
    }

    /// Ends the segment, and waits until everything is archived.
    fn archived(&self) {
        let segment = self.sql("select pg_walfile_name(pg_switch_wal())");
        for _ in 0..300 {
            let query = format!("select last_archived_wal >= '{segment}' from pg_stat_archiver");
            if self.sql(&query) == "t" {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!(
            "{segment} was not archived: {}",
            std::fs::read_to_string(format!("{}/log", self.root())).unwrap()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_archive_is_read_as_wal_g_tells_it() {
    let Some(walg) = walg() else { return };
    let Some(moto) = Moto::start().await else { return };
    let cluster = Cluster::new(
        walg,
        &format!(
            "WALG_S3_PREFIX=s3://walg/real\nAWS_ENDPOINT={}\nAWS_S3_FORCE_PATH_STYLE=true\nAWS_REGION=us-east-1\n\
             AWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=secret\n",
            moto.endpoint
        ),
    );
    cluster.sql("create table t as select generate_series(1, 1000) as id");
    cluster.backup("");
    cluster.sql("insert into t select generate_series(1, 1000)");
    cluster.backup("");
    cluster.backup("--full --permanent");
    cluster.archived();
    let store = open(&moto.endpoint, "s3://walg/real");
    let budget = Budget::unlimited();
    let archive = Archive::read(store.as_ref(), &Cache::default(), &budget).await.unwrap();
    eprintln!("read in {}", store.counters().describe());
    compare(&cluster, &archive);
    let system: u64 = cluster.sql("select system_identifier from pg_control_system()").parse().unwrap();
    assert_eq!((archive.system_id(), archive.wal_system_id), (Some(system), Some(system)));
    let found = archive.check(store.as_ref(), Depth::All, &budget).await.unwrap();
    assert!(found.is_whole() && found.checked > 3 && found.opaque == 0, "{found:?}");
    // What the server has not archived yet is what would be lost.
    let current: Lsn = cluster.sql("select pg_current_wal_lsn()").parse().unwrap();
    assert!(archive.rpo_bytes(current, None).unwrap() < 1 << 24);
    assert!(archive.reachable(&Target::Latest, None, None).is_ok());

    // One segment is lost: a hole, found by name.
    let third = &archive.backups[2];
    let lost =
        archive.wal.segment(1, archive.segment_size.number(third.start_lsn)).unwrap().object.key.clone();
    store.delete(std::slice::from_ref(&lost), &budget).await.unwrap();
    let holed = Archive::read(store.as_ref(), &Cache::default(), &budget).await.unwrap();
    let gap = holed.integrity().gaps[0];
    assert!(lost.contains(&gap.first.to_string()), "{lost} is {gap:?}");
}

/// Our reading against `backup-list --detail --json`.
fn compare(cluster: &Cluster, archive: &Archive) {
    let listed = cluster.run(&format!("{} backup-list --detail --json 2>/dev/null", cluster.walg.display()));
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.len(), 3);
    for theirs in &listed {
        let ours = archive.backup(theirs["backup_name"].as_str().unwrap()).unwrap();
        assert_eq!(theirs["start_lsn"].as_u64(), Some(ours.start_lsn.0));
        assert_eq!(theirs["finish_lsn"].as_u64(), Some(ours.finish_lsn.0));
        assert_eq!(theirs["system_identifier"].as_u64(), ours.system_id);
        assert_eq!(theirs["is_permanent"].as_bool(), Some(ours.permanent));
        assert_eq!(theirs["uncompressed_size"].as_u64(), Some(ours.uncompressed_size));
        assert_eq!(theirs["pg_version"].as_u64(), Some(u64::from(ours.pg_version)));
        assert_eq!(theirs["data_dir"].as_str(), Some(ours.data_directory.as_str()));
    }
    let [full, delta, permanent] = archive.backups.as_slice() else { panic!("three backups") };
    assert_eq!((delta.parent.as_ref(), delta.full.as_str()), (Some(&full.name), full.name.as_str()));
    assert!(full.parent.is_none() && permanent.permanent && permanent.major() == 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn wal_g_restores_what_retention_left() {
    let Some(walg) = walg() else { return };
    let storage = tempfile::tempdir().unwrap();
    assert!(Command::new("chown").arg("postgres").arg(storage.path()).status().unwrap().success());
    let prefix = storage.path().to_str().unwrap().to_owned();
    let cluster = Cluster::new(walg, &format!("WALG_FILE_PREFIX={prefix}\n"));
    cluster.sql("create table t as select 1 as id");
    for index in 0..6 {
        cluster.sql(&format!("insert into t values ({index})"));
        cluster.backup(match index {
            0 => "--full --permanent",
            3 => "--full",
            _ => "",
        });
        cluster.archived();
    }
    let store = Directory::here(&prefix, &prefix);
    let budget = Budget::unlimited();
    let cache = Cache::default();
    let archive = Archive::read(&store, &cache, &budget).await.unwrap();
    let names: Vec<&str> = archive.backups.iter().map(|backup| backup.name.as_str()).collect();
    assert_eq!(names.len(), 6);
    assert_eq!(archive.backups.iter().filter(|backup| backup.parent.is_some()).count(), 3, "{names:?}");
    let system = archive.system_id().unwrap();
    let policy = Policy { window: time::Duration::ZERO, minimum_verified: 1, now: OffsetDateTime::now_utc() };
    let held = retention_run::look(&store, &archive, &policy, None, &budget).await.unwrap();
    assert!(held.is_empty() && held.held.is_some(), "no backup is verified");
    Verified::now(names[5], system, "drill", Lsn(0)).write(&store, &budget).await.unwrap();
    let archive = Archive::read(&store, &cache, &budget).await.unwrap();
    let plan = retention_run::look(&store, &archive, &policy, None, &budget).await.unwrap();
    assert_eq!(
        plan.expired,
        [names[2], names[1]],
        "deltas first; the permanent one and the newest chain stay"
    );
    let planned = plan.expired.iter().cloned().collect();
    let done = retention_run::expire(&store, &cache, &policy, &planned, &budget).await.unwrap();
    eprintln!(
        "deleted {:?} and {} objects of the log; {}",
        done.backups,
        done.wal_objects,
        store.counters().describe()
    );
    let listed = cluster.run(&format!("{} backup-list --json 2>/dev/null", cluster.walg.display()));
    assert_eq!(listed.matches("backup_name").count(), 4);
    let restored = format!("{}/restored", cluster.root());
    for name in [names[0], names[5]] {
        cluster.run(&format!("rm -rf {restored}; {} backup-fetch {restored} {name}", cluster.walg.display()));
        assert!(cluster.run(&format!("cat {restored}/PG_VERSION")) == "15");
    }
    let after = Archive::read(&store, &cache, &budget).await.unwrap();
    assert!(after.integrity().gaps.iter().all(|gap| !gap.first.to_string().is_empty()));
    assert!(after.reachable(&Target::Latest, None, None).is_ok());
    assert!(after.window(Some(system), 1).unwrap().unusable.is_empty(), "what stays can be restored");
}
