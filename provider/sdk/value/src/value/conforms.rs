//! Whether a value is of a type.

use std::collections::BTreeMap;

use super::Value;
use crate::{Path, Step, Type, ValueCause, ValueError};

impl Value {
    /// Whether the value is of type `ty`. Null and unknown are of every type.
    ///
    /// # Errors
    /// The first thing that is not, with its path.
    pub fn conforms(&self, ty: &Type) -> Result<(), ValueError> {
        check(&mut Path::root(), self, ty)
    }
}

fn check(path: &mut Path, value: &Value, ty: &Type) -> Result<(), ValueError> {
    let fail = |path: &Path, cause| Err(ValueError { path: path.clone(), cause });
    match (value, ty) {
        (Value::Null | Value::Unknown(_), _)
        | (Value::Bool(_), Type::Bool)
        | (Value::Number(_), Type::Number)
        | (Value::String(_), Type::String) => Ok(()),
        (Value::List(elements), Type::List(of)) => elements
            .iter()
            .enumerate()
            .try_for_each(|(index, element)| below(path, || Step::Index(index), element, of)),
        (Value::Set(elements), Type::Set(of)) => elements
            .iter()
            .try_for_each(|element| below(path, || Step::Element(Box::new(element.clone())), element, of)),
        (Value::Map(elements), Type::Map(of)) => {
            elements.iter().try_for_each(|(key, element)| below(path, || Step::Key(key.clone()), element, of))
        }
        (Value::Tuple(elements), Type::Tuple(types)) if elements.len() == types.len() => elements
            .iter()
            .zip(types)
            .enumerate()
            .try_for_each(|(index, (element, of))| below(path, || Step::Index(index), element, of)),
        (Value::Tuple(elements), Type::Tuple(types)) => {
            fail(path, ValueCause::Length { expected: types.len(), found: elements.len() })
        }
        (Value::Object(attributes), Type::Object(types)) => object(path, attributes, types),
        (Value::Dynamic(dynamic), Type::Dynamic) if dynamic.ty != Type::Dynamic => {
            check(path, &dynamic.value, &dynamic.ty)
        }
        _ => fail(path, ValueCause::Kind { expected: ty.kind(), found: value.kind() }),
    }
}

fn below(path: &mut Path, step: impl Fn() -> Step, value: &Value, ty: &Type) -> Result<(), ValueError> {
    path.push(step());
    let result = check(path, value, ty);
    path.pop();
    result
}

fn object(
    path: &mut Path,
    attributes: &BTreeMap<String, Value>,
    types: &BTreeMap<String, Type>,
) -> Result<(), ValueError> {
    for (name, ty) in types {
        match attributes.get(name) {
            Some(value) => below(path, || Step::Attribute(name.clone()), value, ty)?,
            None => {
                return Err(ValueError {
                    path: path.clone(),
                    cause: ValueCause::MissingAttribute(name.clone()),
                });
            }
        }
    }
    match attributes.keys().find(|name| !types.contains_key(*name)) {
        Some(name) => {
            Err(ValueError { path: path.clone(), cause: ValueCause::UnexpectedAttribute(name.clone()) })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(value: &Value, ty: &Type) -> (String, ValueCause) {
        let error = value.conforms(ty).unwrap_err();
        (error.path.to_string(), error.cause)
    }

    #[test]
    fn null_and_unknown_are_of_every_type() {
        for ty in [Type::Bool, Type::list(Type::String), Type::object([("a", Type::Bool)]), Type::Dynamic] {
            assert_eq!(Value::Null.conforms(&ty), Ok(()));
            assert_eq!(Value::UNKNOWN.conforms(&ty), Ok(()));
        }
    }

    #[test]
    fn says_where_and_what() {
        let ty = Type::map(Type::list(Type::String));
        let value = Value::map([("a", Value::from(vec![Value::from("x"), Value::from(1)]))]);
        let wrong = ValueCause::Kind { expected: "string", found: "number" };
        assert_eq!(error(&value, &ty), (r#"["a"][1]"#.to_owned(), wrong.clone()));
        assert_eq!(
            error(&Value::set([Value::from(1)]), &Type::set(Type::String)),
            ("[…]".to_owned(), wrong.clone())
        );
        assert_eq!(
            value.conforms(&ty).unwrap_err().to_string(),
            r#"["a"][1]: expected string, found number"#
        );
        assert_eq!(Value::from(1).conforms(&Type::String).unwrap_err().to_string(), wrong.to_string());
    }

    #[test]
    fn objects_have_exactly_their_attributes() {
        let ty = Type::object([("a", Type::Bool)]);
        let missing = ValueCause::MissingAttribute("a".to_owned());
        assert_eq!(error(&Value::object::<&str>([]), &ty), (String::new(), missing));
        let extra = Value::object([("a", Value::Null), ("b", Value::Null)]);
        assert_eq!(error(&extra, &ty), (String::new(), ValueCause::UnexpectedAttribute("b".to_owned())));
        let wrong = Value::object([("a", Value::from("yes"))]);
        assert_eq!(error(&wrong, &ty).0, "a");
    }

    #[test]
    fn tuples_have_their_length() {
        let ty = Type::Tuple(vec![Type::Bool, Type::String]);
        assert_eq!(Value::Tuple(vec![true.into(), "a".into()]).conforms(&ty), Ok(()));
        let cause = ValueCause::Length { expected: 2, found: 1 };
        assert_eq!(error(&Value::Tuple(vec![Value::Null]), &ty), (String::new(), cause));
    }

    #[test]
    fn open_types_need_values_that_carry_theirs() {
        assert_eq!(Value::dynamic(Type::String, "a".into()).conforms(&Type::Dynamic), Ok(()));
        assert!(Value::from("a").conforms(&Type::Dynamic).is_err());
        assert!(Value::dynamic(Type::String, 1.into()).conforms(&Type::Dynamic).is_err());
        assert!(Value::dynamic(Type::String, "a".into()).conforms(&Type::String).is_err());
    }
}
