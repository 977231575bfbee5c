//! Users, tokens, roles, access control lists, and what they allow.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::call::Params;
use super::cluster::{Pool, State};
use super::personality::Personality;
use super::reply::{Outcome, Refusal};

/// Privileges of 8.4; a release may add and take.
pub(crate) const PRIVILEGES: &[&str] = &[
    "Datastore.Allocate",
    "Datastore.AllocateSpace",
    "Datastore.AllocateTemplate",
    "Datastore.Audit",
    "Group.Allocate",
    "Mapping.Audit",
    "Mapping.Modify",
    "Mapping.Use",
    "Permissions.Modify",
    "Pool.Allocate",
    "Pool.Audit",
    "Realm.Allocate",
    "Realm.AllocateUser",
    "SDN.Allocate",
    "SDN.Audit",
    "SDN.Use",
    "Sys.AccessNetwork",
    "Sys.Audit",
    "Sys.Console",
    "Sys.Incoming",
    "Sys.Modify",
    "Sys.PowerMgmt",
    "Sys.Syslog",
    "User.Modify",
    "VM.Allocate",
    "VM.Audit",
    "VM.Backup",
    "VM.Clone",
    "VM.Config.CDROM",
    "VM.Config.CPU",
    "VM.Config.Cloudinit",
    "VM.Config.Disk",
    "VM.Config.HWType",
    "VM.Config.Memory",
    "VM.Config.Network",
    "VM.Config.Options",
    "VM.Console",
    "VM.Migrate",
    "VM.Monitor",
    "VM.PowerMgmt",
    "VM.Snapshot",
    "VM.Snapshot.Rollback",
];

/// Built-in roles other than Administrator, PVEAdmin and NoAccess: (role, privileges).
const ROLES: &[(&str, &[&str])] = &[
    ("PVEAuditor", &["Datastore.Audit", "Mapping.Audit", "Pool.Audit", "SDN.Audit", "Sys.Audit", "VM.Audit"]),
    (
        "PVEDatastoreAdmin",
        &["Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.AllocateTemplate", "Datastore.Audit"],
    ),
    ("PVEDatastoreUser", &["Datastore.AllocateSpace", "Datastore.Audit"]),
    ("PVEMappingAdmin", &["Mapping.Audit", "Mapping.Modify", "Mapping.Use"]),
    ("PVEMappingUser", &["Mapping.Audit", "Mapping.Use"]),
    ("PVEPoolAdmin", &["Pool.Allocate", "Pool.Audit"]),
    ("PVEPoolUser", &["Pool.Audit"]),
    ("PVESDNAdmin", &["SDN.Allocate", "SDN.Audit", "SDN.Use"]),
    ("PVESDNUser", &["SDN.Audit", "SDN.Use"]),
    ("PVESysAdmin", &["Sys.Audit", "Sys.Console", "Sys.Syslog"]),
    ("PVETemplateUser", &["VM.Audit", "VM.Clone"]),
    ("PVEUserAdmin", &["Group.Allocate", "Realm.AllocateUser", "User.Modify"]),
    (
        "PVEVMUser",
        &["VM.Audit", "VM.Backup", "VM.Config.CDROM", "VM.Config.Cloudinit", "VM.Console", "VM.PowerMgmt"],
    ),
];

/// What PVEAdmin lacks of Administrator.
const NOT_FOR_PVE_ADMIN: &[&str] = &[
    "Mapping.Modify",
    "Permissions.Modify",
    "Realm.Allocate",
    "Sys.AccessNetwork",
    "Sys.Incoming",
    "Sys.Modify",
    "Sys.PowerMgmt",
];

/// A role.
#[derive(Debug, Clone, Default)]
pub(crate) struct Role {
    pub(crate) privileges: BTreeSet<String>,
    pub(crate) special: bool,
}

/// An API token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) secret: String,
    pub(crate) privsep: bool,
    pub(crate) expire: u64,
    pub(crate) comment: String,
}

/// A user.
#[derive(Debug, Clone, Default)]
pub(crate) struct User {
    pub(crate) enable: bool,
    pub(crate) expire: u64,
    /// comment, email, firstname, lastname, keys: those that are set.
    pub(crate) details: BTreeMap<String, String>,
    pub(crate) password: Option<[u8; 32]>,
    pub(crate) groups: BTreeSet<String>,
    pub(crate) tokens: BTreeMap<String, Token>,
}

