//! The few objects of Kubernetes that are looked into: as protobuf, which is how its API server keeps them, or as JSON.

use serde_json::Value;

use super::protobuf::{Field, Fields, bytes, text};

/// How protobuf of the API server begins: then an envelope whose field 2 is the object.
const ENVELOPE: &[u8] = b"k8s\0";
/// Labels that say that a node is a server.
const SERVER: [&str; 3] = [
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/etcd",
    "node-role.kubernetes.io/master",
];

/// The uid of an object.
pub(super) fn uid(object: &[u8]) -> Option<String> {
    match protobuf(object) {
        Some(message) => text(bytes(message, 1)?, 5),
        None => Some(json(object)?.pointer("/metadata/uid")?.as_str()?.to_owned()),
    }
    .filter(|uid| !uid.is_empty())
}

/// The version of a node's kubelet, and whether the node is a server.
pub(super) fn node(object: &[u8]) -> Option<(Option<String>, bool)> {
    let Some(message) = protobuf(object) else {
        let object = json(object)?;
        let version = object.pointer("/status/nodeInfo/kubeletVersion").and_then(Value::as_str);
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
        let server = labels.is_some_and(|labels| SERVER.iter().any(|label| labels.contains_key(*label)));
        return Some((version.map(str::to_owned), server));
    };
    let info = bytes(message, 3).and_then(|status| bytes(status, 7));
    let version = info.and_then(|info| text(info, 7)).filter(|version| !version.is_empty());
    let server = Fields(bytes(message, 1)?).any(|field| match field {
        Field::Bytes(11, label) => text(label, 1).is_some_and(|key| SERVER.contains(&key.as_str())),
        _ => false,
    });
    Some((version, server))
}

fn protobuf(object: &[u8]) -> Option<&[u8]> {
    bytes(object.strip_prefix(ENVELOPE)?, 2)
}

fn json(object: &[u8]) -> Option<Value> {
    serde_json::from_slice(object).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
    }

    #[test]
    fn a_node_is_read_in_both_languages() {
        let label = field(11, &[field(1, SERVER[0].as_bytes()), field(2, b"true")].concat());
        let meta = field(1, &[field(1, b"a"), field(5, b"7d1c"), label].concat());
        let status = field(3, &field(7, &field(7, b"v1.33.4+rke2r1")));
        let object = [ENVELOPE, &field(1, b""), &field(2, &[meta, status].concat())].concat();
        assert_eq!(node(&object), Some((Some("v1.33.4+rke2r1".into()), true)));
        assert_eq!(uid(&object).as_deref(), Some("7d1c"));
        let object = br#"{"metadata":{"uid":"7d1c","labels":{"x":"y"}},"status":{"nodeInfo":{"kubeletVersion":"v1.33.4+k3s1"}}}"#;
        assert_eq!(node(object), Some((Some("v1.33.4+k3s1".into()), false)));
        assert_eq!(uid(object).as_deref(), Some("7d1c"));
        assert_eq!((uid(b"k8s\0\x12\xff"), node(b"{"), uid(b"")), (None, None, None));
    }
}
