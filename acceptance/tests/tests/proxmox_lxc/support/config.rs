//! The configuration of a container, put together from attributes.

use std::collections::BTreeMap;

use super::TEMPLATE;

/// A resource of type `hybridops_proxmox_lxc` in the making.
#[derive(Clone, Debug)]
pub(crate) struct Lxc {
    label: String,
    attributes: BTreeMap<String, String>,
}

impl Lxc {
    /// A container of the label `it` with nothing but a name and a node.
    pub(crate) fn bare(name: &str, node: &str) -> Self {
        let attributes = [("name", quoted(name)), ("node", quoted(node))];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value)).into();
        Self { label: "it".to_owned(), attributes }
    }

    /// From the template of containers, with a small root disk.
    pub(crate) fn of_template(name: &str, node: &str) -> Self {
        Self::bare(name, node)
            .text("template", TEMPLATE)
            .set("root_disk", "{ storage = \"local\", size = \"64M\" }")
    }

    /// With a volume for data at `mp0`.
    pub(crate) fn with_data(name: &str, node: &str) -> Self {
        Self::of_template(name, node).set("mounts", mounts(&[("mp0", "/data", "local", "32M")]))
    }

    /// Another label.
    pub(crate) fn label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    /// Sets an attribute to an expression.
    pub(crate) fn set(mut self, name: &str, expression: impl Into<String>) -> Self {
        self.attributes.insert(name.to_owned(), expression.into());
        self
    }

    /// Sets an attribute to a string.
    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.set(name, quoted(value))
    }

    /// Leaves an attribute out.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.attributes.remove(name);
        self
    }

    /// As HCL.
    pub(crate) fn hcl(&self) -> String {
        let lines: String =
            self.attributes.iter().map(|(name, value)| format!("  {name} = {value}\n")).collect();
        format!("resource \"hybridops_proxmox_lxc\" \"{}\" {{\n{lines}}}\n", self.label)
    }
}

/// A string as an expression.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The expression of mounts of new volumes: slot, path, storage, size.
pub(crate) fn mounts(mounts: &[(&str, &str, &str, &str)]) -> String {
    let one = |(slot, path, storage, size): &(&str, &str, &str, &str)| {
        format!("{slot} = {{ path = \"{path}\", storage = \"{storage}\", size = \"{size}\" }}")
    };
    format!("{{ {} }}", mounts.iter().map(one).collect::<Vec<_>>().join(", "))
}
