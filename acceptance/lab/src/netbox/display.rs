//! How objects name themselves.

use serde_json::Value;

use super::net::Net;
use super::store::{Object, Store};
use super::table::TypeId;

/// The label of a choice an object holds.
pub(crate) fn choice(store: &Store, kind: TypeId, object: &Object, field: &str) -> String {
    let value = object.get(field);
    let label = store.kind(kind).field(field).and_then(|f| f.label(value)).unwrap_or(value);
    label.as_str().map_or_else(|| label.to_string(), str::to_owned)
}

/// The name of what a reference points at.
pub(crate) fn of_reference(store: &Store, kind: TypeId, object: &Object, field: &str) -> String {
    let target = store.kind(kind).field(field).and_then(|f| f.target);
    target.zip(object.key(field)).map_or_else(|| "None".to_owned(), |(t, id)| by_id(store, t, id))
}

/// The name of what a generic reference points at.
fn of_generic(store: &Store, object: &Object, name: &str) -> String {
    let target = store.table.by_model(object.text(&format!("{name}_type")));
    let found = target.zip(object.key(&format!("{name}_id")));
    found.map_or_else(|| "None".to_owned(), |(t, id)| by_id(store, t, id))
}

/// An object's name by its id.
pub(crate) fn by_id(store: &Store, kind: TypeId, id: u64) -> String {
    store.get(kind, id).map_or_else(|| "None".to_owned(), |o| display(store, kind, o))
}

fn with(name: &str, more: &str) -> String {
    if more.is_empty() { name.to_owned() } else { format!("{name} ({more})") }
}

/// An object's name.
pub(crate) fn display(store: &Store, kind: TypeId, object: &Object) -> String {
    let t = store.kind(kind);
    let text = |field: &str| object.text(field);
    let refers = |field: &str| of_reference(store, kind, object, field);
    match t.path.as_str() {
        "dcim/devices" => device(store, kind, object),
        "dcim/device-types" | "dcim/module-types" | "dcim/rack-types" => text("model").to_owned(),
        "dcim/racks" => with(text("name"), text("facility_id")),
        "dcim/rack-reservations" => format!("Reservation for rack {}", refers("rack")),
        "dcim/cables" if text("label").is_empty() => format!("#{}", object.id),
        "dcim/cables" => text("label").to_owned(),
        "dcim/cable-terminations" => {
            format!("Cable {} to {}", refers("cable"), of_generic(store, object, "termination"))
        }
        "dcim/mac-addresses" => text("mac_address").to_owned(),
        // A picture without a name is called by its file.
        "extras/image-attachments" if text("name").is_empty() => {
            text("image").rsplit('/').next().unwrap_or_default().to_owned()
        }
        "dcim/modules" => format!("{}: {} ({})", refers("module_bay"), refers("module_type"), object.id),
        path if path.starts_with("dcim/") && path.ends_with("-templates") => {
            with(text("name"), text("label"))
        }
        "ipam/prefixes" | "ipam/aggregates" => text("prefix").to_owned(),
        "ipam/ip-addresses" => text("address").to_owned(),
        "ipam/ip-ranges" => range(text("start_address"), text("end_address")),
        "ipam/vrfs" => with(text("name"), text("rd")),
        "ipam/vlans" => with(text("name"), &object.get("vid").to_string()),
        "ipam/asns" => autonomous_system(object.key("asn").unwrap_or_default()),
        "ipam/asn-ranges" => format!("{} ({}-{})", text("name"), object.get("start"), object.get("end")),
        "ipam/services" | "ipam/service-templates" => {
            let ports: Vec<String> =
                object.get("ports").as_array().into_iter().flatten().map(Value::to_string).collect();
            format!("{} ({}/{})", text("name"), choice(store, kind, object, "protocol"), ports.join(", "))
        }
        "ipam/fhrp-groups" => group(store, kind, object),
        "ipam/fhrp-group-assignments" => {
            format!(
                "{}: {} ({})",
                of_generic(store, object, "interface"),
                refers("group"),
                object.get("priority")
            )
        }
        "ipam/vlan-translation-rules" => {
            format!("{} -> {} ({})", object.get("local_vid"), object.get("remote_vid"), refers("policy"))
        }
        "circuits/circuits" | "circuits/virtual-circuits" => text("cid").to_owned(),
        "circuits/provider-accounts" => with(text("account"), text("name")),
        "circuits/circuit-terminations" => {
            format!("{}: Termination {}", refers("circuit"), text("term_side"))
        }
        "circuits/virtual-circuit-terminations" => {
            format!("{}: {} termination", refers("virtual_circuit"), choice(store, kind, object, "role"))
        }
        "circuits/circuit-group-assignments" => prioritised(store, kind, object, &refers("group")),
        "tenancy/contact-assignments" => {
            format!(
                "{} -> {}",
                prioritised(store, kind, object, &refers("contact")),
                of_generic(store, object, "object")
            )
        }
        "vpn/l2vpns" => {
            with(text("name"), &object.key("identifier").map(|i| i.to_string()).unwrap_or_default())
        }
        "vpn/l2vpn-terminations" => {
            format!("{} <> {}", of_generic(store, object, "assigned_object"), refers("l2vpn"))
        }
        "vpn/tunnel-terminations" => format!("{}: Termination {}", refers("tunnel"), object.id),
        "wireless/wireless-lans" => text("ssid").to_owned(),
        "wireless/wireless-links" if text("ssid").is_empty() => format!("#{}", object.id),
        "wireless/wireless-links" => text("ssid").to_owned(),
        "extras/custom-fields" if text("label").is_empty() => capitalised(&text("name").replace('_', " ")),
        "extras/custom-fields" => text("label").to_owned(),
        "extras/journal-entries" => {
            let at = super::render::moment(object.created);
            format!("{} {} ({})", &at[..10], &at[11..16], choice(store, kind, object, "kind"))
        }
        "extras/bookmarks" | "extras/subscriptions" | "extras/notifications" => {
            of_generic(store, object, "object")
        }
        "extras/tagged-objects" => format!("{} tagged with {}", object.text("object_type"), refers("tag")),
        "users/users" => text("username").to_owned(),
        "users/tokens" => token(object),
        "core/object-changes" => change(store, kind, object),
        "core/data-files" => text("path").to_owned(),
        _ => text("name").to_owned(),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect()
    })
}

