//! Metric servers and ACME plugins.

use serde_json::{Map, Value, json};

use super::super::family::{Family, Hooks, Shown, Text, Texts};
use super::super::options::Options;

pub(super) const FAMILIES: &[Family] = &[METRIC_SERVER, ACME_PLUGIN];

const METRIC_SERVER: Family = Family {
    collection: "/cluster/metrics/server",
    item: "/cluster/metrics/server/{id}",
    create: "/cluster/metrics/server/{id}",
    shows_id: ["id", ""],
    shows_digest: [false, false],
    hidden: &["token"],
    texts: Texts {
        taken: Text::Died("Metric server '{id}' already exists"),
        missing: [
            Text::Died("status server entry '{id}' does not exist"),
            Text::Died("no such server '{id}'"),
            Text::Silent,
        ],
        before: [""; 3],
    },
    hooks: &MetricServer,
    ..Family::of(
        "metric_server",
        "status.cfg",
        &[
            ("graphite", Options::new("server* port mtu proto timeout path disable")),
            (
                "influxdb",
                Options::new(
                    "server* port* mtu disable organization bucket token influxdbproto timeout max-body-size \
                     api-path-prefix verify-certificate",
                ),
            ),
            (
                "opentelemetry",
                Options::new(
                    "server* port disable otel-protocol otel-path otel-timeout otel-headers otel-verify-ssl \
                     otel-max-body-size otel-resource-attributes otel-compression",
                ),
            ),
        ],
    )
};

/// Lists tell little of a metric server.
#[derive(Debug)]
struct MetricServer;

impl Hooks for MetricServer {
    fn show(&self, shown: &Shown<'_>, view: &mut Map<String, Value>) {
        if shown.listed {
            view.retain(|key, _| matches!(key.as_str(), "id" | "disable" | "type" | "server" | "port"));
            view.entry("disable").or_insert(json!(0));
        }
    }
}

const ACME_PLUGIN: Family = Family {
    collection: "/cluster/acme/plugins",
    item: "/cluster/acme/plugins/{id}",
    create: "/cluster/acme/plugins",
    shows_id: ["plugin", "plugin"],
    texts: Texts {
        taken: Text::Died("ACME plugin ID '{id}' already exists"),
        missing: [
            Text::Died("ACME plugin '{id}' not defined"),
            Text::Died("ACME plugin ID '{id}' does not exist"),
            Text::Silent,
        ],
        before: [""; 3],
    },
    ..Family::of(
        "acme_plugin",
        "acme/plugins.cfg",
        &[
            ("dns", Options::new("api* data nodes disable validation-delay")),
            ("standalone", Options::new("nodes disable")),
        ],
    )
};
