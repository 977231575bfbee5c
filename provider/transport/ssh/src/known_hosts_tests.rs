use proptest::prelude::*;

use super::*;

const A: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";
const B: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

fn key(text: &str) -> HostKey {
    text.parse().unwrap()
}

fn keys(text: &str, host: &str, port: u16) -> Vec<(HostKey, usize)> {
    KnownHosts::parse(text).unwrap().lookup(host, port).keys
}

#[test]
fn names_ports_wildcards_and_negations() {
    let text = format!("# a comment\n\ndb-01,10.0.0.1 {A} a comment\n[db-01]:2222 {B}\n*.lab,!bad.lab {B}\n");
    assert_eq!(keys(&text, "DB-01", 22), [(key(A), 3)]);
    assert_eq!(keys(&text, "10.0.0.1", 22), [(key(A), 3)]);
    assert_eq!(keys(&text, "db-01", 2222), [(key(B), 4)]);
    let elsewhere = KnownHosts::parse(&text).unwrap().lookup("10.0.0.1", 2222);
    assert_eq!((elsewhere.keys, elsewhere.without_port), (vec![], vec![(key(A), 3)]));
    assert_eq!(keys(&text, "good.lab", 22), [(key(B), 5)]);
    assert_eq!(keys(&text, "bad.lab", 22), []);
    assert_eq!(keys(&text, "db-010", 22), []);
}

#[test]
fn hashed_names_are_those_of_openssh() {
    let salt = STANDARD.encode([7_u8; 20]);
    let hash = STANDARD.encode(hmac_sha1(&[7; 20], b"db-01"));
    let text = format!("|1|{salt}|{hash} {A}\n");
    assert_eq!(keys(&text, "Db-01", 22), [(key(A), 1)]);
    assert_eq!(keys(&text, "db-02", 22), []);
}

/// RFC 2202, cases 1 and 6.
#[test]
fn hmac_is_that_of_the_standard() {
    let hex = |bytes: [u8; 20]| bytes.map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(hex(hmac_sha1(&[0x0b; 20], b"Hi There")), "b617318655057264e28bc0b6fb378c8ef146be00");
    let long = hmac_sha1(&[0xaa; 80], b"Test Using Larger Than Block-Size Key - Hash Key First");
    assert_eq!(hex(long), "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

#[test]
fn markers_have_rooms_of_their_own() {
    let text = format!("@cert-authority *.lab {A}\n@revoked * {B}\n");
    let known = KnownHosts::parse(&text).unwrap().lookup("db.lab", 2200);
    assert_eq!(known.keys, []);
    assert_eq!(known.authorities, [(key(A), 1)]);
    assert_eq!(known.revoked, [(key(B), 2)]);
}

#[test]
fn a_line_that_cannot_be_read_is_named() {
    let fault = |text: &str| KnownHosts::parse(text).unwrap_err();
    assert_eq!(fault(&format!("a {A}\nb ssh-ed25519")).line, 2);
    assert_eq!(fault(&format!("@unknown a {A}")).why, KnownHostsFault::Marker("@unknown".into()));
    assert_eq!(fault(&format!("|1|AAAA {A}")).why, KnownHostsFault::Hashed);
    assert!(matches!(fault("a ssh-rsa AAAA").why, KnownHostsFault::Key(_)));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_is_kept(text in "(?s).{0,200}") {
        if let Ok(read) = KnownHosts::parse(&text) {
            let again = KnownHosts::parse(&read.to_string()).unwrap();
            prop_assert_eq!(again.to_string(), read.to_string());
        }
    }

    #[test]
    fn a_pattern_is_what_the_naive_one_is(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}") {
        fn naive(pattern: &[u8], name: &[u8]) -> bool {
            match pattern.split_first() {
                None => name.is_empty(),
                Some((b'*', rest)) => (0..=name.len()).any(|skip| naive(rest, &name[skip..])),
                Some((wanted, rest)) => name.split_first().is_some_and(|(byte, others)| {
                    (*wanted == b'?' || wanted == byte) && naive(rest, others)
                }),
            }
        }
        prop_assert_eq!(glob(&pattern, &name), naive(pattern.as_bytes(), name.as_bytes()));
    }

    #[test]
    fn a_host_finds_its_own_line(host in "[a-z][a-z0-9.-]{0,20}", port in 1_u16.., other in "[A-Z]{21,25}") {
        let name = if port == 22 { host.clone() } else { format!("[{host}]:{port}") };
        let known = KnownHosts::parse(&format!("{name} {A}\n")).unwrap();
        prop_assert_eq!(known.lookup(&host, port).keys.len(), 1);
        prop_assert_eq!(known.lookup(&other, port).keys.len(), 0);
    }
}
