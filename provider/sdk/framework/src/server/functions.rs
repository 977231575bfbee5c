//! Functions.

use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;

use super::{Inner, guard, wire};
use crate::diagnostic::Diagnostics;
use crate::function::{FunctionDefinition, FunctionError};
use crate::provider::Provider;

impl<P: Provider> Inner<P> {
    pub(super) fn call_function(&self, request: &pb::call_function::Request) -> pb::call_function::Response {
        match self.call(request) {
            Ok(result) => pb::call_function::Response { result: Some(result), error: None },
            Err(error) => pb::call_function::Response { result: None, error: Some(wire_error(&error)) },
        }
    }

    fn call(&self, request: &pb::call_function::Request) -> Result<pb::DynamicValue, FunctionError> {
        let function = self.registry.functions.get(&request.name).ok_or_else(|| {
            FunctionError::new(format!("This version of the provider has no function {:?}.", request.name))
        })?;
        let definition = (function.definition)();
        let arguments = arguments(&definition, &request.arguments)?;
        let result = guard::run_now("The function", || (function.call)(arguments)).map_err(plain)??;
        wire::encode(&result, &definition.returns).map_err(plain)
    }
}

/// Core puts the text into a sentence of its own and ends it with a full stop.
fn wire_error(error: &FunctionError) -> pb::FunctionError {
    let text = error.text.trim_end_matches('.').to_owned();
    pb::FunctionError { text, function_argument: error.argument }
}

/// The arguments in order, those of the variadic parameter at the end.
fn arguments(
    definition: &FunctionDefinition,
    sent: &[pb::DynamicValue],
) -> Result<Vec<Value>, FunctionError> {
    let fixed = definition.parameters.len();
    if sent.len() < fixed || (sent.len() > fixed && definition.variadic.is_none()) {
        return Err(FunctionError::new(format!(
            "{} arguments were given, {fixed} are expected.",
            sent.len()
        )));
    }
    let decode = |(index, value): (usize, &pb::DynamicValue)| {
        let parameter = definition.parameters.get(index).or(definition.variadic.as_ref());
        let ty = parameter.map_or(&tf_value::Type::Dynamic, |parameter| &parameter.ty);
        wire::decode(Some(value), ty).map_err(|errors| {
            FunctionError::argument(i64::try_from(index).unwrap_or(i64::MAX), errors.to_string())
        })
    };
    sent.iter().enumerate().map(decode).collect()
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn plain(errors: Diagnostics) -> FunctionError {
    FunctionError::new(errors.to_string())
}
