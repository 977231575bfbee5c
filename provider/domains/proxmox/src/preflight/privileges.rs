//! Privileges, by operation and path: what the API's own description demands of each call.

use tf_framework::Diagnostic;

use crate::api::{Permissions, Principal};

/// Something that takes privileges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Listing what is on a storage.
    ListStorage,
    /// Storing an ISO, container template or image on a storage.
    StoreFile,
    /// Having a node download from a URL.
    NodeDownload,
    /// Deleting a file from a storage.
    DeleteFile,
    /// Allocating a disk on a storage.
    AllocateDisk,
    /// Creating or destroying a guest.
    AllocateGuest,
    /// Seeing a guest.
    AuditGuest,
    /// Cloning a guest.
    CloneGuest,
    /// Setting a guest's disks.
    ConfigureDisks,
    /// Setting a guest's processors.
    ConfigureCpu,
    /// Setting a guest's memory.
    ConfigureMemory,
    /// Setting a guest's network.
    ConfigureNetwork,
    /// Setting a guest's hardware type: firmware, machine, controllers, console.
    ConfigureHardware,
    /// Setting a guest's cloud-init data.
    ConfigureCloudInit,
    /// Setting a guest's name, notes, tags and boot order.
    ConfigureOptions,
    /// Plugging a guest into a bridge.
    UseBridge,
    /// Starting and stopping a guest.
    Power,
    /// Taking and deleting snapshots of a guest.
    Snapshot,
    /// Taking a guest back to a snapshot.
    Rollback,
    /// Backing up a guest.
    Backup,
    /// Moving a guest to another node.
    Migrate,
    /// Putting a guest into a pool.
    ChangePool,
    /// Putting a guest under high availability.
    ManageHa,
    /// Setting when a guest is started with its node.
    ConfigureStartup,
}

/// What the paths are about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scope<'a> {
    /// The node.
    pub(crate) node: &'a str,
    /// The storage.
    pub(crate) storage: &'a str,
    /// The guest's number. A number that is not chosen yet: `*`, which stands for every guest.
    pub(crate) vmid: &'a str,
    /// The bridge.
    pub(crate) bridge: &'a str,
    /// The pool.
    pub(crate) pool: &'a str,
}

/// What an operation takes: all privileges of one of the grants.
struct Rule {
    operation: Operation,
    doing: &'static str,
    grants: &'static [Grant],
    advice: &'static str,
}

/// Privileges needed together on one path.
struct Grant {
    path: &'static str,
    privileges: &'static [&'static str],
}

const fn grant(path: &'static str, privileges: &'static [&'static str]) -> Grant {
    Grant { path, privileges }
}

macro_rules! rules {
    ($($operation:ident: $doing:literal, [$(($path:literal, $($privilege:literal)+)),+] $(, $advice:literal)?;)+) => {
        &[$(Rule {
            operation: Operation::$operation,
            doing: $doing,
            grants: &[$(grant($path, &[$($privilege),+])),+],
            advice: concat!($($advice)?),
        }),+]
    };
}

/// Read in the API's own description (`permissions` of each call) and, for guests, in qemu-server's checks of
/// configuration keys.
#[rustfmt::skip]
static RULES: &[Rule] = rules! {
    ListStorage: "list the contents of storage {storage}", [("/storage/{storage}", "Datastore.Audit"), ("/storage/{storage}", "Datastore.AllocateSpace")];
    StoreFile: "store a file on storage {storage}", [("/storage/{storage}", "Datastore.AllocateTemplate")];
    NodeDownload: "have node {node} download from a URL", [("/", "Sys.Audit" "Sys.Modify"), ("/nodes/{node}", "Sys.AccessNetwork")],
        "Or set `transfer = \"provider\"`: the machine that runs Terraform then downloads and uploads, which takes neither.";
    DeleteFile: "delete a file from storage {storage}", [("/storage/{storage}", "Datastore.Allocate")];
    AllocateDisk: "allocate a disk on storage {storage}", [("/storage/{storage}", "Datastore.AllocateSpace")];
    AllocateGuest: "create or destroy guest {vmid}", [("/vms/{vmid}", "VM.Allocate")];
    AuditGuest: "see guest {vmid}", [("/vms/{vmid}", "VM.Audit")];
    CloneGuest: "clone guest {vmid}", [("/vms/{vmid}", "VM.Clone")];
    ConfigureDisks: "set the disks of guest {vmid}", [("/vms/{vmid}", "VM.Config.Disk")];
    ConfigureCpu: "set the processors of guest {vmid}", [("/vms/{vmid}", "VM.Config.CPU")];
    ConfigureMemory: "set the memory of guest {vmid}", [("/vms/{vmid}", "VM.Config.Memory")];
    ConfigureNetwork: "set the network of guest {vmid}", [("/vms/{vmid}", "VM.Config.Network")];
    ConfigureHardware: "set the hardware type of guest {vmid}", [("/vms/{vmid}", "VM.Config.HWType")];
    ConfigureCloudInit: "set the cloud-init data of guest {vmid}", [("/vms/{vmid}", "VM.Config.Cloudinit"), ("/vms/{vmid}", "VM.Config.Network")];
    ConfigureOptions: "set the options of guest {vmid}", [("/vms/{vmid}", "VM.Config.Options")];
    UseBridge: "plug a guest into {bridge}", [("/sdn/zones/localnetwork/{bridge}", "SDN.Use"), ("/", "SDN.Use")];
    Power: "start or stop guest {vmid}", [("/vms/{vmid}", "VM.PowerMgmt")];
    Snapshot: "take or delete snapshots of guest {vmid}", [("/vms/{vmid}", "VM.Snapshot")];
    Rollback: "take guest {vmid} back to a snapshot", [("/vms/{vmid}", "VM.Snapshot"), ("/vms/{vmid}", "VM.Snapshot.Rollback")];
    Backup: "back up guest {vmid}", [("/vms/{vmid}", "VM.Backup")];
    Migrate: "move guest {vmid} to another node", [("/vms/{vmid}", "VM.Migrate")];
    ChangePool: "put guests into pool {pool}", [("/pool/{pool}", "Pool.Allocate")];
    ManageHa: "change high availability", [("/", "Sys.Console")];
    ConfigureStartup: "set the start order of guest {vmid}", [("/", "Sys.Modify")];
};

impl Scope<'_> {
    fn fill(&self, template: &str) -> String {
        template
            .replace("{node}", self.node)
            .replace("{storage}", self.storage)
            .replace("/vms/{vmid}", if self.vmid == "*" { "/vms" } else { "/vms/{vmid}" })
            .replace("{vmid}", if self.vmid == "*" { "of any number" } else { self.vmid })
            .replace("{bridge}", self.bridge)
            .replace("{pool}", self.pool)
    }
}

