//! How a client is set up.

use std::fmt;

use transport_rest::{EndpointError, Secret, Trust, Url, Widths, parse_endpoints};

/// Who the client is.
#[derive(Clone)]
pub enum Credentials {
    /// `user@realm!name=secret`.
    ApiToken(Secret),
    /// A password, exchanged for a ticket at the first call.
    Password {
        /// With realm: `root@pam`.
        username: String,
        /// The password.
        password: Secret,
        /// A one-time code, where the account asks for one. It serves for one login only.
        otp: Option<Secret>,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiToken(_) => f.write_str("ApiToken(…)"),
            Self::Password { username, .. } => write!(f, "Password({username})"),
        }
    }
}

/// What a client needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Nodes of one cluster, the preferred first: `https://pve1:8006`.
    pub endpoints: Vec<String>,
    /// Who the client is.
    pub credentials: Credentials,
    /// Whom the client trusts.
    pub trust: Trust,
    /// Concurrent requests, and concurrent tasks, by node.
    pub concurrency: Widths,
}

impl Config {
    /// Three reads and two heavy calls at once for each node: a node has three workers for everyone.
    pub const CONCURRENCY: Widths = Widths { reads: 3, heavy: 2 };
}

/// A set-up that cannot work.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// An unusable address.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// Not a token.
    #[error("the API token is not of the form user@realm!name=secret")]
    Token,
    /// No realm.
    #[error("user name {0:?} has no realm: expected a name such as root@pam")]
    Username(String),
    /// Nothing to log in with.
    #[error("the password is empty")]
    Password,
}

/// The base URLs of the API.
pub(crate) fn base_urls(endpoints: &[String]) -> Result<Vec<Url>, ConfigError> {
    let mut urls = parse_endpoints(endpoints)?;
    for url in &mut urls {
        let prefix = url.path().trim_end_matches('/').trim_end_matches("/api2/json").to_owned();
        url.set_path(&format!("{prefix}/api2/json"));
    }
    Ok(urls)
}

/// The header value of a token, and its user with the token's name.
pub(crate) fn token(text: &Secret) -> Result<(Secret, String), ConfigError> {
    let text = text.expose().trim();
    let text = text.strip_prefix("PVEAPIToken=").unwrap_or(text);
    let (id, secret) = text.split_once('=').ok_or(ConfigError::Token)?;
    let (user, name) = id.split_once('!').ok_or(ConfigError::Token)?;
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    let whole = user.contains('@') && !name.is_empty() && !secret.is_empty() && printable;
    if !whole {
        return Err(ConfigError::Token);
    }
    Ok((Secret::new(format!("PVEAPIToken={text}")), id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_in_the_api() {
        let urls = |text: &str| base_urls(&[text.to_owned()]).map(|urls| urls[0].to_string());
        for text in ["https://pve1:8006", "https://pve1:8006/", "https://pve1:8006/api2/json/"] {
            assert_eq!(urls(text).unwrap(), "https://pve1:8006/api2/json");
        }
        assert_eq!(urls("https://proxy/pve").unwrap(), "https://proxy/pve/api2/json");
        assert!(urls("pve1:8006").is_err());
    }

    #[test]
    fn tokens_are_checked_without_being_shown() {
        let (header, user) = token(&Secret::new("PVEAPIToken=root@pam!tf=canary-1")).unwrap();
        assert_eq!((header.expose(), user.as_str()), ("PVEAPIToken=root@pam!tf=canary-1", "root@pam!tf"));
        for bad in [
            "",
            "root@pam!tf",
            "root!tf=x",
            "root@pam=x",
            "root@pam!tf=",
            "root@pam!=x",
            "root@pam!t f=canary",
        ] {
            let fault = token(&Secret::new(bad)).unwrap_err();
            assert!(!fault.to_string().contains("canary"));
        }
    }
}
