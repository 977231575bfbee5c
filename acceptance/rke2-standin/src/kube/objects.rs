//! What all objects have: names, labels, owners, times, read and written on plain JSON.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

static NULL: Value = Value::Null;

/// The member at a path of names; null where there is none.
pub(crate) fn at<'a>(object: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(object, |value, name| value.get(*name).unwrap_or(&NULL))
}

/// The text at a path; empty where there is none.
pub(crate) fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    at(object, path).as_str().unwrap_or_default()
}

/// The whole number at a path.
pub(crate) fn number(object: &Value, path: &[&str]) -> Option<i64> {
    at(object, path).as_i64()
}

/// The elements at a path; none where there is no list.
pub(crate) fn list<'a>(object: &'a Value, path: &[&str]) -> &'a [Value] {
    at(object, path).as_array().map_or(&[], Vec::as_slice)
}

/// Sets the member at a path, making the maps on the way.
pub(crate) fn set(object: &mut Value, path: &[&str], value: Value) {
    let Some((last, way)) = path.split_last() else { return };
    let mut place = object;
    for name in way {
        if !place.get(*name).is_some_and(Value::is_object) {
            if !place.is_object() {
                *place = json!({});
            }
            place[*name] = json!({});
        }
        place = &mut place[*name];
    }
    if !place.is_object() {
        *place = json!({});
    }
    place[*last] = value;
}

/// Takes the member at a path away.
pub(crate) fn unset(object: &mut Value, path: &[&str]) {
    let Some((last, way)) = path.split_last() else { return };
    let mut place = object;
    for name in way {
        match place.get_mut(*name) {
            Some(next) => place = next,
            None => return,
        }
    }
    if let Some(map) = place.as_object_mut() {
        map.remove(*last);
    }
}

pub(crate) fn name(object: &Value) -> &str {
    text(object, &["metadata", "name"])
}

pub(crate) fn namespace(object: &Value) -> &str {
    text(object, &["metadata", "namespace"])
}

pub(crate) fn uid(object: &Value) -> &str {
    text(object, &["metadata", "uid"])
}

pub(crate) fn is_deleting(object: &Value) -> bool {
    !at(object, &["metadata", "deletionTimestamp"]).is_null()
}

pub(crate) fn finalizers(object: &Value) -> Vec<&str> {
    list(object, &["metadata", "finalizers"]).iter().filter_map(Value::as_str).collect()
}

/// The labels, or the map at another path below `metadata`.
pub(crate) fn labels(object: &Value) -> Option<&Map<String, Value>> {
    at(object, &["metadata", "labels"]).as_object()
}

pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> &'a str {
    text(object, &["metadata", "annotations", key])
}

/// The condition of a type.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    list(object, &["status", "conditions"]).iter().find(|condition| condition["type"] == kind)
}

/// Whether the condition of a type is `True`.
pub(crate) fn is_true(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| condition["status"] == "True")
}

/// Sets a condition; the transition time moves only when the status does. True when anything changed.
pub(crate) fn set_condition(
    object: &mut Value,
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
) -> bool {
    if let Some(known) = condition(object, kind)
        && known["status"] == status
        && known["reason"] == reason
        && text(known, &["message"]) == message
    {
        return false;
    }
    let transition = condition(object, kind)
        .filter(|known| known["status"] == status)
        .map_or_else(|| json!(now()), |known| known["lastTransitionTime"].clone());
    let fresh = json!({
        "type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": transition,
    });
    let mut conditions = list(object, &["status", "conditions"]).to_vec();
    match conditions.iter_mut().find(|condition| condition["type"] == kind) {
        Some(known) => {
            for (key, value) in fresh.as_object().into_iter().flatten() {
                known[key] = value.clone();
            }
        }
        None => conditions.push(fresh),
    }
    set(object, &["status", "conditions"], Value::Array(conditions));
    true
}

/// The owner that controls an object.
pub(crate) fn controller(object: &Value) -> Option<&Value> {
    list(object, &["metadata", "ownerReferences"]).iter().find(|owner| owner["controller"] == true)
}

/// Whether `object` is controlled by the owner with this uid.
pub(crate) fn is_controlled_by(object: &Value, owner: &Value) -> bool {
    controller(object).is_some_and(|reference| reference["uid"].as_str() == Some(uid(owner)))
}

/// A reference to an owner that controls.
pub(crate) fn owner_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name(owner), "uid": uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// Now, in whole seconds, as `metav1.Time`.
pub(crate) fn now() -> String {
    stamp(OffsetDateTime::now_utc())
}

/// A time in whole seconds, as `metav1.Time`.
pub(crate) fn stamp(time: OffsetDateTime) -> String {
    time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339).unwrap_or_default()
}

/// Now in microseconds, as `metav1.MicroTime`.
pub(crate) fn now_micro() -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    OffsetDateTime::now_utc().format(format).unwrap_or_default()
}

/// A time as the API writes it.
pub(crate) fn parse_time(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// Letters and digits of kubernetes/apimachinery util/rand: no vowels, nothing that looks alike.
pub(crate) fn random_suffix(length: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut bytes = vec![0_u8; length];
    let _zeros_are_a_name_too = getrandom::fill(&mut bytes);
    bytes
        .iter()
        .map(|byte| char::from(LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().unwrap_or(b'b')))
        .collect()
}

/// A version 4 UUID.
pub(crate) fn new_uid() -> String {
    let mut bytes = [0_u8; 16];
    let _unlikely = getrandom::fill(&mut bytes);
    let mut number = u128::from_be_bytes(bytes);
    number = (number & !(0xf << 76)) | (4 << 76);
    number = (number & !(0x3 << 62)) | (2 << 62);
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_keep_their_transition_time() {
        let mut object = json!({ "status": { "conditions": [
            { "type": "Ready", "status": "True", "reason": "a", "message": "", "lastTransitionTime": "then", "extra": 1 } ] } });
        assert!(set_condition(&mut object, "Ready", "True", "b", ""));
        assert_eq!(object["status"]["conditions"][0]["lastTransitionTime"], "then");
        assert_eq!(object["status"]["conditions"][0]["extra"], 1);
        assert!(!set_condition(&mut object, "Ready", "True", "b", ""));
        assert!(set_condition(&mut object, "Ready", "False", "b", ""));
        assert_ne!(object["status"]["conditions"][0]["lastTransitionTime"], "then");
    }

    #[test]
    fn uids_are_of_version_four() {
        let uid = new_uid();
        assert_eq!(uid.len(), 36);
        assert_eq!(&uid[14..15], "4");
        assert!(matches!(&uid[19..20], "8" | "9" | "a" | "b"), "{uid}");
    }

    #[test]
    fn paths_are_made_and_taken_away() {
        let mut object = json!({});
        set(&mut object, &["metadata", "labels", "a"], json!("b"));
        assert_eq!(text(&object, &["metadata", "labels", "a"]), "b");
        unset(&mut object, &["metadata", "labels", "a"]);
        assert_eq!(object, json!({ "metadata": { "labels": {} } }));
    }
}
