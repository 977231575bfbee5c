//! What holds of every model, whatever its fields hold.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tf_framework::{
    AttributeType, Choice, Computed, Field, GoDuration, Model, Number, Path, Sensitive, Timeouts, Value,
    WriteOnly,
};
use tf_value::msgpack;

/// Every kind of field.
#[derive(Debug, Clone, PartialEq, Model)]
struct Everything {
    /// Text.
    text: String,
    /// Truth.
    truth: bool,
    /// Small.
    small: i8,
    /// Large.
    large: u64,
    /// Fraction.
    fraction: f64,
    /// Exact.
    exact: Number,
    /// Perhaps.
    perhaps: Option<u32>,
    /// Filled in.
    computed: Computed<String>,
    /// Filled in, perhaps with nothing.
    computed_null: Computed<Option<String>>,
    /// With a default.
    #[attr(default = 2)]
    cores: u16,
    /// A secret of configuration.
    secret: WriteOnly<String>,
    /// A secret of state.
    token: Sensitive<String>,
    /// Untyped.
    any: Value,
    /// A choice.
    bus: Bus,
    /// Under another name.
    #[attr(rename = "other_name")]
    renamed: String,
    /// A keyword.
    r#type: String,
    /// A list.
    list: Vec<String>,
    /// A set.
    set: BTreeSet<i64>,
    /// A map.
    map: BTreeMap<String, Option<bool>>,
    /// An object.
    object: Disk,
    /// Perhaps an object.
    perhaps_object: Option<Disk>,
    /// Objects in order.
    objects: Vec<Disk>,
    /// Objects by name.
    by_name: BTreeMap<String, Disk>,
    /// Objects without order.
    set_of: BTreeSet<Disk>,
    /// Perhaps a block.
    #[attr(block)]
    one: Option<Disk>,
    /// Blocks in order.
    #[attr(block)]
    many: Vec<Disk>,
    /// Blocks without order.
    #[attr(block, max = 9)]
    unordered: BTreeSet<Disk>,
    /// Limits.
    timeouts: Option<Timeouts>,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Model)]
struct Disk {
    /// Size.
    size: u32,
    /// Bus.
    #[attr(default = Bus::Scsi)]
    bus: Bus,
    /// Filled in.
    id: Computed<u8>,
}

/// A bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Choice)]
enum Bus {
    /// SCSI.
    Scsi,
    /// A block device.
    VirtioBlk,
}

// === strategies ===

fn computed<T: Clone + std::fmt::Debug>(
    inner: impl Strategy<Value = T>,
) -> impl Strategy<Value = Computed<T>> {
    proptest::option::of(inner).prop_map(|inner| inner.map_or(Computed::Unknown, Computed::Known))
}

/// Text as the wire holds it: composed.
fn text() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| tf_value::nfc(&text).into_owned())
}

fn bus() -> impl Strategy<Value = Bus> {
    prop::sample::select(Bus::ALL.to_vec())
}

fn disk() -> impl Strategy<Value = Disk> + Clone {
    let id = prop_oneof![Just(Computed::Unknown), any::<u8>().prop_map(Computed::Known)];
    let bus = prop_oneof![Just(Bus::Scsi), Just(Bus::VirtioBlk)];
    (any::<u32>(), bus, id).prop_map(|(size, bus, id)| Disk { size, bus, id })
}

/// Disks whose every member is known, for sets: two unknowns are not one.
fn known_disks() -> impl Strategy<Value = BTreeSet<Disk>> {
    let known = (any::<u32>(), bus(), any::<u8>());
    prop::collection::btree_set(known.prop_map(|(size, bus, id)| Disk { size, bus, id: id.into() }), 0..4)
}

fn timeouts() -> impl Strategy<Value = Timeouts> {
    let duration = || {
        proptest::option::of(
            (1..90u32).prop_map(|minutes| format!("{minutes}m").parse().expect("a duration")),
        )
    };
    (duration(), duration()).prop_map(|(create, delete): (Option<GoDuration>, Option<GoDuration>)| Timeouts {
        create,
        delete,
        ..Timeouts::default()
    })
}

prop_compose! {
    fn primitives()(
        text in text(),
        truth in any::<bool>(),
        small in any::<i8>(),
        large in any::<u64>(),
        fraction in -1e12..1e12f64,
        exact in any::<i64>(),
        perhaps in proptest::option::of(any::<u32>()),
        filled in computed(text()),
        nullable in computed(proptest::option::of(text())),
        cores in any::<u16>(),
        bus in bus(),
    ) -> Everything {
        Everything {
            token: Sensitive::new(text.clone()),
            renamed: text.clone(),
            r#type: text.clone(),
            text,
            truth,
            small,
            large,
            fraction,
            exact: Number::from(exact),
            perhaps,
            computed: filled,
            computed_null: nullable,
            cores,
            bus,
            ..nothing()
        }
    }
}

