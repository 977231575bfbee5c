//! `pg_hba.conf`: who may connect.

use std::fmt::Write as _;

use tf_framework::Path;

use super::model::{AccessMethod, AccessRule, ConnectionType};
use crate::errors::Refusal;

/// The way of the provider, of backups and of timers. It comes before every other rule.
const OWN: &str = "local all postgres peer";

/// What stands at the end where no rules are given.
const USUAL: [&str; 3] =
    ["local all all peer", "host all all 127.0.0.1/32 scram-sha-256", "host all all ::1/128 scram-sha-256"];

/// The file. `before` are rules that other parts of the instance need, such as those of standbys.
pub(crate) fn render(rules: Option<&[AccessRule]>, before: &[AccessRule]) -> String {
    let mut text = "# Kept by Terraform (hybridops): what is changed here is changed back.\n".to_owned();
    let _ = writeln!(text, "{OWN}");
    for rule in before {
        let _ = writeln!(text, "{}", line(rule));
    }
    match rules {
        Some(rules) => rules.iter().for_each(|rule| text.push_str(&format!("{}\n", line(rule)))),
        None => USUAL.iter().for_each(|rule| text.push_str(&format!("{rule}\n"))),
    }
    text
}

/// The lines of a file that say something.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| words(line).join(" "));
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

fn line(rule: &AccessRule) -> String {
    let list = |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",");
    let mut words = vec![rule.r#type.to_string(), list(&rule.databases), list(&rule.users)];
    words.extend(rule.address.clone());
    words.push(rule.method.to_string());
    words.extend(rule.options.iter().map(|(name, value)| format!("{name}={}", option(value))));
    words.join(" ")
}

/// A name as one word. Words with a meaning are written plainly; `+` stays in front.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.+/".contains(c);
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { format!("\"{name}\"") }
}

fn option(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.:/@".contains(c);
    if value.chars().all(plain) { value.to_owned() } else { format!("\"{value}\"") }
}

/// The rules of a file as the configuration would say them, without the first of ours. Lines that we would not write
/// are left out: the file is then not what it should be in any case.
pub(crate) fn parse(text: &str) -> Vec<AccessRule> {
    lines(text).iter().filter(|line| *line != OWN).filter_map(|line| rule(line)).collect()
}

