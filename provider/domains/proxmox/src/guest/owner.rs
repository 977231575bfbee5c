//! Whose guests are whose: a run that was killed leaves guests which only a run of the same configuration may pick
//! up. Two configurations that make guests of one name at the same time must not take each other's.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::provider_config::Environment;

/// The owner where the configuration names none: the directory Terraform runs in, and its workspace. The same
/// configuration run in another directory is another owner.
#[must_use]
pub(crate) fn default_owner(env: Environment<'_>) -> String {
    let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let directory = directory.canonicalize().unwrap_or(directory);
    let data = env("TF_DATA_DIR").filter(|text| !text.is_empty()).unwrap_or_else(|| ".terraform".to_owned());
    let selected = || std::fs::read_to_string(directory.join(Path::new(&data)).join("environment")).ok();
    let workspace = env("TF_WORKSPACE").filter(|text| !text.is_empty()).or_else(selected);
    let workspace = workspace.unwrap_or_default();
    owner_of(&directory, workspace.trim())
}

fn owner_of(directory: &Path, workspace: &str) -> String {
    let workspace = if workspace.is_empty() { "default" } else { workspace };
    let digest = Sha256::digest(format!("{}\n{workspace}", directory.display()));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_and_workspaces_are_owners() {
        let owner = |directory: &str, workspace: &str| owner_of(Path::new(directory), workspace);
        assert_eq!(owner("/a", ""), owner("/a", "default"));
        assert_ne!(owner("/a", ""), owner("/b", ""));
        assert_ne!(owner("/a", ""), owner("/a", "staging"));
        assert_eq!(owner("/a", "").len(), 16);
    }
}
