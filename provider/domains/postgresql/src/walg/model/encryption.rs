//! Encryption of an archive.

use tf_framework::{Model, WriteOnly};

/// A key that encrypts the archive: one of libsodium's, or one of PGP.
#[derive(Debug, Clone, Model)]
pub struct Encryption {
    /// Key of libsodium: 32 bytes, as 64 hexadecimal digits or as base64. Takes a WAL-G that was built with libsodium,
    /// as the released ones are.
    #[attr(validate(exactly_one_of(pgp_key)))]
    pub libsodium_key: WriteOnly<String>,
    /// Private key of PGP, armoured. It is needed on the machine to restore.
    pub pgp_key: WriteOnly<String>,
    /// Passphrase of the PGP key.
    #[attr(validate(required_with(pgp_key)))]
    pub pgp_passphrase: WriteOnly<String>,
    /// Raise it to use another key. Keys used before stay on the machine, so that older backups can be restored; a full
    /// backup is taken at once.
    #[attr(default = 1, validate(range(1..)))]
    pub key_version: i64,
}
