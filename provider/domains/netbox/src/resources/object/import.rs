//! Taking over an object of any type.

use catalogue::store::Scope;
use tf_framework::{Computed, Context, Diagnostic, Diagnostics, ImportId, Number, Result, Value};

use super::apply::verified;
use super::body::whole;
use super::model::{AnyObject, Keeping};
use crate::api::Object;
use crate::client::{Client, budget};
use crate::resources::failure::failed;

const FORMS: &str = "Import an object by path and id, `plugins/lab/widgets/5`, or by path and filters that find it alone, \
                     `plugins/lab/widgets?name=x&site=ams1`.";

/// What an import asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Id(String, u64),
    Query(String, Vec<(String, Vec<String>)>),
}

fn parse(text: &str) -> Option<Wanted> {
    let text = text.trim().trim_start_matches('/');
    let text = text.strip_prefix("api/").unwrap_or(text);
    if let Some((path, query)) = text.split_once('?') {
        let mut filters: Vec<(String, Vec<String>)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match filters.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value.into_owned()),
                None => filters.push((name.into_owned(), vec![value.into_owned()])),
            }
        }
        let path = path.trim_matches('/').to_owned();
        return (!filters.is_empty() && path.contains('/')).then_some(Wanted::Query(path, filters));
    }
    let (path, id) = text.trim_end_matches('/').rsplit_once('/')?;
    Some(Wanted::Id(path.to_owned(), id.parse().ok()?)).filter(|_| path.contains('/'))
}

fn wanted(id: &ImportId) -> Option<Wanted> {
    match id {
        ImportId::Id(text) => parse(text),
        ImportId::Identity(identity) => {
            let id = identity.get("id").and_then(Value::as_number).and_then(Number::as_u64)?;
            Some(Wanted::Id(identity.get("path")?.as_str()?.to_owned(), id))
        }
    }
}

pub(super) async fn import(cx: &mut Context<AnyObject>, client: &Client, id: &ImportId) -> Result<AnyObject> {
    let what = "Importing the object failed";
    let wanted = wanted(id).ok_or_else(|| Diagnostics::error(what, FORMS))?;
    let (path, object) = match wanted {
        Wanted::Id(path, id) => {
            let found = client.api.read(&path, id, &[], &budget(&Scope::of(cx))).await;
            let found = found.map_err(|error| failed(what, error))?.ok_or_else(|| {
                let detail = format!("NetBox has no object {id} at {path}, or the token may not see it.");
                Diagnostics::error(what, detail)
            })?;
            (path, (*found).clone())
        }
        Wanted::Query(path, query) => {
            let found = find(cx, client, &path, &query, what).await?;
            (path, found)
        }
    };
    cx.private = Keeping { seen: object.etag().map(|etag| etag.as_str().to_owned()), imported: true };
    let nothing = AnyObject {
        path,
        body: whole(&object),
        adopt_by: None,
        not_compared: None,
        id: Computed::Unknown,
        url: Computed::Unknown,
        display: Computed::Unknown,
        timeouts: None,
    };
    Ok(nothing.seen_as(&object))
}

async fn find(
    cx: &Context<AnyObject>,
    client: &Client,
    path: &str,
    query: &[(String, Vec<String>)],
    what: &str,
) -> Result<Object> {
    let pairs: Vec<(String, String)> = query
        .iter()
        .flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone())))
        .collect();
    let found = client.api.list(path, &pairs, Some(2), &budget(&Scope::of(cx))).await;
    let found = found.map_err(|error| failed(what, error))?;
    let unsure = verified(&found, query)?;
    if !unsure.is_empty() {
        let detail = format!(
            "The object does not tell whether it was found by {}: a server that does not know a filter answers with \
             everything.",
            unsure.join(", ")
        );
        cx.warn(Diagnostic::warning("The import could not be verified", detail));
    }
    match <[Object; 1]>::try_from(found) {
        Ok([object]) => Ok(object),
        Err(found) if found.is_empty() => {
            Err(Diagnostics::error(what, format!("NetBox has no such object at {path}.")))
        }
        Err(_) => {
            Err(Diagnostics::error(what, format!("Several objects of {path} are found by this. {FORMS}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_named_by_id_or_by_filters() {
        let id = |path: &str, id| Some(Wanted::Id(path.to_owned(), id));
        assert_eq!(parse("plugins/lab/widgets/5"), id("plugins/lab/widgets", 5));
        assert_eq!(parse("/api/dcim/sites/5/"), id("dcim/sites", 5));
        let text = |text: &str| text.to_owned();
        let query = vec![(text("name"), vec![text("a b")]), (text("tag"), vec![text("x"), text("y")])];
        assert_eq!(
            parse("plugins/lab/widgets?name=a%20b&tag=x&tag=y"),
            Some(Wanted::Query(text("plugins/lab/widgets"), query))
        );
        for bad in ["5", "sites/x", "plugins/lab/widgets", "plugins/lab/widgets?", ""] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
