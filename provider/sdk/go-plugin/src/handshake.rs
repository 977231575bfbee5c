//! The first words between host and plugin: cookie, protocol version, and one line on standard output.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::address::Address;
use crate::config::MagicCookie;
use crate::environment::Environment;
use crate::error::ServeError;

/// Version of the handshake itself.
const CORE_PROTOCOL: u16 = 1;

const PROTOCOL_VERSIONS: &str = "PLUGIN_PROTOCOL_VERSIONS";
const MULTIPLEX: &str = "PLUGIN_MULTIPLEX_GRPC";

/// Refuses to go on unless a host started us.
pub(crate) fn check_cookie(cookie: MagicCookie, env: &Environment) -> Result<(), ServeError> {
    match env.get(cookie.key) {
        Some(value) if value == cookie.value => Ok(()),
        _ => Err(ServeError::NotStartedByHost),
    }
}

/// The highest protocol version both sides speak. A host too old to list versions gets our highest.
pub(crate) fn negotiate(served: &[u16], env: &Environment) -> Result<u16, ServeError> {
    let offered = env.get(PROTOCOL_VERSIONS);
    let common = |version: &u16| match offered {
        None => true,
        Some(list) => list.split(',').any(|one| one.trim().parse() == Ok(*version)),
    };
    served.iter().copied().filter(common).max().ok_or_else(|| ServeError::NoCommonProtocol {
        served: served.to_vec(),
        offered: offered.unwrap_or("nothing").to_owned(),
    })
}

/// The line by which the plugin tells its host where and how to connect.
pub(crate) struct Announcement<'a> {
    pub(crate) protocol_version: u16,
    pub(crate) address: &'a Address,
    /// DER of our certificate, where the session is secured.
    pub(crate) certificate: Option<&'a [u8]>,
    /// Whether the host asked about multiplexing; only then may the seventh field appear.
    pub(crate) multiplex_asked: bool,
}

impl<'a> Announcement<'a> {
    pub(crate) fn new(
        env: &Environment,
        protocol_version: u16,
        address: &'a Address,
        certificate: Option<&'a [u8]>,
    ) -> Self {
        Self { protocol_version, address, certificate, multiplex_asked: env.get(MULTIPLEX).is_some() }
    }
}

impl fmt::Display for Announcement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol_version, address, certificate, multiplex_asked } = self;
        let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
        write!(f, "{CORE_PROTOCOL}|{protocol_version}|{}|{address}|grpc|{certificate}", address.network())?;
        f.write_str(if *multiplex_asked { "|false" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COOKIE: MagicCookie = MagicCookie { key: "COOKIE", value: "yes" };

    fn env(variables: &[(&str, &str)]) -> Environment {
        variables.iter().copied().collect()
    }

    #[test]
    fn cookie() {
        assert!(check_cookie(COOKIE, &env(&[("COOKIE", "yes")])).is_ok());
        for wrong in [env(&[]), env(&[("COOKIE", "")]), env(&[("COOKIE", "no")]), env(&[("cookie", "yes")])] {
            assert!(matches!(check_cookie(COOKIE, &wrong), Err(ServeError::NotStartedByHost)));
        }
    }

    #[test]
    fn version_table() {
        let common =
            |served: &[u16], offered: &str| negotiate(served, &env(&[(PROTOCOL_VERSIONS, offered)])).ok();
        assert_eq!(common(&[6], ""), Some(6));
        assert_eq!(common(&[6], "6"), Some(6));
        assert_eq!(common(&[6], "5,6"), Some(6));
        assert_eq!(common(&[6], "6,5"), Some(6));
        assert_eq!(common(&[6], " 5 , 6 "), Some(6));
        assert_eq!(common(&[5, 6], "5"), Some(5));
        assert_eq!(common(&[5, 6], "7,6,5"), Some(6));
        assert_eq!(common(&[6], "x,6,-1"), Some(6));
        assert_eq!(common(&[6], "5"), None);
        assert_eq!(common(&[6], "66"), None);
        assert_eq!(common(&[6], "garbage"), None);
    }

    #[test]
    fn no_common_version_names_both_sides() {
        let error = negotiate(&[6], &env(&[(PROTOCOL_VERSIONS, "4,5")])).expect_err("no overlap").to_string();
        assert!(error.contains("4,5") && error.contains("[6]"), "{error}");
    }

    #[test]
    fn line() {
        let address = Address::Unix("/tmp/p/s".into());
        let plain = Announcement::new(&env(&[]), 6, &address, None);
        assert_eq!(plain.to_string(), "1|6|unix|/tmp/p/s|grpc|");
        let asked = Announcement::new(&env(&[(MULTIPLEX, "true")]), 6, &address, Some(b"cert"));
        assert_eq!(asked.to_string(), "1|6|unix|/tmp/p/s|grpc|Y2VydA|false");
        let address = Address::Tcp(([127, 0, 0, 1], 10000).into());
        let tcp = Announcement::new(&env(&[]), 6, &address, Some(&[0, 1]));
        assert_eq!(tcp.to_string(), "1|6|tcp|127.0.0.1:10000|grpc|AAE");
    }

    proptest! {
        #[test]
        fn certificate_is_never_padded(der in proptest::collection::vec(any::<u8>(), 1..600)) {
            let address = Address::Unix("/s".into());
            let line = Announcement::new(&env(&[]), 6, &address, Some(&der)).to_string();
            prop_assert!(!line.contains('=') && !line.contains('\n'));
            let field = line.rsplit('|').next().unwrap_or_default();
            prop_assert_eq!(STANDARD_NO_PAD.decode(field).expect("base64"), der);
        }
    }
}