fn device(store: &Store, kind: TypeId, object: &Object) -> String {
    let tag = object.text("asset_tag");
    if !object.text("name").is_empty() {
        return with(object.text("name"), tag);
    }
    let types = store.kind(kind).field("device_type").and_then(|f| f.target);
    let model = types.zip(object.key("device_type")).and_then(|(t, id)| {
        let found = store.get(t, id)?;
        Some(format!("{} {}", of_reference(store, t, found, "manufacturer"), found.text("model")))
    });
    let more = if tag.is_empty() { object.id.to_string() } else { tag.to_owned() };
    with(&model.unwrap_or_default(), &more)
}

/// `10.0.0.10-20/24`: the end without what it has in common with the start.
fn range(start: &str, end: &str) -> String {
    let (Some(first), Some(last)) = (Net::parse(start), Net::parse(end)) else { return start.to_owned() };
    let separator = if first.v6 { ':' } else { '.' };
    let (from, to) = (first.host(), last.host());
    let (a, b): (Vec<&str>, Vec<&str>) = (from.split(separator).collect(), to.split(separator).collect());
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count().min(b.len().saturating_sub(1));
    format!("{from}-{}/{}", b[same..].join(&separator.to_string()), first.length)
}

fn autonomous_system(number: u64) -> String {
    if number > 65535 {
        format!("AS{number} ({}.{})", number / 65536, number % 65536)
    } else {
        format!("AS{number}")
    }
}

fn group(store: &Store, kind: TypeId, object: &Object) -> String {
    let mut name = format!("{}: {}", choice(store, kind, object, "protocol"), object.get("group_id"));
    if !object.text("name").is_empty() {
        name = format!("{} {name}", object.text("name"));
    }
    let addresses = store.table.by_path("ipam/ip-addresses");
    let first = addresses.and_then(|t| {
        let id = store.by_field(kind, object.id, t, "assigned_object").next()?;
        Some(store.get(t, id)?.text("address").to_owned())
    });
    with(&name, &first.unwrap_or_default())
}

fn prioritised(store: &Store, kind: TypeId, object: &Object, name: &str) -> String {
    if object.text("priority").is_empty() {
        return name.to_owned();
    }
    with(name, &choice(store, kind, object, "priority"))
}

fn token(object: &Object) -> String {
    if object.key("version") == Some(2) {
        return object.text("key").to_owned();
    }
    let secret = object.text("_plaintext");
    let shown = secret.len().saturating_sub(6);
    format!("{}{}", "*".repeat(shown), secret.get(shown..).unwrap_or_default())
}

fn change(store: &Store, kind: TypeId, object: &Object) -> String {
    let model = object.text("changed_object_type");
    let (app, name) = model.split_once('.').unwrap_or((model, ""));
    let name = store.table.by_model(model).map_or(name, |t| store.kind(t).facts.name.as_str());
    let app = match app {
        "dcim" | "ipam" | "vpn" => app.to_uppercase(),
        _ => capitalised(app),
    };
    let action = choice(store, kind, object, "action").to_lowercase();
    format!("{app} | {name} {} {action} by {}", object.text("object_repr"), object.text("user_name"))
}
