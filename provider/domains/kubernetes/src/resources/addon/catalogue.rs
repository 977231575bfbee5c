//! The catalogue: add-ons whose charts and traps are known, as data.

use tf_framework::Choice;

use super::model::FailurePolicy;

/// An add-on of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "kebab-case")]
pub enum Preset {
    /// Argo CD. The root of an app-of-apps is an `Application` in `manifests`.
    ArgoCd,
    /// External Secrets Operator.
    ExternalSecrets,
    /// Longhorn: replicated volumes.
    Longhorn,
    /// cert-manager.
    CertManager,
    /// MetalLB: addresses for services. Pools of addresses are `IPAddressPool`s in `manifests`.
    Metallb,
    /// ingress-nginx.
    IngressNginx,
    /// Traefik.
    Traefik,
    /// Prometheus that others federate from.
    Prometheus,
    /// NetBox.
    Netbox,
}

/// What is known of an add-on.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) preset: Preset,
    pub(super) chart: &'static str,
    /// None: `chart` is the whole address.
    pub(super) repo: Option<&'static str>,
    pub(super) version: &'static str,
    pub(super) namespace: &'static str,
    /// YAML.
    pub(super) values: &'static str,
    pub(super) failure_policy: FailurePolicy,
    /// Kinds whose objects are lost or left hanging when the add-on goes: they refuse it, or go before it does.
    pub(super) guards: &'static [Guard],
    /// What has to be said to the add-on before it lets itself be removed.
    pub(super) consent: Option<Consent>,
}

/// A kind that guards an add-on.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    /// What becomes of its objects without the add-on.
    pub(super) why: &'static str,
}

/// A field that must be set before an add-on is removed.
#[derive(Debug)]
pub(super) struct Consent {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) name: &'static str,
    /// The field, at the top of the object, and its value.
    pub(super) set: (&'static str, &'static str),
}

const fn guard(api_version: &'static str, kind: &'static str, why: &'static str) -> Guard {
    Guard { api_version, kind, why }
}

