//! SCRAM-SHA-256 verifiers: what a server needs to know a password, and nothing from which it could be said.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use transport_ssh::Secret;
use unicode_normalization::UnicodeNormalization as _;

const ITERATIONS: u32 = 4096;
const BLOCK: usize = 64;

/// The verifier of a password with a salt of 16 random bytes, as `CREATE ROLE … PASSWORD` takes it.
pub(crate) fn verifier(password: &str, salt: [u8; 16]) -> Secret {
    let salted = pbkdf2(prepared(password).as_bytes(), &salt, ITERATIONS);
    let stored = Sha256::digest(hmac(&salted, b"Client Key"));
    let server = hmac(&salted, b"Server Key");
    let (salt, stored, server) = (STANDARD.encode(salt), STANDARD.encode(stored), STANDARD.encode(server));
    Secret::new(format!("SCRAM-SHA-256${ITERATIONS}:{salt}${stored}:{server}"))
}

/// The password as SASLprep (RFC 4013) has it; one that it does not admit is used as it is, as the server does.
fn prepared(password: &str) -> String {
    if password.is_ascii() {
        return password.to_owned();
    }
    let mapped = password.chars().filter(|c| !to_nothing(*c)).map(|c| if is_space(c) { ' ' } else { c });
    let normal: String = mapped.nfkc().collect();
    if normal.is_empty() || normal.chars().any(is_prohibited) { password.to_owned() } else { normal }
}

/// RFC 3454, table C.1.2.
fn is_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// RFC 3454, table B.1. The server looks at the spaces first, so that U+200B is one of those.
fn to_nothing(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{1806}' | '\u{180b}'..='\u{180d}' | '\u{200c}' | '\u{200d}' | '\u{2060}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// RFC 3454, the tables from C.2 on that RFC 4013 names.
fn is_prohibited(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2061}'..='\u{2063}' | '\u{206a}'..='\u{206f}' | '\u{340}' | '\u{341}' | '\u{2ff0}'..='\u{2ffb}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{ffff}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0001}' | '\u{e0020}'..='\u{e007f}' | '\u{f0000}'..='\u{10ffff}')
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut padded = [0_u8; BLOCK];
    let short;
    let key = if key.len() > BLOCK {
        short = Sha256::digest(key);
        short.as_slice()
    } else {
        key
    };
    for (to, from) in padded.iter_mut().zip(key) {
        *to = *from;
    }
    let pad = |with: u8| padded.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

/// One block of PBKDF2: SCRAM needs no more.
fn pbkdf2(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut last = hmac(password, &[salt, &1_u32.to_be_bytes()].concat());
    let mut sum = last;
    for _ in 1..iterations {
        last = hmac(password, &last);
        for (sum, byte) in sum.iter_mut().zip(last) {
            *sum ^= byte;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn known_answers() {
        // RFC 4231, cases 2 and 6.
        assert_eq!(
            hex(&hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(&hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
        // RFC 7677's example: the proof follows from this salted password.
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let salted = pbkdf2(b"pencil", &salt, 4096);
        assert_eq!(
            STANDARD.encode(hmac(&salted, b"Server Key")),
            "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        );
    }

    #[test]
    fn prepared_as_the_rfc_says() {
        for (given, expected) in
            [("I\u{ad}X", "IX"), ("user", "user"), ("\u{aa}", "a"), ("\u{2168}", "IX"), ("a\u{a0}b", "a b")]
        {
            assert_eq!(prepared(given), expected);
        }
    }

    #[test]
    fn it_is_not_shown() {
        assert!(!format!("{:?}", verifier("canary", [7; 16])).contains("SCRAM"));
    }
}
