//! The two calls every change is made of: plan and apply.

use std::collections::BTreeSet;

use tf_framework::Diagnostics;
use tf_framework::rules::{self, Change, PlannedAction, Stage};
use tf_value::{Path, Value};
use tfplugin_proto::tfplugin6 as pb;
use tfplugin_proto::tfplugin6::provider_server::Provider;
use tonic::Request;

use super::{Instance, Kind, Resource};
use crate::{CoreError, wire};

/// What the provider planned, checked.
pub(super) struct Proposal {
    pub(super) planned: Value,
    pub(super) requires_replace: BTreeSet<Path>,
    pub(super) private: Vec<u8>,
    pub(super) identity: Option<Value>,
    pub(super) warnings: Diagnostics,
}

/// What the provider made of it.
pub(super) struct Outcome {
    pub(super) value: Value,
    pub(super) private: Vec<u8>,
    pub(super) identity: Option<Value>,
    pub(super) diagnostics: Diagnostics,
}

impl Proposal {
    pub(super) fn change<'a>(&'a self, kind: &Kind<'a>, prior: &'a Value) -> Change<'a> {
        Change {
            schema: kind.schema,
            prior,
            planned: &self.planned,
            requires_replace: &self.requires_replace,
        }
    }
}

impl<S: Provider> Resource<'_, S> {
    /// Has the provider plan, and holds the plan against core's rules. A null configuration plans a destroy.
    pub(super) async fn propose(
        &self,
        kind: &Kind<'_>,
        before: Option<&Instance>,
        config: &Value,
    ) -> Result<Proposal, CoreError> {
        let what = self.what("planning");
        let prior = before.map_or(&Value::Null, |instance| &instance.value).clone();
        let proposed = rules::proposed_new(&kind.schema.block, &prior, config);
        let prior_identity = before.and_then(|instance| instance.identity.as_ref());
        let request = pb::plan_resource_change::Request {
            type_name: self.type_name.clone(),
            prior_state: wire::encode(&what, &prior, &kind.ty)?,
            proposed_new_state: wire::encode(&what, &proposed, &kind.ty)?,
            config: wire::encode(&what, config, &kind.ty)?,
            prior_private: before.map(|instance| instance.private.clone()).unwrap_or_default(),
            provider_meta: None,
            client_capabilities: Some(self.core.capabilities()),
            prior_identity: wire::encode_identity(&what, prior_identity, &kind.identity_ty)?,
            planned_private: Vec::new(),
        };
        let answer = self.core.server.plan_resource_change(Request::new(request)).await?.into_inner();
        let warnings = wire::accepted(&what, &answer.diagnostics)?;
        if answer.legacy_type_system {
            return Err(CoreError::answer(&what, "the excuse of the old SDK is not ours to make"));
        }
        if answer.deferred.is_some() {
            return Err(CoreError::answer(&what, "a deferral although deferrals are not allowed"));
        }
        let planned = wire::decode(&what, answer.planned_state.as_ref(), &kind.ty)?;
        let mut proposal = Proposal {
            planned,
            requires_replace: answer.requires_replace.iter().map(wire::path).collect(),
            private: answer.planned_private,
            identity: None,
            warnings,
        };
        CoreError::unless_kept(
            &what,
            rules::assert_plan_valid(kind.schema, &prior, config, &proposal.planned),
        )?;
        CoreError::unless_kept(&what, rules::assert_replace_paths(proposal.change(kind, &prior)))?;
        let sent = answer.planned_identity.as_ref();
        proposal.identity = kind.identity(&what, Stage::Plan, sent, prior_identity)?;
        Ok(proposal)
    }

    /// Has the provider carry out a plan. Errors of the provider are part of the outcome: what it returned with
    /// them is the state.
    pub(super) async fn carry_out(
        &self,
        kind: &Kind<'_>,
        action: PlannedAction,
        before: Option<&Instance>,
        proposal: &Proposal,
        config: &Value,
    ) -> Result<Outcome, CoreError> {
        let what = self.what(match action {
            PlannedAction::Delete => "destroying",
            PlannedAction::Create => "creating",
            _ => "updating",
        });
        let prior = before.map_or(&Value::Null, |instance| &instance.value);
        let prior_identity = before.and_then(|instance| instance.identity.as_ref());
        let request = pb::apply_resource_change::Request {
            type_name: self.type_name.clone(),
            prior_state: wire::encode(&what, prior, &kind.ty)?,
            planned_state: wire::encode(&what, &proposal.planned, &kind.ty)?,
            config: wire::encode(&what, config, &kind.ty)?,
            planned_private: proposal.private.clone(),
            provider_meta: None,
            planned_identity: wire::encode_identity(&what, proposal.identity.as_ref(), &kind.identity_ty)?,
        };
        let answer = self.core.server.apply_resource_change(Request::new(request)).await?.into_inner();
        if answer.legacy_type_system {
            return Err(CoreError::answer(&what, "the excuse of the old SDK is not ours to make"));
        }
        let diagnostics = wire::diagnostics(&answer.diagnostics);
        let mut value = wire::decode(&what, answer.new_state.as_ref(), &kind.ty)?;
        let mut identity = None;
        if diagnostics.has_errors() {
            // What was not decided when it failed is stored as null.
            value = value.transform(&mut |_, part| if part.is_unknown() { Value::Null } else { part });
        } else {
            let found = rules::assert_apply_compatible(kind.schema, &proposal.planned, &value);
            CoreError::unless_kept(&what, found)?;
        }
        if !value.is_null() {
            let sent = answer.new_identity.as_ref();
            identity = kind.identity(&what, Stage::Apply, sent, prior_identity)?;
        }
        Ok(Outcome { value, private: answer.private, identity, diagnostics })
    }
}
