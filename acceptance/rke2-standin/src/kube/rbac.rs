//! Who may do what: `system:masters` everything, everybody else what roles bound to them allow
//! (plugin/pkg/auth/authorizer/rbac). The Node authorizer is a role of its own here: nodes may do what kubelets need,
//! without the look at which node a pod runs on.

use serde_json::{Value, json};

use super::api::Kube;
use super::auth::Caller;
use super::objects::{list, text};
use super::status::Status;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Action<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    /// Plural, with `/subresource`.
    pub(crate) resource: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

const ROLES: &str = "/registry/clusterroles/";
const BINDINGS: &str = "/registry/clusterrolebindings/";

impl Kube {
    /// Refuses what no role allows.
    pub(crate) fn authorize(&self, caller: &Caller, action: Action<'_>) -> Result<(), Status> {
        if caller.is_master() || self.allowed(caller, action) {
            return Ok(());
        }
        let scope = if action.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{}\"", action.namespace)
        };
        let why = format!(
            "User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {scope}",
            caller.name, action.verb, action.resource, action.group
        );
        let resource = action.resource.split('/').next().unwrap_or_default();
        let qualified = if action.group.is_empty() {
            resource.to_owned()
        } else {
            format!("{resource}.{}", action.group)
        };
        Err(Status::forbidden(&qualified, action.name, &why))
    }

    fn allowed(&self, caller: &Caller, action: Action<'_>) -> bool {
        if action.group == "authorization.k8s.io" || action.group == "authentication.k8s.io" {
            // system:basic-user
            return true;
        }
        if caller.groups.iter().any(|group| group == "system:nodes") && allows(&node_rules(), action) {
            return true;
        }
        let bound = |binding: &Value| {
            list(binding, &["subjects"]).iter().any(|subject| names(subject, binding, caller))
        };
        for binding in self.hub.objects(BINDINGS) {
            if bound(&binding)
                && let Some(role) =
                    self.hub.object(&format!("{ROLES}{}", text(&binding, &["roleRef", "name"])))
                && allows(&role["rules"], action)
            {
                return true;
            }
        }
        if action.namespace.is_empty() {
            return false;
        }
        self.hub.objects(&format!("/registry/rolebindings/{}/", action.namespace)).iter().any(|binding| {
            let role = text(binding, &["roleRef", "name"]);
            let key = match text(binding, &["roleRef", "kind"]) {
                "ClusterRole" => format!("{ROLES}{role}"),
                _ => format!("/registry/roles/{}/{role}", action.namespace),
            };
            bound(binding) && self.hub.object(&key).is_some_and(|role| allows(&role["rules"], action))
        })
    }
}

/// Whether a subject of a binding names the caller.
fn names(subject: &Value, binding: &Value, caller: &Caller) -> bool {
    let name = text(subject, &["name"]);
    match text(subject, &["kind"]) {
        "User" => caller.name == name,
        "Group" => caller.groups.iter().any(|group| group == name),
        "ServiceAccount" => {
            let namespace = match text(subject, &["namespace"]) {
                "" => text(binding, &["metadata", "namespace"]),
                given => given,
            };
            caller.name == format!("system:serviceaccount:{namespace}:{name}")
        }
        _ => false,
    }
}

fn allows(rules: &Value, action: Action<'_>) -> bool {
    let has = |rule: &Value, key: &str, wanted: &str| {
        rule[key].as_array().into_iter().flatten().any(|value| value == "*" || value == wanted)
    };
    rules.as_array().into_iter().flatten().any(|rule| {
        let named = rule["resourceNames"]
            .as_array()
            .is_none_or(|names| names.is_empty() || names.iter().any(|name| name == action.name));
        named
            && has(rule, "verbs", action.verb)
            && has(rule, "apiGroups", action.group)
            && has(rule, "resources", action.resource)
    })
}

/// plugin/pkg/auth/authorizer/rbac/bootstrappolicy: NodeRules, shortened.
fn node_rules() -> Value {
    json!([
        { "apiGroups": [""], "resources": ["nodes", "nodes/status"], "verbs": ["create", "get", "list", "watch", "update", "patch"] },
        { "apiGroups": [""], "resources": ["pods", "pods/status", "pods/eviction"], "verbs": ["get", "list", "watch", "create", "delete", "update", "patch"] },
        { "apiGroups": [""], "resources": ["services", "secrets", "configmaps", "persistentvolumes", "persistentvolumeclaims"], "verbs": ["get", "list", "watch"] },
        { "apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch", "update"] },
        { "apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"] },
        { "apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create", "get", "update", "patch", "delete"] },
        { "apiGroups": ["certificates.k8s.io"], "resources": ["certificatesigningrequests"], "verbs": ["create", "get", "list", "watch"] },
    ])
}

/// The roles every cluster has, and who holds them: bootstrappolicy/policy.go, with `edit` and `view` shortened to the
/// types served here.
pub(crate) fn bootstrap_objects() -> Vec<Value> {
    let core = json!([
        "pods",
        "pods/log",
        "pods/status",
        "services",
        "endpoints",
        "configmaps",
        "serviceaccounts",
        "persistentvolumeclaims",
        "events"
    ]);
    let apps = json!([
        "deployments",
        "deployments/scale",
        "daemonsets",
        "statefulsets",
        "statefulsets/scale",
        "replicasets",
        "replicasets/scale"
    ]);
    let read = json!(["get", "list", "watch"]);
    let write = json!(["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]);
    let rules = |verbs: &Value, secrets: bool| {
        let mut rules = vec![
            json!({ "apiGroups": [""], "resources": core, "verbs": verbs }),
            json!({ "apiGroups": ["apps"], "resources": apps, "verbs": verbs }),
            json!({ "apiGroups": ["batch"], "resources": ["jobs"], "verbs": verbs }),
            json!({ "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"], "verbs": verbs }),
            json!({ "apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": verbs }),
            json!({ "apiGroups": [""], "resources": ["namespaces"], "verbs": read }),
        ];
        if secrets {
            rules.push(json!({ "apiGroups": [""], "resources": ["secrets", "serviceaccounts/token"], "verbs": verbs }));
            rules.push(
                json!({ "apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": verbs }),
            );
        }
        rules
    };
    let mut admin = rules(&write, true);
    admin.push(json!({ "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"], "verbs": write }));
    let role = |name: &str, rules: Value| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": { "name": name, "labels": { "kubernetes.io/bootstrapping": "rbac-defaults" } }, "rules": rules,
        })
    };
    vec![
        role(
            "cluster-admin",
            json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] },
            { "nonResourceURLs": ["*"], "verbs": ["*"] }]),
        ),
        role("admin", Value::Array(admin)),
        role("edit", Value::Array(rules(&write, true))),
        role("view", Value::Array(rules(&read, false))),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": { "name": "cluster-admin", "labels": { "kubernetes.io/bootstrapping": "rbac-defaults" } },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:masters" }],
        }),
    ]
}
