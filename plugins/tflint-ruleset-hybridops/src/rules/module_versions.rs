//! Modules, which no lock file holds, are taken at one version.

use tfplugin_proto::tflint::Range;
use tfplugin_proto::tflint::body_content::Block;

use super::version::{Room, room};
use crate::check::Check;
use crate::content::{Look as _, address, block, head, place, schema};
use crate::host::HostError;
use crate::rule::{Rule, RuleInfo};

/// References of Git that mean something else tomorrow.
const MOVING: [&str; 7] = ["main", "master", "develop", "trunk", "latest", "head", "stable"];

pub(super) struct ModuleVersions;

#[tonic::async_trait]
impl Rule for ModuleVersions {
    fn info(&self) -> RuleInfo {
        RuleInfo::warning("hybridops_module_versions")
    }

    async fn check(&self, check: &mut Check) -> Result<(), HostError> {
        let content = check
            .content(schema([], [block("module", &["name"], schema(["source", "version"], []))]))
            .await?;
        for module in content.blocks("module") {
            let Some(expression) = module.expression("source") else { continue };
            let Some(source) = check.text(expression).await? else { continue };
            let found = match kind(&source) {
                Source::Registry => registry(check, module).await?,
                Source::Git => git(&source).map(|fault| (place(expression), fault)),
                Source::Other => None,
            };
            if let Some((at, fault)) = found {
                check.report(at, format!("{} {fault}", address(module))).await?;
            }
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Source {
    Registry,
    Git,
    /// A directory beside, or an archive, whose address is all there is to say about it.
    Other,
}

fn kind(source: &str) -> Source {
    let bare = source.strip_prefix("git::");
    let hosted = ["github.com/", "bitbucket.org/", "git@"].iter().any(|host| source.starts_with(host));
    if bare.is_some() || hosted {
        return Source::Git;
    }
    if source.starts_with('.') || source.starts_with('/') || source.contains("::") || source.contains("://") {
        return Source::Other;
    }
    let address = source.split("//").next().unwrap_or_default();
    if matches!(address.split('/').count(), 3 | 4) { Source::Registry } else { Source::Other }
}

async fn registry(check: &mut Check, module: &Block) -> Result<Option<(Range, String)>, HostError> {
    let Some(expression) = module.expression("version") else {
        let fault = "is taken in any version: set version, as \"1.2.3\".".to_owned();
        return Ok(Some((head(module), fault)));
    };
    let version = check.text(expression).await?;
    Ok(version.filter(|version| room(version) > Room::Patches).map(|version| {
        let fault = format!(
            "moves by itself within \"{version}\", since no lock file holds modules: set one version, as \"1.2.3\", or patches only, as \"~> 1.2.3\"."
        );
        (place(expression), fault)
    }))
}

fn git(source: &str) -> Option<String> {
    let query = source.split_once('?').map(|(_, query)| query).unwrap_or_default();
    match query.split('&').find_map(|pair| pair.strip_prefix("ref=")) {
        None | Some("") => Some("follows a branch: name a tag or a commit, as \"?ref=v1.2.3\".".to_owned()),
        Some(moving) if MOVING.contains(&moving.to_lowercase().as_str()) => {
            Some(format!("follows the branch {moving}: name a tag or a commit, as \"?ref=v1.2.3\"."))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources() {
        for source in ["hashicorp/consul/aws", "app.terraform.io/acme/vpc/aws", "a/b/c//modules/x"] {
            assert_eq!(kind(source), Source::Registry, "{source}");
        }
        for source in ["git::https://e.org/m.git", "github.com/acme/m", "git@github.com:acme/m.git"] {
            assert_eq!(kind(source), Source::Git, "{source}");
        }
        for source in ["./m", "../m", "/m", "https://e.org/m.zip", "s3::https://b/m.zip", "m"] {
            assert_eq!(kind(source), Source::Other, "{source}");
        }
    }

    #[test]
    fn references() {
        assert!(git("git::https://e.org/m.git").is_some());
        assert!(git("git::https://e.org/m.git?ref=main&depth=1").is_some());
        assert!(git("git::https://e.org/m.git?depth=1&ref=v1.2.3").is_none());
    }
}