/// One entry of the access control list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AclEntry {
    pub(crate) path: String,
    /// `user`, `group` or `token`.
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) role: String,
    pub(crate) propagate: bool,
}

/// The user database.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// What stands for VM.Monitor in this release.
    pub(crate) agent_privilege: &'static str,
    pub(crate) users: BTreeMap<String, User>,
    /// Groups with their comments.
    pub(crate) groups: BTreeMap<String, String>,
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) acl: Vec<AclEntry>,
}

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) user: String,
    pub(crate) token: Option<String>,
    pub(crate) privsep: bool,
}

impl Principal {
    /// `user@realm` or `user@realm!token`.
    pub(crate) fn full_id(&self) -> String {
        match &self.token {
            Some(token) => format!("{}!{token}", self.user),
            None => self.user.clone(),
        }
    }

    /// root@pam with a ticket: some things only it may do, not even its own tokens.
    pub(crate) fn is_root(&self) -> bool {
        self.user == "root@pam" && self.token.is_none()
    }
}

/// Privileges with whether they propagate.
pub(crate) type Privileges = BTreeMap<String, bool>;

pub(crate) fn hash_password(password: &str) -> [u8; 32] {
    Sha256::digest(password.as_bytes()).into()
}

/// Cleans an ACL path; `None` where it is no path at all.
pub(crate) fn normalise_path(path: &str) -> Option<String> {
    let joined: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let path = format!("/{}", joined.join("/"));
    path.chars().all(|c| c.is_ascii_alphanumeric() || ".-_/".contains(c)).then_some(path)
}

impl Access {
    /// A fresh installation: root@pam and the built-in roles of the release.
    pub(crate) fn new(root_password: &str, personality: &Personality) -> Self {
        let all: BTreeSet<String> = PRIVILEGES
            .iter()
            .filter(|p| !personality.privileges_gone.contains(p))
            .chain(personality.privileges_new)
            .map(|p| (*p).to_owned())
            .collect();
        let special = |privileges| Role { privileges, special: true };
        let mut roles: BTreeMap<String, Role> = ROLES
            .iter()
            .map(|(name, list)| ((*name).to_owned(), special(list.iter().map(|p| (*p).to_owned()).collect())))
            .collect();
        let except = |gone: &[&str]| all.iter().filter(|p| !gone.contains(&p.as_str())).cloned().collect();
        roles.insert("NoAccess".into(), special(BTreeSet::new()));
        roles.insert("PVEAdmin".into(), special(except(NOT_FOR_PVE_ADMIN)));
        roles.insert(
            "PVEVMAdmin".into(),
            special(all.iter().filter(|p| p.starts_with("VM.")).cloned().collect()),
        );
        roles.insert("Administrator".into(), special(all));
        let root = User { enable: true, password: Some(hash_password(root_password)), ..User::default() };
        Self {
            users: [("root@pam".into(), root)].into(),
            roles,
            agent_privilege: personality.agent_privilege,
            ..Self::default()
        }
    }

    /// All privileges of the release.
    pub(crate) fn all_privileges(&self) -> BTreeSet<String> {
        self.roles.get("Administrator").map(|r| r.privileges.clone()).unwrap_or_default()
    }

    /// Roles a subject has on a path, by walking down to it.
    fn roles_on(&self, path: &str, user: &str, token: Option<&str>) -> BTreeMap<String, bool> {
        let mut levels = vec!["/".to_owned()];
        let mut walked = String::new();
        for part in path.split('/').filter(|s| !s.is_empty()) {
            walked = format!("{walked}/{part}");
            levels.push(walked.clone());
        }
        let groups = self.users.get(user).map(|u| u.groups.clone()).unwrap_or_default();
        let mut roles = BTreeMap::new();
        for level in &levels {
            let last = Some(level) == levels.last();
            let here = |kind: &str, matches: &dyn Fn(&str) -> bool| -> BTreeMap<String, bool> {
                self.acl
                    .iter()
                    .filter(|e| {
                        e.path == *level && e.kind == kind && matches(&e.subject) && (e.propagate || last)
                    })
                    .map(|e| (e.role.clone(), e.propagate))
                    .collect()
            };
            let own = match token {
                Some(token) => here("token", &|s| s == token),
                None => here("user", &|s| s == user),
            };
            let found = match (own.is_empty(), token) {
                (true, None) => here("group", &|s| groups.contains(s)),
                _ => own,
            };
            if !found.is_empty() {
                roles = found;
            }
            if roles.contains_key("NoAccess") {
                roles = [("NoAccess".to_owned(), true)].into();
            }
        }
        roles
    }

