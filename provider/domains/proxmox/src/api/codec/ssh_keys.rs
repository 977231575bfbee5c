//! `sshkeys`: URI-encoded by the caller, once more by the form.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What JavaScript's `encodeURIComponent` and Perl's `uri_escape` leave alone.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The value of `sshkeys` for these keys, before form encoding.
pub fn encode_ssh_keys<S: AsRef<str>>(keys: impl IntoIterator<Item = S>) -> String {
    let lines: Vec<String> =
        keys.into_iter().map(|key| key.as_ref().trim().to_owned()).filter(|key| !key.is_empty()).collect();
    utf8_percent_encode(&lines.join("\n"), KEPT).to_string()
}

/// The keys in a value of `sshkeys` as the API returns it.
pub fn decode_ssh_keys(value: &str) -> Vec<String> {
    let text = percent_decode_str(value).decode_utf8_lossy();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_recorded() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDD8IHY/0z2puGSFrgKrTJoLUK3ZTcH1LG5C2AEwxmjF tf@test";
        let wire = "ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAAIDD8IHY%2F0z2puGSFrgKrTJoLUK3ZTcH1LG5C2AEwxmjF%20tf%40test";
        assert_eq!(encode_ssh_keys([key]), wire);
        assert_eq!(decode_ssh_keys(wire), [key]);
    }

    proptest! {
        #[test]
        fn keys_read_back(keys in proptest::collection::vec("[!-~]{1,12}( [ -~]{0,12}[!-~])?", 0..4)) {
            prop_assert_eq!(decode_ssh_keys(&encode_ssh_keys(&keys)), keys);
        }
    }
}
