//! Files we look after on a node, beside `config.yaml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};
use transport_ssh::Secret;

use crate::resources::Role;
use crate::spec::ClusterSpec;

/// A file we look after.
#[derive(Debug, Clone)]
pub(crate) struct Owned {
    pub(crate) path: String,
    pub(crate) content: Content,
    pub(crate) mode: u32,
    /// Whether there is a secret in it, which is not known when it is planned.
    pub(crate) secret: bool,
}

/// What is to be in a file.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// This.
    Is(Secret),
    /// There is to be no such file.
    Nothing,
    /// What was written last: there is a secret in it that is not given now.
    Kept,
}

impl Content {
    fn of(text: Option<String>) -> Self {
        text.map_or(Self::Nothing, |text| Self::Is(Secret::new(text)))
    }

    /// The text, where it is known.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Is(secret) => Some(secret.expose()),
            Self::Nothing | Self::Kept => None,
        }
    }
}

/// Name of our drop-in.
const DROP_IN: &str = "50-hybridops.conf";

/// The node whose files they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whose<'a> {
    pub(crate) role: Role,
    /// Its own addresses, as far as they were given.
    pub(crate) addresses: &'a [&'a str],
}

/// What is reached without the proxy: what was given, and everything of the cluster itself.
pub(crate) fn no_proxy(spec: &ClusterSpec, own: &[&str]) -> Vec<String> {
    let config = spec.config();
    let mut list: Vec<String> =
        spec.proxy.as_ref().and_then(|proxy| proxy.no_proxy.clone()).unwrap_or_default();
    let or = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.to_owned());
    let mut add = |text: &str| {
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if !list.iter().any(|there| there == part) {
                list.push(part.to_owned());
            }
        }
    };
    add("127.0.0.0/8,localhost,.svc");
    add(&format!(".{}", or(&config.cluster_domain, "cluster.local")));
    add(&or(&config.cluster_cidr, "10.42.0.0/16"));
    add(&or(&config.service_cidr, "10.43.0.0/16"));
    if let Some(address) = &spec.registration_address {
        add(address);
    }
    for connection in spec.servers.values() {
        add(&connection.host);
    }
    own.iter().copied().for_each(add);
    list
}

/// The environment of the service.
fn environment(spec: &ClusterSpec, own: &[&str]) -> Option<String> {
    let mut variables = spec.environment.clone().unwrap_or_default();
    if let Some(proxy) = &spec.proxy {
        let mut set = |name: &str, value: &Option<String>| {
            if let Some(value) = value {
                variables.insert(name.to_owned(), value.clone());
            }
        };
        set("HTTP_PROXY", &proxy.http);
        set("HTTPS_PROXY", &proxy.https);
        set("NO_PROXY", &Some(no_proxy(spec, own).join(",")));
    }
    if variables.is_empty() {
        return None;
    }
    let mut text = String::from("# Written by Terraform (hybridops).\n");
    for (name, value) in variables {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(text, "{name}=\"{value}\"");
    }
    Some(text)
}

/// The drop-in of the service.
fn drop_in(spec: &ClusterSpec) -> Option<String> {
    let systemd = spec.systemd.as_ref()?;
    let mut unit = String::new();
    for (key, names) in [
        ("After", &systemd.after),
        ("Wants", &systemd.wants),
        ("Requires", &systemd.requires),
        ("RequiresMountsFor", &systemd.requires_mounts_for),
    ] {
        for name in names.iter().flatten() {
            let _ = writeln!(unit, "{key}={name}");
        }
    }
    let mut service = String::new();
    for file in systemd.environment_files.iter().flatten() {
        let _ = writeln!(service, "EnvironmentFile=-{file}");
    }
    let limits = systemd.limits.clone().unwrap_or_default();
    for (key, limit) in [
        ("LimitNOFILE", limits.open_files),
        ("LimitNPROC", limits.processes),
        ("LimitMEMLOCK", limits.locked_memory),
        ("LimitCORE", limits.core),
        ("TasksMax", limits.tasks),
    ] {
        if let Some(limit) = limit {
            let _ = writeln!(service, "{key}={limit}");
        }
    }
    let mut text = String::new();
    for (section, lines) in [("Unit", unit), ("Service", service)] {
        if !lines.is_empty() {
            let _ = write!(text, "\n[{section}]\n{lines}");
        }
    }
    (!text.is_empty()).then(|| format!("# Written by Terraform (hybridops).\n{text}"))
}

