//! tflint, as a rule asks it.

use std::collections::{BTreeMap, HashMap};

use go_plugin::MAX_MESSAGE_SIZE;
use tf_value::{Type, Value, msgpack};
use tfplugin_proto::tflint::runner_client::RunnerClient;
use tfplugin_proto::tflint::{
    BodyContent, BodySchema, Expression, ModuleCtxType, Range, apply_changes, emit_issue, evaluate_expr,
    get_files, get_module_content, get_module_path, get_rule_config_content,
};
use tonic::transport::Channel;
use tonic::{Code, Status};

/// Why tflint could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostError {
    /// It refused.
    #[error("tflint refused {request}: {}", status.message())]
    Refused {
        /// What was asked.
        request: &'static str,
        /// Its answer.
        status: Box<Status>,
    },
    /// It answered without what was asked for.
    #[error("tflint answered {request} without a body")]
    Empty {
        /// What was asked.
        request: &'static str,
    },
    /// A rule is configured with something that makes no sense.
    #[error("its setting {name} makes no sense: {value}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// What it is, or why it makes no sense.
        value: String,
    },
}

/// The host's side of one check.
#[derive(Clone)]
pub(crate) struct Host {
    client: RunnerClient<Channel>,
}

fn refused(request: &'static str) -> impl FnOnce(Status) -> HostError {
    move |status| HostError::Refused { request, status: Box::new(status) }
}

// === impl Host ===

impl Host {
    pub(crate) fn new(channel: Channel) -> Self {
        let client = RunnerClient::new(channel)
            .max_decoding_message_size(MAX_MESSAGE_SIZE)
            .max_encoding_message_size(MAX_MESSAGE_SIZE);
        Self { client }
    }

    /// The files of the module, by name.
    pub(crate) async fn files(&mut self) -> Result<BTreeMap<String, Vec<u8>>, HostError> {
        let answer = self.client.get_files(get_files::Request {}).await.map_err(refused("GetFiles"))?;
        Ok(answer.into_inner().files.into_iter().collect())
    }

    /// Whether this is the module that tflint was started for, the only one whose files may be mended.
    pub(crate) async fn is_root(&mut self) -> Result<bool, HostError> {
        let answer = self
            .client
            .get_module_path(get_module_path::Request {})
            .await
            .map_err(refused("GetModulePath"))?;
        Ok(answer.into_inner().path.is_empty())
    }

    /// What the module holds of a schema. Blocks with `count` and `for_each` appear once, as they are written: capacity
    /// that is switched off today is switched on in a disaster.
    pub(crate) async fn content(&mut self, schema: BodySchema) -> Result<BodyContent, HostError> {
        let option = get_module_content::Option {
            module_ctx: ModuleCtxType::Self_.into(),
            hint: Some(get_module_content::Hint::default()),
            expand_mode: get_module_content::ExpandMode::None.into(),
        };
        let request = get_module_content::Request { schema: Some(schema), option: Some(option) };
        let answer = self.client.get_module_content(request).await.map_err(refused("GetModuleContent"))?;
        answer.into_inner().content.ok_or(HostError::Empty { request: "GetModuleContent" })
    }

    /// What the user configured for a rule.
    pub(crate) async fn rule_config(
        &mut self,
        name: &str,
        schema: BodySchema,
    ) -> Result<BodyContent, HostError> {
        let request = get_rule_config_content::Request { name: name.to_owned(), schema: Some(schema) };
        let answer =
            self.client.get_rule_config_content(request).await.map_err(refused("GetRuleConfigContent"))?;
        answer.into_inner().content.ok_or(HostError::Empty { request: "GetRuleConfigContent" })
    }

    /// What an expression yields; `None` where that is not known here, or not for us to see: a marked value never gets
    /// into a message.
    pub(crate) async fn evaluate(&mut self, expression: &Expression) -> Result<Option<Value>, HostError> {
        let option = evaluate_expr::Option {
            r#type: Type::Dynamic.to_json(),
            module_ctx: ModuleCtxType::Self_.into(),
        };
        let request = evaluate_expr::Request { option: Some(option), expression: Some(expression.clone()) };
        let answer = match self.client.evaluate_expr(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) if is_verdict(status.code()) => return Ok(None),
            Err(status) => return Err(refused("EvaluateExpr")(status)),
        };
        if answer.marks.iter().any(|mark| mark.sensitive || mark.ephemeral) {
            return Ok(None);
        }
        match msgpack::decode(&answer.value, &Type::Dynamic) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                tracing::debug!(%error, "a value of tflint's was not understood");
                Ok(None)
            }
        }
    }

    /// Tells a finding. Whether a mending of it is wanted.
    pub(crate) async fn emit(
        &mut self,
        rule: emit_issue::Rule,
        message: String,
        range: Range,
        fixable: bool,
    ) -> Result<bool, HostError> {
        let request = emit_issue::Request { rule: Some(rule), message, range: Some(range), fixable };
        let answer = self.client.emit_issue(request).await.map_err(refused("EmitIssue"))?;
        Ok(answer.into_inner().applied)
    }

    /// Hands over files as they are to be.
    pub(crate) async fn apply(&mut self, changes: HashMap<String, Vec<u8>>) -> Result<(), HostError> {
        let request = apply_changes::Request { changes };
        self.client.apply_changes(request).await.map_err(refused("ApplyChanges"))?;
        Ok(())
    }
}

/// Codes by which tflint says that an expression has no value, as opposed to being unable to answer.
fn is_verdict(code: Code) -> bool {
    matches!(code, Code::FailedPrecondition | Code::InvalidArgument)
}
