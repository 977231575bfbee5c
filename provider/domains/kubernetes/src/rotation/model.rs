//! What rotation looks like in configuration, and what of it concerns the nodes.

use serde::{Deserialize, Serialize};
use tf_framework::{Model, WriteOnly};

/// What is rotated, each when its number changes. A number that is set when the cluster is made rotates nothing.
#[derive(Debug, Clone, Default, PartialEq, Model)]
pub struct Rotation {
    /// The keys with which Secrets are encrypted in the database. A new key is made, every Secret is written anew with it, and
    /// the servers are restarted one by one. Snapshots from before hold the old keys, and are restored as ever.
    #[attr(validate(range(1..)))]
    pub encryption_keys: Option<u64>,
    /// The new token of servers, for `token_version`. Made at random unless set. Keep it, and the one before it: a snapshot is
    /// restored with the token of its time, and with no other.
    pub token: WriteOnly<String>,
    /// Raise it to rotate the token of servers. The database takes the new one, then servers and agents are restarted with it,
    /// one server at a time. Nodes that join from then on need it.
    #[attr(validate(range(1..)))]
    pub token_version: Option<u64>,
    /// The new token of agents, for `agent_token_version`. Made at random unless set.
    pub agent_token: WriteOnly<String>,
    /// Raise it to rotate the token of agents, or to give agents a token of their own: until then they join with that of
    /// servers. Servers and agents are restarted with it, one server at a time.
    #[attr(validate(range(1..)))]
    pub agent_token_version: Option<u64>,
    /// Raise it to have all certificates made anew, whatever they have left: servers one by one, then agents. Certificates that
    /// end within 60 days are renewed by any apply, without it.
    #[attr(validate(range(1..)))]
    pub certificates: Option<u64>,
}

/// What of a rotation concerns the nodes: each takes what is new with a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct RotationSpec {
    /// Number of the rotation of the token of servers.
    pub token_version: Option<u64>,
    /// Number of the rotation of the token of agents.
    pub agent_token_version: Option<u64>,
    /// Number of the rotation of certificates.
    pub certificates: Option<u64>,
}

impl RotationSpec {
    /// What a node has to take, of which it took `before` last.
    pub(crate) fn beyond(&self, before: &Self) -> Taken {
        let differs = |wanted: Option<u64>, had: Option<u64>| wanted.is_some() && wanted != had;
        Taken {
            token: differs(self.token_version, before.token_version)
                || differs(self.agent_token_version, before.agent_token_version),
            certificates: differs(self.certificates, before.certificates),
        }
    }
}

/// What a node has to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) token: bool,
    pub(crate) certificates: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_takes_what_is_new_and_nothing_else() {
        let one = RotationSpec { token_version: Some(1), ..RotationSpec::default() };
        let none = RotationSpec::default();
        assert_eq!(one.beyond(&none), Taken { token: true, certificates: false });
        assert_eq!(one.beyond(&one), Taken { token: false, certificates: false });
        assert_eq!(none.beyond(&one), Taken { token: false, certificates: false });
        let both = RotationSpec { agent_token_version: Some(1), certificates: Some(3), ..one.clone() };
        assert_eq!(both.beyond(&one), Taken { token: true, certificates: true });
    }
}