fn rule(line: &str) -> Option<AccessRule> {
    let mut words = words(line).into_iter();
    let r#type: ConnectionType = words.next()?.parse().ok()?;
    let (databases, users) = (names(&words.next()?), names(&words.next()?));
    let address = if r#type == ConnectionType::Local { None } else { Some(words.next()?) };
    let method: AccessMethod = words.next()?.parse().ok()?;
    let options = words.filter_map(|word| {
        let (name, value) = word.split_once('=')?;
        Some((name.to_owned(), value.trim_matches('"').to_owned()))
    });
    Some(AccessRule { r#type, databases, users, address, method, options: options.collect() })
}

/// Words of a line; blanks within quotes are no end.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut within = false;
    for c in line.chars() {
        within ^= c == '"';
        match (c.is_whitespace() && !within, words.last_mut()) {
            (true, Some(last)) if !last.is_empty() => words.push(String::new()),
            (false, Some(last)) => last.push(c),
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn names(word: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut within = false;
    for c in word.chars() {
        match c {
            '"' => within = !within,
            ',' if !within => names.push(String::new()),
            c => names.last_mut().into_iter().for_each(|name| name.push(c)),
        }
    }
    names
}

/// The path of a rule in the configuration.
fn path(index: usize) -> Path {
    Path::root().attribute("postgresql").attribute("access").index(index)
}

/// What is wrong with rules, as far as the server need not be asked.
pub(crate) fn faults(rules: &[AccessRule]) -> Vec<Refusal> {
    rules
        .iter()
        .enumerate()
        .filter_map(|(index, rule)| fault(rule).map(|fault| fault.at(path(index))))
        .collect()
}

fn fault(rule: &AccessRule) -> Option<Refusal> {
    let local = rule.r#type == ConnectionType::Local;
    let bad = |text: &String| text.is_empty() || text.contains(['"', '\n', '\r', '\0', '#']);
    if rule.databases.iter().chain(&rule.users).chain(rule.options.values()).any(bad) {
        let detail = "Names and options must not be empty, nor hold quotes, line ends or `#`.";
        return Some(Refusal::new("A name of an access rule cannot be written", detail));
    }
    if local != rule.address.is_none() {
        let detail = if local {
            "The local socket has no addresses. Leave `address` out."
        } else {
            "Set `address`, such as `10.6.0.0/24` or `all`."
        };
        return Some(Refusal::new("An access rule needs an address unless it is local", detail));
    }
    if rule.address.as_ref().is_some_and(|address| bad(address) || address.contains(char::is_whitespace)) {
        return Some(Refusal::new("An address of an access rule cannot be written", "It must be one word."));
    }
    let socket_only = matches!(rule.method, AccessMethod::Peer);
    if socket_only && !local {
        let detail = "Only on the local socket is the user of the operating system known. Use `scram-sha-256` or `cert`.";
        return Some(Refusal::new("`peer` works over the local socket only", detail));
    }
    if rule.method == AccessMethod::Cert && rule.r#type != ConnectionType::HostSsl {
        let detail = "Set `type = \"hostssl\"`: without TLS there is no certificate.";
        return Some(Refusal::new("`cert` takes TLS", detail));
    }
    let names_us = rule.users.iter().any(|user| user == "postgres");
    if local && names_us && rule.method != AccessMethod::Peer {
        let detail = format!(
            "`{OWN}` comes before every rule: the provider, backups and timers come this way, so that nobody can be locked \
             out. This rule would never be reached for postgres. Leave postgres out of it."
        );
        return Some(Refusal::new("The superuser cannot be locked out of the local socket", detail));
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_rule() -> impl Strategy<Value = AccessRule> {
        let name = "[a-zA-Z0-9_+ ,.-]{0,11}[a-zA-Z0-9_]";
        let kinds = prop::sample::select(ConnectionType::ALL.to_vec());
        let methods = prop::sample::select(AccessMethod::ALL.to_vec());
        let names = || prop::collection::vec(name, 1..4);
        let options = prop::collection::btree_map("[a-z]{1,8}", "[a-zA-Z0-9 ,=]{1,10}", 0..3);
        (kinds, names(), names(), "[0-9]{1,3}\\.0\\.0\\.0/8", methods, options).prop_map(
            |(r#type, databases, users, address, method, options)| AccessRule {
                r#type,
                databases,
                users,
                address: (r#type != ConnectionType::Local).then_some(address),
                method,
                options,
            },
        )
    }

    proptest! {
        #[test]
        fn rules_are_read_back(rules in prop::collection::vec(any_rule(), 0..6)) {
            prop_assert_eq!(parse(&render(Some(&rules), &[])), rules);
        }

        #[test]
        fn no_file_makes_it_fall(text in "\\PC*") {
            drop(parse(&text));
        }

        #[test]
        fn we_come_first(rules in prop::collection::vec(any_rule(), 0..6)) {
            let rendered = render(Some(&rules), &[]);
            let lines = lines(&rendered);
            prop_assert_eq!(lines.first().map(String::as_str), Some(OWN));
        }
    }

    #[test]
    fn refused() {
        let rule = AccessRule {
            r#type: ConnectionType::Local,
            databases: vec!["all".into()],
            users: vec!["postgres".into()],
            address: None,
            method: AccessMethod::Reject,
            options: Default::default(),
        };
        assert!(fault(&rule).unwrap().summary.contains("locked out"));
        assert!(fault(&AccessRule { method: AccessMethod::Peer, ..rule.clone() }).is_none());
        assert!(fault(&AccessRule { r#type: ConnectionType::Host, ..rule.clone() }).is_some());
        assert!(fault(&AccessRule { users: vec!["a\nb".into()], ..rule }).is_some());
    }
}
