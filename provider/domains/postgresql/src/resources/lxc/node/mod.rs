//! The directory of the node that keeps an instance: what is there, whether it may be used, and making it ready.

mod look;

use hosts::{Machine, MachineError};
use transport_ssh::{Budget, Input};

pub(super) use look::NodeLook;

use super::model::{DataPlace, PostgresqlLxc};
use crate::errors::{Error, Refusal};
use crate::instance::ACCOUNT;

const SCRIPT: &str = include_str!("node.sh");

/// What the directory is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    /// The directory.
    pub(super) path: String,
    /// Data set that is mounted there.
    pub(super) dataset: Option<String>,
    /// Owner of the data on the node.
    pub(super) user: u32,
    /// Group of the data on the node.
    pub(super) group: u32,
    /// Whether every node has the same directory there.
    pub(super) shared: bool,
    /// First number of the container's users on the node: root's.
    pub(super) base: u32,
    /// Name of the member.
    pub(super) member: String,
    /// Major version.
    pub(super) version: u32,
    /// Name of the cluster.
    pub(super) cluster: String,
    /// Who may have it mounted.
    pub(super) own: Owner,
    /// System identifier of the cluster that must be there.
    pub(super) expected: Option<String>,
}

/// Who may have the directory mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// A container of the member's name: the one that is to be replaced, or that a run that was killed left behind.
    Named,
    /// This container.
    Container(u32),
}

impl Wish {
    /// Whether a container may have it mounted.
    fn may_mount(&self, vmid: u32, hostname: &str) -> bool {
        match self.own {
            Owner::Named => hostname == self.member,
            Owner::Container(own) => own == vmid,
        }
    }

    /// What a configuration wants; `None` where the data is not kept on the node.
    pub(super) fn of(lxc: &PostgresqlLxc, own: Owner, expected: Option<String>) -> Option<Self> {
        let DataPlace { host_path, zfs_dataset, idmap_base, shared, .. } = &lxc.data;
        let number = |value: Option<&u32>| idmap_base.saturating_add(value.copied().unwrap_or(ACCOUNT));
        Some(Self {
            path: host_path.clone()?,
            dataset: zfs_dataset.clone(),
            user: number(lxc.postgresql.user_id.known()),
            group: number(lxc.postgresql.group_id.known()),
            shared: *shared,
            base: *idmap_base,
            member: lxc.name.clone(),
            version: lxc.postgresql.version,
            cluster: lxc.postgresql.cluster.clone(),
            own,
            expected,
        })
    }

    async fn run(&self, node: &Machine, verb: &str, budget: &Budget) -> Result<String, MachineError> {
        let dataset = self.dataset.as_deref().unwrap_or_default();
        let (user, group, root) = (self.user.to_string(), self.group.to_string(), self.base.to_string());
        let arguments =
            [verb, &self.path, dataset, &user, &group, &root, if self.shared { "yes" } else { "no" }];
        let what = match verb {
            "look" => format!("looking at {}", self.path),
            _ => format!("preparing {}", self.path),
        };
        node.check(&what, SCRIPT, &arguments, Input::Nothing, budget).await
    }

    /// Looks at the directory, and refuses what must not be used.
    ///
    /// # Errors
    /// The node is not reached, or the refusal.
    pub(super) async fn check(&self, node: &Machine, budget: &Budget) -> Result<NodeLook, Error> {
        let said = self.run(node, "look", budget).await?;
        let look = NodeLook::parse(&said)
            .map_err(|problem| Error::Answer { machine: node.name().to_owned(), problem })?;
        match look.judge(self) {
            Ok(()) => Ok(look),
            Err(refusal) => {
                Err(Refusal { detail: format!("On {}: {}", node.name(), refusal.detail), ..refusal }.into())
            }
        }
    }

    /// Makes the directory ready. Repeating it changes nothing.
    ///
    /// # Errors
    /// The node is not reached, or the directory cannot be used.
    pub(super) async fn prepare(&self, node: &Machine, budget: &Budget) -> Result<(), Error> {
        self.run(node, "prepare", budget).await?;
        Ok(())
    }
}
