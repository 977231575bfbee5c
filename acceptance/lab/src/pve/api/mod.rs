//! The handlers, in a tree that mirrors the URLs.

pub(crate) mod access;
pub(crate) mod cluster;
pub(crate) mod nodes;
mod pools;
mod storage;
mod version;

use super::call::Call;
use super::reply::Outcome;

/// Answers one method of one path.
pub(crate) type Handler = fn(&Call) -> Outcome;

/// Method, path template, handler.
pub(crate) type Route = (&'static str, &'static str, Handler);

fn routes() -> impl Iterator<Item = &'static Route> {
    [version::ROUTES, access::routes(), cluster::ROUTES, storage::ROUTES, pools::ROUTES]
        .into_iter()
        .chain(nodes::routes())
        .flatten()
}

/// The handler of a method of a path template.
pub(crate) fn handler(method: &str, template: &str) -> Option<Handler> {
    routes().find(|(m, t, _)| *m == method && *t == template).map(|(_, _, handler)| *handler)
}

#[cfg(test)]
mod tests {
    use super::super::schema;

    #[test]
    fn everything_served_has_a_handler_and_back() {
        for (method, template) in schema::served() {
            assert!(super::handler(method, template).is_some(), "no handler for {method} {template}");
        }
        for (method, template, _) in super::routes() {
            assert!(
                schema::served().any(|s| s == (method, template)),
                "{method} {template} is not in the table"
            );
        }
    }
}
