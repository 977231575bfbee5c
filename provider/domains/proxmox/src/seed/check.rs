//! What is wrong with cloud-init documents, found before a guest boots with them: cloud-init itself ignores what it does
//! not understand, and the guest then comes up without users, keys or network.

use serde_json::Value;
use tf_framework::Diagnostic;
use tf_value::Path;

use super::yaml::parse;

/// Bytes of one document, as much as Proxmox VE itself takes for all of them.
const LIMIT: usize = 3 << 20;

/// How a document of user data or vendor data may begin.
const HEADERS: &[&str] = &[
    "#cloud-config-archive",
    "#cloud-config-jsonp",
    "#cloud-config",
    "#cloud-boothook",
    "#include-once",
    "#include",
    "#part-handler",
    "#upstart-job",
    "#!",
    "## template:",
    "Content-Type:",
    "MIME-Version:",
    "#ps1",
    "rem cmd",
    "<powershell>",
    "<script>",
];

/// Something wrong with a document, or worth a second look. It never shows what the document holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether the document cannot work.
    pub fatal: bool,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub advice: String,
}

impl Finding {
    fn fatal(problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { fatal: true, line: None, problem: problem.into(), advice: advice.into() }
    }

    fn hint(problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { fatal: false, ..Self::fatal(problem, advice) }
    }

    fn on(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    /// As a diagnostic at the document's attribute.
    #[must_use]
    pub fn diagnostic(&self, attribute: &str, path: Path) -> Diagnostic {
        let line = self.line.map(|line| format!("Line {line}: ")).unwrap_or_default();
        let detail = format!("{line}{}. {}", self.problem, self.advice);
        let diagnostic = match self.fatal {
            true => Diagnostic::error(format!("`{attribute}` cannot work"), detail),
            false => Diagnostic::warning(format!("`{attribute}` may not do what is meant"), detail),
        };
        diagnostic.at(path)
    }
}

/// Looks at user data, or vendor data.
#[must_use]
pub fn check_user_data(text: &str) -> Vec<Finding> {
    if let Some(finding) = too_large(text) {
        return vec![finding];
    }
    if text.trim().is_empty() {
        return vec![Finding::hint("it is empty", "Leave it out, or begin it with #cloud-config.")];
    }
    let first = text.lines().next().unwrap_or_default();
    if !HEADERS.iter().any(|header| first.to_ascii_lowercase().starts_with(&header.to_ascii_lowercase())) {
        return vec![Finding::fatal(header_problem(text), header_advice(text)).on(1)];
    }
    if first.trim_end() != "#cloud-config" {
        return match first.starts_with("#cloud-config") && !first.starts_with("#cloud-config-") {
            true => vec![
                Finding::hint(
                    "something stands behind #cloud-config",
                    "Some versions of cloud-init know the header alone on its line only.",
                )
                .on(1),
            ],
            false => Vec::new(),
        };
    }
    match parse(text) {
        Ok(Value::Null) => Vec::new(),
        Ok(Value::Object(keys)) => {
            let settings = keys.iter().flat_map(|(key, value)| cloud_config(key, value));
            tabs(text).into_iter().chain(settings).collect()
        }
        Ok(_) => vec![Finding::fatal(
            "a #cloud-config must be a mapping of modules to their settings",
            "Write `packages: [curl]`, for example.",
        )],
        Err(bad) => vec![not_yaml(text, bad.line, &bad.why)],
    }
}

fn too_large(text: &str) -> Option<Finding> {
    (text.len() > LIMIT).then(|| {
        Finding::fatal(
            format!("it has {} bytes, more than {LIMIT}", text.len()),
            "Have the guest fetch large things itself, with `#include` or in `runcmd`.",
        )
    })
}

fn header_problem(text: &str) -> &'static str {
    match text.chars().next() {
        Some('\u{feff}') => "a byte order mark stands in front of the header",
        Some(first) if first.is_whitespace() => "white space stands in front of the header",
        _ => "it does not begin with a header cloud-init knows, so that the guest would ignore it",
    }
}

