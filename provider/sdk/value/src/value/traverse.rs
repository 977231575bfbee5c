//! Walking, rewriting and addressing the parts of a value.
//!
//! A dynamic value and what it wraps are one place with one path: it is visited once, with its type, and its
//! parts are addressed as if the wrapping were not there.

use std::collections::BTreeMap;

use super::Value;
use crate::{Path, Step, ValueCause, ValueError};

impl Value {
    /// The part at `path`. A map and an object take keys and attributes alike.
    pub fn at(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, |value, step| value.part(step))
    }

    fn part(&self, step: &Step) -> Option<&Self> {
        match (self.concrete(), step) {
            (Self::Map(parts) | Self::Object(parts), Step::Attribute(name) | Step::Key(name)) => {
                parts.get(name)
            }
            (Self::List(parts) | Self::Tuple(parts), Step::Index(index)) => parts.get(*index),
            (Self::Set(parts), Step::Element(element)) => parts.iter().find(|part| *part == &**element),
            _ => None,
        }
    }

    /// Replaces the part at `path`. A map gains the key if it had none; everything else must be there. A set is
    /// put in order again, and its new element merges with an equal one.
    ///
    /// # Errors
    /// [`ValueCause::NoSuchStep`] with the path as far as it could not be followed; the value is then unchanged.
    pub fn set_at(&mut self, path: &Path, value: Self) -> Result<(), ValueError> {
        replace(self, path.steps(), value).map_err(|remaining| ValueError {
            path: path.steps()[..path.steps().len() - remaining].iter().cloned().collect(),
            cause: ValueCause::NoSuchStep,
        })
    }

    /// Rewrites every part with `rewrite`, parts before the whole. A set is put in order again. A set element's
    /// path names the element as it was.
    #[must_use]
    pub fn transform(self, rewrite: &mut impl FnMut(&Path, Self) -> Self) -> Self {
        rewritten(&mut Path::root(), self, rewrite)
    }

    /// Visits every part, the whole before its parts; `visit` tells whether to look inside.
    pub fn walk(&self, visit: &mut impl FnMut(&Path, &Self) -> bool) {
        visited(&mut Path::root(), self, visit);
    }
}

/// Replaces what the steps lead to; the error is how many steps were left, the failing one not among them.
fn replace(value: &mut Value, steps: &[Step], new: Value) -> Result<(), usize> {
    let Some((step, rest)) = steps.split_first() else {
        *value = new;
        return Ok(());
    };
    match (value, step) {
        (Value::Dynamic(dynamic), _) => replace(&mut dynamic.value, steps, new),
        (Value::Map(parts), Step::Attribute(name) | Step::Key(name)) if rest.is_empty() => {
            parts.insert(name.clone(), new);
            Ok(())
        }
        (Value::Map(parts) | Value::Object(parts), Step::Attribute(name) | Step::Key(name)) => {
            replace(parts.get_mut(name).ok_or(rest.len())?, rest, new)
        }
        (Value::List(parts) | Value::Tuple(parts), Step::Index(index)) => {
            replace(parts.get_mut(*index).ok_or(rest.len())?, rest, new)
        }
        (set @ Value::Set(_), Step::Element(element)) => replace_element(set, element, rest, new),
        _ => Err(rest.len()),
    }
}

fn replace_element(set: &mut Value, element: &Value, rest: &[Step], new: Value) -> Result<(), usize> {
    let Value::Set(parts) = set else { return Err(rest.len()) };
    let part = parts.iter_mut().find(|part| *part == element).ok_or(rest.len())?;
    replace(part, rest, new)?;
    *set = Value::set(std::mem::take(parts));
    Ok(())
}

type Rewrite<'a> = &'a mut dyn FnMut(&Path, Value) -> Value;

fn rewritten(path: &mut Path, value: Value, rewrite: Rewrite<'_>) -> Value {
    let value = rewritten_parts(path, value, rewrite);
    rewrite(path, value)
}

