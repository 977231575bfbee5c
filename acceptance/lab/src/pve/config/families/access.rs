//! Realms.

use serde_json::{Map, Value};

use super::super::family::{Change, Family, Hooks, Shown, Text, Texts};
use super::super::options::Options;
use super::super::store::{Configuration, Section};
use crate::pve::cluster::State;
use crate::pve::reply::{Outcome, Refusal};

pub(super) const FAMILIES: &[Family] = &[REALM];

const FILE: &str = "domains.cfg";

const BUILTIN: &[(&str, &str)] =
    &[("pam", "Linux PAM standard authentication"), ("pve", "Proxmox VE authentication server")];

const REALM: Family = Family {
    collection: "/access/domains",
    item: "/access/domains/{realm}",
    create: "/access/domains",
    id: "realm",
    shows_id: ["realm", ""],
    shows_digest: [false, true],
    hidden: &["password", "check-connection"],
    strict_delete: false,
    texts: Texts {
        taken: Text::Died("domain '{id}' already exists"),
        missing: [
            Text::Died("domain '{id}' does not exist"),
            Text::Died("domain '{id}' does not exist"),
            Text::Died("authentication domain '{id}' does not exist"),
        ],
        before: ["add auth server failed", "update auth server failed", "delete auth server failed"],
    },
    hooks: &Realm,
    ..Family::of(
        "realm",
        FILE,
        &[
            ("pam", Options::new("default comment tfa")),
            ("pve", Options::new("default comment tfa")),
            (
                "ad",
                Options::new(
                    "server1* server2 domain* port secure sslversion default comment tfa verify capath cert certkey \
                     base_dn bind_dn password user_attr filter sync_attributes user_classes group_dn \
                     group_name_attr group_filter group_classes sync-defaults-options mode case-sensitive \
                     check-connection",
                ),
            ),
            (
                "ldap",
                Options::new(
                    "server1* server2 base_dn* bind_dn password user_attr* port secure sslversion default comment \
                     tfa verify capath cert certkey filter sync_attributes user_classes group_dn group_name_attr \
                     group_filter group_classes sync-defaults-options mode case-sensitive check-connection",
                ),
            ),
            (
                "openid",
                Options::new(
                    "issuer-url* client-id* client-key autocreate username-claim! groups-claim groups-autocreate \
                     groups-overwrite prompt scopes acr-values audiences default comment query-userinfo",
                ),
            ),
        ],
    )
};

/// The two realms every installation has.
pub(crate) fn builtin_realms(config: &mut Configuration) {
    for (id, comment) in BUILTIN {
        let file = config.file_mut(FILE);
        file.entry((*id).to_owned()).or_insert_with(|| {
            let mut section = Section::new(id);
            section.set("comment", *comment);
            section
        });
    }
}

#[derive(Debug)]
struct Realm;

impl Hooks for Realm {
    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        if change.before.is_none() && matches!(change.after.kind.as_str(), "pam" | "pve") {
            return Err(Refusal::died(format!("unable to create builtin type '{}'", change.after.kind)));
        }
        if change.before.is_some() && change.given.is_empty() && change.call.params.list("delete").is_empty()
        {
            return Err(Refusal::died("no options specified"));
        }
        let server = change.after.str("server1").unwrap_or_default();
        let checked = change.given.contains_key("check-connection") && change.after.flag("check-connection");
        if checked && change.state.silent_servers.contains(server) {
            return Err(Refusal::died(format!("unable to connect to server '{server}'")));
        }
        change.after.fields.remove("check-connection");
        Ok(())
    }

    fn saved(&self, state: &mut State, id: &str, section: &Section) {
        if section.flag("default") {
            for (other, section) in state.config.file_mut(FILE).iter_mut().filter(|(other, _)| *other != id) {
                tracing::trace!(realm = %other, "no longer the default");
                section.fields.remove("default");
            }
        }
    }

    fn deleted(&self, state: &mut State, _id: &str) {
        builtin_realms(&mut state.config);
    }

    fn show(&self, shown: &Shown<'_>, view: &mut Map<String, Value>) {
        if shown.listed {
            view.retain(|key, _| matches!(key.as_str(), "realm" | "type" | "comment" | "default" | "tfa"));
        }
    }
}
