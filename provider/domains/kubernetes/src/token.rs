//! Tokens by which nodes join: what they prove, and how they are written.

use transport_ssh::Secret;

/// A token taken apart. The password is a secret.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// SHA-256 of the cluster's authority, in hexadecimal; nothing in the short form, which proves nothing.
    pub(crate) authority: Option<String>,
    /// `server` or `node`; nothing in the short form.
    pub(crate) user: Option<String>,
    /// The password.
    pub(crate) password: Secret,
}

/// A text that is no token. Does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoToken(&'static str);

impl Token {
    /// Takes a token apart: `K10<64 hex>::<user>:<password>`, or the password alone.
    pub(crate) fn parse(text: &str) -> Result<Self, NoToken> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NoToken("the token is empty"));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(NoToken("the token has white space in it"));
        }
        let Some(rest) = text.strip_prefix("K10") else {
            if text.contains("::") {
                return Err(NoToken("the token has `::` in it but does not begin with K10"));
            }
            return Ok(Self { authority: None, user: None, password: Secret::new(text) });
        };
        let Some((authority, credentials)) = rest.split_once("::") else {
            return Err(NoToken("the token begins with K10 but has no `::`"));
        };
        if authority.len() != 64 || !authority.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
            return Err(NoToken("behind K10 are not the 64 hexadecimal digits of the authority's hash"));
        }
        let Some((user, password)) =
            credentials.split_once(':').filter(|(user, password)| !user.is_empty() && !password.is_empty())
        else {
            return Err(NoToken("behind `::` is no user with a password"));
        };
        Ok(Self {
            authority: Some(authority.to_owned()),
            user: Some(user.to_owned()),
            password: Secret::new(password),
        })
    }

    /// The whole form, which pins the authority; nothing for the short one.
    pub(crate) fn pinned(&self) -> Option<Secret> {
        let (authority, user) = (self.authority.as_ref()?, self.user.as_ref()?);
        Some(Secret::new(format!("K10{authority}::{user}:{}", self.password.expose())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn forms() {
        let whole = Token::parse(&format!("K10{HASH}::server:se:cret\n")).unwrap();
        assert_eq!((whole.authority.as_deref(), whole.user.as_deref()), (Some(HASH), Some("server")));
        assert_eq!(whole.password.expose(), "se:cret");
        assert_eq!(whole.pinned().unwrap().expose(), format!("K10{HASH}::server:se:cret"));
        let short = Token::parse("secret").unwrap();
        assert!(short.pinned().is_none() && short.authority.is_none());
        assert!(!format!("{whole:?}").contains("se:cret"), "shown: {whole:?}");
    }

    #[test]
    fn others_are_refused() {
        for bad in [
            "",
            " ",
            "a b",
            "K10",
            "K10abc::server:x",
            &format!("K10{HASH}::server"),
            &format!("K10{HASH}::server:"),
            &format!("K10{HASH}:server:x"),
            "abc::server:x",
        ] {
            assert!(Token::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_never_loosens(text in "(K10)?[0-9a-f]{0,70}(::)?[a-z]{0,6}:?[a-z0-9]{0,6}") {
            if let Ok(token) = Token::parse(&text) {
                prop_assert_eq!(token.pinned().is_some(), text.starts_with("K10"));
            }
        }
    }
}
