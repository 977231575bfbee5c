//! Functions.

use serde_json::Value as Json;
use tf_value::{Type, Value};
use tfplugin_proto::tfplugin6 as pb;
use tfplugin_proto::tfplugin6::provider_server::Provider;
use tonic::Request;

use crate::{Core, CoreError, config, wire};

impl<S: Provider> Core<S> {
    /// Calls a function with arguments in JSON. Works without a configuration.
    ///
    /// # Errors
    /// The arguments do not fit the parameters, or the function fails.
    pub async fn call(&self, name: &str, arguments: &[Json]) -> Result<Value, CoreError> {
        let schemas = self.schemas().await?;
        let signature = schemas.functions.get(name).ok_or_else(|| CoreError::no_such("function", name))?;
        let what = format!("calling {name}");
        if arguments.len() < signature.parameters.len()
            || (arguments.len() > signature.parameters.len() && signature.variadic.is_none())
        {
            let expected = signature.parameters.len();
            return Err(CoreError::answer(
                &what,
                format!("{} arguments, but {expected} parameters", arguments.len()),
            ));
        }
        let parameters = signature.parameters.iter().chain(signature.variadic.iter().cycle());
        let mut sent = Vec::new();
        for ((parameter, ty, allow_null), argument) in parameters.zip(arguments) {
            let value = config::read_argument(ty, argument)?;
            if value.is_null() && !allow_null {
                return Err(CoreError::answer(&what, format!("argument {parameter} must not be null")));
            }
            // Core does not call a function that cannot take what is unknown; it knows the answer is unknown.
            if !value.is_wholly_known() {
                return Ok(Value::UNKNOWN);
            }
            sent.extend(wire::encode(&what, &value, ty)?);
        }
        let request = pb::call_function::Request { name: name.to_owned(), arguments: sent };
        let answer = self.server.call_function(Request::new(request)).await?.into_inner();
        result(&what, &answer, &signature.returns)
    }
}

fn result(what: &str, answer: &pb::call_function::Response, returns: &Type) -> Result<Value, CoreError> {
    if let Some(error) = &answer.error {
        return Err(CoreError::Function { text: error.text.clone(), argument: error.function_argument });
    }
    let value = wire::decode(what, answer.result.as_ref(), returns)?;
    if !value.is_wholly_known() {
        return Err(CoreError::answer(what, "the result is not known although the arguments are"));
    }
    Ok(value)
}
