//! Real containers, the doubles beside them, and the ways they are broken.

#![allow(clippy::expect_used, clippy::panic, reason = "what a test needs must be there")]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use hybridops_lab::{
    Lab, LabConfig, LabError, Moment, Reach, RealError, S3, SFTP_USER, Stop, StoreFault, Strike,
    TEMPLATE_POSTGRESQL,
};
use serde_json::json;

/// Where this is `1` a machine that cannot have real guests is a failure.
const REQUIRE: &str = "HYBRIDOPS_REQUIRE_REAL";

fn cache() -> PathBuf {
    std::env::var_os("HYBRIDOPS_LAB_CACHE").unwrap_or_else(|| "/var/cache/hybridops-lab".into()).into()
}

async fn lab() -> Option<Lab> {
    match Lab::start(LabConfig { real_guests: Some(cache()), ..LabConfig::default() }).await {
        Ok(lab) => Some(lab),
        Err(LabError::Real(RealError::Needs(what))) if std::env::var_os(REQUIRE).is_none() => {
            writeln!(std::io::stderr(), "SKIPPED real containers: they need {what}").expect("a terminal");
            None
        }
        Err(error) => panic!("{error:?}"),
    }
}

struct Client {
    key: PathBuf,
}

impl Client {
    fn ssh(&self, host: &str, port: u16, command: &str) -> Output {
        let port = port.to_string();
        let mut ssh = Command::new("ssh");
        for option in ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"] {
            ssh.args(["-o", option]);
        }
        ssh.arg("-i").arg(&self.key).args(["-p", &port, &format!("root@{host}"), command]);
        ssh.output().expect("ssh")
    }

    fn at(&self, reach: &Reach, command: &str) -> Output {
        self.ssh(&reach.address.ip().to_string(), reach.address.port(), command)
    }
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_container_with_everything_around_it() {
    let began = Instant::now();
    let Some(lab) = lab().await else { return };
    let real = lab.real().expect("real guests");
    let (key, public) = real.client_key().expect("a key");
    let client = Client { key };
    let node = real.node("pve1").expect("a node's shell");
    let told = |what: &str| {
        writeln!(std::io::stderr(), "{:>6} ms {what}", began.elapsed().as_millis()).expect("a terminal");
    };
    told("laboratory");

    // The node: directories of its own, owners as on a real one, and no more.
    let made = "mkdir -p /mnt/db01 && chown 105432:105432 /mnt/db01 && chmod 0700 /mnt/db01 && stat -c %u:%g:%a /mnt/db01";
    assert_eq!(text(&client.at(&node, made)), "105432:105432:700");
    assert!(node.root.join("mnt/db01").is_dir() && !std::path::Path::new("/mnt/db01").exists());
    assert_eq!(text(&client.at(&node, "cat /etc/subuid")), "root:100000:65536");

    let address = format!("{}.21", real.network());
    let host_key = real.host_key_of("db-01").expect("a host key");
    let made = lab.call(
        "POST",
        "/nodes/pve1/lxc",
        &json!({
            "vmid": "101", "hostname": "db-01", "ostemplate": TEMPLATE_POSTGRESQL, "unprivileged": "1",
            "storage": "local", "rootfs": "local:1", "memory": "512", "ssh-public-keys": public,
            "net0": format!("name=eth0,bridge=vmbr0,ip={address}/24"),
            "mp0": "/mnt/db01,mp=/var/lib/postgresql",
        }),
    );
    made.expect("a container");
    while !text(&client.at(&node, "pct status 101; pct config 101")).contains("rootfs:") {}
    told("created");
    text(&client.at(&node, "pct start 101"));
    told("started");
    real.wait_booted(101, Duration::from_secs(60)).expect("booted");
    told("booted");
    let inside = |command: &str| client.ssh(&address, 22, command);
    while inside("true").status.code() == Some(255) {}
    told("reached");

    assert_eq!(text(&client.at(&node, "pct exec 101 -- hostname")), "db-01");
    assert_eq!(client.at(&node, "pct exec 101 -- /bin/sh -c 'exit 7'").status.code(), Some(7));
    assert!(text(&client.at(&node, "pct list")).contains("running"));
    assert_eq!(client.at(&node, "pct exec 999 -- true").status.code(), Some(2));
    assert_eq!(text(&inside("stat -c %u:%g:%a /var/lib/postgresql")), "5432:5432:700");
    assert_eq!(text(&inside("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub")), host_key);
    let limit =
        "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes";
    assert_eq!(text(&inside(limit)), (512_u64 << 20).to_string());
    assert!(text(&inside("/usr/lib/postgresql/15/bin/postgres --version")).contains("15."));
    assert!(text(&inside("pg_lsclusters -h")).is_empty(), "no cluster is made");
    text(&inside("apt-get install -y -qq postgresql-15 >/dev/null"));
    told("used");
    text(&inside(
        "apt-get update -qq && apt-get install -y -qq --no-install-recommends lz4 && lz4 --version",
    ));
    told("package installed");

    // Doors: counted, stopped before, stopped after, cut.
    let doors = real.doors();
    doors.clear();
    text(&inside("echo $((1+1))"));
    let commands = doors.commands();
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert_eq!((commands[0].target.as_str(), commands[0].command.as_str()), ("db-01", "echo $((1+1))"));
    assert_eq!(commands[0].status, Some(0));
    for (moment, done) in [(Moment::Before, false), (Moment::After, true)] {
        for strike in [Strike::KillClient, Strike::Drop] {
            let stop = Stop { command: "touch /tmp/mark".to_owned(), moment, strike, ..Stop::default() };
            doors.arm(stop).expect("a pattern");
            let cut = inside("rm -f /tmp/gone; touch /tmp/mark");
            let signal = std::os::unix::process::ExitStatusExt::signal(&cut.status);
            let expected = if strike == Strike::Drop { None } else { Some(9) };
            assert_eq!(signal, expected, "{moment:?} {strike:?} {cut:?}");
            assert!(!cut.status.success());
            doors.release();
            assert_eq!(inside("rm /tmp/mark").status.success(), done, "{moment:?} {strike:?}");
        }
    }
    let stop = Stop { command: "held".to_owned(), strike: Strike::Hold, ..Stop::default() };
    doors.arm(stop).expect("a pattern");
    std::thread::scope(|scope| {
        let held = scope.spawn(|| inside("touch /tmp/held"));
        assert!(doors.wait_held(Duration::from_secs(5)));
        doors.release();
        assert!(!held.join().expect("no panic").status.success());
    });
    assert!(!inside("test -e /tmp/held").status.success());
    told("doors");

    // The link.
    real.cut(101).expect("cut");
    let reached = format!("timeout 1 bash -c '</dev/tcp/{}/{}'", real.host(), node.address.port());
    assert!(real.exec(101, &reached).is_err(), "the link is cut");
    real.mend(101).expect("mended");
    while real.exec(101, &reached).is_err() {}
    told("link");

    // The store.
    let store = S3::start(real.cache(), real.host()).await.expect("moto");
    told("store");
    store.make_bucket("walg").await.expect("a bucket");
    let object = format!("{}/walg/a%2Fb", store.endpoint());
    let signed = "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let put = format!(
        "curl -sS -o /dev/null -w '%{{http_code}}' -X PUT -H 'Content-Type: text/plain' -d 0123456789 {object}"
    );
    let get = format!("curl -sS -m 2 -H '{signed}' {object}");
    assert_eq!(text(&inside(&put)), "200");
    assert_eq!(text(&inside(&get)), "0123456789");
    store.fail("GET", "^/walg/", StoreFault::Torn).expect("a pattern");
    assert_eq!(text(&inside(&get)), "01234");
    store.heal();
    store.fail("", "", StoreFault::Unavailable).expect("a pattern");
    assert!(text(&inside(&get)).contains("SlowDown"));
    store.heal();
    for fault in [StoreFault::Hang, StoreFault::Cut] {
        store.fail("", "", fault).expect("a pattern");
        assert!(!inside(&get).status.success(), "{fault:?}");
        store.heal();
    }
    assert_eq!(store.list("walg", "a").await.expect("a listing"), [("a/b".to_owned(), 10)]);
    assert!(store.requests().iter().all(|request| request.from.to_string() == address));
    told("store's faults");

    // SFTP.
    let sftp = real.sftp().expect("SFTP");
    let (host, port) = (sftp.address.ip().to_string(), sftp.address.port().to_string());
    let mut copy = Command::new("sftp");
    for option in ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"] {
        copy.args(["-o", option]);
    }
    copy.arg("-i").arg(&client.key).args(["-P", &port, "-b", "-", &format!("{SFTP_USER}@{host}")]);
    copy.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
    let mut copy = copy.spawn().expect("sftp");
    copy.stdin.take().expect("input").write_all(b"put /etc/hostname /srv/walg/it\n").expect("written");
    assert!(copy.wait().expect("an end").success());
    assert!(sftp.root.join("srv/walg/it").is_file());
    told("SFTP");
    text(&client.at(&node, "pct stop 101"));
    assert_eq!(text(&client.at(&node, "pct status 101")), "status: stopped");
    assert_eq!(text(&client.at(&node, "stat -c %u /mnt/db01")), "105432", "the data stays");
    told("stopped");
    let root = node.root.clone();
    drop(store);
    drop(lab);
    assert!(!std::fs::read_to_string("/proc/mounts").expect("mounts").contains(&root.display().to_string()));
    told("gone");
}
