//! What an object of any type looks like in configuration and state.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tf_framework::{Computed, Resource, Timeouts, Value};

use crate::api::Object;

/// An object of any type that NetBox's API has, by its path: first of all those of plugins, for which there is no
/// resource of their own.
///
/// The body is sent as it is, and owned key by key: only the keys it names are compared and changed. What the server
/// reads differently but means the same (a choice with its label, a reference as an object, a decimal as text) is no
/// difference. A key that the server ignores is an error.
///
/// Nothing of the body can be checked before it is sent, and everything in it is stored in the state: use the
/// resource of the type where there is one, and keep secrets out of it.
#[derive(Debug, Clone, PartialEq, Resource)]
#[resource(name = "netbox_object", subcategory = "NetBox", version = 0, identity(path, id))]
pub struct AnyObject {
    /// Where objects of the type live below `/api/`, `plugins/lab/widgets`.
    #[attr(
        replace,
        validate(matches(
            r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]*[A-Za-z_-][A-Za-z0-9_-]*)+$",
            "the path of a type below /api/ such as `plugins/lab/widgets`, without slashes around it"
        ))
    )]
    pub path: String,
    /// The fields, an object. References are ids or objects of attributes (`{ slug = \"ams1\" }`), choices their values;
    /// `null` clears a field. A key that is taken out is no longer managed, and keeps its value.
    #[attr(required)]
    pub body: Value,
    /// Keys of the body that single the object out. Where an object agrees with all of them it is taken over instead of
    /// made anew; several are an error.
    #[attr(validate(items(1..)))]
    pub adopt_by: Option<BTreeSet<String>>,
    /// Keys of the body that the server takes and does not show, or shows in another way. They are sent when they change
    /// here, and never compared.
    pub not_compared: Option<BTreeSet<String>>,
    /// Id of the object.
    #[attr(stable)]
    pub id: Computed<u64>,
    /// Address of the object in the API.
    #[attr(stable)]
    pub url: Computed<String>,
    /// How NetBox shows the object.
    pub display: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// What is kept beside the state of an object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keeping {
    /// The state of the object in which it was last seen.
    pub(super) seen: Option<String>,
    /// Nothing was applied since it was imported: the body in the state is all that there is.
    pub(super) imported: bool,
}

impl AnyObject {
    /// Keys that are not compared.
    pub(super) fn unread(&self) -> BTreeSet<String> {
        self.not_compared.clone().unwrap_or_default()
    }

    /// The same with what the server says of the object.
    pub(super) fn seen_as(&self, object: &Object) -> Self {
        let text = |key: &str| object.fields.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
        Self {
            id: Computed::Known(object.id),
            url: Computed::Known(text("url").to_owned()),
            display: Computed::Known(text("display").to_owned()),
            ..self.clone()
        }
    }
}
