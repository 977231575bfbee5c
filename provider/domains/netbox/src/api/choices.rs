//! The choices a server offers, its administrator's among them.

use std::collections::BTreeMap;
use std::sync::Arc;

use transport_rest::Budget;

use super::client::NetBox;
use super::error::Error;

/// The choices of the fields of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices(pub(super) BTreeMap<String, Vec<ChoiceValue>>);

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceValue {
    /// As it goes over the wire; numbers as text.
    pub value: String,
    /// What people see.
    pub label: String,
}

impl Choices {
    /// The choices of a field; `None` when it has none or the server does not tell.
    pub fn of(&self, field: &str) -> Option<&[ChoiceValue]> {
        self.0.get(field).map(Vec::as_slice)
    }

    /// Whether a field takes a value; true when the server does not tell.
    pub fn allow(&self, field: &str, value: &str) -> bool {
        self.of(field).is_none_or(|choices| choices.iter().any(|choice| choice.value == value))
    }
}

impl NetBox {
    /// The choices of a path's fields, asked once.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn choices(&self, path: &str, budget: &Budget) -> Result<Arc<Choices>, Error> {
        todo!("{path} {budget:?}")
    }
}
