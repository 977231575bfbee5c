//! `seed_instance_id`.

use sha1::{Digest as _, Sha1};
use tf_framework::function;

/// The instance id that Proxmox VE itself would give a guest with these cloud-init documents.
///
/// For its own cloud-init drive Proxmox VE takes the SHA-1 of user data and network configuration, so that **every edit
/// of either makes the guest a new instance**: host keys are made anew, per-instance scripts run again. With this
/// function that behaviour can be kept for a guest that this provider seeds, whose instance id stays the same otherwise.
#[function(name = "seed_instance_id")]
pub(super) fn seed_instance_id(
    /// The user data.
    user_data: String,
    /// The network configuration; empty where there is none.
    network_config: String,
) -> String {
    let digest = Sha1::new().chain_update(user_data).chain_update(network_config).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_documents_count() {
        // The published test vector of SHA-1 for "abc".
        let abc = "a9993e364706816aba3e25717850c26c9cd0d89d";
        assert_eq!(seed_instance_id("ab".into(), "c".into()), abc);
        assert_eq!(seed_instance_id("abc".into(), String::new()), abc);
        assert_ne!(seed_instance_id("#!a".into(), "x".into()), seed_instance_id("#!a".into(), "y".into()));
    }
}
