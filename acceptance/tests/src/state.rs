//! State as it lies in the file.

use anyhow::{Context as _, Result};
use serde_json::Value as Json;

use crate::plan::at;

/// The state of a workspace.
#[derive(Clone, Debug)]
pub struct State(Json);

impl State {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map(Self).context("the state is no JSON")
    }

    /// The whole document.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.0
    }

    /// The addresses of all instances: `probe_null.it`, `module.a.probe_null.it["key"]`.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let mut addresses: Vec<String> = self.instances().map(|(address, _)| address).collect();
        addresses.sort();
        addresses
    }

    /// The stored instance of an address, with `attributes`, `private`, `schema_version`, `status`.
    ///
    /// # Errors
    /// It is not in the state.
    pub fn instance(&self, address: &str) -> Result<&Json> {
        let found = self.instances().find(|(candidate, _)| candidate == address);
        found
            .map(|(_, instance)| instance)
            .with_context(|| format!("{address} is not in the state, only {:?}", self.addresses()))
    }

    /// A stored value, by name or JSON pointer; null where there is none.
    ///
    /// # Errors
    /// The object is not in the state.
    pub fn get(&self, address: &str, place: &str) -> Result<&Json> {
        Ok(at(&self.instance(address)?["attributes"], place))
    }

    /// Whether an object is marked for replacement.
    ///
    /// # Errors
    /// The object is not in the state.
    pub fn is_tainted(&self, address: &str) -> Result<bool> {
        Ok(self.instance(address)?["status"] == "tainted")
    }

    fn instances(&self) -> impl Iterator<Item = (String, &Json)> {
        self.0["resources"].as_array().into_iter().flatten().flat_map(|resource| {
            let instances = resource["instances"].as_array().into_iter().flatten();
            instances.map(move |instance| (address(resource, instance), instance))
        })
    }
}

fn address(resource: &Json, instance: &Json) -> String {
    let text = |name: &str| resource[name].as_str().unwrap_or_default();
    let module = if text("module").is_empty() { String::new() } else { format!("{}.", text("module")) };
    let data = if text("mode") == "data" { "data." } else { "" };
    let key = match &instance["index_key"] {
        Json::Null => String::new(),
        key => format!("[{key}]"),
    };
    format!("{module}{data}{}.{}{key}", text("type"), text("name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_instances() {
        let state = State(serde_json::json!({"resources": [
            {"mode": "managed", "type": "a_b", "name": "c", "instances": [{"attributes": {"id": 1}}]},
            {"mode": "managed", "type": "a_b", "name": "d", "module": "module.m",
             "instances": [{"index_key": 0}, {"index_key": "k", "status": "tainted", "attributes": {"l": [{"x": 7}]}}]},
            {"mode": "data", "type": "a_b", "name": "e", "instances": [{}]},
        ]}));
        let addresses = ["a_b.c", "data.a_b.e", "module.m.a_b.d[\"k\"]", "module.m.a_b.d[0]"];
        assert_eq!(state.addresses(), addresses);
        assert_eq!(state.get("a_b.c", "id").expect("there"), 1);
        assert_eq!(state.get(addresses[2], "/l/0/x").expect("there"), 7);
        assert!(state.is_tainted(addresses[2]).expect("there"));
        assert!(state.get("a_b.x", "id").is_err());
    }
}