fn header_advice(text: &str) -> &'static str {
    let trimmed = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let squeezed = trimmed.lines().next().unwrap_or_default().replace([' ', '_', '-', '#'], "");
    match (squeezed == "cloudconfig", text.starts_with(char::is_whitespace) || text.starts_with('\u{feff}')) {
        (_, true) => {
            "Begin with the header in the first column; `<<-EOT` takes indentation away, `<<EOT` does not."
        }
        (true, false) => "The header must read `#cloud-config`, without a space and in this spelling.",
        (false, false) => {
            "Begin with `#cloud-config` for settings, `#!/bin/sh` for a script, or a MIME header for several parts."
        }
    }
}

fn not_yaml(text: &str, line: usize, why: &str) -> Finding {
    let tab = text
        .lines()
        .nth(line.saturating_sub(1))
        .is_some_and(|text| text.trim_start_matches(' ').starts_with('\t'));
    let advice = match tab {
        true => "YAML is indented with spaces; this line begins with a tab.",
        false => "Write it with yamlencode() to be sure, or check it with `cloud-init schema --config-file`.",
    };
    Finding::fatal(format!("it is not valid YAML ({why})"), advice).on(line)
}

/// Lines that a tab indents: cloud-init's YAML refuses them where ours is more patient.
fn tabs(text: &str) -> Vec<Finding> {
    let indented = |(index, line): (usize, &str)| {
        let hint = || {
            Finding::hint(
                "it is indented with a tab",
                "YAML is indented with spaces; cloud-init takes no tab.",
            )
        };
        (line.starts_with('\t') && !line.trim().is_empty()).then(|| hint().on(index + 1))
    };
    text.lines().enumerate().filter_map(indented).take(1).collect()
}

/// What the value of a module must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    List,
    Mapping,
}

/// Modules whose settings are often written in the wrong shape.
const SHAPES: &[(&str, Shape)] = &[
    ("runcmd", Shape::List),
    ("bootcmd", Shape::List),
    ("write_files", Shape::List),
    ("packages", Shape::List),
    ("users", Shape::List),
    ("ssh_authorized_keys", Shape::List),
    ("mounts", Shape::List),
    ("disk_setup", Shape::Mapping),
    ("fs_setup", Shape::List),
    ("growpart", Shape::Mapping),
    ("apt", Shape::Mapping),
    ("chpasswd", Shape::Mapping),
    ("ntp", Shape::Mapping),
    ("power_state", Shape::Mapping),
];

/// Names that are often mistaken for others.
const MISTAKEN: &[(&str, &str)] = &[
    ("run_cmd", "runcmd"),
    ("boot_cmd", "bootcmd"),
    ("writefiles", "write_files"),
    ("write-files", "write_files"),
    ("package", "packages"),
    ("ssh-authorized-keys", "ssh_authorized_keys"),
    ("ssh_keys_authorized", "ssh_authorized_keys"),
    ("ssh_authorized_key", "ssh_authorized_keys"),
    ("package-update", "package_update"),
    ("package-upgrade", "package_upgrade"),
    ("network", "the document for the network, which stands apart"),
];

