//! Every writable type of every version: made with the least it needs, read, changed field by field, listed,
//! filtered, deleted.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::server::{NetBox, NetBoxConfig};
use super::table::{Field, Kind, Table, Type};
use super::version::NetBoxVersion;

/// Makes objects with what they need, and what those need.
struct Maker<'a> {
    netbox: &'a NetBox,
    table: &'a Table,
    next: u64,
    depth: usize,
}

/// Fields a type needs beyond those its document requires.
fn needs(path: &str) -> &'static [&'static str] {
    match path {
        "virtualization/virtual-machines" => &["site"],
        "circuits/circuit-terminations" => &["termination_type", "termination_id"],
        "ipam/vlans" => &[],
        "extras/custom-fields" => &["object_types"],
        "tenancy/contact-assignments" => &["role"],
        p if p.starts_with("dcim/") && p.ends_with("-templates") => &["device_type"],
        _ => &[],
    }
}

impl Maker<'_> {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The least a type is made of.
    fn body(&mut self, t: &Type) -> Map<String, Value> {
        let mut body = Map::new();
        for field in t.fields.iter().filter(|f| f.is_stored()) {
            if field.required || needs(&t.path).contains(&field.name.as_str()) {
                let value = self.value(t, field);
                body.insert(field.name.clone(), value);
            }
        }
        let number = self.next;
        match t.path.as_str() {
            "ipam/ip-ranges" => {
                body.insert(
                    "start_address".into(),
                    json!(format!("10.{}.{}.1/24", number / 250, number % 250)),
                );
                body.insert(
                    "end_address".into(),
                    json!(format!("10.{}.{}.9/24", number / 250, number % 250)),
                );
            }
            "ipam/asn-ranges" => {
                body.insert("start".into(), json!(64512));
                body.insert("end".into(), json!(64612));
            }
            "dcim/cables" => {
                for side in ["a_terminations", "b_terminations"] {
                    let interface = self.make("dcim/interfaces");
                    body.insert(
                        side.into(),
                        json!([{ "object_type": "dcim.interface", "object_id": interface }]),
                    );
                }
            }
            "dcim/rack-reservations" => _ = body.insert("units".into(), json!([1, 2])),
            "extras/custom-fields" => {
                body.insert("type".into(), json!("text"));
                body.insert("name".into(), json!(format!("field_{number}")));
            }
            "extras/custom-field-choice-sets" => _ = body.insert("extra_choices".into(), json!([["a", "A"]])),
            "dcim/front-ports" | "dcim/front-port-templates" => self.front_port(t, &mut body),
            "dcim/modules" => {
                let bay = self.make("dcim/module-bays");
                let device =
                    self.netbox.object("dcim/module-bays", bay).expect("made")["device"]["id"].clone();
                body.extend([("module_bay".into(), json!(bay)), ("device".into(), device)]);
            }
            "extras/event-rules" => {
                let hook = self.make("extras/webhooks");
                body.extend([
                    ("action_object_type".into(), json!("extras.webhook")),
                    ("action_object_id".into(), json!(hook)),
                    ("action_type".into(), json!("webhook")),
                    ("event_types".into(), json!(["object_created"])),
                ]);
            }
            _ => {}
        }
        body
    }

    /// A front port and its rear port are of one device.
    fn front_port(&mut self, t: &Type, body: &mut Map<String, Value>) {
        let rear = t.path.replace("front", "rear");
        let rear_id = self.make(&rear);
        let owner = if t.path.ends_with("templates") { "device_type" } else { "device" };
        let rear_port = self.netbox.object(&rear, rear_id).expect("made");
        body.insert(owner.to_owned(), rear_port[owner]["id"].clone());
        if t.field("rear_ports").is_some() {
            body.insert(
                "rear_ports".into(),
                json!([{ "position": 1, "rear_port": rear_id, "rear_port_position": 1 }]),
            );
        } else {
            body.insert("rear_port".into(), json!(rear_id));
        }
    }

    /// A legal value of a field.
    fn value(&mut self, t: &Type, field: &Field) -> Value {
        let number = self.number();
        if let Some(generic) = t.generics.iter().find(|g| g.kind == field.name || g.id == field.name) {
            let model = generic.allowed.first().cloned().unwrap_or_else(|| match t.path.as_str() {
                "ipam/fhrp-group-assignments" | "vpn/tunnel-terminations" => "dcim.interface".to_owned(),
                "vpn/l2vpn-terminations" => "ipam.vlan".to_owned(),
                _ => "dcim.site".to_owned(),
            });
            if field.name == generic.kind {
                return json!(model);
            }
            let kind = self.table.by_model(&model).expect("a model");
            let path = self.table.types[kind].path.clone();
            return json!(self.make(&path));
        }
        if let Some((value, _)) = field.choices.iter().find(|(v, _)| v != "" && !v.is_null()) {
            return value.clone();
        }
        match (t.path.as_str(), field.name.as_str()) {
            ("ipam/prefixes" | "ipam/aggregates", "prefix") => {
                json!(format!("10.{}.{}.0/24", number / 250, number % 250))
            }
            ("ipam/ip-addresses", "address") => json!(format!("10.{}.{}.7/24", number / 250, number % 250)),
            (_, "mac_address") => {
                json!(format!("02:00:00:00:{:02X}:{:02X}", number / 256 % 256, number % 256))
            }
            (_, "wwn") => json!("02:00:00:00:00:00:00:01"),
            (_, "color") => json!("aa00ff"),
            (_, "asn") => json!(4_200_000_000_u64 + number),
            (_, "vid" | "local_vid" | "remote_vid") => json!(number % 4000 + 1),
            (_, "vid_ranges") => json!([[1, 4094]]),
            (_, "ports") => json!([80]),
            (_, "time_zone") => json!("Europe/Stockholm"),
            (_, "object_types") => json!(["dcim.site"]),
            ("users/permissions", "actions") => json!(["view"]),
            ("users/tokens", "key" | "token") => json!(format!("{number:040}")),
            ("extras/table-configs", "columns") => json!(["name"]),
            (_, "payload_url" | "source_url") => json!("http://127.0.0.1/x"),
            _ => self.plain(t, field, number),
        }
    }

    fn plain(&mut self, _t: &Type, field: &Field, number: u64) -> Value {
        let fits = |text: String| {
            let max = usize::try_from(field.max_length.unwrap_or(99)).expect("small");
            text.chars().rev().take(max).collect::<String>().chars().rev().collect::<String>()
        };
        match field.kind {
            Kind::Reference => {
                let target = self.table.types[field.target.expect("a target")].path.clone();
                json!(self.make(&target))
            }
            Kind::Many | Kind::Tags => json!([]),
            Kind::ContentType => json!("dcim.site"),
            Kind::Int => json!(field.low.unwrap_or(1.0).max(1.0) as i64),
            Kind::Num => json!(field.low.unwrap_or(1.0).max(1.0)),
            Kind::Bool => json!(true),
            Kind::Date => json!("2026-01-02"),
            Kind::Time => json!("2026-01-02T03:04:05Z"),
            Kind::Url => json!(format!("http://example.com/{number}")),
            Kind::Email => json!(format!("x{number}@example.com")),
            Kind::Texts => json!(["x"]),
            Kind::Ints => json!([1]),
            Kind::Json => json!({ "a": 1 }),
            Kind::File => json!({ super::decode::FILE: "x.png" }),
            _ if field.pattern.as_deref().is_some_and(|p| p.contains("0-9]{1,")) => json!(number.to_string()),
            _ => json!(fits(format!("x{number}"))),
        }
    }

    fn make(&mut self, path: &str) -> u64 {
        assert!(self.depth < 12, "{path} needs itself");
        self.depth += 1;
        let kind = self.table.by_path(path).expect("a type");
        let body = Value::Object(self.body(&self.table.types[kind]));
        let made = self.netbox.insert(path, body.clone());
        self.depth -= 1;
        made.unwrap_or_else(|refusal| panic!("{} {path}: {body} -> {refusal}", self.table.version))
    }
}

