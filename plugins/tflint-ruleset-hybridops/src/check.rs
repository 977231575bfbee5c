//! One rule's look through one module.

use std::collections::{BTreeMap, HashMap};

use hcl_edit::structure::Body;
use tf_value::Value;
use tfplugin_proto::tflint::{BodyContent, BodySchema, Expression, Range};

use crate::host::{Host, HostError};
use crate::rule::{Rule, RuleInfo};
use crate::settings::Settings;
use crate::source::{self, Edit};

/// What a rule works with.
pub(crate) struct Check {
    pub(crate) settings: Settings,
    host: Host,
    is_root: bool,
    files: BTreeMap<String, Vec<u8>>,
    rule: RuleInfo,
    edits: Vec<Edit>,
}

impl Check {
    /// Runs the rules that are switched on, one after the other: each sees what the one before it mended.
    pub(crate) async fn run(
        settings: &Settings,
        mut host: Host,
        rules: &[&'static dyn Rule],
    ) -> Result<(), (&'static str, HostError)> {
        let is_root = host.is_root().await.map_err(|error| ("the module", error))?;
        let mut files = host.files().await.map_err(|error| ("the module", error))?;
        for rule in rules.iter().filter(|rule| settings.enables(rule.info().name)) {
            let info = rule.info();
            let mut check =
                Self { settings: settings.clone(), host, is_root, files, rule: info, edits: Vec::new() };
            rule.check(&mut check).await.map_err(|error| (info.name, error))?;
            check.mend().await.map_err(|error| (info.name, error))?;
            Self { host, files, .. } = check;
        }
        Ok(())
    }

    /// What the module holds of a schema.
    pub(crate) async fn content(&mut self, schema: BodySchema) -> Result<BodyContent, HostError> {
        self.host.content(schema).await
    }

    /// What the user configured for this rule.
    pub(crate) async fn config(&mut self, schema: BodySchema) -> Result<BodyContent, HostError> {
        self.host.rule_config(self.rule.name, schema).await
    }

    /// What an expression yields, where that is known.
    pub(crate) async fn evaluate(&mut self, expression: &Expression) -> Result<Option<Value>, HostError> {
        self.host.evaluate(expression).await
    }

    /// The text an expression yields, where that is known.
    pub(crate) async fn text(&mut self, expression: &Expression) -> Result<Option<String>, HostError> {
        Ok(self.evaluate(expression).await?.as_ref().and_then(Value::as_str).map(str::to_owned))
    }

    /// The files of the module.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, source)| (name.as_str(), source.as_slice()))
    }

    /// A file and its syntax, where it is Terraform's own.
    pub(crate) fn syntax(&self, file: &str) -> Option<(&[u8], Body)> {
        let source = self.files.get(file)?;
        Some((source, source::parse(file, source)?))
    }

    /// Tells a finding.
    pub(crate) async fn report(&mut self, place: Range, message: String) -> Result<(), HostError> {
        self.report_with(place, message, None).await
    }

    /// Tells a finding and how it is mended.
    pub(crate) async fn report_with(
        &mut self,
        place: Range,
        message: String,
        edit: Option<Edit>,
    ) -> Result<(), HostError> {
        let edit = edit.filter(|edit| self.is_root && self.files.contains_key(&edit.file));
        let wanted = self.host.emit(self.rule.wire(), message, place, edit.is_some()).await?;
        if wanted && self.settings.mends() {
            self.edits.extend(edit);
        }
        Ok(())
    }

    async fn mend(&mut self) -> Result<(), HostError> {
        let mut changes = HashMap::new();
        for (file, source) in &self.files {
            let edits: Vec<_> = self.edits.iter().filter(|edit| edit.file == *file).collect();
            if !edits.is_empty() {
                changes.insert(file.clone(), source::apply(source, edits));
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        self.files.extend(changes.clone());
        self.host.apply(changes).await
    }
}
