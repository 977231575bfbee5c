//! The rules, one file each; what several share lies beside them.

use crate::rule::{Rule, RuleInfo};

mod cost_run_id;
mod cost_tags_legal;
mod cost_tags_present;
mod data_protected;
mod decision_order;
mod gate_bypassed;
mod gate_enforced;
mod gate_inputs;
mod literal_secret;
mod module_versions;
mod plain_secret;
mod provider_versions;
mod tagged;
mod version;
mod walk;
mod write_only_version;

/// All rules, in the order they run.
pub(crate) const RULES: [&dyn Rule; 13] = [
    &cost_tags_legal::CostTagsLegal,
    &cost_tags_present::CostTagsPresent,
    &cost_run_id::CostRunId,
    &provider_versions::ProviderVersions,
    &module_versions::ModuleVersions,
    &plain_secret::PlainSecret,
    &literal_secret::LiteralSecret,
    &write_only_version::WriteOnlyVersion,
    &data_protected::DataProtected,
    &gate_enforced::GateEnforced,
    &gate_inputs::GateInputs,
    &gate_bypassed::GateBypassed,
    &decision_order::DecisionOrder,
];

/// What there is to know about the rules.
pub fn catalogue() -> impl Iterator<Item = RuleInfo> {
    RULES.iter().map(|rule| rule.info())
}
