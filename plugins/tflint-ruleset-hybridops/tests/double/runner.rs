//! The service that rules call.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hcl_edit::parser::{parse_body, parse_expr};
use tf_value::{Type, Value, msgpack};
use tfplugin_proto::tflint::*;
use tonic::{Request, Response, Status};

use super::Wanted;
use super::evaluate;
use super::module::Sources;

/// What a rule told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub rule: String,
    pub severity: emit_issue::Severity,
    pub link: String,
    pub message: String,
    pub file: String,
    /// Line and column where it begins.
    pub at: (i64, i64),
    /// Line and column where it ends.
    pub to: (i64, i64),
    pub fixable: bool,
}

/// What a session left.
#[derive(Clone, Debug)]
pub struct Seen {
    pub findings: Vec<Finding>,
    pub files: BTreeMap<String, String>,
    /// The methods that were called, in order, each once.
    pub asked: Vec<&'static str>,
}

pub struct Runner {
    state: Mutex<State>,
    rules: BTreeMap<String, String>,
    module: Vec<String>,
    sensitive: Vec<String>,
    fix: bool,
}

struct State {
    files: BTreeMap<String, String>,
    findings: Vec<Finding>,
    asked: Vec<&'static str>,
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn pairs(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

impl Runner {
    pub fn new(wanted: &Wanted<'_>) -> Self {
        let state = State { files: pairs(wanted.files), findings: Vec::new(), asked: Vec::new() };
        Self {
            state: Mutex::new(state),
            rules: pairs(wanted.rules),
            module: owned(wanted.module),
            sensitive: owned(wanted.sensitive),
            fix: wanted.fix,
        }
    }

    pub fn seen(&self) -> Seen {
        let state = self.state("end");
        let asked = state.asked.iter().copied().filter(|one| *one != "end").collect();
        Seen { findings: state.findings.clone(), files: state.files.clone(), asked }
    }

    fn state(&self, method: &'static str) -> std::sync::MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.asked.contains(&method) {
            state.asked.push(method);
        }
        state
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn answer<T>(message: T) -> Answer<T> {
    Ok(Response::new(message))
}

#[tonic::async_trait]
impl runner_server::Runner for Runner {
    async fn get_originalwd(&self, _: Request<get_originalwd::Request>) -> Answer<get_originalwd::Response> {
        answer(get_originalwd::Response { path: "/work".to_owned() })
    }

    async fn get_module_path(
        &self,
        _: Request<get_module_path::Request>,
    ) -> Answer<get_module_path::Response> {
        drop(self.state("GetModulePath"));
        answer(get_module_path::Response { path: self.module.clone() })
    }

    async fn get_module_content(
        &self,
        request: Request<get_module_content::Request>,
    ) -> Answer<get_module_content::Response> {
        let request = request.into_inner();
        let schema = request.schema.ok_or_else(|| Status::invalid_argument("schema should not be null"))?;
        request.option.ok_or_else(|| Status::invalid_argument("option should not be null"))?;
        let sources = Sources::new(&self.state("GetModuleContent").files);
        answer(get_module_content::Response { content: Some(sources.content(&schema)) })
    }

    async fn get_rule_config_content(
        &self,
        request: Request<get_rule_config_content::Request>,
    ) -> Answer<get_rule_config_content::Response> {
        drop(self.state("GetRuleConfigContent"));
        let request = request.into_inner();
        let schema = request.schema.ok_or_else(|| Status::invalid_argument("schema should not be null"))?;
        let text = self.rules.get(&request.name).cloned().unwrap_or_default();
        let sources = Sources::new(&BTreeMap::from([(".tflint.hcl".to_owned(), text)]));
        answer(get_rule_config_content::Response { content: Some(sources.content(&schema)) })
    }

    async fn get_file(&self, request: Request<get_file::Request>) -> Answer<get_file::Response> {
        let state = self.state("GetFile");
        let file =
            state.files.get(&request.get_ref().name).ok_or_else(|| Status::not_found("file not found"))?;
        answer(get_file::Response { file: file.clone().into_bytes() })
    }

    async fn get_files(&self, _: Request<get_files::Request>) -> Answer<get_files::Response> {
        let state = self.state("GetFiles");
        let bytes = |(name, text): (&String, &String)| (name.clone(), text.clone().into_bytes());
        answer(get_files::Response { files: state.files.iter().map(bytes).collect() })
    }

    async fn evaluate_expr(
        &self,
        request: Request<evaluate_expr::Request>,
    ) -> Answer<evaluate_expr::Response> {
        let request = request.into_inner();
        let expression = request.expression.ok_or_else(|| Status::invalid_argument("no expression"))?;
        expression.range.as_ref().ok_or_else(|| Status::invalid_argument("no range"))?;
        let wanted = request.option.ok_or_else(|| Status::invalid_argument("no option"))?.r#type;
        assert_eq!(wanted, br#""dynamic""#, "the double evaluates to any type only");
        let sources = Sources::new(&self.state("EvaluateExpr").files);
        let text = String::from_utf8(expression.bytes).map_err(|_| Status::invalid_argument("no text"))?;
        let syntax = parse_expr(&text).map_err(|error| Status::invalid_argument(error.to_string()))?;
        if text.contains("nothing.there") {
            return Err(Status::failed_precondition("Reference to undeclared resource"));
        }
        let (ty, value) = evaluate::evaluate(&sources, &syntax);
        let value = msgpack::encode(&Value::dynamic(ty, value), &Type::Dynamic).expect("a value");
        let sensitive = evaluate::names_any(&text, &self.sensitive);
        let path = Some(AttributePath::default());
        let marks =
            if sensitive { vec![ValueMark { path, sensitive, ephemeral: false }] } else { Vec::new() };
        answer(evaluate_expr::Response { value, marks })
    }

    async fn emit_issue(&self, request: Request<emit_issue::Request>) -> Answer<emit_issue::Response> {
        let request = request.into_inner();
        let severity = request.rule.as_ref().map(emit_issue::Rule::severity);
        let rule = request.rule.ok_or_else(|| Status::invalid_argument("rule should not be null"))?;
        let range = request.range.ok_or_else(|| Status::invalid_argument("range should not be null"))?;
        let place = |pos: Option<range::Pos>| pos.map(|pos| (pos.line, pos.column)).expect("a position");
        self.state("EmitIssue").findings.push(Finding {
            rule: rule.name,
            severity: severity.expect("a severity"),
            link: rule.link,
            message: request.message,
            file: range.filename,
            at: place(range.start),
            to: place(range.end),
            fixable: request.fixable,
        });
        answer(emit_issue::Response { applied: self.fix && request.fixable })
    }

    async fn apply_changes(
        &self,
        request: Request<apply_changes::Request>,
    ) -> Answer<apply_changes::Response> {
        let mut state = self.state("ApplyChanges");
        for (name, bytes) in request.into_inner().changes {
            let text = String::from_utf8(bytes).map_err(|_| Status::invalid_argument("no text"))?;
            parse_body(&text).map_err(|error| Status::invalid_argument(error.to_string()))?;
            state.files.insert(name, text);
        }
        answer(apply_changes::Response {})
    }
}