/// What the account may not do, one error an operation, each with the privileges and the path to grant them on.
pub(crate) fn lacking(
    permissions: &Permissions,
    account: &Principal,
    needs: &[(Operation, Scope<'_>)],
) -> Vec<Diagnostic> {
    let mut problems: Vec<Diagnostic> = Vec::new();
    for (operation, scope) in needs {
        let Some(rule) = RULES.iter().find(|rule| rule.operation == *operation) else { continue };
        let had = |grant: &Grant| {
            let path = scope.fill(grant.path);
            grant.privileges.iter().all(|privilege| permissions.reaches(&path, privilege))
        };
        if rule.grants.iter().any(had) {
            continue;
        }
        let problem = refusal(rule, scope, account);
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems
}

fn refusal(rule: &Rule, scope: &Scope<'_>, account: &Principal) -> Diagnostic {
    let grants: Vec<String> = rule
        .grants
        .iter()
        .map(|grant| format!("{} on {}", grant.privileges.join(" and "), scope.fill(grant.path)))
        .collect();
    let who = if account.token_name().is_some() { "token" } else { "user" };
    let mut detail = format!("The {who} {account} needs {}.", grants.join(", or "));
    if account.token_name().is_some() {
        detail.push_str(" A token with privilege separation needs the grant of its own.");
    }
    if !rule.advice.is_empty() {
        detail.push_str("\n\n");
        detail.push_str(rule.advice);
    }
    Diagnostic::error(format!("{account} may not {}", scope.fill(rule.doing)), detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn permissions(json: serde_json::Value) -> Permissions {
        serde_json::from_value(json).unwrap()
    }

    fn token() -> Principal {
        Principal::token("tf@pve!ci".to_owned())
    }

    const SCOPE: Scope<'static> =
        Scope { node: "pve1", storage: "local", vmid: "9000", bridge: "vmbr0", pool: "lab" };

    #[test]
    fn every_operation_has_one_rule_and_its_paths_are_whole() {
        for rule in RULES {
            let same = RULES.iter().filter(|other| other.operation == rule.operation).count();
            assert_eq!(same, 1, "{:?}", rule.operation);
            for grant in rule.grants {
                let path = SCOPE.fill(grant.path);
                assert!(path.starts_with('/') && !path.contains('{'), "{path}");
            }
            assert!(!SCOPE.fill(rule.doing).contains('{'), "{}", rule.doing);
        }
    }

    #[test]
    fn privileges_and_paths_are_named() {
        let none = Permissions::default();
        let needs =
            [(Operation::StoreFile, SCOPE), (Operation::NodeDownload, SCOPE), (Operation::StoreFile, SCOPE)];
        let problems = lacking(&none, &token(), &needs);
        assert_eq!(problems.len(), 2, "said once each");
        assert_eq!(problems[0].summary, "tf@pve!ci may not store a file on storage local");
        assert!(
            problems[0].detail.contains("Datastore.AllocateTemplate on /storage/local"),
            "{}",
            problems[0].detail
        );
        let detail = &problems[1].detail;
        assert!(
            detail.contains("Sys.Audit and Sys.Modify on /, or Sys.AccessNetwork on /nodes/pve1"),
            "{detail}"
        );
        assert!(detail.contains("transfer = \"provider\""), "{detail}");
    }

    #[test]
    fn any_one_of_the_grants_will_do() {
        for enough in
            [json!({"/": {"Sys.Audit": 1, "Sys.Modify": 1}}), json!({"/nodes": {"Sys.AccessNetwork": 1}})]
        {
            assert_eq!(lacking(&permissions(enough), &token(), &[(Operation::NodeDownload, SCOPE)]), []);
        }
        let half = permissions(json!({"/": {"Sys.Audit": 1}}));
        assert_eq!(lacking(&half, &token(), &[(Operation::NodeDownload, SCOPE)]).len(), 1);
    }

    #[test]
    fn a_number_not_chosen_yet_is_asked_for_at_all_guests() {
        let scope = Scope { vmid: "*", ..SCOPE };
        let problem = &lacking(&Permissions::default(), &token(), &[(Operation::AllocateGuest, scope)])[0];
        assert_eq!(problem.summary, "tf@pve!ci may not create or destroy guest of any number");
        assert!(problem.detail.contains("VM.Allocate on /vms."), "{}", problem.detail);
    }
}