fn cloud_config(key: &str, value: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some((_, right)) = MISTAKEN.iter().find(|(wrong, _)| *wrong == key) {
        found.push(Finding::hint(
            format!("cloud-init knows no `{key}`"),
            format!("What is meant may be {right}."),
        ));
    }
    let (right, shape) = match SHAPES.iter().find(|(module, _)| *module == key) {
        Some((_, Shape::List)) => (value.is_array(), "a list"),
        Some((_, Shape::Mapping)) => (value.is_object(), "a mapping"),
        None => (true, ""),
    };
    if !right && !value.is_null() {
        found.push(Finding::fatal(
            format!("`{key}` must be {shape}"),
            "cloud-init skips the module otherwise.",
        ));
        return found;
    }
    match key {
        "write_files" => {
            found.extend(items(value).enumerate().flat_map(|(index, file)| written_file(index, file)));
        }
        "users" => found.extend(items(value).enumerate().flat_map(|(index, user)| user_entry(index, user))),
        _ => {}
    }
    found
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn written_file(index: usize, file: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    let at = format!("write_files[{index}]");
    if file
        .get("path")
        .and_then(Value::as_str)
        .is_none_or(|path| !path.starts_with('/') && !path.contains(":\\"))
    {
        found.push(Finding::hint(
            format!("`{at}` has no absolute `path`"),
            "The file would not be written where it is meant.",
        ));
    }
    if file.get("permissions").is_some_and(Value::is_number) {
        found.push(Finding::hint(
            format!("`{at}.permissions` is a number"),
            "Quote it, \"0644\": YAML reads a bare number in its own way, and the file gets other permissions.",
        ));
    }
    found
}

fn user_entry(index: usize, user: &Value) -> Vec<Finding> {
    let at = format!("users[{index}]");
    let Some(user) = user.as_object() else { return Vec::new() };
    let mut found = Vec::new();
    if !user.contains_key("name") && !user.contains_key("snapuser") {
        found.push(Finding::hint(format!("`{at}` has no `name`"), "cloud-init skips a user without a name."));
    }
    let plain = user
        .get("passwd")
        .and_then(Value::as_str)
        .is_some_and(|hash| !hash.starts_with('$') && hash != "*" && hash != "!");
    if plain {
        found.push(Finding::hint(
            format!("`{at}.passwd` is no password hash"),
            "`passwd` takes a hash such as `mkpasswd -m sha-512` makes; `plain_text_passwd` takes a password.",
        ));
    }
    let locked = user.get("lock_passwd").and_then(Value::as_bool) != Some(false);
    let passwords = ["passwd", "hashed_passwd", "plain_text_passwd"];
    if locked && passwords.iter().any(|key| user.contains_key(*key)) {
        found.push(Finding::hint(
            format!("`{at}` has a password that stays locked"),
            "Set `lock_passwd: false` for a password that can be used to log in.",
        ));
    }
    if user.get("ssh_authorized_keys").is_some_and(|keys| !keys.is_array()) {
        found.push(Finding::hint(
            format!("`{at}.ssh_authorized_keys` is no list"),
            "Write one key a line, each behind a dash.",
        ));
    }
    found
}

/// Looks at a network configuration of version 1 or 2.
#[must_use]
pub fn check_network_config(text: &str) -> Vec<Finding> {
    if let Some(finding) = too_large(text) {
        return vec![finding];
    }
    let document = match parse(text) {
        Ok(document) => document,
        Err(bad) => return vec![not_yaml(text, bad.line, &bad.why)],
    };
    let network = document.get("network").unwrap_or(&document);
    let Some(keys) = network.as_object() else {
        return vec![Finding::fatal("it is no mapping", "Begin with `version: 2` and `ethernets:`.")];
    };
    let mut found = tabs(text);
    found.extend(bare_macs(text));
    match keys.get("version").and_then(version) {
        Some(1) => found.extend(version_1(network)),
        Some(2) => found.extend(version_2(network)),
        _ if keys.get("config").and_then(Value::as_str) == Some("disabled") => {}
        Some(_) => {
            found.push(Finding::fatal("its `version` is neither 1 nor 2", "cloud-init knows no other."));
        }
        None => {
            found.push(Finding::fatal("it has no `version`", "Begin with `version: 2`, or `version: 1`."));
        }
    }
    found
}

fn version(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Hardware addresses of digits alone, which YAML 1.1 takes for a number to the base of 60.
fn bare_macs(text: &str) -> Vec<Finding> {
    let digits = |line: &str| {
        let (key, value) = line.split_once(": ")?;
        let key = key.trim().trim_start_matches("- ");
        let parts: Vec<&str> = value.trim().split(':').collect();
        let bare = parts.len() == 6
            && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()));
        (matches!(key, "macaddress" | "mac_address") && bare).then_some(())
    };
    let hint = |line| {
        Finding::hint(
            "the hardware address is not quoted",
            "Quote it: cloud-init's YAML reads digits with colons as a number, and the interface is not found.",
        )
        .on(line)
    };
    text.lines().enumerate().filter_map(|(index, line)| digits(line).map(|()| hint(index + 1))).collect()
}

