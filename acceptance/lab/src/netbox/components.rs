//! Components born by themselves: a device gets those of its type, a module those of its own.

use serde_json::{Map, Value, json};

use super::access::Grant;
use super::refusal::Refusal;
use super::store::Object;
use super::table::{Kind, TypeId};
use super::write::Writer;

/// (templates, components), in the order NetBox makes them: what is referred to comes first.
const PAIRS: &[(&str, &str)] = &[
    ("dcim/console-port-templates", "dcim/console-ports"),
    ("dcim/console-server-port-templates", "dcim/console-server-ports"),
    ("dcim/power-port-templates", "dcim/power-ports"),
    ("dcim/power-outlet-templates", "dcim/power-outlets"),
    ("dcim/interface-templates", "dcim/interfaces"),
    ("dcim/rear-port-templates", "dcim/rear-ports"),
    ("dcim/front-port-templates", "dcim/front-ports"),
    ("dcim/module-bay-templates", "dcim/module-bays"),
    ("dcim/device-bay-templates", "dcim/device-bays"),
    ("dcim/inventory-item-templates", "dcim/inventory-items"),
];

/// Makes the components of a new device or module.
pub(crate) fn born(writer: &mut Writer<'_>, kind: TypeId, object: &Object) -> Result<(), Refusal> {
    let (field, device) = match writer.store.kind(kind).path.as_str() {
        "dcim/devices" => ("device_type", Some(object.id)),
        "dcim/modules" if object.get("replicate_components") == &json!(false) => return Ok(()),
        "dcim/modules" => ("module_type", object.key("device")),
        _ => return Ok(()),
    };
    let target = writer.store.kind(kind).field(field).and_then(|f| f.target);
    let (Some(device), Some(target), Some(model)) = (device, target, object.key(field)) else {
        return Ok(());
    };
    let module = (field == "module_type").then_some(object);
    let position = module.map(|m| bay_position(writer, kind, m)).unwrap_or_default();
    for (templates, components) in PAIRS {
        let table = &writer.store.table;
        let (Some(from), Some(to)) = (table.by_path(templates), table.by_path(components)) else { continue };
        let ids: Vec<u64> = writer.store.by_field(target, model, from, field).collect();
        for id in ids {
            let Some(template) = writer.store.get(from, id).cloned() else { continue };
            let sent = component(writer, from, to, &template, device, module.map(|m| m.id), &position);
            if module.is_some() && adopt(writer, kind, object, to, device, &sent) {
                continue;
            }
            let prepared = writer.prepare(to, None, &sent, false)?;
            writer.save(prepared, &Grant::all())?;
        }
    }
    Ok(())
}

/// The position of the bay a module is in.
fn bay_position(writer: &Writer<'_>, kind: TypeId, module: &Object) -> String {
    let bays = writer.store.kind(kind).field("module_bay").and_then(|f| f.target);
    let bay = bays.zip(module.key("module_bay")).and_then(|(t, id)| writer.store.get(t, id));
    bay.map(|b| b.text("position").to_owned()).unwrap_or_default()
}

/// What a template makes.
fn component(
    writer: &Writer<'_>,
    from: TypeId,
    to: TypeId,
    template: &Object,
    device: u64,
    module: Option<u64>,
    position: &str,
) -> Map<String, Value> {
    let (source, target) = (writer.store.kind(from), writer.store.kind(to));
    let mut sent = Map::new();
    for field in source.fields.iter().filter(|f| f.is_stored() && target.field(&f.name).is_some()) {
        if matches!(field.name.as_str(), "device_type" | "module_type" | "description") {
            continue;
        }
        let mut value = template.get(&field.name).clone();
        if matches!(field.name.as_str(), "name" | "label" | "position")
            && let Some(text) = value.as_str()
        {
            value = json!(text.replace("{module}", position));
        }
        if field.kind == Kind::Reference && field.target == Some(from) || field.name == "power_port" {
            value =
                counterpart(writer, field.target.unwrap_or(from), field.name.as_str(), to, &value, device);
        }
        sent.insert(field.name.clone(), value);
    }
    sent.retain(|_, v| !v.is_null());
    sent.insert("device".to_owned(), json!(device));
    if target.field("module").is_some() {
        sent.insert("module".to_owned(), json!(module));
    }
    sent
}

/// The device's own component made from the template a template refers to.
fn counterpart(
    writer: &Writer<'_>,
    of: TypeId,
    field: &str,
    to: TypeId,
    value: &Value,
    device: u64,
) -> Value {
    let components =
        if field == "power_port" { writer.store.table.by_path("dcim/power-ports") } else { Some(to) };
    let name = value.as_u64().and_then(|id| writer.store.get(of, id)).map(|t| t.text("name").to_owned());
    let (Some(name), Some(components)) = (name, components) else { return Value::Null };
    let found =
        writer.store.all(components).find(|o| o.key("device") == Some(device) && o.text("name") == name);
    found.map_or(Value::Null, |o| json!(o.id))
}

/// Lets a module take over a component that is there already, where asked to.
fn adopt(
    writer: &mut Writer<'_>,
    kind: TypeId,
    module: &Object,
    to: TypeId,
    device: u64,
    sent: &Map<String, Value>,
) -> bool {
    let asked =
        module.get("adopt_components") == &json!(true) && writer.store.kind(kind).path == "dcim/modules";
    let name = sent.get("name").and_then(Value::as_str).unwrap_or_default();
    let mine = |o: &&std::sync::Arc<Object>| o.key("device") == Some(device) && o.text("name") == name;
    let found = writer.store.all(to).find(mine).map(|o| o.id).filter(|_| asked);
    if let Some(id) = found {
        let module = module.id;
        writer.store.change(to, id, |o| _ = o.data.insert("module".to_owned(), json!(module)));
    }
    found.is_some()
}
