//! Which changes of version are allowed, and why not: nothing upstream enforces this.

use crate::resources::Role;
use crate::version::{Hop, Version};

/// What must not be done, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Skew {
    #[error(
        "{from} is newer than {to}: Kubernetes cannot go back to an older version. To undo an upgrade, restore the snapshot that was taken before it"
    )]
    Back { from: String, to: String },
    #[error("from {from} to {to} minor versions are left out: upgrade to {} first", through.join(", then "))]
    Skips { from: String, to: String, through: Vec<String> },
    #[error("{from} and {to} are of different distributions")]
    Other { from: String, to: String },
    #[error("an agent must not be newer than a server: {servers} still run an older version than {to}")]
    AheadOfServers { to: String, servers: String },
    #[error("servers would be four or more minor versions ahead of {agents}: upgrade these first")]
    TooFarBehind { agents: String },
}

/// Whether a node may go from one version to another.
///
/// # Errors
/// [`Skew`].
pub(crate) fn allowed(from: &Version, to: &Version) -> Result<(), Skew> {
    let (was, is) = (from.to_string(), to.to_string());
    match from.hop(to) {
        Hop::Same | Hop::Forward => Ok(()),
        Hop::Back => Err(Skew::Back { from: was, to: is }),
        Hop::Skips(through) => Err(Skew::Skips { from: was, to: is, through }),
        Hop::Other => Err(Skew::Other { from: was, to: is }),
    }
}

/// Whether a node of `role` may run `to` beside the others, by name, role and version.
///
/// # Errors
/// [`Skew`].
pub(crate) fn beside(role: Role, to: &Version, others: &[(String, Role, Version)]) -> Result<(), Skew> {
    let names = |filter: &dyn Fn(&(String, Role, Version)) -> bool| {
        let list =
            others.iter().filter(|it| filter(it)).map(|(name, _, version)| format!("{name} ({version})"));
        list.collect::<Vec<_>>().join(", ")
    };
    match role {
        Role::Agent => {
            let older =
                names(&|(_, role, version)| *role == Role::Server && version.cmp_precedence(to).is_lt());
            if older.is_empty() {
                Ok(())
            } else {
                Err(Skew::AheadOfServers { to: to.to_string(), servers: older })
            }
        }
        Role::Server => {
            let far =
                |version: &Version| version.number.0 == to.number.0 && version.number.1 + 3 < to.number.1;
            let behind = names(&|(_, role, version)| *role == Role::Agent && far(version));
            if behind.is_empty() { Ok(()) } else { Err(Skew::TooFarBehind { agents: behind }) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn changes() {
        let go = |a: &str, b: &str| allowed(&version(a), &version(b));
        assert_eq!(go("v1.32.8+rke2r1", "v1.33.4+rke2r1"), Ok(()));
        assert!(matches!(go("v1.33.4+rke2r1", "v1.32.8+rke2r1"), Err(Skew::Back { .. })));
        let skips = go("v1.32.8+rke2r1", "v1.35.0+rke2r1").unwrap_err();
        assert!(skips.to_string().contains("v1.33, then v1.34 first"), "{skips}");
        assert!(matches!(go("v1.33.4+k3s1", "v1.33.4+rke2r1"), Err(Skew::Other { .. })));
    }

    #[test]
    fn agents_come_after_servers() {
        let others = [
            ("a".to_owned(), Role::Server, version("v1.33.4+rke2r1")),
            ("b".to_owned(), Role::Server, version("v1.32.8+rke2r1")),
            ("w".to_owned(), Role::Agent, version("v1.29.0+rke2r1")),
        ];
        let error = beside(Role::Agent, &version("v1.33.4+rke2r1"), &others).unwrap_err();
        assert!(error.to_string().contains("b (v1.32.8+rke2r1)") && !error.to_string().contains("a (v"));
        assert_eq!(beside(Role::Agent, &version("v1.32.8+rke2r1"), &others), Ok(()));
        assert!(beside(Role::Server, &version("v1.33.4+rke2r1"), &others).is_err());
        assert_eq!(beside(Role::Server, &version("v1.32.8+rke2r1"), &others), Ok(()));
    }

    proptest! {
        /// Nothing that is allowed goes back or leaves a minor version out.
        #[test]
        fn only_one_minor_forward(a in (28u32..36, 0u32..9, 1u32..3), b in (28u32..36, 0u32..9, 1u32..3)) {
            let make = |(minor, patch, revision)| version(&format!("v1.{minor}.{patch}+rke2r{revision}"));
            if allowed(&make(a), &make(b)).is_ok() {
                prop_assert!(a <= b && b.0 <= a.0 + 1);
            }
        }

        /// Whatever is allowed leaves no agent newer than a server, and none four minor versions behind.
        #[test]
        fn agents_stay_within_reach(
            server: bool,
            to in 28_u32..36,
            others in prop::collection::vec((any::<bool>(), 28_u32..36), 0..6),
        ) {
            let make = |minor: u32| version(&format!("v1.{minor}.0+rke2r1"));
            let role = |server: bool| if server { Role::Server } else { Role::Agent };
            let list: Vec<_> =
                others.iter().map(|(server, minor)| ("n".to_owned(), role(*server), make(*minor))).collect();
            let allowed = beside(role(server), &make(to), &list).is_ok();
            let agrees = others.iter().filter(|(other, _)| *other != server).all(|(_, minor)| match server {
                true => minor + 3 >= to,
                false => *minor >= to,
            });
            prop_assert_eq!(allowed, agrees);
        }
    }
}
