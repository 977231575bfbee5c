//! What an apply accepts of what has changed since its plan.

use cost_engine::{Decimal, Decision};
use tf_framework::{Diagnostics, Result};

use super::model::OnChange;
use crate::question::Pin;
use crate::told;

/// What the plan saw, and what may have changed since.
pub(super) struct Planned<'a> {
    pub(super) planned: &'a Pin,
    pub(super) on_change: OnChange,
}

impl Planned<'_> {
    /// Whether a decision may stand that is allowed, but made of other facts than the planned one.
    pub(super) fn accepts(&self, decision: &Decision) -> Result<()> {
        let digest = decision.input_digest.to_string();
        if digest == self.planned.input_digest {
            return Ok(());
        }
        let changed =
            format!("The plan was made for {}, and this is {}.", self.planned.decision_id, decision.id);
        if self.on_change == OnChange::Fail {
            let detail = format!(
                "{changed} The policy, an artefact, what was spent or what is reserved has changed, and `on_change` is `fail`. \
                 Plan again, and have the new plan looked at.\n{}",
                told::told(decision, &[])
            );
            return Err(Diagnostics::error("The facts of the decision have changed since the plan", detail));
        }
        let total = decision.judgement.projection.as_ref().map(|told| &told.whole.total);
        let planned = self.planned.projected.as_ref().and_then(|text| text.parse::<Decimal>().ok());
        let dearer = match (total, &planned) {
            (Some(total), Some(planned)) => total > planned,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if !dearer {
            return Ok(());
        }
        let amount = |amount: Option<String>| amount.unwrap_or_else(|| "nothing".to_owned());
        let detail = format!(
            "{changed} It would cost {} now, and {} was planned. Plan again, and have the new plan looked at.\n{}",
            amount(total.map(ToString::to_string)),
            amount(self.planned.projected.clone()),
            told::told(decision, &[])
        );
        Err(Diagnostics::error("It costs more than was planned", detail))
    }
}

/// What is not allowed, with every rule.
pub(super) fn refusal(decision: &Decision, problems: &[String], planned: Option<&Pin>) -> Diagnostics {
    let since = match planned.filter(|planned| planned.decision_id != decision.id) {
        Some(planned) => format!(
            "When it was planned, the verdict was {} ({}). The facts have changed since, and nothing was made.\n",
            planned.verdict, planned.decision_id
        ),
        None => String::new(),
    };
    Diagnostics::error(told::summary(decision), format!("{since}{}", told::told(decision, problems)))
}
