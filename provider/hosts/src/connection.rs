//! The block `connection`: where a machine is, and by what it is known.

use tf_framework::{Diagnostics, Model, Result};
use tf_value::Path;
use transport_ssh::Pin;

use crate::section::{Become, Jump};

/// Where a machine is, and by what it is known. What to log in with stands in the provider's `ssh` section, never here.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct Connection {
    /// Name or address.
    #[attr(validate(length(1..)))]
    pub host: String,
    /// Port of its SSH server. 22 unless set.
    #[attr(validate(range(1..=65535)))]
    pub port: Option<u16>,
    /// User to log in as. That of the provider's `ssh` section unless set.
    pub user: Option<String>,
    /// Its host keys, `ssh-ed25519 AAAA…` as in `/etc/ssh/ssh_host_ed25519_key.pub`, or the authority that signs them,
    /// `@cert-authority ssh-ed25519 AAAA…`. The provider's `known_hosts` unless set.
    #[attr(validate(each(custom(crate::check::host_key, "a public key such as `ssh-ed25519 AAAA…`"))))]
    pub host_keys: Option<Vec<String>>,
    /// How commands become root's, where the user is another: `none`, `sudo` or `doas`, which must not ask for a
    /// password. That of the provider's `ssh` section unless set.
    pub r#become: Option<Become>,
    /// Machines that are gone through, the first one first; `[]` for none. Those of the provider's `ssh` section unless
    /// set.
    pub jump: Option<Vec<Jump>>,
    /// Whether the machine's key is trusted when nothing is known of it: whoever answers at the address at that moment
    /// is trusted with everything. That of the provider's `ssh` section unless set.
    pub trust_on_first_use: Option<bool>,
}

impl Connection {
    /// A machine of which nothing is said but where it is.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            user: None,
            host_keys: None,
            r#become: None,
            jump: None,
            trust_on_first_use: None,
        }
    }

    /// A machine as a person names it, for an import: `10.0.0.11`, `root@db:2222`, `[fd00::1]:22`. An address of IP version 6
    /// has colons of its own, and stands in brackets with a port. Nothing where the text names none.
    pub fn named(text: &str) -> Option<Self> {
        let (user, place) = match text.split_once('@') {
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, text),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok()?))
            }
            _ => (place, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty() && !host.contains('/')).then(|| Self { port, user, ..Self::new(host) })
    }

    /// Its host keys.
    ///
    /// # Errors
    /// One of them cannot be read. Validation has told it already, unless the value was not known then.
    pub fn pins(&self, path: &Path) -> Result<Vec<Pin>> {
        pins(self.host_keys.as_deref(), path)
    }
}

pub(crate) fn pins(keys: Option<&[String]>, path: &Path) -> Result<Vec<Pin>> {
    let read = |(index, key): (usize, &String)| {
        key.parse().map_err(|error| {
            let path = path.clone().attribute("host_keys").index(index);
            Diagnostics::error_at(path, "The host key cannot be read", format!("{error}."))
        })
    };
    keys.unwrap_or_default().iter().enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_machines() {
        let read = |text: &str| Connection::named(text).map(|it| (it.host, it.port, it.user));
        assert_eq!(read("10.0.0.1"), Some(("10.0.0.1".into(), None, None)));
        assert_eq!(read("root@a:2222"), Some(("a".into(), Some(2222), Some("root".into()))));
        assert_eq!(read("[fd00::1]:22"), Some(("fd00::1".into(), Some(22), None)));
        assert_eq!(read("fd00::1"), Some(("fd00::1".into(), None, None)));
        for wrong in ["", "a/b", "a:x", "a:99999", "root@"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
