//! What all nodes of a cluster are configured with: keys of `config.yaml` that must be the same everywhere.

use std::collections::BTreeSet;

use tf_framework::Model;

/// The keys that both distributions have, and those given.
macro_rules! config {
    ($(#[$doc:meta])* $name:ident { $($more:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
        pub struct $name {
            /// Networks of pods, one or one of each address family, separated by a comma. `10.42.0.0/16` unless set. It
            /// cannot be changed later.
            #[attr(validate(custom(super::check::networks, "networks such as `10.42.0.0/16`, separated by a comma")))]
            pub cluster_cidr: Option<String>,
            /// Networks of services. `10.43.0.0/16` unless set. It cannot be changed later.
            #[attr(validate(custom(super::check::networks, "networks such as `10.43.0.0/16`, separated by a comma")))]
            pub service_cidr: Option<String>,
            /// Address of the cluster's DNS, one of `service_cidr`. Its tenth address unless set.
            #[attr(validate(custom(super::check::addresses, "addresses separated by a comma")))]
            pub cluster_dns: Option<String>,
            /// Domain of the cluster. `cluster.local` unless set.
            #[attr(validate(length(1..=253)))]
            pub cluster_domain: Option<String>,
            /// More names and addresses in the certificate of the API server. `registration_address` is always among
            /// them.
            pub tls_san: Option<BTreeSet<String>>,
            /// Packaged components that are left out, such as `rke2-metrics-server` or `traefik`.
            pub disable: Option<BTreeSet<String>>,
            /// Whether kube-proxy is left out.
            pub disable_kube_proxy: Option<bool>,
            /// Whether the distribution's own cloud controller is left out.
            pub disable_cloud_controller: Option<bool>,
            /// How servers reach nodes: `agent`, `cluster`, `pod` or `disabled`.
            #[attr(validate(one_of("agent", "cluster", "pod", "disabled")))]
            pub egress_selector_mode: Option<String>,
            /// Whether secrets are encrypted in the database. RKE2 always does; K3s does when this is set, which cannot be
            /// changed later.
            pub secrets_encryption: Option<bool>,
            /// What secrets are encrypted with: `aescbc` or `secretbox`.
            #[attr(validate(one_of("aescbc", "secretbox")))]
            pub secrets_encryption_provider: Option<String>,
            /// Registry from which the images of the distribution come.
            #[attr(validate(length(1..)))]
            pub system_default_registry: Option<String>,
            /// Mode of the administrator's kubeconfig on servers, such as `0640`. `0600` unless set.
            #[attr(validate(matches("^0[0-7]{3}$", "a mode such as `0640`")))]
            pub write_kubeconfig_mode: Option<String>,
            /// More keys of `config.yaml`, for all nodes, as YAML: `yamlencode({ "kubelet-arg" = ["max-pods=200"] })`.
            /// Keys that belong to an attribute are refused; those that only servers have are left out on agents.
            #[attr(eq(super::check::same_yaml, "as YAML"), validate(custom(super::check::yaml_keys, "YAML of keys and values")))]
            pub extra: Option<String>,
            $($more)*
        }
    };
}

config! {
    /// What all nodes of the cluster are configured with.
    Rke2Config {
        /// What connects pods: `canal`, `cilium`, `calico`, `flannel` or `none`, with `multus,` before it for more
        /// interfaces. `canal` unless set. It cannot be changed later.
        #[attr(validate(matches(
            "^(multus,)?(canal|cilium|calico|flannel|none)$",
            "`canal`, `cilium`, `calico`, `flannel` or `none`, with or without `multus,` before it"
        )))]
        pub cni: Option<String>,
        /// What answers for ingresses: `ingress-nginx`, `traefik` or `none`. The default of RKE2 became `traefik` with
        /// version 1.36; from then on it must be said.
        #[attr(validate(one_of("ingress-nginx", "traefik", "none")))]
        pub ingress_controller: Option<String>,
        /// The hardening that is demanded of hosts: `cis` or `etcd`. The user of etcd and the kernel's settings are prepared.
        #[attr(validate(one_of("cis", "etcd")))]
        pub profile: Option<String>,
        /// A key of K3s: it is refused here, where Terraform would leave out a name it does not know without a word.
        pub flannel_backend: Option<String>,
        /// A key of K3s: it is refused here.
        pub disable_network_policy: Option<bool>,
        /// A key of K3s: it is refused here.
        pub disable_helm_controller: Option<bool>,
    }
}

config! {
    /// What all nodes of the cluster are configured with.
    K3sConfig {
        /// How flannel connects pods: `vxlan`, `host-gw`, `wireguard-native` or `none`. `vxlan` unless set. It cannot be
        /// changed later.
        #[attr(validate(one_of("vxlan", "host-gw", "wireguard-native", "none")))]
        pub flannel_backend: Option<String>,
        /// Whether the controller of network policies is left out.
        pub disable_network_policy: Option<bool>,
        /// Whether the controller of Helm charts is left out.
        pub disable_helm_controller: Option<bool>,
        /// A key of RKE2: it is refused here, where Terraform would leave out a name it does not know without a word.
        pub cni: Option<String>,
        /// A key of RKE2: it is refused here.
        pub ingress_controller: Option<String>,
        /// A key of RKE2: it is refused here.
        pub profile: Option<String>,
    }
}

config! {
    /// What all nodes of the cluster are configured with. Keys that the distribution does not have are null.
    ClusterConfig {
        /// What connects pods, of RKE2.
        pub cni: Option<String>,
        /// What answers for ingresses, of RKE2.
        pub ingress_controller: Option<String>,
        /// The hardening that is demanded of hosts, of RKE2.
        pub profile: Option<String>,
        /// How flannel connects pods, of K3s.
        pub flannel_backend: Option<String>,
        /// Whether the controller of network policies is left out, of K3s.
        pub disable_network_policy: Option<bool>,
        /// Whether the controller of Helm charts is left out, of K3s.
        pub disable_helm_controller: Option<bool>,
    }
}
