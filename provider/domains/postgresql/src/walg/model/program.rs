//! Where WAL-G comes from.

use tf_framework::Model;

/// The program `wal-g`, 3.0.9 or newer, for PostgreSQL. A file of the workstation, or of the network as the workstation
/// sees it, is checked and copied to the machine; the machine needs no way to it.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct WalG {
    /// URL of a release: the program itself or a `.tar.gz` with it. The release's assets are named after the Ubuntu
    /// they were built on; its C library must not be newer than the machine's.
    #[attr(validate(
        matches(r"^(https?|file)://\S+$", "an http, https or file URL"),
        exactly_one_of(file, binary),
        required_with(sha256)
    ))]
    pub url: Option<String>,
    /// File of this workstation: the program itself or a `.tar.gz` with it.
    #[attr(validate(required_with(sha256)))]
    pub file: Option<String>,
    /// Program that is on the machine already, an absolute path. It must belong to root and nobody else may write it.
    #[attr(validate(matches(r"^/[A-Za-z0-9_.@+/-]*[A-Za-z0-9_.@+-]$", "an absolute path without spaces")))]
    pub binary: Option<String>,
    /// SHA-256 of what `url` or `file` names, or of the program that `binary` names. 64 hexadecimal digits.
    #[attr(eq = case_insensitive, validate(matches("^[0-9A-Fa-f]{64}$", "64 hexadecimal digits")))]
    pub sha256: Option<String>,
    /// Version the program must have. A program that does not name its version (`devel`) is taken for this one.
    #[attr(validate(matches(r"^[0-9]+\.[0-9]+\.[0-9]+$", "a version such as `3.0.9`")))]
    pub version: Option<String>,
}