fn rewritten_parts(path: &mut Path, value: Value, rewrite: Rewrite<'_>) -> Value {
    match value {
        Value::List(parts) => Value::List(rewritten_sequence(path, parts, rewrite)),
        Value::Tuple(parts) => Value::Tuple(rewritten_sequence(path, parts, rewrite)),
        Value::Set(parts) => Value::set(
            parts
                .into_iter()
                .map(|part| below(path, Step::Element(Box::new(part.clone())), part, rewrite))
                .collect::<Vec<_>>(),
        ),
        Value::Map(parts) => Value::Map(rewritten_names(path, parts, Step::Key, rewrite)),
        Value::Object(parts) => Value::Object(rewritten_names(path, parts, Step::Attribute, rewrite)),
        Value::Dynamic(mut dynamic) => {
            dynamic.value = rewritten_parts(path, dynamic.value, rewrite);
            Value::Dynamic(dynamic)
        }
        Value::Null | Value::Unknown(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn rewritten_sequence(path: &mut Path, parts: Vec<Value>, rewrite: Rewrite<'_>) -> Vec<Value> {
    let parts = parts.into_iter().enumerate();
    parts.map(|(index, part)| below(path, Step::Index(index), part, rewrite)).collect()
}

fn rewritten_names(
    path: &mut Path,
    parts: BTreeMap<String, Value>,
    step: fn(String) -> Step,
    rewrite: Rewrite<'_>,
) -> BTreeMap<String, Value> {
    let parts = parts.into_iter();
    parts.map(|(name, part)| (name.clone(), below(path, step(name), part, rewrite))).collect()
}

fn below(path: &mut Path, step: Step, part: Value, rewrite: Rewrite<'_>) -> Value {
    path.push(step);
    let part = rewritten(path, part, rewrite);
    path.pop();
    part
}

type Visit<'a> = &'a mut dyn FnMut(&Path, &Value) -> bool;

fn visited(path: &mut Path, value: &Value, visit: Visit<'_>) {
    if !visit(path, value) {
        return;
    }
    let mut part = |step: Step, part: &Value| {
        path.push(step);
        visited(path, part, visit);
        path.pop();
    };
    match value.concrete() {
        Value::List(parts) | Value::Tuple(parts) => {
            parts.iter().enumerate().for_each(|(index, element)| part(Step::Index(index), element));
        }
        Value::Set(parts) => {
            parts.iter().for_each(|element| part(Step::Element(Box::new(element.clone())), element));
        }
        Value::Map(parts) => parts.iter().for_each(|(key, element)| part(Step::Key(key.clone()), element)),
        Value::Object(parts) => {
            parts.iter().for_each(|(name, attribute)| part(Step::Attribute(name.clone()), attribute));
        }
        Value::Null
        | Value::Unknown(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Dynamic(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Type;

    fn vm() -> Value {
        Value::object([
            ("name", Value::from("db-01")),
            ("disks", Value::map([("scsi0", Value::object([("size", Value::from(8))]))])),
            ("tags", Value::set([Value::from("b"), Value::from("a")])),
            ("extra", Value::dynamic(Type::list(Type::Bool), Value::from(vec![Value::from(true)]))),
        ])
    }

    fn size() -> Path {
        Path::root().attribute("disks").key("scsi0").attribute("size")
    }

    #[test]
    fn finds_parts() {
        assert_eq!(vm().at(&Path::root()), Some(&vm()));
        assert_eq!(vm().at(&size()), Some(&Value::from(8)));
        assert_eq!(vm().at(&Path::root().attribute("extra").index(0)), Some(&Value::Bool(true)));
        assert_eq!(vm().at(&Path::root().attribute("tags").element("a".into())), Some(&Value::from("a")));
        assert_eq!(vm().at(&Path::root().attribute("tags").index(0)), None);
        assert_eq!(vm().at(&size().attribute("more")), None);
    }

    #[test]
    fn replaces_parts() {
        let mut value = vm();
        value.set_at(&size(), Value::UNKNOWN).unwrap();
        assert_eq!(value.at(&size()), Some(&Value::UNKNOWN));
        value.set_at(&Path::root().attribute("disks").key("scsi1"), Value::Null).unwrap();
        assert_eq!(value.get("disks").and_then(|disks| disks.get("scsi1")), Some(&Value::Null));
        value.set_at(&Path::root().attribute("extra").index(0), false.into()).unwrap();
        assert_eq!(value.get("extra").map(Value::kind), Some("dynamic"));
        value.set_at(&Path::root(), Value::Null).unwrap();
        assert_eq!(value, Value::Null);
    }

    #[test]
    fn a_replaced_element_takes_its_place_in_the_set() {
        let mut value = vm();
        let tags = Path::root().attribute("tags");
        value.set_at(&tags.clone().element("a".into()), "c".into()).unwrap();
        assert_eq!(value.get("tags"), Some(&Value::set(["b".into(), "c".into()])));
        value.set_at(&tags.element("c".into()), "b".into()).unwrap();
        assert_eq!(value.get("tags"), Some(&Value::set(["b".into()])));
    }

    #[test]
    fn says_how_far_a_path_could_be_followed() {
        let mut value = vm();
        for (path, until) in [
            (size().attribute("x").attribute("y"), "disks[\"scsi0\"].size.x"),
            (Path::root().attribute("nothing"), "nothing"),
            (Path::root().attribute("disks").key("none").attribute("size"), "disks[\"none\"]"),
            (Path::root().attribute("extra").index(1), "extra[1]"),
            (Path::root().attribute("tags").element("z".into()), "tags[…]"),
        ] {
            let error = value.set_at(&path, Value::Null).unwrap_err();
            assert_eq!((error.path.to_string().as_str(), &error.cause), (until, &ValueCause::NoSuchStep));
        }
        assert_eq!(value, vm());
    }

    #[test]
    fn transforms_parts_before_the_whole() {
        let mut order = Vec::new();
        let nulled = vm().transform(&mut |path, value| {
            order.push(path.to_string());
            if value.as_number().is_some() { Value::Null } else { value }
        });
        assert_eq!(nulled.at(&size()), Some(&Value::Null));
        assert_eq!(
            order,
            [
                "disks[\"scsi0\"].size",
                "disks[\"scsi0\"]",
                "disks",
                "extra[0]",
                "extra",
                "name",
                "tags[…]",
                "tags[…]",
                "tags",
                ""
            ]
        );
    }

    #[test]
    fn a_transformed_set_is_in_order_again() {
        let all_same = vm().transform(&mut |path, value| match path.last() {
            Some(Step::Element(_)) => Value::from("same"),
            _ => value,
        });
        assert_eq!(all_same.get("tags"), Some(&Value::set(["same".into()])));
    }

    #[test]
    fn walks_the_whole_before_its_parts_and_no_further_than_told() {
        let mut order = Vec::new();
        vm().walk(&mut |path, value| {
            order.push(path.to_string());
            value.kind() != "map"
        });
        assert_eq!(order, ["", "disks", "extra", "extra[0]", "name", "tags", "tags[…]", "tags[…]"]);
    }
}
