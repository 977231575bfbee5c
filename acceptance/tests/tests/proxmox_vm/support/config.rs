//! The configuration of a virtual machine, put together from attributes.

use std::collections::BTreeMap;

use super::TEMPLATE;

/// A resource of type `hybridops_proxmox_vm` in the making.
#[derive(Clone, Debug)]
pub(crate) struct Vm {
    label: String,
    attributes: BTreeMap<String, String>,
}

impl Vm {
    /// A guest of the label `it` with nothing but a name and a node.
    pub(crate) fn bare(name: &str, node: &str) -> Self {
        let attributes = [("name", quoted(name)), ("node", quoted(node))];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value)).into();
        Self { label: "it".to_owned(), attributes }
    }

    /// A full clone of the template.
    pub(crate) fn clone_of_template(name: &str, node: &str) -> Self {
        Self::bare(name, node).set("clone", format!("{{ vmid = {TEMPLATE} }}"))
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
        format!("resource \"hybridops_proxmox_vm\" \"{}\" {{\n{lines}}}\n", self.label)
    }
}

/// A string as an expression.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
