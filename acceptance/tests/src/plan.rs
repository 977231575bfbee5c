//! Plans as `terraform show -json` tells them.

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan(Json);

/// What a plan would do to one object.
#[derive(Clone, Debug)]
pub struct Change<'a>(&'a Json);

impl Plan {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map(Self).context("the plan is no JSON")
    }

    /// The whole document.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.0
    }

    /// Everything that is planned, no-operations included.
    pub fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        self.0["resource_changes"].as_array().into_iter().flatten().map(Change)
    }

    /// What is planned for the object of this address.
    ///
    /// # Errors
    /// It is not in the plan.
    pub fn change(&self, address: &str) -> Result<Change<'_>> {
        let found = self.changes().find(|change| change.address() == address);
        found.with_context(|| {
            let known: Vec<String> = self.changes().map(|change| change.address().to_owned()).collect();
            format!("{address} is not in the plan, only {known:?}")
        })
    }

    /// The actions by address, no-operations left out: `("probe_null.it", "create")`, or `delete/create` and
    /// `create/delete` for replacements.
    #[must_use]
    pub fn actions(&self) -> Vec<(String, String)> {
        let mut actions: Vec<(String, String)> = self
            .changes()
            .filter(|change| change.actions() != "no-op")
            .map(|change| (change.address().to_owned(), change.actions()))
            .collect();
        actions.sort();
        actions
    }

    /// The plan must do exactly this, in any order.
    ///
    /// # Errors
    /// It does something else.
    pub fn expect(&self, expected: &[(&str, &str)]) -> Result<()> {
        let mut wanted: Vec<(String, String)> = expected
            .iter()
            .map(|(address, actions)| ((*address).to_owned(), (*actions).to_owned()))
            .collect();
        wanted.sort();
        let actions = self.actions();
        if actions == wanted { Ok(()) } else { bail!("planned {actions:?}, expected {wanted:?}") }
    }

    /// Whether nothing would be done to objects or outputs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let idle = |change: &Json| change["actions"].as_array().is_some_and(|actions| *actions == ["no-op"]);
        let outputs = self.0["output_changes"].as_object();
        self.actions().is_empty() && outputs.into_iter().flatten().all(|(_, change)| idle(change))
    }
}

impl<'a> Change<'a> {
    /// The address of the object.
    #[must_use]
    pub fn address(&self) -> &'a str {
        self.0["address"].as_str().unwrap_or_default()
    }

    /// The actions, joined with slashes.
    #[must_use]
    pub fn actions(&self) -> String {
        let actions = self.0["change"]["actions"].as_array().into_iter().flatten();
        actions.filter_map(Json::as_str).collect::<Vec<_>>().join("/")
    }

    /// A value after the change, by JSON pointer or name: `id`, `/nested/0/name`. Null where it is not known.
    #[must_use]
    pub fn after(&self, place: &str) -> &'a Json {
        at(&self.0["change"]["after"], place)
    }

    /// A value before the change.
    #[must_use]
    pub fn before(&self, place: &str) -> &'a Json {
        at(&self.0["change"]["before"], place)
    }

    /// Whether a value is known after apply only.
    #[must_use]
    pub fn is_unknown(&self, place: &str) -> bool {
        at(&self.0["change"]["after_unknown"], place) == &Json::Bool(true)
    }

    /// The paths that replace the object, as JSON: `[["name"]]`.
    #[must_use]
    pub fn replace_paths(&self) -> &'a Json {
        &self.0["change"]["replace_paths"]
    }
}

/// A member by its path with dots, or a place by JSON pointer (the empty one is everything); null where there is none.
pub(crate) fn at<'a>(json: &'a Json, place: &str) -> &'a Json {
    const NULL: &Json = &Json::Null;
    let found = if place.is_empty() || place.starts_with('/') {
        json.pointer(place)
    } else {
        place.split('.').try_fold(json, |json, member| json.get(member))
    };
    found.unwrap_or(NULL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_by_its_path_and_by_a_pointer() {
        let json = serde_json::json!({ "status": { "a.b": [1, 2], "role": "primary" } });
        assert_eq!(at(&json, "status.role"), "primary");
        assert_eq!(at(&json, "/status/a.b/1"), 2);
        assert_eq!(at(&json, ""), &json);
        assert_eq!(at(&json, "status.roles"), &Json::Null);
    }
}
