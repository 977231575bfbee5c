//! What a server's token protects in etcd: the certificates that every server begins with.
//!
//! They stand at `/bootstrap/<hash>`, where the hash is made of the token's password; the value is a salt and what is
//! sealed with a key that is derived from password and salt.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{aead, pbkdf2};
use sha2::{Digest as _, Sha256};
use transport_base::Secret;

use super::trailer::hex;

/// Where the certificates stand in etcd.
pub(super) const PREFIX: &[u8] = b"/bootstrap/";
/// Digits of the hash.
const DIGITS: usize = 12;
/// Rounds of the derivation of the key.
const ROUNDS: u32 = 4096;
/// Bytes of the salt's text that make sense.
const SALT: usize = 128;

/// By what a token is known without being told: the first digits of the SHA-256 of its password.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(String);

impl TokenHash {
    /// The hash of a token, in whichever form it is given.
    pub fn of(token: &Secret) -> Self {
        let mut digits = hex(&Sha256::digest(password(token.expose())));
        digits.truncate(DIGITS);
        Self(digits)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TokenHash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if text.len() == DIGITS && text.chars().all(digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a hash of a token has 12 hexadecimal digits")
        }
    }
}

/// The password of a token: all of the short form, the end of the long one, `K10…::server:<password>`.
pub fn password(token: &str) -> &str {
    let token = token.trim();
    match token.strip_prefix("K10").and_then(|rest| rest.split_once("::")) {
        Some((_, user)) => user.split_once(':').map_or(user, |(_, password)| password),
        None => token,
    }
}

/// What stands at a key of the certificates.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

impl Sealed {
    pub(super) fn new(value: Vec<u8>) -> Self {
        Self(value)
    }

    /// Whether a token opens it. What is in it is not kept.
    pub fn opens(&self, token: &Secret) -> bool {
        self.open(token).is_some()
    }

    fn open(&self, token: &Secret) -> Option<()> {
        let text = std::str::from_utf8(&self.0).ok()?;
        let (salt, sealed) = text.split_once(':')?;
        if salt.is_empty() || salt.len() > SALT {
            return None;
        }
        let sealed = STANDARD.decode(sealed.trim_end()).ok()?;
        let (nonce, sealed) = sealed.split_at_checked(aead::NONCE_LEN)?;
        let mut key = [0; 32];
        let rounds = NonZeroU32::new(ROUNDS)?;
        let password = password(token.expose()).as_bytes();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA1, rounds, salt.as_bytes(), password, &mut key);
        let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, &key).ok()?);
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        key.open_in_place(nonce, aead::Aad::empty(), &mut sealed).ok()?;
        sealed.fill(0);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by Python: hashlib.pbkdf2_hmac and cryptography's AESGCM, with nonce 0..11 and the content `{"a":1}`.
    const SEALED: &str = include_str!("bootstrap.golden");

    #[test]
    fn the_password_is_the_end_of_every_form() {
        for token in ["s3cret", "K10ab12::server:s3cret", "K10ab12::node:s3cret", " K10ab12::server:s3cret\n"]
        {
            assert_eq!(password(token), "s3cret", "{token}");
        }
        assert_eq!(password("K10"), "K10");
        assert_eq!(password("a:b"), "a:b");
        assert_eq!(password("K10ab::server:a:b"), "a:b");
    }

    #[test]
    fn the_right_token_opens_and_no_other() {
        let sealed = Sealed::new(SEALED.trim_end().as_bytes().to_vec());
        let token = |text: &str| Secret::new(text);
        assert!(sealed.opens(&token("s3cret")));
        assert!(sealed.opens(&token("K10ab12::server:s3cret")));
        assert!(!sealed.opens(&token("s3cret2")));
        for bad in ["", ":", "salt:", "salt:!!!", "salt:AAAA", "::::"] {
            assert!(!Sealed::new(bad.as_bytes().to_vec()).opens(&token("s3cret")), "{bad}");
        }
        assert_eq!(TokenHash::of(&token("K10x::server:s3cret")).to_string(), "1ec1c26b50d5");
        assert!("1ec1c26b50d5".parse::<TokenHash>().is_ok() && "1EC1C26B50D5".parse::<TokenHash>().is_err());
    }
}
