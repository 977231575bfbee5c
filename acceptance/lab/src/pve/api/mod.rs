//! The handlers, in a tree that mirrors the URLs.

pub(crate) mod access;
pub(crate) mod cluster;
mod firewall;
pub(crate) mod nodes;
mod pools;
mod storage;
mod version;

use super::call::Call;
use super::config::engine;
use super::reply::Outcome;

/// Answers one method of one path.
pub(crate) type Handler = fn(&Call) -> Outcome;

/// Method, path template, handler.
pub(crate) type Route = (&'static str, &'static str, Handler);

fn routes() -> impl Iterator<Item = &'static Route> {
    [version::ROUTES, access::routes(), storage::ROUTES, pools::ROUTES]
        .into_iter()
        .chain(cluster::routes())
        .chain(nodes::routes())
        .flatten()
}

/// The handler of a method of a path template.
pub(crate) fn handler(method: &str, template: &str) -> Option<Handler> {
    let found = routes().find(|(m, t, _)| *m == method && *t == template).map(|(_, _, handler)| *handler);
    found.or_else(|| engine::handler(method, template)).or_else(|| firewall::handler(method, template))
}

/// Everything that has a handler.
#[cfg(test)]
fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    routes().map(|(m, t, _)| (*m, *t)).chain(engine::routes().map(|(m, t, _)| (m, t)))
}

#[cfg(test)]
mod tests {
    use super::super::personality::Release;
    use super::super::schema;

    #[test]
    fn everything_served_has_a_handler_and_back() {
        let releases = [Release::V8_4, Release::V9];
        for (method, template) in releases.into_iter().flat_map(schema::served) {
            assert!(super::handler(method, template).is_some(), "no handler for {method} {template}");
        }
        for (method, template) in super::names() {
            assert!(
                releases.iter().any(|r| schema::served(*r).any(|s| s == (method, template))),
                "{method} {template} is in no table"
            );
        }
    }
}
