//! Notification targets and matchers.

use serde_json::{Map, Value, json};

use super::super::family::{Change, Family, Hooks, Shown, Text, Texts};
use super::super::options::Options;
use super::super::store::{Configuration, Section};
use crate::pve::call::{Call, Param};
use crate::pve::cluster::State;
use crate::pve::reply::{Outcome, Refusal};

pub(super) const FAMILIES: &[Family] = &[GOTIFY, SENDMAIL, SMTP, WEBHOOK, MATCHER];

/// Targets and matchers share a file, and so their names and digest; here each type has a file of its own.
pub(crate) const TARGET_FILES: &[(&str, &str)] =
    &[("gotify", GOTIFY.file), ("sendmail", SENDMAIL.file), ("smtp", SMTP.file), ("webhook", WEBHOOK.file)];

const fn texts(missing: &'static str) -> Texts {
    let missing = Text::Status(404, missing);
    Texts {
        taken: Text::Status(400, "Cannot create '{id}', an entity with the same name already exists"),
        missing: [missing, missing, missing],
        before: [""; 3],
    }
}

const NO_ENDPOINT: &str = "endpoint '{id}' not found";

/// What all have in common.
const fn entity(
    name: &'static str,
    file: &'static str,
    paths: [&'static str; 2],
    kinds: &'static [(&'static str, Options)],
    missing: &'static str,
) -> Family {
    let [collection, item] = paths;
    Family {
        collection,
        item,
        create: collection,
        id: "name",
        shows_id: ["name", "name"],
        shows_kind: false,
        shows_digest: [false, true],
        stale: 400,
        texts: texts(missing),
        hooks: &Entity,
        ..Family::of(name, file, kinds)
    }
}

const GOTIFY: Family = Family {
    hidden: &["token"],
    ..entity(
        "gotify",
        "notifications.cfg/gotify",
        ["/cluster/notifications/endpoints/gotify", "/cluster/notifications/endpoints/gotify/{name}"],
        &[("gotify", Options::new("server* token* comment disable"))],
        NO_ENDPOINT,
    )
};

const SENDMAIL: Family = entity(
    "sendmail",
    "notifications.cfg/sendmail",
    ["/cluster/notifications/endpoints/sendmail", "/cluster/notifications/endpoints/sendmail/{name}"],
    &[("sendmail", Options::new("mailto mailto-user from-address author comment disable"))],
    NO_ENDPOINT,
);

const SMTP: Family = Family {
    hidden: &["password"],
    ..entity(
        "smtp",
        "notifications.cfg/smtp",
        ["/cluster/notifications/endpoints/smtp", "/cluster/notifications/endpoints/smtp/{name}"],
        &[(
            "smtp",
            Options::new(
                "server* port mode username password mailto mailto-user from-address* author comment disable",
            ),
        )],
        NO_ENDPOINT,
    )
};

const WEBHOOK: Family = entity(
    "webhook",
    "notifications.cfg/webhook",
    ["/cluster/notifications/endpoints/webhook", "/cluster/notifications/endpoints/webhook/{name}"],
    &[("webhook", Options::new("url* method* header body secret comment disable"))],
    NO_ENDPOINT,
);

const MATCHER: Family = entity(
    "matcher",
    "notifications.cfg/matcher",
    ["/cluster/notifications/matchers", "/cluster/notifications/matchers/{name}"],
    &[(
        "matcher",
        Options::new("target match-severity match-field match-calendar mode invert-match comment disable"),
    )],
    "matcher '{id}' not found",
);

/// The target and the matcher every installation has; a deletion brings them back as they were.
pub(crate) fn builtin(config: &mut Configuration) {
    config.file_mut(SENDMAIL.file).entry("mail-to-root".into()).or_insert_with(|| {
        let mut section = Section::new("sendmail");
        section.fields.insert("mailto-user".into(), Param::Many(vec!["root@pam".into()]));
        section.set("comment", "Send mails to root@pam's email address");
        section
    });
    config.file_mut(MATCHER.file).entry("default-matcher".into()).or_insert_with(|| {
        let mut section = Section::new("matcher");
        section.set("mode", "all");
        section.fields.insert("target".into(), Param::Many(vec!["mail-to-root".into()]));
        section.set("comment", "Route all notifications to mail-to-root");
        section
    });
}