fn netbox(version: NetBoxVersion) -> NetBox {
    let config = NetBoxConfig { version, ..NetBoxConfig::default() };
    NetBox::new(&config, "127.0.0.1:1".parse().expect("an address"))
}

/// Changes every field that can stand alone, there and back.
fn change_fields(maker: &mut Maker<'_>, path: &str, id: u64, failed: &mut Vec<String>) {
    let kind = maker.table.by_path(path).expect("a type");
    let table = maker.table;
    let t = &table.types[kind];
    for field in t.fields.iter().filter(|f| f.is_stored() && !f.write_only) {
        let lone = matches!(
            field.kind,
            Kind::Text
                | Kind::Url
                | Kind::Email
                | Kind::Int
                | Kind::Bool
                | Kind::Date
                | Kind::Choice
                | Kind::Json
        );
        let bound = t.generic(&field.name).is_some()
            || [
                "slug",
                "face",
                "position",
                "start",
                "end",
                "type",
                "schema",
                "default",
                "disk",
                "vc_position",
                "parameters",
                "mode",
                "qinq_role",
                "rf_channel",
                "data",
                "extra_choices",
                "validation_minimum",
                "choice_colors",
                "constraints",
                "key",
                "status",
                "protocol",
                "action_type",
                "start_address",
                "end_address",
                "prefix",
                "max_weight",
                "outer_width",
                "outer_height",
                "outer_depth",
                "mac_address",
                "_depth",
                "color",
                "vid",
                "attributes",
                "conditions",
                "related_object_filter",
                "units",
                "front_port_position",
                "a_terminations",
                "b_terminations",
                "rear_ports",
                "front_ports",
                "version",
                "vid_ranges",
                "asn",
                "unique",
                "required",
                "channel_id",
            ]
            .contains(&field.name.as_str());
        if !lone || bound {
            continue;
        }
        let value = maker.value(t, field);
        match maker.netbox.change(path, id, json!({ &field.name: value })) {
            Err(refusal) => failed.push(format!("{path}.{} = {value}: {refusal}", field.name)),
            Ok(answer) => {
                let shown = answer.get(&field.name).cloned().unwrap_or_default();
                let shown = if shown["value"].is_null() { shown } else { shown["value"].clone() };
                if shown != value && shown.as_f64() != value.as_f64() && field.kind != Kind::Time {
                    failed.push(format!("{path}.{}: {value} reads {shown}", field.name));
                }
            }
        }
        if field.nullable
            && let Err(refusal) = maker.netbox.change(path, id, json!({ &field.name: null }))
        {
            failed.push(format!("{path}.{} = null: {refusal}", field.name));
        }
    }
}

