//! `/access`.

mod acl;
mod groups;
mod roles;
pub(crate) mod ticket;
mod tokens;
mod users;

use super::Route;

pub(super) fn routes() -> &'static [Route] {
    ROUTES
}

const ROUTES: &[Route] = &[
    ("GET", "/access/ticket", ticket::none),
    ("POST", "/access/ticket", ticket::create),
    ("PUT", "/access/password", ticket::change_password),
    ("GET", "/access/domains", users::realms),
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