prop_compose! {
    fn everything()(
        rest in primitives(),
        list in prop::collection::vec(text(), 0..4),
        set in prop::collection::btree_set(any::<i64>(), 0..4),
        map in prop::collection::btree_map(text(), any::<Option<bool>>(), 0..4),
        object in disk(),
        perhaps_object in proptest::option::of(disk()),
        objects in prop::collection::vec(disk(), 0..4),
        by_name in prop::collection::btree_map("[a-z]{1,4}", disk(), 0..4),
        set_of in known_disks(),
        many in prop::collection::vec(disk(), 0..4),
        unordered in known_disks(),
        timeouts in proptest::option::of(timeouts()),
    ) -> Everything {
        Everything {
            one: perhaps_object.clone(),
            list, set, map, object, perhaps_object, objects, by_name, set_of, many, unordered, timeouts,
            ..rest
        }
    }
}

fn nothing() -> Everything {
    Everything {
        text: String::new(),
        truth: false,
        small: 0,
        large: 0,
        fraction: 0.0,
        exact: Number::from(0),
        perhaps: None,
        computed: Computed::Unknown,
        computed_null: Computed::Unknown,
        cores: 0,
        secret: WriteOnly::default(),
        token: Sensitive::default(),
        any: Value::Null,
        bus: Bus::Scsi,
        renamed: String::new(),
        r#type: String::new(),
        list: Vec::new(),
        set: BTreeSet::new(),
        map: BTreeMap::new(),
        object: Disk { size: 1, bus: Bus::Scsi, id: Computed::Unknown },
        perhaps_object: None,
        objects: Vec::new(),
        by_name: BTreeMap::new(),
        set_of: BTreeSet::new(),
        one: None,
        many: Vec::new(),
        unordered: BTreeSet::new(),
        timeouts: None,
    }
}

fn members(value: Value) -> BTreeMap<String, Value> {
    tf_framework::model::members(value).expect("an object")
}

/// The names of all members, blocks among them.
fn names() -> Vec<String> {
    let block = Everything::block();
    block.attributes.into_keys().chain(block.blocks.into_keys()).collect()
}

// === properties ===

proptest! {
    #[test]
    fn what_is_written_reads_back(model in everything()) {
        let object = model.to_object();
        prop_assert_eq!(object.conforms(&Everything::block().value_type()), Ok(()));
        prop_assert_eq!(Everything::from_object(object), Ok(model));
    }

    #[test]
    fn the_wire_changes_nothing(model in everything()) {
        let ty = Everything::block().value_type();
        let bytes = msgpack::encode(&model.to_object(), &ty).expect("the model writes its own type");
        let object = msgpack::decode(&bytes, &ty).expect("what was encoded decodes");
        prop_assert_eq!(Everything::from_object(object), Ok(model));
    }

    #[test]
    fn every_member_is_written(model in everything()) {
        let written: BTreeSet<String> = members(model.to_object()).into_keys().collect();
        prop_assert_eq!(written, names().into_iter().collect::<BTreeSet<_>>());
    }

    #[test]
    fn unknown_members_are_ignored(model in everything(), extra in text()) {
        let mut object = members(model.to_object());
        object.insert(format!("{extra}-of-another-version"), Value::from(extra));
        prop_assert_eq!(Everything::from_object(Value::Object(object)), Ok(model));
    }

    #[test]
    fn a_member_that_does_not_fit_is_named(model in everything(), index in any::<prop::sample::Index>()) {
        let names: Vec<String> =
            names().into_iter().filter(|name| name != "any").collect();
        let name = index.get(&names);
        let mut object = members(model.to_object());
        // Fits nothing but what is untyped.
        object.insert(name.clone(), Value::Object(BTreeMap::from([("not".to_owned(), Value::Tuple(Vec::new()))])));
        let mismatch = Everything::from_object(Value::Object(object));
        let named = |path: Path| path.starts_with(&Path::root().attribute(name.as_str()));
        match mismatch {
            Err(mismatch) => prop_assert!(named(mismatch.path()), "{name}: {mismatch}"),
            // An object whose members may all be left out.
            Ok(_) => prop_assert_eq!(name, "timeouts"),
        }
    }

    #[test]
    fn the_twin_knows_what_is_known(model in everything(), unknown in any::<[bool; 4]>()) {
        let mut object = members(model.to_object());
        for (name, unknown) in ["text", "objects", "perhaps", "one"].into_iter().zip(unknown) {
            if unknown {
                object.insert(name.to_owned(), Value::UNKNOWN);
            }
        }
        let twin = <Everything as Model>::partial(&Value::Object(object)).expect("unknown members fit");
        let expected = if unknown[0] { Field::Unknown } else { Field::Known(model.text.clone()) };
        prop_assert_eq!(twin.text, expected);
        prop_assert_eq!(twin.objects.is_unknown(), unknown[1]);
        let perhaps = match (unknown[2], model.perhaps) {
            (true, _) => Field::Unknown,
            (false, None) => Field::Null,
            (false, Some(number)) => Field::Known(number),
        };
        prop_assert_eq!(twin.perhaps, perhaps);
        prop_assert_eq!(twin.one.is_unknown(), unknown[3]);
        prop_assert!(twin.secret.is_null());
        prop_assert_eq!(twin.computed.is_unknown(), model.computed == Computed::Unknown);
        if let Field::Known(disks) = twin.objects {
            for (disk, original) in disks.iter().zip(&model.objects) {
                let size = disk.known().and_then(|disk| disk.size.known());
                prop_assert_eq!(size, Some(&original.size));
            }
        }
    }
}

