//! The flags the programs know; a flag nobody knows is warned of by servers and refused by agents.

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Switch,
    List,
}

const SERVER_TEXT: &str = "advertise-address advertise-port https-listen-port supervisor-port apiserver-port data-dir \
    service-node-port-range cluster-domain egress-selector-mode servicelb-namespace flannel-backend write-kubeconfig \
    write-kubeconfig-mode write-kubeconfig-group helm-job-image token token-file agent-token agent-token-file server \
    cluster-reset-restore-path datastore-endpoint datastore-cafile datastore-certfile datastore-keyfile \
    etcd-snapshot-name etcd-snapshot-schedule-cron etcd-snapshot-reconcile-interval etcd-snapshot-retention \
    etcd-snapshot-dir etcd-s3-endpoint etcd-s3-endpoint-ca etcd-s3-access-key etcd-s3-secret-key \
    etcd-s3-session-token etcd-s3-bucket etcd-s3-bucket-lookup-type etcd-s3-region etcd-s3-folder etcd-s3-proxy \
    etcd-s3-config-secret etcd-s3-timeout etcd-s3-retention secrets-encryption-provider default-local-storage-path \
    kube-apiserver-image kube-controller-manager-image kube-scheduler-image etcd-image cloud-controller-manager-image \
    audit-policy-file pod-security-admission-config-file control-plane-resource-requests \
    control-plane-resource-limits control-plane-probe-configuration kine-tls";
const SERVER_SWITCH: &str = "tls-san-security cluster-init cluster-reset etcd-expose-metrics etcd-disable-snapshots \
    etcd-snapshot-compress etcd-s3 etcd-s3-skip-ssl-verify etcd-s3-insecure disable-scheduler \
    disable-cloud-controller disable-kube-proxy disable-apiserver disable-controller-manager disable-etcd \
    disable-network-policy disable-helm-controller embedded-registry supervisor-metrics secrets-encryption \
    enable-servicelb flannel-ipv6-masq flannel-external-ip multi-cluster-cidr";
const SERVER_LIST: &str = "tls-san cluster-cidr service-cidr cluster-dns disable cni ingress-controller \
    kube-apiserver-arg etcd-arg kube-controller-manager-arg kube-scheduler-arg kube-cloud-controller-manager-arg \
    kube-apiserver-extra-mount kube-apiserver-extra-env etcd-extra-mount etcd-extra-env";
const COMMON_TEXT: &str = "config bind-address node-name image-credential-provider-bin-dir \
    image-credential-provider-config container-runtime-endpoint default-runtime snapshotter private-registry \
    system-default-registry resolv-conf flannel-iface flannel-conf lb-server-port kubelet-path pause-image \
    runtime-image kube-proxy-image cloud-provider-name cloud-provider-config profile vpn-auth vpn-auth-file log v \
    alsologtostderr token token-file server data-dir airgap-extra-registry image-service-endpoint";
const COMMON_SWITCH: &str = "debug with-node-id disable-default-registry-endpoint protect-kernel-defaults \
    enable-pprof selinux docker rootless prefer-bundled-bin disable-agent nonroot-devices";
const COMMON_LIST: &str = "node-label node-taint node-ip node-external-ip node-internal-dns node-external-dns \
    kubelet-arg kube-proxy-arg kube-proxy-extra-mount kube-proxy-extra-env";

fn among(table: &str, name: &str) -> bool {
    table.split_ascii_whitespace().any(|known| known == name)
}

/// What a flag takes, if a server or an agent knows it.
pub(super) fn kind(name: &str, server: bool) -> Option<Kind> {
    let tables = [
        (COMMON_TEXT, Kind::Text, true),
        (COMMON_SWITCH, Kind::Switch, true),
        (COMMON_LIST, Kind::List, true),
        (SERVER_TEXT, Kind::Text, server),
        (SERVER_SWITCH, Kind::Switch, server),
        (SERVER_LIST, Kind::List, server),
    ];
    tables.into_iter().find(|(table, _, here)| *here && among(table, name)).map(|(_, kind, _)| kind)
}
