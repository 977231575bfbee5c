use proptest::prelude::*;

use super::*;

const SAID: &str = "@os\n NAME=\"Debian\"\n ARCHITECTURE=amd64\n SYSTEMD=1\n NOW=1000.5\n HOST=a\n CGROUP=cgroup2fs\n\n@limits\n \
    memory_kib 4096\n processors 2\n free_kib 10\n swap /dev/sda2\n\n@network\n address 10.0.0.1\n source 10.0.0.1\n mac eth0 aa:bb\n \
    mtu eth0 1450\n listens 2481\n listens 192B\n probe 6443\n\n@kernel\n module overlay missing\n module nf_conntrack loaded\n kmsg\n sysctl kernel.panic 10\n fixed kernel.panic\n refused nft\n\n\
    @server\n LoadState=loaded\n ActiveState=active\n NRestarts=2\n UnitFileState=enabled\n Program=/usr/local/bin/rke2 (deleted)\n\n\
    @installed\n version rke2 version v1.33.4+rke2r1 (abc)\n mark v1.33.4+rke2r1 0123\n\n@database\n etcd\n hash abc\n\n@sums\n \
    00ff  /etc/x y\n\n@lease\n me\n 1200\n\n@config /etc/rancher/rke2/config.yaml\n token: \"(secret)\"\n cni: calico\n\n\
    @config /etc/rancher/rke2/config.yaml.d/50-hybridops.yaml\n cni: [canal]\n\n@config /x\n a: [\n\n@end\n";

#[test]
fn everything_is_read() {
    let facts = parse(SAID, 1000.0).unwrap();
    assert_eq!((facts.os.architecture.as_str(), facts.os.systemd, facts.processors), ("amd64", true, 2));
    assert_eq!(facts.swaps, ["/dev/sda2"]);
    assert!(
        facts.network.listens.iter().eq([&9345])
            && facts.kernel.kmsg
            && facts.kernel.fixed.contains("kernel.panic")
            && facts.kernel.refused.contains("nft")
            && facts.kernel.missing_modules == ["overlay"]
    );
    assert!(
        facts.server.outdated && facts.server.runs() && facts.server.enabled && facts.server.restarts == 2
    );
    assert_eq!(facts.installed.unwrap().to_string(), "v1.33.4+rke2r1");
    assert_eq!(facts.artefact.as_deref(), Some("0123"));
    assert!(facts.database.etcd && !facts.database.authority);
    assert_eq!(facts.sums.get("/etc/x y").map(String::as_str), Some("00ff"));
    assert_eq!(facts.lease.unwrap().until, 1200);
    assert_eq!((facts.config.len(), facts.broken.len()), (2, 1));
    assert!((facts.clock_ahead - 0.5).abs() < 0.01);
}

#[test]
fn a_torn_answer_is_an_error() {
    assert!(parse(SAID.trim_end_matches("@end\n"), 0.0).is_err());
    assert!(parse("", 0.0).is_err());
}

proptest! {
    #[test]
    fn never_panics(said in "(@[a-z ]{1,9}\n( [a-z =.0-9]{0,20}\n){0,3}){0,5}@end\n") {
        prop_assert!(parse(&said, 0.0).is_ok());
    }
}
