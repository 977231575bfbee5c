//! Whether a value is of a type.

use super::Value;
use super::align::{Aligned, align};
use crate::error::Under;
use crate::{Type, ValueError};

impl Value {
    /// Whether the value is of type `ty`. Null and unknown are of every type.
    ///
    /// # Errors
    /// The first thing that is not, with its path.
    pub fn conforms(&self, ty: &Type) -> Result<(), ValueError> {
        match align(self, ty)? {
            Aligned::Sequence(mut parts) | Aligned::Names(mut parts) => {
                parts.try_for_each(|part| part.value.conforms(part.ty).under(|| part.step.to_step()))
            }
            Aligned::Dynamic(dynamic) => dynamic.value.conforms(&dynamic.ty),
            Aligned::Null
            | Aligned::Unknown(_)
            | Aligned::Bool(_)
            | Aligned::Number(_)
            | Aligned::String(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ValueCause;

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
