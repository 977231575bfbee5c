//! What an expression yields, as far as the double goes: literals, variables with defaults, locals, `merge`.

use std::collections::BTreeMap;

use hcl_edit::expr::{Expression, ObjectKey, TraversalOperator};
use tf_value::{Type, Value};

use super::module::Sources;

/// A value with its type; `None` where the double does not know it.
type Typed = (Type, Value);

/// Whether an expression names one of the variables.
pub fn names_any(expression: &str, variables: &[String]) -> bool {
    variables.iter().any(|variable| expression.contains(&format!("var.{variable}")))
}

pub fn evaluate(sources: &Sources, expression: &Expression) -> Typed {
    of(sources, expression).unwrap_or((Type::Dynamic, Value::UNKNOWN))
}

fn of(sources: &Sources, expression: &Expression) -> Option<Typed> {
    match expression {
        Expression::Null(_) => Some((Type::Dynamic, Value::Null)),
        Expression::Bool(truth) => Some((Type::Bool, Value::Bool(*truth.value()))),
        Expression::String(text) => Some((Type::String, Value::from(text.as_str()))),
        Expression::Array(array) => {
            let elements: Vec<Typed> = array.iter().map(|element| evaluate(sources, element)).collect();
            let (types, values) = elements.into_iter().unzip();
            Some((Type::Tuple(types), Value::Tuple(values)))
        }
        Expression::Object(object) => {
            let mut pairs = BTreeMap::new();
            for (key, value) in object {
                let name = match key {
                    ObjectKey::Ident(name) => name.as_str().to_owned(),
                    ObjectKey::Expression(Expression::Variable(name)) => name.as_str().to_owned(),
                    ObjectKey::Expression(key) => evaluate(sources, key).1.as_str()?.to_owned(),
                };
                pairs.insert(name, evaluate(sources, value.expr()));
            }
            Some(object_of(pairs))
        }
        Expression::Parenthesis(inner) => of(sources, inner.inner()),
        Expression::FuncCall(call) if call.name.name.as_str() == "merge" => {
            let mut pairs = BTreeMap::new();
            for argument in call.args.iter() {
                let (Type::Object(types), Value::Object(values)) = of(sources, argument)? else {
                    return None;
                };
                for (name, value) in values {
                    pairs.insert(name.clone(), (types.get(&name)?.clone(), value));
                }
            }
            Some(object_of(pairs))
        }
        Expression::Traversal(traversal) => {
            let root = traversal.expr.as_variable()?;
            let [operator] = traversal.operators.as_slice() else { return None };
            let TraversalOperator::GetAttr(name) = operator.value() else { return None };
            named(sources, root.as_str(), name.as_str())
        }
        _ => None,
    }
}

fn object_of(pairs: BTreeMap<String, Typed>) -> Typed {
    let types = Type::object(pairs.iter().map(|(name, (ty, _))| (name.clone(), ty.clone())));
    (types, Value::object(pairs.into_iter().map(|(name, (_, value))| (name, value))))
}

fn named(sources: &Sources, root: &str, name: &str) -> Option<Typed> {
    let block = |kind: &'static str| sources.bodies().flat_map(move |body| body.get_blocks(kind));
    let expression = match root {
        "local" => block("locals").find_map(|locals| locals.body.get_attribute(name))?,
        "var" => {
            block("variable").find(|variable| variable.has_labels(&[name]))?.body.get_attribute("default")?
        }
        _ => return None,
    };
    of(sources, &expression.value)
}
