//! Options of each type of section, in a notation of words: `name` optional, `name*` required, `name!` not to be
//! changed after creation, `name*!` both.

use crate::pve::call::{Param, Params};
use crate::pve::reply::{Outcome, Refusal};

use super::store::{Fields, Section};

/// An option of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opt<'a> {
    pub(crate) name: &'a str,
    pub(crate) required: bool,
    pub(crate) fixed: bool,
}

/// The options of a type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options(&'static str);

impl Options {
    pub(crate) const fn new(words: &'static str) -> Self {
        Self(words)
    }

    fn iter(self) -> impl Iterator<Item = Opt<'static>> {
        self.0.split_whitespace().map(|word| Opt {
            name: word.trim_end_matches(['*', '!']),
            required: word.contains('*'),
            fixed: word.contains('!'),
        })
    }

    pub(crate) fn get(self, name: &str) -> Option<Opt<'static>> {
        self.iter().find(|o| o.name == name)
    }

    /// Takes what a creation gives.
    pub(crate) fn create(self, given: &Fields) -> Outcome<()> {
        if let Some(unknown) = given.keys().find(|k| self.get(k).is_none()) {
            return Err(Refusal::died(format!("unexpected property '{unknown}'")));
        }
        match self.iter().find(|o| o.required && !given.contains_key(o.name)) {
            Some(missing) => {
                Err(Refusal::died(format!("missing value for required option '{}'", missing.name)))
            }
            None => Ok(()),
        }
    }

    /// Takes what a change gives.
    pub(crate) fn update(self, given: &Fields) -> Outcome<()> {
        for key in given.keys() {
            match self.get(key) {
                None => return Err(Refusal::died(format!("unexpected property '{key}'"))),
                Some(Opt { fixed: true, .. }) => {
                    return Err(Refusal::died(format!("can't change value of fixed parameter '{key}'")));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Takes what a change takes away.
    pub(crate) fn delete(self, section: &mut Section, given: &Fields, names: &[String]) -> Outcome<()> {
        for name in names.iter().map(String::as_str) {
            let refused = |text: String| Err(Refusal::died(text));
            match self.get(name) {
                None => return refused(format!("no such option '{name}'")),
                Some(Opt { required: true, .. }) => {
                    return refused(format!("unable to delete required option '{name}'"));
                }
                Some(Opt { fixed: true, .. }) => {
                    return refused(format!("unable to delete fixed option '{name}'"));
                }
                Some(_) if given.contains_key(name) => {
                    return refused(format!("cannot set and delete property '{name}' at the same time!"));
                }
                Some(_) => section.fields.remove(name),
            };
        }
        Ok(())
    }
}

/// Options among the parameters: all but names in the path and those that steer the call.
pub(crate) fn given(params: &Params, template: &str, not: &[&str]) -> Fields {
    const STEERING: &[&str] = &["digest", "delete", "lock-token"];
    params
        .iter()
        .filter(|(key, _)| {
            !STEERING.contains(key) && !not.contains(key) && !template.contains(&format!("{{{key}}}"))
        })
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect()
}

/// Whether a value is no value: the empty text.
pub(crate) fn is_empty(value: &Param) -> bool {
    matches!(value, Param::One(text) if text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: Options = Options::new("path*! content nodes server*");

    fn fields(keys: &[&str]) -> Fields {
        keys.iter().map(|k| ((*k).to_owned(), Param::One("x".to_owned()))).collect()
    }

    #[test]
    fn what_is_refused_is_named() {
        let reason = |outcome: Outcome<()>| outcome.expect_err("refused").message;
        assert_eq!(reason(OPTIONS.create(&fields(&["path"]))), "missing value for required option 'server'");
        assert_eq!(
            reason(OPTIONS.create(&fields(&["path", "server", "pool"]))),
            "unexpected property 'pool'"
        );
        assert_eq!(
            reason(OPTIONS.update(&fields(&["path"]))),
            "can't change value of fixed parameter 'path'"
        );
        let mut section = Section::new("dir");
        assert_eq!(
            reason(OPTIONS.delete(&mut section, &fields(&[]), &["server".to_owned()])),
            "unable to delete required option 'server'"
        );
        assert_eq!(
            reason(OPTIONS.delete(&mut section, &fields(&["nodes"]), &["nodes".to_owned()])),
            "cannot set and delete property 'nodes' at the same time!"
        );
    }
}
