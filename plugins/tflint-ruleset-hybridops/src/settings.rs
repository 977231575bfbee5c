//! What the user configured.

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::expr::Expression as Syntax;
use tfplugin_proto::tflint::apply_global_config::Config;
use tfplugin_proto::tflint::{BodyContent, BodySchema, Expression};

use crate::content::{Look as _, schema, syntax};

/// Environments in which a gate that only reports is none, unless configured.
const PRODUCTION: [&str; 2] = ["prod", "production"];

/// A setting that is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("{name} is a list of texts, such as [\"prod\"]")]
pub(crate) struct SettingError {
    name: &'static str,
}

/// What the user configured, for all rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    rules: BTreeMap<String, bool>,
    disabled_by_default: bool,
    only: Vec<String>,
    fix: bool,
    production: Option<Vec<String>>,
}

impl Settings {
    /// What the block of this plugin may hold.
    pub(crate) fn schema() -> BodySchema {
        schema(["production"], [])
    }

    /// With what tflint tells every plugin.
    pub(crate) fn with_global(&self, config: Config) -> Self {
        let mut inner = Inner::clone(&self.inner);
        inner.rules = config.rules.into_values().map(|rule| (rule.name, rule.enabled)).collect();
        inner.disabled_by_default = config.disabled_by_default;
        inner.only = config.only;
        inner.fix = config.fix;
        Self { inner: Arc::new(inner) }
    }

    /// With the block of this plugin.
    pub(crate) fn with_plugin(&self, content: &BodyContent) -> Result<Self, SettingError> {
        let mut inner = Inner::clone(&self.inner);
        inner.production = list(content, "production")?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whether a rule is switched on: asked for alone, configured, or neither and nothing switches it off.
    pub(crate) fn enables(&self, rule: &str) -> bool {
        let inner = &self.inner;
        if !inner.only.is_empty() {
            return inner.only.iter().any(|name| name == rule);
        }
        inner.rules.get(rule).copied().unwrap_or(!inner.disabled_by_default)
    }

    /// Whether findings are to be mended.
    pub(crate) fn mends(&self) -> bool {
        self.inner.fix
    }

    /// Whether money is spent in earnest there. An environment that is not known may be that one.
    pub(crate) fn is_production(&self, environment: Option<&str>) -> bool {
        match (environment, &self.inner.production) {
            (None, _) => true,
            (Some(name), None) => PRODUCTION.contains(&name),
            (Some(name), Some(production)) => production.iter().any(|one| one == name),
        }
    }
}

/// A setting that is a list of texts, where it is there.
pub(crate) fn list(content: &BodyContent, name: &'static str) -> Result<Option<Vec<String>>, SettingError> {
    let Some(expression) = content.expression(name) else { return Ok(None) };
    texts(expression).map(Some).ok_or(SettingError { name })
}

fn texts(expression: &Expression) -> Option<Vec<String>> {
    let Syntax::Array(array) = syntax(expression)? else { return None };
    array.iter().map(|element| element.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use tfplugin_proto::tflint::apply_global_config::RuleConfig;

    use super::*;

    fn settings(rules: &[(&str, bool)], disabled_by_default: bool, only: &[&str]) -> Settings {
        let rule = |(name, enabled): &(&str, bool)| {
            ((*name).to_owned(), RuleConfig { name: (*name).to_owned(), enabled: *enabled })
        };
        Settings::default().with_global(Config {
            rules: rules.iter().map(rule).collect(),
            disabled_by_default,
            only: only.iter().map(|name| (*name).to_owned()).collect(),
            fix: false,
        })
    }

    #[test]
    fn which_rules_are_switched_on() {
        assert!(settings(&[], false, &[]).enables("a"));
        assert!(!settings(&[("a", false)], false, &[]).enables("a"));
        assert!(!settings(&[], true, &[]).enables("a"));
        assert!(settings(&[("a", true)], true, &[]).enables("a"));
        let only = settings(&[("a", false)], true, &["a"]);
        assert!(only.enables("a") && !only.enables("b"));
    }

    #[test]
    fn an_unknown_environment_may_be_production() {
        let settings = Settings::default();
        assert!(settings.is_production(None) && settings.is_production(Some("prod")));
        assert!(!settings.is_production(Some("lab")));
    }
}