fn version_1(network: &Value) -> Vec<Finding> {
    let Some(config) = network.get("config").and_then(Value::as_array) else {
        return vec![Finding::fatal(
            "version 1 needs `config`, a list",
            "Each entry has a `type`, such as `physical`.",
        )];
    };
    let untyped = |(index, entry): (usize, &Value)| {
        let bare = entry.get("type").and_then(Value::as_str).is_none();
        bare.then(|| {
            Finding::fatal(format!("`config[{index}]` has no `type`"), "Write `type: physical`, for example.")
        })
    };
    config.iter().enumerate().filter_map(untyped).collect()
}

/// What version 2 can describe.
const DEVICES: &[&str] =
    &["ethernets", "bonds", "bridges", "vlans", "wifis", "tunnels", "vrfs", "dummy-devices"];

fn version_2(network: &Value) -> Vec<Finding> {
    let groups: Vec<&str> = DEVICES.iter().copied().filter(|group| network.get(group).is_some()).collect();
    if groups.is_empty() {
        let advice = match network.get("config").is_some() {
            true => "`config` belongs to version 1.",
            false => "Describe interfaces under `ethernets`, `bonds`, `bridges` or `vlans`.",
        };
        return vec![Finding::fatal("it describes no interface", advice)];
    }
    let mut found = Vec::new();
    for group in groups {
        match network.get(group).and_then(Value::as_object) {
            Some(devices) => {
                found.extend(devices.iter().flat_map(|(name, device)| interface(group, name, device)));
            }
            None => found.push(Finding::fatal(
                format!("`{group}` must be a mapping of names to interfaces"),
                "Write `eth0:` below it, for example.",
            )),
        }
    }
    found
}

