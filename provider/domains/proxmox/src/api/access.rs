//! Who the client is and what it may do.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use transport_rest::{Budget, Form};

use super::client::Client;
use super::codec::lenient;
use super::error::ApiError;

/// An account, and how it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    user: String,
    token: Option<String>,
}

impl Principal {
    pub(crate) fn token(id: String) -> Self {
        match id.split_once('!') {
            Some((user, name)) => Self { user: user.to_owned(), token: Some(name.to_owned()) },
            None => Self { user: id, token: None },
        }
    }

    pub(crate) fn ticket(user: String) -> Self {
        Self { user, token: None }
    }

    /// The user with its realm.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The token's name, when a token is used.
    pub fn token_name(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Whether this may do what only root@pam may: no token can, not even root's own.
    pub fn is_root(&self) -> bool {
        self.user == "root@pam" && self.token.is_none()
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.user)?;
        self.token.iter().try_for_each(|token| write!(f, "!{token}"))
    }
}

/// Effective privileges by path, each with whether it is inherited further down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(BTreeMap<String, BTreeMap<String, bool>>);

impl Permissions {
    /// The privileges on a path that was asked for or is listed.
    pub fn on(&self, path: &str) -> impl Iterator<Item = &str> {
        self.0.get(path).into_iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    /// Whether a listed path has a privilege.
    pub fn allows(&self, path: &str, privilege: &str) -> bool {
        self.0.get(path).is_some_and(|privileges| privileges.contains_key(privilege))
    }

    /// Whether a privilege is had on any path. A path that is not listed has no entry of its own: the nearest
    /// listed one above it counts, with what that hands down.
    ///
    /// Where an entry takes everything away the server leaves the path out, so that this may say yes where the
    /// server will say no, never the reverse.
    pub fn reaches(&self, path: &str, privilege: &str) -> bool {
        if let Some(own) = self.0.get(path) {
            return own.contains_key(privilege);
        }
        let mut above = path;
        while let Some((parent, _)) = above.rsplit_once('/') {
            above = parent;
            if let Some(listed) = self.0.get(if parent.is_empty() { "/" } else { parent }) {
                return listed.get(privilege) == Some(&true);
            }
        }
        false
    }

    /// The listed paths.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Those of `wanted` that are lacking on a path.
    pub fn lacking<'a>(&self, path: &str, wanted: &[&'a str]) -> Vec<&'a str> {
        wanted.iter().copied().filter(|privilege| !self.allows(path, privilege)).collect()
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Value::Object(paths) = Value::deserialize(from)? else { return Ok(Self::default()) };
        // The value says whether it is inherited further down; to have it is enough on the path itself.
        let inherited = |(name, value): (String, Value)| (name, lenient::truth(&value).unwrap_or_default());
        let privileges = |privileges: Value| match privileges {
            Value::Object(privileges) => privileges.into_iter().map(inherited).collect(),
            _ => BTreeMap::new(),
        };
        Ok(Self(paths.into_iter().map(|(path, found)| (path, privileges(found))).collect()))
    }
}

impl Client {
    /// The client's effective privileges on one path, inherited ones included. Everyone may ask.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn permissions_on(&self, path: &str, budget: &Budget) -> Result<Permissions, ApiError> {
        self.read_with(["access", "permissions"], Form::new().text("path", path), budget).await
    }

    /// The client's effective privileges on every path that has an entry.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn permissions(&self, budget: &Budget) -> Result<Permissions, ApiError> {
        self.read(["access", "permissions"], budget).await
    }

    /// The same, once for all readers until something is written.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn shared_permissions(&self, budget: &Budget) -> Result<Arc<Permissions>, ApiError> {
        let client = self.clone();
        let shared = self.core.permissions.get(|| async move {
            // No budget of its own: it is shared by many, and stops with the last of them.
            client.permissions(&Budget::unlimited()).await
        });
        budget.run(|| "the account's permissions".to_owned(), shared).await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_root_is_not_root() {
        assert!(Principal::ticket("root@pam".into()).is_root());
        let token = Principal::token("root@pam!tf".into());
        assert!(!token.is_root());
        assert_eq!(
            (token.user(), token.token_name(), token.to_string().as_str()),
            ("root@pam", Some("tf"), "root@pam!tf")
        );
    }

    #[test]
    fn lacking_privileges_are_listed() {
        let json = serde_json::json!({"/vms/100": {"VM.Audit": 1, "VM.Clone": 0}});
        let permissions: Permissions = serde_json::from_value(json).unwrap();
        assert_eq!(
            permissions.lacking("/vms/100", &["VM.Audit", "VM.Clone", "VM.Allocate"]),
            ["VM.Allocate"]
        );
        assert_eq!(permissions.lacking("/vms/101", &["VM.Audit"]), ["VM.Audit"]);
    }

    #[test]
    fn the_nearest_entry_above_hands_down() {
        let json = serde_json::json!({
            "/": {"Sys.Audit": 1, "Datastore.Audit": 1, "Sys.Modify": 0},
            "/storage": {"Datastore.Audit": 1},
            "/storage/local": {"Datastore.Allocate": 0},
        });
        let permissions: Permissions = serde_json::from_value(json).unwrap();
        assert!(permissions.reaches("/", "Sys.Modify"));
        assert!(permissions.reaches("/nodes/pve1", "Sys.Audit"));
        assert!(!permissions.reaches("/nodes/pve1", "Sys.Modify"), "it is not handed down");
        assert!(permissions.reaches("/storage/other", "Datastore.Audit"));
        assert!(permissions.reaches("/storage/local", "Datastore.Allocate"));
        assert!(!permissions.reaches("/storage/local", "Datastore.Audit"), "its own entry counts");
        assert!(!permissions.reaches("/storage/local/x", "Datastore.Allocate"));
        assert!(!Permissions::default().reaches("/", "Sys.Audit"));
    }
}
