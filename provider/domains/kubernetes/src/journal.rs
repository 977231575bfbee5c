//! Lines of a node's log that say why it does not start, and what to do.

use crate::errors::capital;

/// What a line of the log means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Short, for tests and logs.
    pub(crate) code: &'static str,
    /// One line without a full stop.
    pub(crate) cause: &'static str,
    /// What to do.
    pub(crate) next: &'static str,
    /// Whether waiting cannot help.
    pub(crate) fatal: bool,
}

struct Rule {
    fragment: &'static str,
    verdict: Verdict,
}

macro_rules! rules {
    ($($fragment:literal => $code:literal, $fatal:literal, $cause:literal, $next:literal;)*) => {
        &[$(Rule { fragment: $fragment, verdict: Verdict { code: $code, cause: $cause, next: $next, fatal: $fatal } },)*]
    };
}

/// In order of what explains more: the first rule of which a line speaks counts.
const RULES: &[Rule] = rules! {
    "token CA hash does not match" => "authority", true,
        "the server that answers has another authority than the token names: it is of another cluster, or somebody is in between",
        "Check `servers` and `registration_address`. The short form of the token, which proves nothing, is never used.";
    "bootstrap data already found and encrypted with different token" => "token", true,
        "the token is not the one the database is encrypted with",
        "Give the token of this cluster. A token is changed by `rotation` of the cluster, not by another value here.";
    "failed to validate token" => "token-refused", true,
        "the server refuses the token",
        "Give the token of this cluster, or leave it out so that it is read from a server.";
    "critical configuration value mismatch" => "parity", true,
        "this server is configured differently from the others in what must be the same",
        "The line names the keys. Set them in the cluster's `config`, and remove them from files that were made by hand.";
    "cannot perform cluster-reset while server URL is set" => "reset-server", true,
        "`server` is set, and a database cannot be reset while it is",
        "Remove `server` from files that were made by hand in config.yaml.d and apply again.";
    "was previously reset, please remove the cluster-reset flag" => "reset-done", true,
        "a reset that ended already is asked for again",
        "Remove `cluster-reset` from files that were made by hand and apply again.";
    "this server is a not a member of the etcd cluster" => "not-a-member", true,
        "the database knows this server by another address, or not at all",
        "Its address changed. Replace the node (`terraform apply -replace`), so that it leaves and joins again.";
    "member has been permanently removed" => "removed", true,
        "the member of this server was removed from the database",
        "Replace the node (`terraform apply -replace`): its old database is wiped and it joins anew.";
    "duplicate node name found" => "duplicate-name", true,
        "another member of the database has this name",
        "A machine that was lost without leaving has it still. Remove that node first, then apply again.";
    "Node password rejected, duplicate hostname" => "node-password", true,
        "the cluster knows a node of this name with another identity: another machine has the name, or this one was installed anew",
        "If the machine was installed anew, replace the node (`terraform apply -replace`); if another machine has the name, give this one its own.";
    "too many learner members" => "learners", false,
        "another server is joining at the same time",
        "Servers join one by one. It is tried again.";
    "not enough started members" => "quorum", true,
        "the database would lose its majority",
        "Bring the servers that are down back first.";
    "failed to get runtime image" => "runtime-image", true,
        "the image with the programs of the node cannot be had",
        "Check `registries`, `proxy` and `config.system_default_registry`, or send the images: `artefacts.images = [\"core\", …]`.";
    "invalid kernel parameter value" => "kernel-values", true,
        "the kernel's settings are not what `profile` demands",
        "They are set when the node is made; something set them back. Apply again, or look into /etc/sysctl.d.";
    "missing required: user: unknown user etcd" => "etcd-user", true,
        "`profile` demands a user `etcd`, and there is none",
        "It is made with the node; something removed it. Apply again.";
    "kubelet is configured to not run on a host using cgroup v1" => "cgroup-v1", true,
        "the host has control groups of version 1, which Kubernetes 1.35 and later refuse",
        "Boot it with control groups of version 2 (systemd.unified_cgroup_hierarchy=1).";
    "running with swap on is not supported" => "swap", true,
        "the kubelet refuses to run while there is swap",
        "Turn it off (swapoff -a, and its line in /etc/fstab), or allow it by `extra_config`: kubelet-arg fail-swap-on=false.";
    "Kubelet exited" => "kubelet", true,
        "the kubelet ended",
        "Its own log is agent/logs/kubelet.log below the data directory: often swap, control groups or values of the kernel.";
    "no space left on device" => "disk-full", true,
        "the disk is full",
        "Make room and apply again.";
    "x509: certificate has expired" => "expired", true,
        "a certificate has expired",
        "Check the clock of the machine. Certificates are renewed when the service starts; those of a node that was off for long are rotated by `certificate rotate`.";
    "address already in use" => "port", true,
        "a port is taken by another program",
        "The line names the port. Stop that program and apply again.";
    "Waiting to retrieve agent configuration; server is not ready" => "waits-for-server", false,
        "the server it joins through is not ready",
        "Look at that server first.";
    "connection refused" => "refused", false,
        "what it connects to does not listen",
        "Check that the port of the address in the line can be reached from this machine.";
    "i/o timeout" => "unreachable", false,
        "what it connects to does not answer",
        "Check routes and firewalls between the machines: 9345, 6443, 2379 and 2380 between servers, 9345 and 6443 from agents.";
};