    fn expand(&self, roles: &BTreeMap<String, bool>) -> Privileges {
        let mut privileges = Privileges::new();
        for (role, propagate) in roles {
            for privilege in self.roles.get(role).iter().flat_map(|r| &r.privileges) {
                let slot = privileges.entry(privilege.clone()).or_default();
                *slot = *slot || *propagate;
            }
        }
        privileges
    }

    fn on_path(&self, principal: &Principal, path: &str) -> Privileges {
        let of_user = if principal.user == "root@pam" {
            self.all_privileges().into_iter().map(|p| (p, true)).collect()
        } else {
            self.expand(&self.roles_on(path, &principal.user, None))
        };
        if !principal.privsep {
            return of_user;
        }
        let of_token = self.expand(&self.roles_on(path, &principal.user, Some(&principal.full_id())));
        of_token.into_iter().filter(|(p, _)| of_user.contains_key(p)).collect()
    }

    /// Privileges of a principal on a path, pools included.
    pub(crate) fn privileges(
        &self,
        principal: &Principal,
        path: &str,
        pools: &BTreeMap<String, Pool>,
    ) -> Privileges {
        let mut privileges = self.on_path(principal, path);
        let in_pool = |pool: &Pool| {
            path.strip_prefix("/vms/")
                .and_then(|id| id.parse().ok())
                .is_some_and(|id: u32| pool.guests.contains(&id))
                || path.strip_prefix("/storage/").is_some_and(|s| pool.storages.iter().any(|p| p == s))
        };
        for (name, _) in pools.iter().filter(|(_, pool)| in_pool(pool)) {
            privileges.extend(self.on_path(principal, &format!("/pool/{name}")));
        }
        privileges
    }
}

impl State {
    /// Whether the principal has one privilege on a path.
    pub(crate) fn may(&self, principal: &Principal, path: &str, privilege: &str) -> bool {
        self.access.privileges(principal, path, &self.pools).contains_key(privilege)
    }

    /// Needs all of the privileges.
    pub(crate) fn need(&self, principal: &Principal, path: &str, privileges: &[&str]) -> Outcome<()> {
        let normal = normalise_path(path);
        let held =
            normal.as_deref().map(|p| self.access.privileges(principal, p, &self.pools)).unwrap_or_default();
        match privileges.iter().find(|p| !held.contains_key(**p)) {
            Some(missing) => Err(Refusal::forbidden(&format!("{}, {missing}", normal.unwrap_or_default()))),
            None => Ok(()),
        }
    }

    /// Needs any of the privileges.
    pub(crate) fn need_any(&self, principal: &Principal, path: &str, privileges: &[&str]) -> Outcome<()> {
        let normal = normalise_path(path).unwrap_or_default();
        let held = self.access.privileges(principal, &normal, &self.pools);
        if !normal.is_empty() && privileges.iter().any(|p| held.contains_key(*p)) {
            return Ok(());
        }
        Err(Refusal::forbidden(&format!("{normal}, {}", privileges.join("|"))))
    }

