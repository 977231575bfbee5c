//! Who may connect.

use std::collections::BTreeMap;

use tf_framework::{Choice, Model};

/// One rule of `pg_hba.conf`.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct AccessRule {
    /// Kind of connection.
    #[attr(default = ConnectionType::Host)]
    pub r#type: ConnectionType,
    /// Databases: names, or `all`, `sameuser`, `samerole`, `replication`.
    #[attr(default = ["all"], validate(items(1..)))]
    pub databases: Vec<String>,
    /// Roles: names, `all`, or `+name` for the members of a role.
    #[attr(default = ["all"], validate(items(1..)))]
    pub users: Vec<String>,
    /// Address with prefix length such as `10.6.0.0/24`, a host name, or `all`, `samehost`, `samenet`. Required unless
    /// the type is `local`.
    pub address: Option<String>,
    /// How they prove who they are.
    #[attr(default = AccessMethod::ScramSha256)]
    pub method: AccessMethod,
    /// Options of the method, such as `map` or `clientcert`.
    #[attr(default = [], validate(keys(matches("^[a-z_0-9]+$", "the name of an option"))))]
    pub options: BTreeMap<String, String>,
}

/// Kind of connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "lowercase")]
pub enum ConnectionType {
    /// The local socket.
    Local,
    /// TCP with or without encryption.
    Host,
    /// TCP with TLS.
    HostSsl,
    /// TCP without TLS.
    HostNoSsl,
    /// TCP with GSSAPI encryption.
    HostGssEnc,
    /// TCP without GSSAPI encryption.
    HostNoGssEnc,
}

/// How clients prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "lowercase")]
pub enum AccessMethod {
    /// By password, which does not travel.
    #[choice("scram-sha-256")]
    ScramSha256,
    /// By password in the older way; serves SCRAM too.
    Md5,
    /// By client certificate.
    Cert,
    /// By the user of the operating system; local socket only.
    Peer,
    /// By what the client's ident server says.
    Ident,
    /// By GSSAPI.
    Gss,
    /// By an LDAP server.
    Ldap,
    /// By a RADIUS server.
    Radius,
    /// By PAM.
    Pam,
    /// Not at all: everyone is believed.
    Trust,
    /// Nobody may.
    Reject,
}