/// `registries.yaml`, as JSON, which is YAML.
fn registries(spec: &ClusterSpec, passwords: &BTreeMap<String, String>) -> Option<String> {
    let registries = spec.registries.as_ref()?;
    let mut document = Map::new();
    if let Some(mirrors) = &registries.mirrors {
        let mirror = |it: &crate::spec::RegistryMirror| {
            let mut mirror = json!({ "endpoint": it.endpoint });
            if let (Some(rewrite), Json::Object(keys)) = (&it.rewrite, &mut mirror) {
                keys.insert("rewrite".to_owned(), json!(rewrite));
            }
            mirror
        };
        document.insert(
            "mirrors".to_owned(),
            mirrors.iter().map(|(name, it)| (name.clone(), mirror(it))).collect(),
        );
    }
    if let Some(configs) = &registries.configs {
        let config = |name: &str, it: &crate::spec::RegistryConfig| {
            let mut config = Map::new();
            if let Some(username) = &it.username {
                let password = passwords.get(name).cloned().unwrap_or_default();
                config.insert("auth".to_owned(), json!({ "username": username, "password": password }));
            }
            let mut tls = Map::new();
            for (key, value) in
                [("ca_file", &it.ca_file), ("cert_file", &it.cert_file), ("key_file", &it.key_file)]
            {
                if let Some(value) = value {
                    tls.insert(key.to_owned(), json!(value));
                }
            }
            if let Some(skip) = it.insecure_skip_verify {
                tls.insert("insecure_skip_verify".to_owned(), json!(skip));
            }
            if !tls.is_empty() {
                config.insert("tls".to_owned(), Json::Object(tls));
            }
            Json::Object(config)
        };
        document.insert(
            "configs".to_owned(),
            configs.iter().map(|(name, it)| (name.clone(), config(name, it))).collect(),
        );
    }
    let text = serde_json::to_string_pretty(&Json::Object(document)).ok()?;
    Some(format!("# Written by Terraform (hybridops).\n{text}\n"))
}

/// The registries that are logged in to with a password.
pub(crate) fn with_password(spec: &ClusterSpec) -> impl Iterator<Item = &String> {
    let configs = spec.registries.iter().filter_map(|it| it.configs.as_ref()).flatten();
    configs.filter(|(_, config)| config.username.is_some()).map(|(name, _)| name)
}

/// The files. Without `passwords` those that hold some stay as they were written.
pub(crate) fn owned(
    spec: &ClusterSpec,
    whose: Whose<'_>,
    passwords: Option<&BTreeMap<String, String>>,
) -> Vec<Owned> {
    let d = spec.distribution();
    let unit = d.unit(whose.role);
    let mut files = vec![
        Owned {
            path: format!("/etc/default/{unit}"),
            content: Content::of(environment(spec, whose.addresses)),
            mode: 0o644,
            secret: false,
        },
        Owned {
            path: format!("/etc/systemd/system/{unit}.service.d/{DROP_IN}"),
            content: Content::of(drop_in(spec)),
            mode: 0o644,
            secret: false,
        },
    ];
    let secret = with_password(spec).next().is_some();
    let content = match passwords {
        None if secret => Content::Kept,
        passwords => Content::of(registries(spec, passwords.unwrap_or(&BTreeMap::new()))),
    };
    files.push(Owned { path: format!("{}/registries.yaml", d.config_dir()), content, mode: 0o600, secret });
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests_spec;
    use crate::spec::{Proxy, Registries, RegistryConfig, ServiceLimits, Systemd};

    #[test]
    fn the_proxy_is_gone_around_for_the_cluster() {
        let mut spec = tests_spec();
        spec.proxy = Some(Proxy {
            http: Some("http://p:3128".into()),
            https: None,
            no_proxy: Some(vec!["corp.lan".into()]),
        });
        let list = no_proxy(&spec, &["10.0.0.1", "10.0.0.7"]).join(",");
        assert_eq!(
            list,
            "corp.lan,127.0.0.0/8,localhost,.svc,.cluster.local,10.42.0.0/16,10.43.0.0/16,rke2.lab,10.0.0.1,10.0.0.7"
        );
        let text = environment(&spec, &["10.0.0.7"]).unwrap();
        assert!(
            text.contains("HTTP_PROXY=\"http://p:3128\"\n") && text.contains(&format!("NO_PROXY=\"{list}\""))
        );
    }

    #[test]
    fn a_drop_in_says_what_is_asked_and_nothing_else() {
        let mut spec = tests_spec();
        spec.systemd = Some(Systemd::default());
        assert_eq!(drop_in(&spec), None);
        spec.systemd = Some(Systemd {
            after: Some(["a.mount".to_owned(), "b.service".to_owned()].into()),
            environment_files: Some(vec!["/etc/site/rke2.env".to_owned()]),
            limits: Some(ServiceLimits { open_files: Some("infinity".into()), ..ServiceLimits::default() }),
            ..Systemd::default()
        });
        let expected = "# Written by Terraform (hybridops).\n\n[Unit]\nAfter=a.mount\nAfter=b.service\n\n[Service]\n\
            EnvironmentFile=-/etc/site/rke2.env\nLimitNOFILE=infinity\n";
        assert_eq!(drop_in(&spec).as_deref(), Some(expected));
    }

    #[test]
    fn passwords_stand_in_registries_only_and_without_them_the_file_stays() {
        let mut spec = tests_spec();
        let config = RegistryConfig { username: Some("u".into()), ..RegistryConfig::default() };
        spec.registries =
            Some(Registries { mirrors: None, configs: Some([("r.io".to_owned(), config)].into()) });
        let whose = Whose { role: Role::Agent, addresses: &[] };
        assert!(matches!(owned(&spec, whose, None)[2].content, Content::Kept));
        let files = owned(&spec, whose, Some(&[("r.io".to_owned(), "hunter2".to_owned())].into()));
        let text = files[2].content.text().unwrap();
        assert!(files[2].secret && files[2].mode == 0o600);
        let read = crate::spec::check::keys_of(text).unwrap();
        assert_eq!(read["configs"]["r.io"]["auth"]["password"], "hunter2");
        assert!(!format!("{files:?}").contains("hunter2"));
    }
}
