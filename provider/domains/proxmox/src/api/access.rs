//! Who the client is and what it may do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use transport_rest::{Budget, Form};

use super::client::Client;
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

/// Effective privileges by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(BTreeMap<String, BTreeSet<String>>);

impl Permissions {
    /// The privileges on a path that was asked for or is listed.
    pub fn on(&self, path: &str) -> impl Iterator<Item = &str> {
        self.0.get(path).into_iter().flatten().map(String::as_str)
    }

    /// Whether a listed path has a privilege.
    pub fn allows(&self, path: &str, privilege: &str) -> bool {
        self.0.get(path).is_some_and(|privileges| privileges.contains(privilege))
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
        // The value says whether it is inherited further down; to have it is enough.
        let names = |privileges: Value| match privileges {
            Value::Object(privileges) => privileges.into_iter().map(|(name, _)| name).collect(),
            _ => BTreeSet::new(),
        };
        Ok(Self(paths.into_iter().map(|(path, privileges)| (path, names(privileges))).collect()))
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
}
