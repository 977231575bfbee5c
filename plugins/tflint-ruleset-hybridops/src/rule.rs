//! What a rule is.

use tfplugin_proto::tflint::emit_issue;

use crate::check::Check;
use crate::host::HostError;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It costs money, data or a secret.
    Error,
    /// It will bite later.
    Warning,
}

/// What is told of a rule.
#[derive(Clone, Copy, Debug)]
pub struct RuleInfo {
    /// Its name, by which it is configured and ignored.
    pub name: &'static str,
    /// How grave its findings are.
    pub severity: Severity,
    /// Whether it can mend some of what it finds.
    pub mends: bool,
}

/// A rule.
#[tonic::async_trait]
pub(crate) trait Rule: Send + Sync {
    /// What is told of it.
    fn info(&self) -> RuleInfo;

    /// Looks through one module.
    async fn check(&self, check: &mut Check) -> Result<(), HostError>;
}

// === impl RuleInfo ===

impl RuleInfo {
    pub(crate) const fn error(name: &'static str) -> Self {
        Self { name, severity: Severity::Error, mends: false }
    }

    pub(crate) const fn warning(name: &'static str) -> Self {
        Self { name, severity: Severity::Warning, mends: false }
    }

    pub(crate) const fn mending(self) -> Self {
        Self { mends: true, ..self }
    }

    /// Where the rule is explained.
    #[must_use]
    pub fn link(&self) -> String {
        format!(
            "https://github.com/hybridops-studio/terraform-provider-hybridops/blob/main/plugins/tflint-ruleset-hybridops/docs/rules/{}.md",
            self.name
        )
    }

    pub(crate) fn wire(&self) -> emit_issue::Rule {
        let severity = match self.severity {
            Severity::Error => emit_issue::Severity::Error,
            Severity::Warning => emit_issue::Severity::Warning,
        };
        emit_issue::Rule {
            name: self.name.to_owned(),
            enabled: true,
            severity: severity.into(),
            link: self.link(),
        }
    }
}
