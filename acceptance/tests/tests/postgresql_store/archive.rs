//! A PostgreSQL of this machine that is archived by WAL-G, and lives only to leave an archive.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use acceptance_tests::wait_until;
use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

const BIN: &str = "/usr/lib/postgresql/15/bin";

/// Whether this machine can run it.
pub(crate) fn possible() -> bool {
    Path::new(BIN).is_dir() && rustix::process::geteuid().is_root()
}

/// The cluster. Gone with everything but its archive when dropped.
pub(crate) struct Database {
    directory: TempDir,
    walg: PathBuf,
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self.shell(&format!("{BIN}/pg_ctl -D {} -m immediate -w stop", self.data()));
    }
}

impl Database {
    /// Makes one that archives to a prefix of an S3 server.
    pub(crate) fn start(walg: PathBuf, endpoint: &str, prefix: &str) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("pg-").tempdir()?;
        ensure!(
            Command::new("chown").arg("postgres").arg(directory.path()).status()?.success(),
            "chown failed"
        );
        let database = Self { directory, walg };
        let (root, data) = (database.root(), database.data());
        let settings = format!(
            "PGDATA={data}\nPGHOST={root}\nPGPORT=5432\nPGUSER=postgres\nWALG_COMPRESSION_METHOD=zstd\n\
             WALG_DELTA_MAX_STEPS=2\nWALG_S3_PREFIX={prefix}\nAWS_ENDPOINT={endpoint}\nAWS_REGION=us-east-1\n\
             AWS_S3_FORCE_PATH_STYLE=true\nAWS_ACCESS_KEY_ID=lab\nAWS_SECRET_ACCESS_KEY=lab\n"
        );
        std::fs::write(format!("{root}/environment"), settings)?;
        database
            .run(&format!("{BIN}/initdb -D {data} --data-checksums --locale=C.UTF-8 -A trust >/dev/null"))?;
        let archive = format!("set -a; . {root}/environment; {} wal-push %p", database.walg.display());
        database.run(&format!(
            "printf '%s\\n' \"unix_socket_directories = '{root}'\" \"listen_addresses = ''\" 'archive_mode = on' \
             \"archive_command = '{archive}'\" 'fsync = off' >> {data}/postgresql.conf"
        ))?;
        database.run(&format!("{BIN}/pg_ctl -D {data} -l {root}/log -w start >/dev/null"))?;
        Ok(database)
    }

    fn root(&self) -> String {
        self.directory.path().display().to_string()
    }

    fn data(&self) -> String {
        format!("{}/data", self.root())
    }

    fn shell(&self, line: &str) -> std::io::Result<std::process::Output> {
        let line = format!("cd /; set -a; . {}/environment; {line}", self.root());
        Command::new("runuser").args(["-u", "postgres", "--", "/bin/sh", "-c", &line]).output()
    }

    fn run(&self, line: &str) -> Result<String> {
        let output = self.shell(line)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{line}: {said}");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// The answer of a statement.
    pub(crate) fn sql(&self, query: &str) -> Result<String> {
        self.run(&format!("psql -XAtc \"{query}\" postgres"))
    }

    /// Takes a backup.
    pub(crate) fn backup(&self, arguments: &str) -> Result<()> {
        self.run(&format!("{} backup-push {arguments} {}", self.walg.display(), self.data())).map(drop)
    }

    /// Ends the segment, and answers its name once it is archived.
    pub(crate) fn archived(&self) -> Result<String> {
        self.sql("create table if not exists t(id int)")?;
        let segment = self.sql("insert into t values (1); select pg_walfile_name(pg_switch_wal())")?;
        let segment = segment.lines().last().context("a name")?.to_owned();
        let query = format!("select last_archived_wal >= '{segment}' from pg_stat_archiver");
        wait_until("the segment to be archived", Duration::from_secs(30), || Ok(self.sql(&query)? == "t"))?;
        Ok(segment)
    }
}
