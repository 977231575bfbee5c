//! Our `.proto` files say the same on the wire as the originals.
//!
//! `tests/golden/*.txt` list every method, field and enum value of the originals, one a line: facts of the wire, derived
//! from the originals by the ignored test below. Order and comments differ by intent; nothing else may.

#![allow(clippy::expect_used)]

use std::collections::BTreeSet;
use std::path::Path;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet, ServiceDescriptorProto,
};

/// Golden list, our files, the originals' files.
const PROTOCOLS: [(&str, &[&str], &[&str]); 3] = [
    ("tfplugin6", &["tfplugin6.proto"], &["tfplugin6.proto"]),
    ("plugin", &["plugin.proto"], &["grpc_broker.proto", "grpc_controller.proto", "grpc_stdio.proto"]),
    ("tflint", &["tflint.proto"], &["tflint.proto"]),
];

#[test]
fn wire_is_the_originals() {
    for (name, ours, _) in PROTOCOLS {
        let golden: BTreeSet<String> =
            std::fs::read_to_string(golden(name)).expect("golden list").lines().map(str::to_owned).collect();
        let ours = facts(Path::new(env!("CARGO_MANIFEST_DIR")).join("proto").as_path(), ours);
        let missing: Vec<_> = golden.difference(&ours).collect();
        let invented: Vec<_> = ours.difference(&golden).collect();
        assert!(
            missing.is_empty() && invented.is_empty(),
            "{name}: missing {missing:#?}, invented {invented:#?}"
        );
    }
}

#[test]
fn provider_has_all_methods_of_6_11() {
    let golden = std::fs::read_to_string(golden("tfplugin6")).expect("golden list");
    assert_eq!(golden.lines().filter(|line| line.starts_with("rpc ")).count(), 36);
}

/// Rewrites the golden lists: `WIRE_ORIGINALS=<folder of the original files> cargo test -p tfplugin-proto -- --ignored`.
#[test]
#[ignore = "needs the original .proto files"]
fn derive_golden_lists() {
    let originals = std::env::var("WIRE_ORIGINALS").expect("WIRE_ORIGINALS names a folder");
    for (name, _, files) in PROTOCOLS {
        let lines: Vec<String> = facts(Path::new(&originals), files).into_iter().collect();
        std::fs::write(golden(name), lines.join("\n") + "\n").expect("golden list written");
    }
}

fn golden(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.txt"))
}

/// Every method, field and enum value of the files, one a line.
fn facts(folder: &Path, files: &[&str]) -> BTreeSet<String> {
    let FileDescriptorSet { file } = protox::compile(files, [folder]).expect("files compile");
    let mut facts = BTreeSet::new();
    for file in file.iter().filter(|file| !file.package().starts_with("google.")) {
        file.message_type.iter().for_each(|message| message_facts(file.package(), message, &mut facts));
        file.enum_type.iter().for_each(|values| enum_facts(file.package(), values, &mut facts));
        file.service.iter().for_each(|service| service_facts(file.package(), service, &mut facts));
    }
    facts
}

fn message_facts(scope: &str, message: &DescriptorProto, facts: &mut BTreeSet<String>) {
    let scope = format!("{scope}.{}", message.name());
    facts.insert(format!("message {scope}"));
    for field in &message.field {
        facts.insert(format!("field {scope}.{} {} {}", field.name(), field.number(), kind(message, field)));
    }
    message.nested_type.iter().for_each(|nested| message_facts(&scope, nested, facts));
    message.enum_type.iter().for_each(|values| enum_facts(&scope, values, facts));
}

fn kind(message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let label = match (field.label(), field.proto3_optional(), field.oneof_index) {
        (Label::Repeated, _, _) => "repeated ".to_owned(),
        (_, true, _) => "optional ".to_owned(),
        (_, _, Some(index)) => {
            let oneof = usize::try_from(index).ok().and_then(|index| message.oneof_decl.get(index));
            format!("oneof {} ", oneof.map_or("?", |oneof| oneof.name()))
        }
        _ => String::new(),
    };
    let name = match field.r#type() {
        Type::Message | Type::Enum => field.type_name().trim_start_matches('.').to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    };
    label + &name
}

fn enum_facts(scope: &str, values: &EnumDescriptorProto, facts: &mut BTreeSet<String>) {
    for value in &values.value {
        facts.insert(format!("enum {scope}.{}.{} {}", values.name(), value.name(), value.number()));
    }
}

fn service_facts(scope: &str, service: &ServiceDescriptorProto, facts: &mut BTreeSet<String>) {
    for method in &service.method {
        let stream = |yes: bool| if yes { "stream " } else { "" };
        facts.insert(format!(
            "rpc {scope}.{}.{} {}{} -> {}{}",
            service.name(),
            method.name(),
            stream(method.client_streaming()),
            method.input_type().trim_start_matches('.'),
            stream(method.server_streaming()),
            method.output_type().trim_start_matches('.'),
        ));
    }
}
