//! `/access`.

mod acl;
mod groups;
mod roles;
mod sync;
mod tfa;
pub(crate) mod ticket;
mod tokens;
mod users;

use serde_json::{Value, json};

use super::Route;
use crate::pve::call::Call;
use crate::pve::reply::Outcome;

fn index(_: &Call) -> Outcome {
    let names = ["users", "groups", "roles", "acl", "domains", "openid", "tfa", "ticket", "password"];
    Ok(names.iter().map(|name| json!({ "subdir": name })).collect::<Value>().into())
}

pub(super) fn routes() -> &'static [Route] {
    ROUTES
}

const ROUTES: &[Route] = &[
    ("GET", "/access", index),
    ("POST", "/access/domains/{realm}/sync", sync::sync),
    ("GET", "/access/tfa", tfa::list),
    ("GET", "/access/tfa/{userid}", tfa::of_user),
    ("GET", "/access/tfa/{userid}/{id}", tfa::entry),
    ("GET", "/access/users/{userid}/tfa", tfa::kinds),
    ("GET", "/access/ticket", ticket::none),
    ("POST", "/access/ticket", ticket::create),
    ("PUT", "/access/password", ticket::change_password),
    ("GET", "/access/acl", acl::list),
    ("PUT", "/access/acl", acl::update),
    ("GET", "/access/permissions", acl::permissions),
    ("GET", "/access/roles", roles::list),
    ("POST", "/access/roles", roles::create),
    ("GET", "/access/roles/{roleid}", roles::read),
    ("PUT", "/access/roles/{roleid}", roles::update),
    ("DELETE", "/access/roles/{roleid}", roles::delete),
    ("GET", "/access/groups", groups::list),
    ("POST", "/access/groups", groups::create),
    ("GET", "/access/groups/{groupid}", groups::read),
    ("PUT", "/access/groups/{groupid}", groups::update),
    ("DELETE", "/access/groups/{groupid}", groups::delete),
    ("GET", "/access/users", users::list),
    ("POST", "/access/users", users::create),
    ("GET", "/access/users/{userid}", users::read),
    ("PUT", "/access/users/{userid}", users::update),
    ("DELETE", "/access/users/{userid}", users::delete),
    ("GET", "/access/users/{userid}/token", tokens::list),
    ("GET", "/access/users/{userid}/token/{tokenid}", tokens::read),
    ("POST", "/access/users/{userid}/token/{tokenid}", tokens::create),
    ("PUT", "/access/users/{userid}/token/{tokenid}", tokens::update),
    ("DELETE", "/access/users/{userid}/token/{tokenid}", tokens::delete),
];
