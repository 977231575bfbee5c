//! What the resource looks like in configuration and state.

use std::collections::{BTreeMap, BTreeSet};

use hosts::Connection;
use tf_framework::schema::ReplaceQuestion;
use tf_framework::{Choice, Computed, Field, Resource, Timeouts, WriteOnly};

use crate::spec::ClusterSpec;

/// What a node is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Choice)]
pub enum Role {
    /// It has the control plane and a member of the database.
    Server,
    /// It runs workload.
    Agent,
}

/// What is known of a node.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) id: Computed<String>,
    pub(crate) cluster: ClusterSpec,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) machine: Connection,
    pub(crate) machine_id: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) taints: BTreeSet<String>,
    pub(crate) node_ip: Option<String>,
    pub(crate) node_external_ip: Option<String>,
    pub(crate) extra_config: Option<String>,
    pub(crate) token: WriteOnly<String>,
    pub(crate) agent_token: WriteOnly<String>,
    pub(crate) registry_passwords: WriteOnly<BTreeMap<String, String>>,
    pub(crate) registry_passwords_version: Option<i64>,
    pub(crate) version: Computed<String>,
    pub(crate) address: Computed<String>,
    pub(crate) certificate_expiry: Computed<String>,
    pub(crate) differences: Computed<BTreeSet<String>>,
    pub(crate) files: Computed<BTreeMap<String, String>>,
    pub(crate) timeouts: Option<Timeouts>,
}

/// A resource of a node.
pub(crate) trait NodeResource: Resource<Client = crate::Kubernetes, Private = super::Memory> {
    fn node(&self) -> Node;
    fn of(node: Node) -> Self;
    /// The passwords of registries as they are configured: a plan has them no other way.
    fn passwords(config: &Self::Partial) -> Field<BTreeMap<String, Field<String>>>;
}

/// A machine that is named for the first time is the one it was.
fn another_machine(question: &ReplaceQuestion<'_>) -> bool {
    !question.prior.is_null() && question.prior != question.planned
}

macro_rules! node {
    ($name:ident, $type:tt, #[doc = $title:literal]) => {
        #[doc = $title]
        ///
        /// Creating it installs what the cluster's `spec` says, joins, and waits until the node really works. Destroying it
        /// leaves the cluster first: pods are moved away, the member of the database is removed while the others keep the
        /// majority, and nothing of the cluster stays on the machine. So when a machine is replaced, Terraform makes the node
        /// leave before the machine goes, and join when the next one is there.
        ///
        /// Nodes of one cluster may be created, changed and destroyed in one apply: servers change one at a time, and agents
        /// only when the servers are ready.
        #[derive(Debug, Clone, Resource)]
        #[resource(name = $type, subcategory = "Kubernetes", version = 0)]
        pub struct $name {
            /// Names of the cluster and the node, `platform/a`.
            #[attr(stable)]
            pub id: Computed<String>,
            /// What the cluster is to be: `spec` of its resource.
            pub cluster: ClusterSpec,
            /// Name of the node. That of a server must be one of the cluster's `servers`.
            #[attr(
                replace,
                validate(matches(
                    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
                    "a name of at most 63 lower-case letters, digits and `-`"
                ))
            )]
            pub name: String,
            /// What the node is for.
            #[attr(replace)]
            pub role: Role,
            /// How the machine is reached.
            pub machine: Connection,
            /// What names the machine itself, such as the UUID of its guest. The node is replaced when it changes.
            #[attr(replace_if(another_machine, "when it was set to another value before"))]
            pub machine_id: Option<String>,
            /// Labels of the node. They are kept as they are here; labels that others gave it are left alone.
            #[attr(default = [])]
            pub labels: BTreeMap<String, String>,
            /// Taints of the node, `key=value:NoSchedule` or `key:NoSchedule`. They are kept as they are here; taints that
            /// others gave it are left alone.
            #[attr(default = [], validate(each(matches(
                "^[A-Za-z0-9./_-]+(=[A-Za-z0-9._-]*)?:(NoSchedule|PreferNoSchedule|NoExecute)$",
                "a taint such as `key=value:NoSchedule`"
            ))))]
            pub taints: BTreeSet<String>,
            /// Addresses of the node, separated by a comma. Those of the default route unless set.
            #[attr(replace, validate(custom(crate::spec::check::addresses, "addresses separated by a comma")))]
            pub node_ip: Option<String>,
            /// Addresses by which the node is reached from outside, separated by a comma.
            #[attr(validate(custom(crate::spec::check::addresses, "addresses separated by a comma")))]
            pub node_external_ip: Option<String>,
            /// More keys of `config.yaml` for this node, as YAML. Keys that must be the same everywhere, or belong to an
            /// attribute, are refused.
            #[attr(
                eq(crate::spec::check::same_yaml, "as YAML"),
                validate(custom(crate::spec::check::yaml_keys, "YAML of keys and values"))
            )]
            pub extra_config: Option<String>,
            /// Token of the cluster, for its first server. Without it the first server makes one. The others read it from a
            /// server. Keep it: without the token no snapshot can be restored.
            pub token: WriteOnly<String>,
            /// Token with which agents join instead of the servers', for the first server.
            pub agent_token: WriteOnly<String>,
            /// Passwords of registries by the registry's name, for those of the cluster's `registries` with a `username`.
            pub registry_passwords: WriteOnly<BTreeMap<String, String>>,
            /// Raise it to send the passwords again.
            pub registry_passwords_version: Option<i64>,
            /// The version it runs.
            #[attr(stable)]
            pub version: Computed<String>,
            /// The address by which the cluster knows it.
            #[attr(stable)]
            pub address: Computed<String>,
            /// When the first of its certificates expires, RFC 3339. Certificates are renewed in place when it is near.
            #[attr(stable)]
            pub certificate_expiry: Computed<String>,
            /// What was found on the machine that is not as it was left, each as a line. The next apply puts it right,
            /// but for keys that configuration files of others set: those are told as long as they are there, and left
            /// alone.
            #[attr(stable)]
            pub differences: Computed<BTreeSet<String>>,
            /// SHA-256 of the files beside `config.yaml` that are looked after and hold no secret, by path: variables and
            /// drop-in of the service, and `registries.yaml` where no password stands in it.
            #[attr(stable)]
            pub files: Computed<BTreeMap<String, String>>,
            /// How long operations may take.
            pub timeouts: Option<Timeouts>,
        }

        node!(@convert $name: id, cluster, name, role, machine, machine_id, labels, taints, node_ip, node_external_ip,
            extra_config, token, agent_token, registry_passwords, registry_passwords_version, version, address,
            certificate_expiry, differences, files, timeouts);
    };
    (@convert $name:ident: $($field:ident),*) => {
        impl NodeResource for $name {
            fn node(&self) -> Node {
                Node { $($field: self.$field.clone(),)* }
            }

            fn of(node: Node) -> Self {
                Self { $($field: node.$field,)* }
            }

            fn passwords(config: &Self::Partial) -> Field<BTreeMap<String, Field<String>>> {
                config.registry_passwords.clone()
            }
        }
    };
}

node!(Rke2Node, "rke2_node", #[doc = "A server or an agent of an RKE2 cluster, on a machine that is reached by SSH."]);
node!(K3sNode, "k3s_node", #[doc = "A server or an agent of a K3s cluster, on a machine that is reached by SSH."]);