// === single facts ===

#[test]
fn all_members_may_be_unknown_or_null_in_the_twin() {
    let all = |value: Value| Value::Object(names().into_iter().map(|name| (name, value.clone())).collect());
    let unknown = <Everything as Model>::partial(&all(Value::UNKNOWN)).expect("everything may be unknown");
    assert!(unknown.text.is_unknown() && unknown.object.is_unknown() && unknown.many.is_unknown());
    let null = <Everything as Model>::partial(&all(Value::Null)).expect("everything may be null");
    assert!(null.text.is_null() && null.object.is_null() && null.timeouts.is_null());
    let missing = <Everything as Model>::partial(&Value::Object(BTreeMap::new())).expect("nothing is null");
    assert!(missing.text.is_null());
}

#[test]
fn only_an_object_is_a_model() {
    for value in [Value::Null, Value::UNKNOWN, Value::from("text"), Value::List(Vec::new())] {
        assert!(Disk::from_object(value.clone()).is_err(), "{}", value.kind());
        assert!(<Disk as Model>::partial(&value).is_err(), "{}", value.kind());
    }
}

#[test]
fn null_is_refused_where_there_is_nothing_to_hold_it() {
    let mut object = members(nothing().to_object());
    object.insert("text".to_owned(), Value::Null);
    let mismatch = Everything::from_object(Value::Object(object)).expect_err("text is required");
    assert_eq!(mismatch.to_string(), "text: expected a string, found null");
}

#[test]
fn state_older_than_an_attribute_reads_as_its_default() {
    let mut object = members(nothing().to_object());
    object.remove("cores");
    object.insert("object".to_owned(), Value::object([("size", Value::from(5)), ("bus", Value::Null)]));
    let model = Everything::from_object(Value::Object(object)).expect("the defaults fill in");
    assert_eq!(model.cores, 2);
    assert_eq!(model.object, Disk { size: 5, bus: Bus::Scsi, id: Computed::Unknown });
}

#[test]
fn absent_blocks_are_empty() {
    let mut object = members(nothing().to_object());
    object.insert("many".to_owned(), Value::Null);
    object.remove("unordered");
    object.remove("one");
    let model = Everything::from_object(Value::Object(object)).expect("blocks may be absent");
    assert_eq!((model.one, model.many.len(), model.unordered.len()), (None, 0, 0));
}

#[test]
fn a_secret_of_configuration_is_read_but_never_written() {
    let mut object = members(nothing().to_object());
    object.insert("secret".to_owned(), Value::from("canary"));
    let model = Everything::from_object(Value::Object(object)).expect("it fits");
    assert_eq!(model.secret.get().map(String::as_str), Some("canary"));
    assert_eq!(model.to_object().get("secret"), Some(&Value::Null));
    assert!(!format!("{model:?}").contains("canary"));
}

#[test]
fn a_misfit_deep_inside_is_named_by_its_path() {
    let mut object = members(nothing().to_object());
    let disk = Value::object([("size", Value::from("large")), ("bus", Value::Null), ("id", Value::UNKNOWN)]);
    object.insert("by_name".to_owned(), Value::Map(BTreeMap::from([("root".to_owned(), disk)])));
    let mismatch = Everything::from_object(Value::Object(object)).expect_err("text is no size");
    assert_eq!(mismatch.path().to_string(), "by_name[\"root\"].size");
}

#[test]
fn the_words_of_a_choice_are_those_of_its_attribute() {
    for bus in Bus::ALL {
        assert_eq!(bus.as_str().parse(), Ok(bus));
        assert_eq!(Bus::from_value(bus.to_value()), Ok(bus));
    }
    let error = "ide".parse::<Bus>().expect_err("no such bus");
    assert_eq!(error.to_string(), "expected \"scsi\", \"virtio_blk\"");
    assert_eq!(format!("{:>6}", Bus::Scsi), "  scsi");
}

#[test]
fn a_model_with_blocks_may_be_held_by_an_attribute() {
    let ty = Everything::attribute().value_type();
    assert_eq!(ty, Everything::block().value_type());
    assert_eq!(nothing().to_value().conforms(&ty), Ok(()));
}