pub(super) static CATALOGUE: &[Entry] = &[
    Entry {
        preset: Preset::ArgoCd,
        chart: "argo-cd",
        repo: Some("https://argoproj.github.io/argo-helm"),
        version: "8.0.0",
        namespace: "argocd",
        values: "crds:\n  install: true\n  keep: false\nconfigs:\n  params:\n    server.insecure: false\n",
        failure_policy: FailurePolicy::Abort,
        guards: &[
            guard("argoproj.io/v1alpha1", "ApplicationSet", "the applications it makes go with it"),
            guard("argoproj.io/v1alpha1", "Application", "its finalizer waits for Argo CD for ever"),
        ],
        consent: None,
    },
    Entry {
        preset: Preset::ExternalSecrets,
        chart: "external-secrets",
        repo: Some("https://charts.external-secrets.io"),
        version: "0.17.0",
        namespace: "external-secrets",
        values: "installCRDs: true\n",
        failure_policy: FailurePolicy::Retry,
        guards: &[
            guard("external-secrets.io/v1", "ExternalSecret", "the Secret it owns goes with it"),
            guard("external-secrets.io/v1", "ClusterExternalSecret", "the Secrets it owns go with it"),
        ],
        consent: None,
    },
    Entry {
        preset: Preset::Longhorn,
        chart: "longhorn",
        repo: Some("https://charts.longhorn.io"),
        version: "1.9.0",
        namespace: "longhorn-system",
        values: "persistence:\n  defaultClassReplicaCount: 3\n  reclaimPolicy: Retain\n",
        failure_policy: FailurePolicy::Abort,
        guards: &[guard("longhorn.io/v1beta2", "Volume", "its data is lost")],
        consent: Some(Consent {
            api_version: "longhorn.io/v1beta2",
            kind: "Setting",
            name: "deleting-confirmation-flag",
            set: ("value", "true"),
        }),
    },
    Entry {
        preset: Preset::CertManager,
        chart: "cert-manager",
        repo: Some("https://charts.jetstack.io"),
        version: "v1.17.2",
        namespace: "cert-manager",
        values: "crds:\n  enabled: true\n  keep: false\n",
        failure_policy: FailurePolicy::Retry,
        guards: &[guard("cert-manager.io/v1", "Certificate", "it is not renewed any more")],
        consent: None,
    },
    Entry {
        preset: Preset::Metallb,
        chart: "metallb",
        repo: Some("https://metallb.github.io/metallb"),
        version: "0.14.9",
        namespace: "metallb-system",
        values: "speaker:\n  frr:\n    enabled: false\n",
        failure_policy: FailurePolicy::Retry,
        guards: &[guard("metallb.io/v1beta1", "IPAddressPool", "services lose the addresses it gave them")],
        consent: None,
    },
    Entry {
        preset: Preset::IngressNginx,
        chart: "ingress-nginx",
        repo: Some("https://kubernetes.github.io/ingress-nginx"),
        version: "4.12.3",
        namespace: "ingress-nginx",
        values: "controller:\n  kind: DaemonSet\n  allowSnippetAnnotations: false\n",
        failure_policy: FailurePolicy::Retry,
        guards: &[],
        consent: None,
    },
    Entry {
        preset: Preset::Traefik,
        chart: "traefik",
        repo: Some("https://traefik.github.io/charts"),
        version: "34.4.1",
        namespace: "traefik",
        values: "deployment:\n  kind: DaemonSet\n",
        failure_policy: FailurePolicy::Retry,
        guards: &[guard("traefik.io/v1alpha1", "IngressRoute", "what it leads to is not reached any more")],
        consent: None,
    },
    Entry {
        preset: Preset::Prometheus,
        chart: "prometheus",
        repo: Some("https://prometheus-community.github.io/helm-charts"),
        version: "27.19.0",
        namespace: "monitoring",
        values: "alertmanager:\n  enabled: false\nprometheus-pushgateway:\n  enabled: false\nserver:\n  retention: 15d\n  \
                 persistentVolume:\n    enabled: true\n",
        failure_policy: FailurePolicy::Abort,
        guards: &[],
        consent: None,
    },
    Entry {
        preset: Preset::Netbox,
        chart: "netbox",
        repo: Some("https://charts.netbox.oss.netboxlabs.com"),
        version: "8.3.14",
        namespace: "netbox",
        values: "",
        failure_policy: FailurePolicy::Abort,
        guards: &[],
        consent: None,
    },
];

impl Preset {
    /// What is known of it.
    pub(super) fn entry(self) -> Option<&'static Entry> {
        CATALOGUE.iter().find(|entry| entry.preset == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_an_entry_that_can_be_used() {
        for preset in Preset::ALL {
            let entry = preset.entry().unwrap_or_else(|| panic!("{preset} has no entry"));
            let values = crate::yaml::document(entry.values).unwrap();
            assert!(values.is_object() || values.is_null(), "{preset}");
            assert!(entry.version.trim_start_matches('v').split('.').count() == 3, "{preset}");
            assert!(entry.repo.is_none_or(|repo| repo.starts_with("https://")), "{preset}");
        }
    }

    #[test]
    fn the_guide_says_what_the_table_says() {
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/guides/kubernetes-addons.md");
        let guide = std::fs::read_to_string(guide).unwrap();
        for entry in CATALOGUE {
            let kinds: Vec<&str> = entry.guards.iter().map(|guard| guard.kind).collect();
            let row = format!(
                "| `{}` | {} {} | {} | {} | {}",
                entry.preset,
                entry.chart,
                entry.version,
                entry.namespace,
                entry.failure_policy,
                kinds.join(", ")
            );
            assert!(guide.lines().any(|line| line.starts_with(row.trim_end())), "{row}");
        }
    }
}
