//! Kinds of the chapter `notifications`.
// Generated from the API schema of Proxmox VE and the overrides beside the generator; do not edit. To make it again:
// cargo run -p proxmox-table -- generate --out provider/domains/proxmox/src/table <apischema.json>

use super::shared::*;

pub(super) static NOTIFICATION_GOTIFY: Kind = Kind {
    name: "proxmox_notification_gotify",
    plural: "proxmox_notification_gotify_targets",
    label: "Gotify target",
    path: "cluster/notifications/endpoints/gotify",
    model: "cluster/notifications/endpoints/gotify",
    subcategory: "Proxmox VE: cluster",
    description: "A target of notifications: messages of a Gotify server.",
    available: Availability::ALWAYS,
    fields: &[
        NAME_FIELD_1,
        Field { presence: Presence::Required, ..field("server", Shape::Text { min: None, max: None, format: Format::Plain }, "The address of the server, such as `https://gotify.example.com`.") },
        Field { presence: Presence::Required, secret: true, ..field("token", Shape::Text { min: None, max: None, format: Format::Plain }, "The token of an application there.") },
        Field { nullable: true, ..field("disable", Shape::Bool, "Whether the Gotify target is switched off without being removed. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the Gotify target.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "name" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while matchers use it."),
    nature: Nature::named(&["name"], 0),
};

pub(super) static NOTIFICATION_SENDMAIL: Kind = Kind {
    name: "proxmox_notification_sendmail",
    plural: "proxmox_notification_sendmail_targets",
    label: "sendmail target",
    path: "cluster/notifications/endpoints/sendmail",
    model: "cluster/notifications/endpoints/sendmail",
    subcategory: "Proxmox VE: cluster",
    description: "A target of notifications: mails that the node sends by its own mail system.",
    available: Availability::ALWAYS,
    fields: &[
        NAME_FIELD_1,
        Field { nullable: true, ..field("author", Shape::Text { min: None, max: None, format: Format::Plain }, "The name that mails come from.") },
        Field { nullable: true, ..field("disable", Shape::Bool, "Whether the sendmail target is switched off without being removed. Without it, the server takes `false`.") },
        Field { wire: "from-address", nullable: true, ..field("from_address", Shape::Text { min: None, max: None, format: Format::Plain }, "The address that mails come from.") },
        Field { nullable: true, ..field("mailto", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Addresses that get mails.") },
        Field { wire: "mailto-user", nullable: true, ..field("mailto_user", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Users that get mails, at the addresses that are set for them.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the sendmail target.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "name" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while matchers use it."),
    nature: Nature::named(&["name"], 0),
};

pub(super) static NOTIFICATION_SMTP: Kind = Kind {
    name: "proxmox_notification_smtp",
    plural: "proxmox_notification_smtp_targets",
    label: "SMTP target",
    path: "cluster/notifications/endpoints/smtp",
    model: "cluster/notifications/endpoints/smtp",
    subcategory: "Proxmox VE: cluster",
    description: "A target of notifications: mails that go to a mail server.",
    available: Availability::ALWAYS,
    fields: &[
        NAME_FIELD_1,
        SERVER_FIELD_1,
        Field { wire: "from-address", presence: Presence::Required, ..field("from_address", Shape::Text { min: None, max: None, format: Format::Plain }, "The address that mails come from.") },
        Field { nullable: true, ..field("author", Shape::Text { min: None, max: None, format: Format::Plain }, "The name that mails come from.") },
        Field { nullable: true, ..field("disable", Shape::Bool, "Whether the SMTP target is switched off without being removed. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("mailto", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Addresses that get mails.") },
        Field { wire: "mailto-user", nullable: true, ..field("mailto_user", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Users that get mails, at the addresses that are set for them.") },
        Field { nullable: true, ..field("mode", Shape::Choice { values: &[value("insecure"), value("starttls"), value("tls")] }, "How the connection is encrypted: not at all, by STARTTLS, or from the first byte. Without it, the server takes `tls`.") },
        Field { nullable: true, secret: true, ..field("password", Shape::Text { min: None, max: None, format: Format::Plain }, "The password that belongs to `username`.") },
        Field { nullable: true, ..field("port", Shape::Integer { min: None, max: None }, "The port of the server. Without it, the usual one of the mode.") },
        Field { nullable: true, ..field("username", Shape::Text { min: None, max: None, format: Format::Plain }, "The name under which the node logs in at the server.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the SMTP target.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "name" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while matchers use it."),
    nature: Nature::named(&["name"], 0),
};

pub(super) static NOTIFICATION_WEBHOOK: Kind = Kind {
    name: "proxmox_notification_webhook",
    plural: "proxmox_notification_webhook_targets",
    label: "webhook target",
    path: "cluster/notifications/endpoints/webhook",
    model: "cluster/notifications/endpoints/webhook",
    subcategory: "Proxmox VE: cluster",
    description: "A target of notifications: requests to any server that speaks HTTP.",
    available: Availability::ALWAYS,
    fields: &[
        NAME_FIELD_1,
        Field { presence: Presence::Required, ..field("method", Shape::Choice { values: &[value("post"), value("put"), value("get")] }, "The method of the request.") },
        Field { presence: Presence::Required, ..field("url", Shape::Text { min: None, max: None, format: Format::Plain }, "The address of the request. Templates such as `{{ secrets.token }}` are filled in.") },
        Field { nullable: true, ..field("body", Shape::Text { min: None, max: None, format: Format::Plain }, "The body of the request. Templates such as `{{ title }}` and `{{ message }}` are filled in.") },
        Field { nullable: true, ..field("disable", Shape::Bool, "Whether the webhook target is switched off without being removed. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("header", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Headers of the request, each as `name=<name>,value=<value in base64>`. Templates are filled in.") },
        Field { nullable: true, secret: true, ..field("secret", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Secrets for templates, each as `name=<name>,value=<value in base64>`.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the webhook target.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "name" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while matchers use it."),
    nature: Nature::named(&["name"], 0),
};

pub(super) static NOTIFICATION_MATCHER: Kind = Kind {
    name: "proxmox_notification_matcher",
    plural: "proxmox_notification_matchers",
    label: "notification matcher",
    path: "cluster/notifications/matchers",
    model: "cluster/notifications/matchers",
    subcategory: "Proxmox VE: cluster",
    description: "Sends notifications that match to targets.",
    available: Availability::ALWAYS,
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("name", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the matcher.") },
        Field { nullable: true, ..field("disable", Shape::Bool, "Whether the notification matcher is switched off without being removed. Without it, the server takes `false`.") },
        Field { wire: "invert-match", nullable: true, ..field("invert_match", Shape::Bool, "Whether what does not match is sent instead.") },
        Field { wire: "match-calendar", nullable: true, ..field("match_calendar", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Times at which it matches, such as `mon..fri 8-17`.") },
        Field { wire: "match-field", nullable: true, ..field("match_field", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Values of fields that match, each as `exact:<field>=<value>,<value>` or `regex:<field>=<pattern>`, such as `exact:type=vzdump`.") },
        Field { wire: "match-severity", nullable: true, ..field("match_severity", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Severities that match, each one or several with commas between them: `info`, `notice`, `warning`, `error`, `unknown`.") },
        Field { nullable: true, ..field("mode", Shape::Choice { values: &[value("all"), value("any")] }, "Whether all conditions must match or any. Without it, the server takes `all`.") },
        Field { nullable: true, ..field("target", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The targets that get what matches.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: None, format: Format::Plain }, "A short text about the notification matcher.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "name" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("What it matched is then told to nobody, unless others match."),
    nature: Nature::named(&["name"], 0),
};
