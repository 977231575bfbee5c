//! Lists: which part is asked for, and where the next one is.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::filter::{Filters, Query};
use super::order;
use super::refusal::Refusal;
use super::render::{Render, Select};
use super::store::Object;
use super::table::TypeId;

/// What Python's `urlencode` leaves alone.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Sizes of pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Objects a page has that asks for no number.
    pub(crate) usual: usize,
    /// Most objects a page has.
    pub(crate) most: usize,
}

/// The last value of a parameter.
pub(crate) fn parameter<'a>(query: &'a Query, name: &str) -> Option<&'a str> {
    query.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// Which fields the parameters choose.
pub(crate) fn select(query: &Query, omits: bool) -> Select {
    let names = |text: &str| text.split(',').map(str::to_owned).collect();
    let given = |name: &str| parameter(query, name).filter(|v| !v.is_empty());
    if let Some(fields) = given("fields") {
        return Select::Only(names(fields));
    }
    if let Some(fields) = given("omit").filter(|_| omits) {
        return Select::But(names(fields));
    }
    if given("brief").is_some() {
        return Select::Brief;
    }
    match given("exclude") {
        Some("config_context") => Select::But(["config_context".to_owned()].into()),
        _ => Select::All,
    }
}

fn limit(query: &Query, sizes: Sizes) -> usize {
    match parameter(query, "limit").and_then(|l| l.parse::<usize>().ok()) {
        Some(0) => sizes.most,
        Some(limit) => limit.min(sizes.most),
        None => sizes.usual.min(sizes.most),
    }
}

/// The address of another page: parameters in order of their names.
fn link(base: &str, path: &str, query: &Query, set: &[(&str, Option<usize>)]) -> String {
    let mut pairs: Vec<(String, String)> =
        query.iter().filter(|(name, _)| !set.iter().any(|(n, _)| n == name)).cloned().collect();
    pairs.extend(set.iter().filter_map(|(n, v)| Some(((*n).to_owned(), (*v)?.to_string()))));
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    let encode = |text: &str| utf8_percent_encode(text, QUOTED).to_string().replace("%20", "+");
    let text: Vec<String> = pairs.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
    format!("{base}{path}?{}", text.join("&"))
}

fn page(out: &mut String, count: Option<usize>, next: Option<&str>, previous: Option<&str>) {
    let quoted = |link: Option<&str>| link.map_or_else(|| "null".to_owned(), |l| format!("\"{l}\""));
    let count = count.map_or_else(|| "null".to_owned(), |c| c.to_string());
    out.push_str(&format!(
        "{{\"count\":{count},\"next\":{},\"previous\":{},\"results\":[",
        quoted(next),
        quoted(previous)
    ));
}

/// A page of a list, as JSON.
pub(crate) fn list(
    render: &Render<'_>,
    kind: TypeId,
    path: &str,
    query: &Query,
    sizes: Sizes,
    visible: &dyn Fn(&Object) -> bool,
) -> Result<String, Refusal> {
    let store = render.store;
    let version = store.table.version;
    let filters = Filters::read(store, kind, query)?;
    let select = select(query, version.has_omit());
    let fits = |o: &&Object| visible(o) && filters.fit(store, kind, o);
    let limit = limit(query, sizes);
    let mut out = String::new();
    let start = parameter(query, "start").filter(|_| version.has_cursor_etag_and_tag_changes());
    if let Some(start) = start {
        let refuse = |text: &str| Refusal::new(400, serde_json::json!([text]));
        let start = start
            .parse::<u64>()
            .map_err(|_| refuse("Invalid 'start' parameter: must be a non-negative integer."))?;
        if parameter(query, "offset").is_some() {
            return Err(refuse("'start' and 'offset' are mutually exclusive."));
        }
        if parameter(query, "ordering").is_some() {
            return Err(refuse("Ordering cannot be specified in conjunction with cursor-based pagination."));
        }
        let found: Vec<&Object> =
            store.from(kind, start).map(AsRef::as_ref).filter(fits).take(limit).collect();
        let last =
            found.last().filter(|_| found.len() == limit).map(|o| usize::try_from(o.id).unwrap_or_default());
        let next = last.map(|id| {
            link(
                render.base,
                path,
                query,
                &[("limit", Some(limit)), ("start", Some(id + 1)), ("offset", None)],
            )
        });
        page(&mut out, None, next.as_deref(), None);
        results(render, &mut out, kind, &found, &select);
        return Ok(out);
    }
    let offset = parameter(query, "offset").and_then(|o| o.parse().ok()).unwrap_or(0_usize);
    let found: Vec<&Object> = match &filters.ids {
        Some(ids) => {
            let mut ids = ids.clone();
            ids.sort_unstable();
            ids.dedup();
            ids.iter().filter_map(|id| store.get(kind, *id)).map(AsRef::as_ref).filter(fits).collect()
        }
        None => store.all(kind).map(AsRef::as_ref).filter(fits).collect(),
    };
    let asked = parameter(query, "ordering");
    let found = order::sort(store, kind, found, &order::chosen(store, kind, asked));
    let count = found.len();
    let next = (offset + limit < count)
        .then(|| link(render.base, path, query, &[("limit", Some(limit)), ("offset", Some(offset + limit))]));
    let previous = (offset > 0).then(|| {
        let back = offset.saturating_sub(limit);
        link(render.base, path, query, &[("limit", Some(limit)), ("offset", (back > 0).then_some(back))])
    });
    page(&mut out, Some(count), next.as_deref(), previous.as_deref());
    let part: Vec<&Object> = found.into_iter().skip(offset).take(limit).collect();
    results(render, &mut out, kind, &part, &select);
    Ok(out)
}

fn results(render: &Render<'_>, out: &mut String, kind: TypeId, found: &[&Object], select: &Select) {
    for (at, object) in found.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        render.object(out, kind, object, select);
    }
    out.push_str("]}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
    }

    #[test]
    fn links_have_their_parameters_sorted_and_quoted() {
        let asked = query("limit=1&fields=id,name&b=x%20y");
        let next = link("http://h", "/api/x/", &asked, &[("limit", Some(1)), ("offset", Some(1))]);
        assert_eq!(next, "http://h/api/x/?b=x+y&fields=id%2Cname&limit=1&offset=1");
        let first =
            link("http://h", "/api/x/", &query("limit=1&offset=1"), &[("limit", Some(1)), ("offset", None)]);
        assert_eq!(first, "http://h/api/x/?limit=1");
    }

    #[test]
    fn limits_are_capped() {
        let sizes = Sizes { usual: 50, most: 1000 };
        let of = |text: &str| limit(&query(text), sizes);
        assert_eq!(
            (of(""), of("limit=0"), of("limit=5000"), of("limit=-1"), of("limit=x"), of("limit=7")),
            (50, 1000, 1000, 50, 50, 7)
        );
    }
}