/// Where a section comes from: out of the box, that and then changed, or a user.
pub(crate) fn origin(file: &str, id: &str, section: &Section) -> &'static str {
    let mut fresh = Configuration::default();
    builtin(&mut fresh);
    match fresh.section(file, id) {
        Some(original) if original == section => "builtin",
        Some(_) => "modified-builtin",
        None => "user-created",
    }
}

#[derive(Debug)]
struct Entity;

fn is_target(state: &State, name: &str) -> bool {
    TARGET_FILES.iter().any(|(_, file)| state.config.section(file, name).is_some())
}

/// `name=…,value=…` without its value.
fn without_value(secret: &str) -> String {
    secret.split(',').filter(|part| !part.starts_with("value=")).collect::<Vec<_>>().join(",")
}

fn many(section: &Section, key: &str) -> Vec<String> {
    match section.fields.get(key) {
        Some(Param::Many(values)) => values.clone(),
        Some(Param::One(value)) => vec![value.clone()],
        None => Vec::new(),
    }
}

fn bad(text: String) -> Refusal {
    Refusal::died(text).with_status(400)
}

impl Entity {
    /// A secret named without a value keeps the value it has.
    fn keep_secrets(change: &mut Change<'_>) -> Outcome<()> {
        if !change.given.contains_key("secret") {
            return Ok(());
        }
        let known = change.before.map(|s| many(s, "secret")).unwrap_or_default();
        let mut kept = Vec::new();
        for secret in many(&change.after, "secret") {
            let name = without_value(&secret);
            let full =
                if name == secret { known.iter().find(|k| without_value(k) == name) } else { Some(&secret) };
            let Some(full) = full else {
                return Err(bad(format!("secret '{}' not known", name.trim_start_matches("name="))));
            };
            kept.push(full.clone());
        }
        change.after.fields.insert("secret".into(), Param::Many(kept));
        Ok(())
    }
}

impl Hooks for Entity {
    fn id(&self, family: &Family, call: &Call, state: &State) -> Outcome<String> {
        let name = call.params.need(family.id)?.to_owned();
        let taken = is_target(state, &name) || state.config.section(MATCHER.file, &name).is_some();
        match family.texts.taken.refusal(&name).filter(|_| taken) {
            Some(refusal) => Err(refusal),
            None => Ok(name),
        }
    }

    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        if change.after.kind == "matcher" {
            let wanted = many(&change.after, "target");
            return match wanted.iter().find(|t| !is_target(change.state, t)) {
                Some(missing) => {
                    Err(Refusal::died(format!("endpoint '{missing}' does not exist")).with_status(404))
                }
                None => Ok(()),
            };
        }
        let mails = change.after.kind == "sendmail" || change.after.kind == "smtp";
        if mails && ["mailto", "mailto-user"].iter().all(|k| many(&change.after, k).is_empty()) {
            return Err(
                bad("must at least provide one recipient, either in mailto or in mailto-user".into()),
            );
        }
        Self::keep_secrets(change)
    }

    fn release(&self, call: &Call, state: &State, id: &str) -> Outcome<()> {
        if call.template == MATCHER.item {
            return Ok(());
        }
        let matchers = state.config.file(MATCHER.file);
        let users: Vec<&str> = matchers
            .iter()
            .filter(|(_, m)| many(m, "target").iter().any(|t| t == id))
            .map(|(name, _)| name.as_str())
            .collect();
        match users.is_empty() {
            true => Ok(()),
            false => Err(bad(format!("cannot delete '{id}', referenced by: {}", users.join(", ")))),
        }
    }

    fn deleted(&self, state: &mut State, _id: &str) {
        builtin(&mut state.config);
    }

    fn show(&self, shown: &Shown<'_>, view: &mut Map<String, Value>) {
        let file =
            FAMILIES.iter().find(|f| [f.item, f.collection].contains(&shown.call.template)).map(|f| f.file);
        view.insert("origin".into(), json!(origin(file.unwrap_or_default(), shown.id, shown.section)));
        if shown.section.kind == "webhook" {
            let names: Vec<String> = many(shown.section, "secret").iter().map(|s| without_value(s)).collect();
            if !names.is_empty() {
                view.insert("secret".into(), json!(names));
            }
        }
    }
}