fn interface(group: &str, name: &str, device: &Value) -> Vec<Finding> {
    let at = format!("{group}.{name}");
    let mut found = Vec::new();
    match device.get("addresses") {
        None | Some(Value::Null) => {}
        Some(Value::Array(addresses)) => {
            let bare = |address: &&Value| address.as_str().is_some_and(|text| !text.contains('/'));
            if addresses.iter().any(|address| bare(&address)) {
                found.push(Finding::fatal(
                    format!("an address of `{at}` has no prefix length"),
                    "Write `192.0.2.10/24`.",
                ));
            }
        }
        Some(_) => found.push(Finding::fatal(
            format!("`{at}.addresses` must be a list"),
            "Write `addresses: [192.0.2.10/24]`.",
        )),
    }
    if device.get("nameservers").is_some_and(|servers| !servers.is_object() && !servers.is_null()) {
        found.push(Finding::fatal(
            format!("`{at}.nameservers` must be a mapping"),
            "Write `nameservers: {addresses: [192.0.2.1], search: [example.com]}`.",
        ));
    }
    if device.get("set-name").is_some() && device.get("match").is_none() {
        found.push(Finding::hint(
            format!("`{at}.set-name` has no `match`"),
            "Match the interface by `macaddress` to rename it.",
        ));
    }
    for (gateway, route) in [("gateway4", "0.0.0.0/0"), ("gateway6", "::/0")] {
        if device.get(gateway).is_some() {
            found.push(Finding::hint(
                format!("`{at}.{gateway}` is deprecated"),
                format!("Write `routes: [{{to: \"{route}\", via: ...}}]`."),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(found: &[Finding]) -> Vec<(bool, Option<usize>, &str)> {
        found.iter().map(|finding| (finding.fatal, finding.line, finding.problem.as_str())).collect()
    }

    #[test]
    fn good_user_data_passes() {
        for good in [
            "#cloud-config\n",
            "#cloud-config\nusers:\n  - default\n  - name: ops\n    ssh_authorized_keys: [ssh-ed25519 AAAA]\nruncmd: [[ls, /]]\n",
            "#cloud-config\nwrite_files:\n  - path: /etc/x\n    permissions: '0644'\n    content: |\n      a: [\n",
            "#!/bin/sh\necho a: [\n",
            "Content-Type: multipart/mixed; boundary=\"x\"\n\n--x\n",
            "## template: jinja\n#cloud-config\nhostname: {{ v1.name }}\n",
            "#include\nhttps://example.com/x\n",
            "#ps1_sysnative\nGet-Date\n",
        ] {
            assert_eq!(check_user_data(good), [], "{good}");
        }
    }

    #[test]
    fn the_header_is_wanted_as_it_is() {
        let problem = |text: &str| {
            let found = check_user_data(text);
            assert!(found.len() == 1 && found[0].fatal && found[0].line == Some(1), "{text:?}: {found:?}");
            format!("{}. {}", found[0].problem, found[0].advice)
        };
        assert!(problem("users: []\n").contains("Begin with `#cloud-config`"));
        assert!(problem("# cloud-config\nusers: []\n").contains("without a space"));
        assert!(problem("#cloud_config\n").contains("this spelling"));
        assert!(problem("\n#cloud-config\n").contains("white space"));
        assert!(problem("  #cloud-config\n").contains("<<-EOT"));
        assert!(problem("\u{feff}#cloud-config\n").contains("byte order mark"));
    }

    #[test]
    fn mistakes_in_a_cloud_config_are_named() {
        let text = "#cloud-config\nruncmd: ls\nrun_cmd: [ls]\nwrite_files:\n  - path: etc/x\n    permissions: 0644\nusers:\n  - \
                    name: a\n    passwd: hunter2\n";
        let found = check_user_data(text);
        assert_eq!(
            told(&found),
            [
                (false, None, "cloud-init knows no `run_cmd`"),
                (true, None, "`runcmd` must be a list"),
                (false, None, "`users[0].passwd` is no password hash"),
                (false, None, "`users[0]` has a password that stays locked"),
                (false, None, "`write_files[0]` has no absolute `path`"),
                (false, None, "`write_files[0].permissions` is a number"),
            ]
        );
        assert!(!format!("{found:?}").contains("hunter2"), "what it holds is never shown");
        assert!(check_user_data("#cloud-config\n\tusers: []\n")[0].advice.contains("tab"));
        assert!(check_user_data("#cloud-config\n- a\n")[0].fatal);
    }

    #[test]
    fn networks_of_both_versions_pass() {
        for good in [
            "version: 2\nethernets:\n  eth0:\n    dhcp4: true\n",
            "network:\n  version: 2\n  ethernets:\n    eth0:\n      match: {macaddress: '52:54:00:12:34:56'}\n      set-name: \
             lan\n      addresses: [192.0.2.10/24]\n      nameservers: {addresses: [192.0.2.1]}\n",
            "version: 1\nconfig:\n  - type: physical\n    name: eth0\n    mac_address: aa:54:00:12:34:56\n    subnets: [{type: \
             dhcp}]\n",
            "config: disabled\n",
        ] {
            assert_eq!(check_network_config(good), [], "{good}");
        }
    }

    #[test]
    fn mistakes_in_a_network_are_named() {
        let first = |text: &str| {
            let found = check_network_config(text);
            let finding = &found[0];
            (finding.fatal, finding.line, finding.problem.clone())
        };
        assert_eq!(first("ethernets: {}\n").2, "it has no `version`");
        assert_eq!(first("version: 3\n").2, "its `version` is neither 1 nor 2");
        assert_eq!(first("- a\n").2, "it is no mapping");
        assert_eq!(first("version: 1\n").2, "version 1 needs `config`, a list");
        assert_eq!(first("version: 1\nconfig: [{name: eth0}]\n").2, "`config[0]` has no `type`");
        assert_eq!(first("version: 2\nconfig: []\n").2, "it describes no interface");
        let one = |rest: &str| first(&format!("version: 2\nethernets:\n  eth0:\n    {rest}\n"));
        assert_eq!(one("addresses: [192.0.2.1]").2, "an address of `ethernets.eth0` has no prefix length");
        assert_eq!(one("addresses: 192.0.2.1/24").2, "`ethernets.eth0.addresses` must be a list");
        assert_eq!(one("nameservers: [192.0.2.1]").2, "`ethernets.eth0.nameservers` must be a mapping");
        assert!(!one("gateway4: 192.0.2.1").0);
        assert_eq!(one("macaddress: 52:54:00:12:34:56").1, Some(4));
        assert_eq!(first("version: 2\nethernets:\n\teth0: {}\n").1, Some(3));
    }

    proptest! {
        #[test]
        fn any_document_is_judged(text in "(#cloud-config\\n)?([ -~]|\\n){0,120}") {
            let _ = (check_user_data(&text), check_network_config(&text));
        }
    }
}
