//! Kinds of the chapter `cluster`.
// Generated from the API schema of Proxmox VE and the overrides beside the generator; do not edit. To make it again:
// cargo run -p proxmox-table -- generate --out provider/domains/proxmox/src/table <apischema.json>

use super::shared::*;

pub(super) static ACME_ACCOUNT: Kind = Kind {
    name: "proxmox_acme_account",
    plural: "proxmox_acme_accounts",
    label: "ACME account",
    path: "cluster/acme/account",
    model: "cluster/acme/account",
    subcategory: "Proxmox VE: cluster",
    description: "An account at a certificate authority that speaks ACME. To make one is to agree to the terms that `tos_url` names.",
    available: Availability::ALWAYS,
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("name", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the account. Nodes use the one called `default` where they are not told otherwise.") },
        Field { presence: Presence::Required, ..field("contact", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "E-mail addresses at which the authority finds you.") },
        Field { presence: Presence::OptionalComputed(&[]), nullable: true, replace: true, ..field("directory", Shape::Text { min: None, max: None, format: Format::Plain }, "The address of the authority's directory. Without it, that of Let's Encrypt.") },
        Field { wire: "eab-hmac-key", nullable: true, replace: true, secret: true, ..field("eab_hmac_key", Shape::Text { min: None, max: None, format: Format::Plain }, "The key that belongs to `eab_kid`.") },
        Field { wire: "eab-kid", nullable: true, replace: true, unread: true, ..field("eab_kid", Shape::Text { min: None, max: None, format: Format::Plain }, "The key identifier of an account that exists at the authority already.") },
        Field { nullable: true, replace: true, ..field("tos_url", Shape::Text { min: None, max: None, format: Format::Plain }, "The address of the terms of service, as agreement to them.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "name" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("The account is deactivated at the authority."),
    nature: Nature::named(&["name"], 0),
};

pub(super) static ACME_PLUGIN_DNS: Kind = Kind {
    name: "proxmox_acme_plugin_dns",
    plural: "proxmox_acme_plugins_dns",
    label: "ACME DNS plugin",
    path: "cluster/acme/plugins/dns",
    model: "cluster/acme/plugins/dns",
    subcategory: "Proxmox VE: cluster",
    description: "Shows a certificate authority, by records in the DNS, that a domain is yours.",
    available: Availability::ALWAYS,
    fields: &[
        Field { wire: "id", presence: Presence::Required, replace: true, ..field("name", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the plugin.") },
        Field { presence: Presence::Required, ..field("api", Shape::Text { min: None, max: None, format: Format::Plain }, "The provider of the DNS, by its name in acme.sh such as `cf` or `route53`.") },
        Field { nullable: true, secret: true, ..field("data", Shape::Text { min: None, max: None, format: Format::Plain }, "What the provider needs to let records be written: lines of `NAME=value`.") },
        Field { nullable: true, ..field("disable", Shape::Bool, "Whether the ACME DNS plugin is switched off without being removed.") },
        Field { nullable: true, ..field("nodes", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The nodes on which the ACME DNS plugin is available. Without it, it is available on all.") },
        Field { wire: "validation-delay", nullable: true, available: Availability::since(9, 0), ..field("validation_delay", Shape::Integer { min: Some(0), max: Some(172800) }, "How long to wait for new records to be seen everywhere, in seconds. Without it, the server takes `30`.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "id" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Nodes that order certificates by it can no longer do so."),
    nature: Nature::named(&["name"], 0),
};

pub(super) static ACME_PLUGIN_STANDALONE: Kind = Kind {
    name: "proxmox_acme_plugin_standalone",
    plural: "proxmox_acme_plugins_standalone",
    label: "ACME standalone plugin",
    path: "cluster/acme/plugins/standalone",
    model: "cluster/acme/plugins/standalone",
    subcategory: "Proxmox VE: cluster",
    description: "Shows a certificate authority, by a web server that the node starts on port 80, that a domain is yours.",
    available: Availability::ALWAYS,
    fields: &[
        Field { wire: "id", presence: Presence::Required, replace: true, ..field("name", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the plugin.") },
        Field { nullable: true, ..field("disable", Shape::Bool, "Whether the ACME standalone plugin is switched off without being removed.") },
        Field { nullable: true, ..field("nodes", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The nodes on which the ACME standalone plugin is available. Without it, it is available on all.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "id" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Nodes that order certificates by it can no longer do so."),
    nature: Nature::named(&["name"], 0),
};

pub(super) static HA_GROUP: Kind = Kind {
    name: "proxmox_ha_group",
    plural: "proxmox_ha_groups",
    label: "HA group",
    path: "cluster/ha/groups",
    model: "cluster/ha/groups",
    subcategory: "Proxmox VE: cluster",
    description: "Nodes on which HA resources run, some perhaps before others. Servers since 9.0 have rules instead: `hybridops_proxmox_ha_rule_node_affinity`.",
    available: Availability::until(8, 4),
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("group", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the group.") },
        Field { presence: Presence::Required, ..field("nodes", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The nodes, each perhaps with a priority: `pve1:2`. Those with the highest priority come first.") },
        Field { nullable: true, ..field("nofailback", Shape::Bool, "Whether guests stay where they are when a better node comes back. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("restricted", Shape::Bool, "Whether guests run on no other node, and stop when none of these is there. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: Some(4096), format: Format::Plain }, "A short text about the HA group.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "group", filter: "group" }], enforced: true },
    ],
    lookup: &["group"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Refused while HA resources use it."),
    nature: Nature::named(&["group"], 0),
};

pub(super) static HA_RESOURCE: Kind = Kind {
    name: "proxmox_ha_resource",
    plural: "proxmox_ha_resources",
    label: "HA resource",
    path: "cluster/ha/resources",
    model: "cluster/ha/resources",
    subcategory: "Proxmox VE: cluster",
    description: "A guest that the cluster keeps running: on another node when its own fails.",
    available: Availability::ALWAYS,
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("sid", Shape::Text { min: None, max: None, format: Format::Plain }, "The guest: `vm:100` for a virtual machine, `ct:101` for a container.") },
        Field { nullable: true, available: Availability::since(9, 0), ..field("failback", Shape::Bool, "Whether it goes back to a node that a rule prefers as soon as that is there again.") },
        Field { nullable: true, available: Availability::until(8, 4), ..field("group", Shape::Text { min: None, max: None, format: Format::Plain }, "The HA group that says on which nodes it runs. Newer servers have rules instead.") },
        Field { nullable: true, ..field("max_relocate", Shape::Integer { min: Some(0), max: None }, "How often a failed start is tried on another node. Without it, the server takes `1`.") },
        Field { nullable: true, ..field("max_restart", Shape::Integer { min: Some(0), max: None }, "How often a failed start is tried on the same node. Without it, the server takes `1`.") },
        Field { presence: Presence::OptionalComputed(&[]), nullable: true, ..field("state", Shape::Choice { values: &[value("started"), value("stopped"), value("disabled"), value("ignored")] }, "What the cluster sees to: that the guest runs, that it is stopped, that it is left alone after an error, or nothing. Without it, the server takes `started`. Without it, the server takes `started`.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: Some(4096), format: Format::Plain }, "A short text about the HA resource.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "sid", filter: "sid" }], enforced: true },
    ],
    lookup: &["sid"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("The guest stays as it is and is no longer watched."),
    nature: Nature::named(&["sid"], 0),
};

pub(super) static HA_RULE_NODE_AFFINITY: Kind = Kind {
    name: "proxmox_ha_rule_node_affinity",
    plural: "proxmox_ha_rule_node_affinities",
    label: "HA node affinity rule",
    path: "cluster/ha/rules/node-affinity",
    model: "cluster/ha/rules/node-affinity",
    subcategory: "Proxmox VE: cluster",
    description: "Says on which nodes HA resources run, some perhaps before others.",
    available: Availability::since(9, 0),
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("rule", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the rule.") },
        Field { presence: Presence::Required, ..field("resources", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The HA resources that it is about, such as `vm:100`.") },
        Field { presence: Presence::Required, ..field("nodes", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The nodes, each perhaps with a priority: `pve1:2`. Those with the highest priority come first.") },
        Field { default: Some(Literal::Bool(false)), ..field("disable", Shape::Bool, "Whether the HA node affinity rule is switched off without being removed.") },
        Field { default: Some(Literal::Bool(false)), ..field("strict", Shape::Bool, "Whether the resources run on no other node, and stop when none of these is there. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: Some(4096), format: Format::Plain }, "A short text about the HA node affinity rule.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "rule", filter: "rule" }], enforced: true },
    ],
    lookup: &["rule"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::named(&["rule"], 0),
};

pub(super) static HA_RULE_RESOURCE_AFFINITY: Kind = Kind {
    name: "proxmox_ha_rule_resource_affinity",
    plural: "proxmox_ha_rule_resource_affinities",
    label: "HA resource affinity rule",
    path: "cluster/ha/rules/resource-affinity",
    model: "cluster/ha/rules/resource-affinity",
    subcategory: "Proxmox VE: cluster",
    description: "Keeps HA resources on one node, or on different ones.",
    available: Availability::since(9, 0),
    fields: &[
        Field { presence: Presence::Required, replace: true, ..field("rule", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the rule.") },
        Field { presence: Presence::Required, ..field("resources", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The HA resources that it is about, such as `vm:100`.") },
        Field { presence: Presence::Required, ..field("affinity", Shape::Choice { values: &[value("positive"), value("negative")] }, "Whether the resources are kept together (`positive`) or apart (`negative`).") },
        Field { default: Some(Literal::Bool(false)), ..field("disable", Shape::Bool, "Whether the HA resource affinity rule is switched off without being removed.") },
        Field { nullable: true, ..field("comment", Shape::Text { min: None, max: Some(4096), format: Format::Plain }, "A short text about the HA resource affinity rule.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "rule", filter: "rule" }], enforced: true },
    ],
    lookup: &["rule"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::named(&["rule"], 0),
};

pub(super) static METRIC_SERVER_GRAPHITE: Kind = Kind {
    name: "proxmox_metric_server_graphite",
    plural: "proxmox_metric_servers_graphite",
    label: "Graphite server",
    path: "cluster/metrics/server/graphite",
    model: "cluster/metrics/server/graphite",
    subcategory: "Proxmox VE: cluster",
    description: "A Graphite server to which the nodes send their figures and those of their guests.",
    available: Availability::ALWAYS,
    fields: &[
        NAME_FIELD_3,
        SERVER_FIELD_1,
        PORT_FIELD,
        Field { nullable: true, ..field("disable", Shape::Bool, "Whether the Graphite server is switched off without being removed.") },
        Field { nullable: true, ..field("mtu", Shape::Integer { min: Some(512), max: Some(65536) }, "The largest packet that is sent by UDP, in bytes. Without it, the server takes `1500`.") },
        Field { nullable: true, ..field("path", Shape::Text { min: None, max: None, format: Format::Plain }, "The path below which figures are put. Without it, the server takes `proxmox`.") },
        Field { nullable: true, ..field("proto", Shape::Choice { values: &[value("udp"), value("tcp")] }, "The protocol. Without it, the server takes `udp`.") },
        Field { nullable: true, ..field("timeout", Shape::Integer { min: Some(0), max: None }, "How long a node waits for the server, in seconds. Without it, the server takes `1`.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "id" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::named(&["name"], 0),
};

pub(super) static METRIC_SERVER_INFLUXDB: Kind = Kind {
    name: "proxmox_metric_server_influxdb",
    plural: "proxmox_metric_servers_influxdb",
    label: "InfluxDB server",
    path: "cluster/metrics/server/influxdb",
    model: "cluster/metrics/server/influxdb",
    subcategory: "Proxmox VE: cluster",
    description: "An InfluxDB server to which the nodes send their figures and those of their guests.",
    available: Availability::ALWAYS,
    fields: &[
        NAME_FIELD_3,
        SERVER_FIELD_1,
        PORT_FIELD,
        Field { wire: "api-path-prefix", nullable: true, ..field("api_path_prefix", Shape::Text { min: None, max: None, format: Format::Plain }, "A path that goes before the API's own, where a proxy needs one.") },
        Field { nullable: true, ..field("bucket", Shape::Text { min: None, max: None, format: Format::Plain }, "The bucket, or in InfluxDB 1 the database. It goes with the protocols `http` and `https`.") },
        Field { nullable: true, ..field("disable", Shape::Bool, "Whether the InfluxDB server is switched off without being removed.") },
        Field { nullable: true, ..field("influxdbproto", Shape::Choice { values: &[value("udp"), value("http"), value("https")] }, "The protocol. Without it, the server takes `udp`.") },
        Field { wire: "max-body-size", nullable: true, ..field("max_body_size", Shape::Integer { min: Some(1), max: None }, "The largest request, in bytes. Without it, the server takes `25000000`.") },
        Field { nullable: true, ..field("mtu", Shape::Integer { min: Some(512), max: Some(65536) }, "The largest packet that is sent by UDP, in bytes. Without it, the server takes `1500`.") },
        Field { nullable: true, ..field("organization", Shape::Text { min: None, max: None, format: Format::Plain }, "The organisation in InfluxDB. It goes with the protocols `http` and `https`.") },
        Field { nullable: true, ..field("timeout", Shape::Integer { min: Some(0), max: None }, "How long a node waits for the server, in seconds. Without it, the server takes `1`.") },
        Field { nullable: true, secret: true, ..field("token", Shape::Text { min: None, max: None, format: Format::Plain }, "The token by which InfluxDB knows the cluster, or in InfluxDB 1 `user:password`.") },
        Field { wire: "verify-certificate", nullable: true, ..field("verify_certificate", Shape::Bool, "Whether the server's certificate is verified. Without it, the server takes `true`.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "id" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::named(&["name"], 0),
};

pub(super) static METRIC_SERVER_OPENTELEMETRY: Kind = Kind {
    name: "proxmox_metric_server_opentelemetry",
    plural: "proxmox_metric_servers_opentelemetry",
    label: "OpenTelemetry collector",
    path: "cluster/metrics/server/opentelemetry",
    model: "cluster/metrics/server/opentelemetry",
    subcategory: "Proxmox VE: cluster",
    description: "An OpenTelemetry collector to which the nodes send their figures and those of their guests.",
    available: Availability::since(9, 1),
    fields: &[
        NAME_FIELD_3,
        SERVER_FIELD_1,
        PORT_FIELD,
        Field { default: Some(Literal::Bool(false)), ..field("disable", Shape::Bool, "Whether the OpenTelemetry collector is switched off without being removed.") },
        Field { wire: "otel-compression", nullable: true, ..field("otel_compression", Shape::Choice { values: &[value("none"), value("gzip")] }, "How requests are compressed. Without it, the server takes `gzip`.") },
        Field { wire: "otel-headers", nullable: true, secret: true, ..field("otel_headers", Shape::Text { min: None, max: Some(1024), format: Format::Plain }, "Headers of the requests, such as one that authenticates them: a JSON object in base64.") },
        Field { wire: "otel-max-body-size", nullable: true, ..field("otel_max_body_size", Shape::Integer { min: Some(1024), max: None }, "The largest request, in bytes. Without it, the server takes `10000000`.") },
        Field { wire: "otel-path", nullable: true, ..field("otel_path", Shape::Text { min: None, max: None, format: Format::Plain }, "The path of the endpoint. Without it, the server takes `/v1/metrics`.") },
        Field { wire: "otel-protocol", nullable: true, ..field("otel_protocol", Shape::Choice { values: &[value("http"), value("https")] }, "The protocol. Without it, the server takes `https`.") },
        Field { wire: "otel-resource-attributes", nullable: true, ..field("otel_resource_attributes", Shape::Text { min: None, max: Some(1024), format: Format::Plain }, "Attributes that go with all figures: a JSON object in base64.") },
        Field { wire: "otel-timeout", nullable: true, ..field("otel_timeout", Shape::Integer { min: Some(1), max: Some(10) }, "How long a node waits for the collector, in seconds. Without it, the server takes `5`.") },
        Field { wire: "otel-verify-ssl", nullable: true, ..field("otel_verify_ssl", Shape::Bool, "Whether the collector's certificate is verified. Without it, the server takes `true`.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "id" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::named(&["name"], 0),
};

pub(super) static CLUSTER_OPTIONS: Kind = Kind {
    name: "proxmox_cluster_options",
    plural: "proxmox_cluster_options_list",
    label: "cluster options",
    path: "cluster/options",
    model: "cluster/options",
    subcategory: "Proxmox VE: cluster",
    description: "Options of the whole cluster. There is one such object; options that are not set here are left as they are.",
    available: Availability::ALWAYS,
    fields: &[
        Field { nullable: true, ..field("bwlimit", Shape::Object { fields: &[Field { nullable: true, ..field("clone", Shape::Decimal { min: Some("0"), max: None, places: None }, "For cloning disks.") }, Field { nullable: true, ..field("default", Shape::Decimal { min: Some("0"), max: None, places: None }, "For what is not named here.") }, Field { nullable: true, ..field("migration", Shape::Decimal { min: Some("0"), max: None, places: None }, "For migrating guests.") }, Field { nullable: true, ..field("move", Shape::Decimal { min: Some("0"), max: None, places: None }, "For moving disks.") }, Field { nullable: true, ..field("restore", Shape::Decimal { min: Some("0"), max: None, places: None }, "For restoring guests from backups.") }] }, "The bandwidth that operations may use at most, in KiB a second.") },
        Field { wire: "consent-text", nullable: true, ..field("consent_text", Shape::Text { min: None, max: Some(65536), format: Format::Plain }, "A text that users must agree to before they log in.") },
        Field { nullable: true, ..field("console", Shape::Choice { values: &[value("applet"), value("vv"), value("html5"), value("xtermjs")] }, "The console that the web interface opens.") },
        Field { nullable: true, ..field("crs", Shape::Object { fields: &[Field { nullable: true, ..field("ha", Shape::Choice { values: &[value("basic"), value("static")] }, "By what nodes are weighed: by the number of guests, or by their configured cores and memory. Without it, the server takes `basic`.") }, Field { wire: "ha-auto-rebalance", nullable: true, available: Availability::since(9, 1), ..field("ha_auto_rebalance", Shape::Bool, "Whether guests are moved when the load of the nodes differs much. Without it, the server takes `false`.") }, Field { wire: "ha-auto-rebalance-hold-duration", nullable: true, available: Availability::since(9, 1), ..field("ha_auto_rebalance_hold_duration", Shape::Decimal { min: Some("0"), max: None, places: None }, "For how many rounds of the HA manager the load must differ. Without it, the server takes `3`.") }, Field { wire: "ha-auto-rebalance-margin", nullable: true, available: Availability::since(9, 1), ..field("ha_auto_rebalance_margin", Shape::Decimal { min: Some("0"), max: None, places: None }, "By how much a move must make the load more even, as a share of 1. Without it, the server takes `0.1`.") }, Field { wire: "ha-auto-rebalance-method", nullable: true, available: Availability::since(9, 1), ..field("ha_auto_rebalance_method", Shape::Choice { values: &[value("bruteforce"), value("topsis")] }, "How the move is chosen. Without it, the server takes `bruteforce`.") }, Field { wire: "ha-auto-rebalance-threshold", nullable: true, available: Availability::since(9, 1), ..field("ha_auto_rebalance_threshold", Shape::Decimal { min: Some("0"), max: None, places: None }, "How much the load must differ, as a share of 1. Without it, the server takes `0.3`.") }, Field { wire: "ha-rebalance-on-start", nullable: true, ..field("ha_rebalance_on_start", Shape::Bool, "Whether a node is chosen anew whenever a guest is to start. Without it, the server takes `false`.") }] }, "How the cluster chooses nodes for HA resources.") },
        Field { nullable: true, ..field("description", Shape::Text { min: None, max: Some(65536), format: Format::Plain }, "Notes about the cluster, in Markdown.") },
        Field { nullable: true, ..field("email_from", Shape::Text { min: None, max: None, format: Format::Plain }, "The address that mails of the cluster come from. Without it, `root@` with the node's name.") },
        Field { nullable: true, ..field("fencing", Shape::Choice { values: &[value("watchdog"), value("hardware"), value("both")] }, "How failed nodes are kept from harm. Other values than `watchdog` need devices and are experimental. Without it, the server takes `watchdog`.") },
        Field { nullable: true, ..field("ha", Shape::Object { fields: &[Field { presence: Presence::Required, ..field("shutdown_policy", Shape::Choice { values: &[value("freeze"), value("failover"), value("conditional"), value("migrate")] }, "What becomes of guests when their node shuts down: they are frozen, moved at once, moved unless the node comes back, or migrated first. Without it, the server takes `conditional`.") }] }, "What HA does.") },
        Field { nullable: true, ..field("http_proxy", Shape::Text { min: None, max: None, format: Format::Plain }, "A proxy through which the nodes download, such as `http://proxy.example.com:3128`.") },
        Field { nullable: true, ..field("keyboard", Shape::Choice { values: &[value("de"), value("de-ch"), value("da"), value("en-gb"), value("en-us"), value("es"), value("fi"), value("fr"), value("fr-be"), value("fr-ca"), value("fr-ch"), value("hu"), value("is"), value("it"), value("ja"), value("lt"), value("mk"), value("nl"), value("no"), value("pl"), value("pt"), value("pt-br"), value("sv"), value("sl"), value("tr")] }, "The keyboard of virtual consoles.") },
        Field { nullable: true, ..field("language", Shape::Choice { values: &[value("ar"), value("ca"), value("da"), value("de"), value("en"), value("es"), value("eu"), value("fa"), value("fr"), value("hr"), value("he"), value("it"), value("ja"), value("ka"), value("kr"), value("nb"), value("nl"), value("nn"), value("pl"), value("pt_BR"), value("ru"), value("sl"), value("sv"), value("tr"), value("ukr"), value("zh_CN"), value("zh_TW")] }, "The language of the web interface.") },
        Field { nullable: true, ..field("mac_prefix", Shape::Text { min: None, max: None, format: Format::Plain }, "The first three bytes of MAC addresses that are made, such as `BC:24:11`.") },
        Field { nullable: true, ..field("max_workers", Shape::Integer { min: Some(1), max: None }, "How many guests of a node are started, stopped or migrated at once in operations on many.") },
        Field { nullable: true, ..field("migration", Shape::Object { fields: &[Field { presence: Presence::Required, ..field("type", Shape::Choice { values: &[value("secure"), value("insecure")] }, "Whether the data is encrypted on the way. Without it, the server takes `secure`.") }, Field { nullable: true, ..field("network", Shape::Text { min: None, max: None, format: Format::Plain }, "The network, as a prefix, through which the data goes.") }] }, "How guests are migrated.") },
        Field { wire: "next-id", nullable: true, ..field("next_id", Shape::Object { fields: &[Field { nullable: true, ..field("lower", Shape::Integer { min: None, max: None }, "The lowest number. Without it, the server takes `100`.") }, Field { nullable: true, ..field("upper", Shape::Integer { min: None, max: None }, "The number above the highest. Without it, the server takes `1000000`.") }] }, "From which numbers one is taken for a new guest.") },
        Field { nullable: true, ..field("notify", Shape::Object { fields: &[Field { nullable: true, ..field("fencing", Shape::Choice { values: &[value("always"), value("never")] }, "About nodes that have failed.") }, Field { wire: "package-updates", nullable: true, ..field("package_updates", Shape::Choice { values: &[value("auto"), value("always"), value("never")] }, "About updates of packages. Without it, the server takes `auto`.") }, Field { nullable: true, ..field("replication", Shape::Choice { values: &[value("always"), value("never")] }, "About replication that failed.") }, Field { wire: "target-fencing", nullable: true, ..field("target_fencing", Shape::Text { min: None, max: None, format: Format::Plain }, "An older way to say where notifications about failed nodes go.") }, Field { wire: "target-package-updates", nullable: true, ..field("target_package_updates", Shape::Text { min: None, max: None, format: Format::Plain }, "An older way to say where notifications about updates go.") }, Field { wire: "target-replication", nullable: true, ..field("target_replication", Shape::Text { min: None, max: None, format: Format::Plain }, "An older way to say where notifications about replication go.") }] }, "About what notifications are sent. Newer servers have matchers instead.") },
        Field { wire: "registered-tags", nullable: true, ..field("registered_tags", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Tags that only who may modify the cluster can set and remove.") },
        Field { nullable: true, available: Availability::since(9, 1), ..field("replication", Shape::Object { fields: &[Field { presence: Presence::Required, ..field("type", Shape::Choice { values: &[value("secure"), value("insecure")] }, "Whether the data is encrypted on the way.") }, Field { nullable: true, ..field("network", Shape::Text { min: None, max: None, format: Format::Plain }, "The network, as a prefix, through which the data goes.") }] }, "How volumes are replicated.") },
        Field { wire: "tag-style", nullable: true, ..field("tag_style", Shape::Object { fields: &[Field { wire: "case-sensitive", nullable: true, ..field("case_sensitive", Shape::Bool, "Whether tags that differ only in case are different tags. Without it, the server takes `false`.") }, Field { wire: "color-map", nullable: true, ..field("color_map", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "Colours of tags, each as `tag:background` or `tag:background:text` with six hexadecimal digits.") }, Field { nullable: true, ..field("ordering", Shape::Choice { values: &[value("config"), value("alphabetical")] }, "Whether tags stand in the order of the alphabet or as they were written. Without it, the server takes `alphabetical`.") }, Field { nullable: true, ..field("shape", Shape::Choice { values: &[value("full"), value("circle"), value("dense"), value("none")] }, "How tags are drawn in the tree. Without it, the server takes `circle`.") }] }, "How tags are shown and kept.") },
        Field { nullable: true, ..field("u2f", Shape::Object { fields: &[Field { nullable: true, ..field("appid", Shape::Text { min: None, max: None, format: Format::Plain }, "The address by which keys know the cluster.") }, Field { nullable: true, ..field("origin", Shape::Text { min: None, max: None, format: Format::Plain }, "The address that logins come from.") }] }, "The older way of security keys.") },
        Field { wire: "user-tag-access", nullable: true, ..field("user_tag_access", Shape::Object { fields: &[Field { wire: "user-allow", nullable: true, ..field("user_allow", Shape::Choice { values: &[value("none"), value("list"), value("existing"), value("free")] }, "None, those of the list, those that are in use, or any. Without it, the server takes `free`.") }, Field { wire: "user-allow-list", nullable: true, ..field("user_allow_list", Shape::Texts { ordered: false, values: &[], format: Format::Plain }, "The tags that users may set.") }] }, "Which tags users may set on their guests.") },
        Field { nullable: true, ..field("webauthn", Shape::Object { fields: &[Field { wire: "allow-subdomains", nullable: true, ..field("allow_subdomains", Shape::Bool, "Whether logins may come from subdomains of `id`. Without it, the server takes `true`.") }, Field { nullable: true, ..field("id", Shape::Text { min: None, max: None, format: Format::Plain }, "The domain by which keys know the cluster. Changing it makes keys useless.") }, Field { nullable: true, ..field("origin", Shape::Text { min: None, max: None, format: Format::Plain }, "The address that logins come from, `https://pve.example.com:8006`.") }, Field { nullable: true, ..field("rp", Shape::Text { min: None, max: None, format: Format::Plain }, "The name of the cluster that keys show.") }] }, "Security keys and passkeys.") },
    ],
    keys: &[
    ],
    lookup: &[],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::only("options"),
};