    /// Evaluates a permission expression of the API's description.
    pub(crate) fn check(&self, principal: &Principal, expression: &Value, params: &Params) -> Outcome<()> {
        let Some(list) = expression.as_array() else { return Ok(()) };
        let word = |i: usize| list.get(i).and_then(Value::as_str).unwrap_or_default();
        let names = |i: usize| -> Vec<&str> {
            list.get(i)
                .and_then(Value::as_array)
                .map(|a| a.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default()
        };
        match word(0) {
            "and" => list[1..].iter().try_for_each(|e| self.check(principal, e, params)),
            "or" if list[1..].iter().any(|e| self.check(principal, e, params).is_ok()) => Ok(()),
            "or" => Err(Refusal::forbidden("")),
            "perm" => {
                let options: Vec<&str> = list[3..].iter().filter_map(Value::as_str).collect();
                if options.contains(&"require_param") && params.str(options.last().unwrap_or(&"")).is_none() {
                    return Err(Refusal::forbidden(""));
                }
                let path = fill(word(1), params);
                // The table is 8.4's; 9.x split VM.Monitor.
                let mut privileges: Vec<&str> = names(2);
                for privilege in privileges.iter_mut().filter(|p| **p == "VM.Monitor") {
                    *privilege = self.access.agent_privilege;
                }
                if options.contains(&"any") {
                    self.need_any(principal, &path, &privileges)
                } else {
                    self.need(principal, &path, &privileges)
                }
            }
            "perm-modify" => self.need_modify(principal, &fill(word(1), params)),
            "userid-param" => {
                let userid = params.need("userid")?;
                let realm =
                    userid.rsplit_once('@').filter(|(name, realm)| !name.is_empty() && !realm.is_empty());
                let Some((_, realm)) = realm else {
                    return Err(Refusal::died(format!(
                        "value '{userid}' does not look like a valid user name"
                    )));
                };
                match word(1) {
                    "self" if principal.full_id() == userid => Ok(()),
                    "self" => Err(Refusal::forbidden("")),
                    privilege => self.need(principal, &format!("/access/realm/{realm}"), &[privilege]),
                }
            }
            "userid-group" => self.need_any(principal, "/access/groups", &names(1)),
            _ => Err(Refusal::forbidden("")),
        }
    }

    /// Changing access rights below a path.
    fn need_modify(&self, principal: &Principal, path: &str) -> Outcome<()> {
        let by_kind: &[&str] = match path.split('/').nth(1) {
            Some("storage") => &["Permissions.Modify", "Datastore.Allocate"],
            Some("vms") => &["Permissions.Modify", "VM.Allocate"],
            Some("pool") => &["Permissions.Modify", "Pool.Allocate"],
            _ => &["Permissions.Modify"],
        };
        if normalise_path(path).is_none() {
            // Left to the handler, which answers with the parameter's name.
            return Ok(());
        }
        self.need_any(principal, path, by_kind)
    }
}

/// Puts parameters into a path template.
fn fill(template: &str, params: &Params) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(params.str(name).unwrap_or_default());
        rest = tail;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pve::personality::Release;

    fn state() -> State {
        let mut access = Access::new("secret", Release::V8_4.personality());
        access.users.insert("alice@pve".into(), User { enable: true, ..User::default() });
        State { access, ..State::default() }
    }

    fn grant(state: &mut State, path: &str, kind: &str, subject: &str, role: &str, propagate: bool) {
        let entry = AclEntry {
            path: path.into(),
            kind: kind.into(),
            subject: subject.into(),
            role: role.into(),
            propagate,
        };
        state.access.acl.push(entry);
    }

    fn alice() -> Principal {
        Principal { user: "alice@pve".into(), ..Principal::default() }
    }

    #[test]
    fn deeper_entries_replace_higher_ones() {
        let mut state = state();
        grant(&mut state, "/vms", "user", "alice@pve", "PVEVMAdmin", true);
        grant(&mut state, "/vms/101", "user", "alice@pve", "PVEAuditor", true);
        assert!(state.may(&alice(), "/vms/100", "VM.Allocate"));
        assert!(!state.may(&alice(), "/vms/101", "VM.Allocate"));
        assert!(state.may(&alice(), "/vms/101", "VM.Audit"));
        let refusal = state.need(&alice(), "/vms/101", &["VM.Config.Disk"]).expect_err("refused");
        assert_eq!(refusal.reason(), "Permission check failed (/vms/101, VM.Config.Disk)");
    }

    #[test]
    fn not_propagated_stops_at_its_path() {
        let mut state = state();
        grant(&mut state, "/vms", "user", "alice@pve", "PVEVMAdmin", false);
        assert!(state.may(&alice(), "/vms", "VM.Audit"));
        assert!(!state.may(&alice(), "/vms/100", "VM.Audit"));
    }

    #[test]
    fn separated_token_has_the_intersection() {
        let mut state = state();
        let token = Principal { token: Some("t".into()), privsep: true, ..alice() };
        grant(&mut state, "/vms", "user", "alice@pve", "PVEVMUser", true);
        assert!(!state.may(&token, "/vms/1", "VM.Audit"));
        grant(&mut state, "/vms", "token", "alice@pve!t", "PVEVMAdmin", true);
        assert!(state.may(&token, "/vms/1", "VM.Audit"));
        assert!(!state.may(&token, "/vms/1", "VM.Allocate"));
    }

    #[test]
    fn pool_members_inherit() {
        let mut state = state();
        state.pools.insert("p".into(), Pool { guests: vec![100], ..Pool::default() });
        grant(&mut state, "/pool/p", "user", "alice@pve", "PVEVMAdmin", true);
        assert!(state.may(&alice(), "/vms/100", "VM.Audit"));
        assert!(!state.may(&alice(), "/vms/101", "VM.Audit"));
    }
}