/// The last line before a start that hangs for ever (rke2#9785).
const HANG: &str = "Reconciling bootstrap data between datastore and disk";

/// What lines of the log say, the most telling first, with the line.
pub(crate) fn classify(log: &str) -> Option<(Verdict, String)> {
    RULES.iter().find_map(|rule| {
        let line = log.lines().rev().find(|line| line.contains(rule.fragment))?;
        Some((rule.verdict, line.trim().to_owned()))
    })
}

/// Whether the log ends where a start is known to hang.
pub(crate) fn hangs(log: &str) -> bool {
    log.lines().rev().find(|line| !line.trim().is_empty()).is_some_and(|line| line.contains(HANG))
}

/// What is told of a log: cause, line and next step; the end of the log where nothing in it is known.
pub(crate) fn told(log: &str) -> String {
    match classify(log) {
        Some((verdict, line)) => {
            format!("{}.\nThe log says: {line}\n{}", capital(verdict.cause), verdict.next)
        }
        None if hangs(log) => format!(
            "It hangs where it compares the files of its authority with the database.\nThe log ends with: {HANG}\nApply again: it is \
             restarted once."
        ),
        None => {
            let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
            let from = lines.len().saturating_sub(8);
            let end = lines.get(from..).unwrap_or_default().join("\n  ");
            if end.is_empty() {
                "Its log is empty.".to_owned()
            } else {
                format!("Its log ends with:\n  {end}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_fragment_is_told() {
        for rule in RULES {
            let log = format!(
                "level=info msg=\"Starting rke2\"\nlevel=fatal msg=\"{} 42\"\nlevel=info msg=end\n",
                rule.fragment
            );
            let (verdict, line) = classify(&log).unwrap();
            assert_eq!(verdict.code, rule.verdict.code, "{}", rule.fragment);
            assert!(
                line.contains(rule.fragment) && verdict.next.ends_with('.') && !verdict.cause.ends_with('.')
            );
        }
        let codes: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.verdict.code).collect();
        assert_eq!(codes.len(), RULES.len());
    }

    #[test]
    fn what_explains_more_wins() {
        let log = "dial tcp: connection refused\ntoken CA hash does not match the Cluster CA certificate hash\nconnection refused";
        assert_eq!(classify(log).unwrap().0.code, "authority");
    }

    #[test]
    fn a_hang_is_the_last_line() {
        assert!(hangs("a\nReconciling bootstrap data between datastore and disk\n\n"));
        assert!(!hangs(
            "Reconciling bootstrap data between datastore and disk\nConnection to etcd is ready\n"
        ));
        assert!(told("Reconciling bootstrap data between datastore and disk").contains("hangs"));
    }

    proptest! {
        #[test]
        fn an_unknown_log_is_shown(log in "[a-z \n]{0,200}") {
            prop_assume!(classify(&log).is_none());
            prop_assert!(!told(&log).is_empty());
        }
    }
}