fn live(version: NetBoxVersion) {
    let netbox = netbox(version);
    let table = Table::of(version);
    let mut maker = Maker { netbox: &netbox, table: &table, next: 0, depth: 0 };
    let mut failed = Vec::new();
    let mut done = HashMap::new();
    // A script comes from a file, not from a request of this kind.
    for path in netbox.writable_types().into_iter().filter(|p| p != "extras/scripts") {
        let id = maker.make(&path);
        let whole = netbox.object(&path, id).unwrap_or_default();
        if whole["id"] != id || whole["display"].as_str().is_none_or(str::is_empty) {
            failed.push(format!("{path} reads {whole}"));
        }
        change_fields(&mut maker, &path, id, &mut failed);
        for query in ["limit=2", "brief=true", "fields=id,display", "ordering=-id", "q=x", "id=1&id=2"] {
            if let Err(refusal) = netbox.call("GET", &format!("/api/{path}/?{query}"), None) {
                failed.push(format!("{path}?{query}: {refusal}"));
            }
        }
        if let Err(refusal) = netbox.call("OPTIONS", &format!("/api/{path}/"), None) {
            failed.push(format!("OPTIONS {path}: {refusal}"));
        }
        done.insert(path, id);
    }
    for (path, id) in &done {
        match netbox.remove(path, *id) {
            Ok(()) => assert!(netbox.object(path, *id).is_none()),
            Err(refusal) if refusal.status == 409 => {}
            // A cascade took it along before.
            Err(refusal) if refusal.status == 404 => {}
            Err(refusal) => failed.push(format!("DELETE {path}: {refusal}")),
        }
    }
    assert!(failed.is_empty(), "{version}: {} wrong\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn every_type_of_4_1() {
    live(NetBoxVersion::V4_1);
}

#[test]
fn every_type_of_4_2() {
    live(NetBoxVersion::V4_2);
}

#[test]
fn every_type_of_4_3() {
    live(NetBoxVersion::V4_3);
}

#[test]
fn every_type_of_4_4() {
    live(NetBoxVersion::V4_4);
}

#[test]
fn every_type_of_4_5() {
    live(NetBoxVersion::V4_5);
}

#[test]
fn every_type_of_4_6() {
    live(NetBoxVersion::V4_6);
}

#[test]
fn every_type_of_4_7() {
    live(NetBoxVersion::V4_7);
}

/// Filters the document lists and the stand-in does not serve are few and refused, never ignored.
#[test]
fn filters_are_served_or_refused() {
    let netbox = netbox(NetBoxVersion::V4_6);
    let table = Table::of(NetBoxVersion::V4_6);
    let (mut served, mut refused) = (0, Vec::new());
    for t in table.types.iter().filter(|t| !t.path.ends_with("/object-types")) {
        for (name, filter) in &t.filters {
            let value = match filter.kind.as_str() {
                "int" | "num" => "1",
                "bool" => "true",
                "time" => "2026-01-01T00:00:00Z",
                "date" => "2026-01-01",
                _ => "x",
            };
            for lookup in std::iter::once("").chain(filter.lookups.iter().map(String::as_str)) {
                let name = if lookup.is_empty() { name.clone() } else { format!("{name}__{lookup}") };
                match netbox.call("GET", &format!("/api/{}/?{name}={value}", t.path), None) {
                    Ok(_) => served += 1,
                    Err(refusal) if refusal.status == 400 => served += 1,
                    Err(refusal) if refusal.status == 501 => refused.push(format!("{}: {name}", t.path)),
                    Err(refusal) => panic!("{}?{name}: {refusal}", t.path),
                }
            }
        }
    }
    assert!(
        refused.len() * 45 < served,
        "{served} served, {} refused:\n{}",
        refused.len(),
        refused.join("\n")
    );
}
