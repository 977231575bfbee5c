//! What the table leaves out, and why.
// Generated from NetBox's OpenAPI documents and the overrides beside the generator; do not edit. To make it again:
// cargo run -p netbox-table -- generate --out provider/domains/netbox/src/table <documents>

/// Types of which no resource is made: path and reason.
pub static EXCLUDED: &[(&str, &str)] = &[
    ("dcim/cable-terminations", "Written through the cable since 4.5, and part of the cable before."),
    ("extras/bookmarks", "State of one user's web interface."),
    ("extras/notifications", "State of one user's web interface, made by the server."),
    ("extras/scripts", "The request runs a script; it makes no object."),
    ("extras/scripts/upload", "Uploads code to run; such an object can be neither listed nor deleted."),
    ("extras/subscriptions", "State of one user's web interface."),
    ("extras/table-configs", "State of one user's web interface."),
    ("users/tokens/provision", "Makes a token out of a password; it is no object of its own."),
];

/// Writable fields that no attribute is made of: path, field and reason.
pub static LEFT_OUT: &[(&str, &str, &str)] = &[
    ("circuits/circuits", "assignments", "The same as circuit group assignments, which are objects of their own."),
    ("users/tokens", "last_used", "Written by every use; whoever managed it would fight the users."),
    ("users/users", "last_login", "Written by every login; whoever managed it would fight the users."),
];

/// Endpoints that references may point to although their objects are the server's own: path and model.
pub static OUTSIDE: &[(&str, &str)] = &[
    ("core/data-files", "core.datafile"),
    ("extras/scripts", "extras.script"),
];
