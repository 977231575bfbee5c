//! `hybridops_netbox_objects`.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::store::Scope;
use serde_json::Value as Json;
use tf_framework::{Computed, DataContext, DataSource, Diagnostic, Diagnostics, Model, Result};

use crate::client::{Client, budget};
use crate::resources::{failed, verified};

/// Objects of any type that NetBox's API has, by its path: first of all those of plugins.
///
/// A server that does not know a filter ignores it and answers with everything. For types that the provider knows,
/// filters are checked before; here the answer is compared with them: an object that does not fit is an error, and
/// where objects do not tell, a warning says so.
#[derive(Debug, Clone, Model)]
pub struct Objects {
    /// Where objects of the type live below `/api/`, `plugins/lab/widgets`.
    #[attr(validate(matches(
        r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]*[A-Za-z_-][A-Za-z0-9_-]*)+$",
        "the path of a type below /api/ such as `plugins/lab/widgets`, without slashes around it"
    )))]
    pub path: String,
    /// What to filter by, each name with its values; several values mean any of them.
    pub filters: Option<BTreeMap<String, BTreeSet<String>>>,
    /// The most objects; all where it is not set.
    #[attr(validate(range(1..)))]
    pub limit: Option<u64>,
    /// Ids of the objects, in their order.
    pub ids: Computed<Vec<u64>>,
    /// The objects as JSON texts, for `jsondecode`, in the order of `ids`.
    pub objects: Computed<Vec<String>>,
}

/// Words that change how a list is given, and are no filters.
const WORDS: [&str; 8] = ["limit", "offset", "start", "ordering", "fields", "omit", "brief", "format"];

impl DataSource for Objects {
    const NAME: &'static str = "netbox_objects";
    const SUBCATEGORY: &'static str = "NetBox";
    type Client = Client;

    fn validate(config: &ObjectsPartial, diagnostics: &mut Diagnostics) {
        for name in config.filters.known().into_iter().flatten().map(|(name, _)| name) {
            if WORDS.contains(&name.as_str()) {
                let detail =
                    format!("{name:?} does not filter: it changes how objects are listed. Use `limit` here.");
                let at = tf_framework::Path::root().attribute("filters").key(name.clone());
                diagnostics.push(Diagnostic::error("Not a filter", detail).at(at));
            }
        }
    }

    async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let client = cx.client()?;
        let query: Vec<(String, Vec<String>)> = config
            .filters
            .iter()
            .flatten()
            .map(|(name, values)| (name.clone(), values.iter().cloned().collect()))
            .collect();
        let pairs: Vec<(String, String)> = query
            .iter()
            .flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone())))
            .collect();
        let what = format!("Listing {} failed", config.path);
        let found = client.api.list(&config.path, &pairs, config.limit, &budget(&Scope::of(cx))).await;
        let found = found.map_err(|error| failed(&what, error))?;
        let unsure = verified(&found, &query)?;
        if !unsure.is_empty() {
            let detail = format!(
                "The objects found do not tell whether the filter applied: {}. A server that does not know a filter answers \
                 with everything; see that the result is what you expect.",
                unsure.join(", ")
            );
            cx.warn(Diagnostic::warning("The answer could not be compared with the filters", detail));
        }
        let ids = found.iter().map(|object| object.id).collect();
        let objects = found.into_iter().map(|object| Json::Object(object.fields).to_string()).collect();
        Ok(Self { ids: Computed::Known(ids), objects: Computed::Known(objects), ..config })
    }
}
