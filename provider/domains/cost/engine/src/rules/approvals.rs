//! Rule 17: what people with a key let through.

use super::{Inputs, Outcome, Rule, Signed, Spent};
use crate::decimal::Decimal;
use crate::documents::{Approval, Scope};
use crate::json::Digest;

/// Lifts rules that an approval is for; the approval that lifted one.
pub(super) fn lift(
    inputs: &Inputs<'_>,
    found: &[&Signed],
    total: &Decimal,
    rules: &mut [Rule],
    spent: &[Spent],
) -> Option<String> {
    if !rules.iter().any(|rule| rule.outcome >= Outcome::Warn) {
        return None;
    }
    let digest = crate::decision::input_digest(inputs, found, spent);
    // The order of approvals does not matter: the first by id that holds.
    let mut approvals: Vec<&Approval> = inputs.approvals.iter().collect();
    approvals.sort_by(|left, right| left.id.cmp(&right.id));
    let mut used = None;
    for approval in approvals.into_iter().filter(|approval| holds(inputs, approval, total, digest)) {
        for rule in rules.iter_mut().filter(|rule| rule.lifted_by.is_none()) {
            let liftable = match rule.outcome {
                Outcome::Warn => true,
                Outcome::Block => is_overridable(inputs, &rule.id),
                Outcome::Skip | Outcome::Pass => false,
            };
            if liftable && approval.rules.contains(&rule.id) {
                rule.lifted_by = Some(approval.id.clone());
                used.get_or_insert_with(|| approval.id.clone());
            }
        }
    }
    used
}

/// Whether an approval holds for this, now.
fn holds(inputs: &Inputs<'_>, approval: &Approval, total: &Decimal, digest: Digest) -> bool {
    let request = inputs.request;
    let meant = match &approval.scope {
        Scope::Inputs(scope) => *scope == digest,
        Scope::Request { env, component, purpose } => {
            *env == request.env && *purpose == request.purpose && request.components == [component.clone()]
        }
    };
    let by_another = |person: &str| request.requested_by.as_deref() != Some(person);
    let key = inputs.policy.approvers.get(&approval.key_id);
    meant
        && approval.currency == inputs.policy.currency
        && *total <= approval.ceiling
        && inputs.now >= approval.not_before
        && inputs.now < approval.expires_at
        && by_another(&approval.approver)
        && approval.second_approver.as_deref().is_none_or(by_another)
        && !(approval.single_use && inputs.used_approvals.contains(&approval.id))
        && key.is_some_and(|key| approval.is_signed_by(key))
}

/// Whether the policy lets an approval lift a rule that blocks.
fn is_overridable(inputs: &Inputs<'_>, id: &str) -> bool {
    let budget = id.strip_prefix("budget:").and_then(|rest| rest.split(':').next());
    match budget {
        Some(name) => inputs.policy.budgets.iter().any(|budget| budget.id == name && budget.overridable),
        None => inputs.policy.overridable.iter().any(|rule| rule == id),
    }
}
