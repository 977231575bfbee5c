//! A small table with a field of every shape.

use catalogue::Table;
use catalogue::description::{
    Allocator, AllocatorParent, Availability, Choice, Field, Filter, FilterSuffixes, Format, Key, KeyPart,
    Kind, Literal, Nature, PairElement, Presence, Setter, Shape, TargetChoice,
};

const FIELD: Field = Field {
    name: "name",
    wire: "name",
    shape: Shape::Text { min: None, max: Some(20), format: Format::Plain },
    presence: Presence::Optional,
    nullable: false,
    default: None,
    replace: false,
    secret: false,
    unread: false,
    available: Availability::ALWAYS,
    description: "A field.",
};

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, wire: name, shape, ..FIELD }
}

const fn nullable(name: &'static str, shape: Shape) -> Field {
    Field { nullable: true, ..field(name, shape) }
}

const fn required(field: Field) -> Field {
    Field { presence: Presence::Required, ..field }
}

const fn text(format: Format) -> Shape {
    Shape::Text { min: None, max: Some(60), format }
}

const fn choice(value: &'static str) -> Choice {
    Choice { value, available: Availability::ALWAYS }
}

const NAME: Field = required(field("name", text(Format::Plain)));
const SLUG: Field = required(field("slug", text(Format::Slug)));

const fn filter(name: &'static str) -> Filter {
    Filter { name, suffixes: FilterSuffixes(0b10), available: Availability::ALWAYS }
}

const BY_SLUG: &[Key] = &[Key { parts: &[KeyPart { field: "slug", filter: "slug" }], enforced: true }];

const KIND: Kind = Kind {
    name: "owner",
    plural: "owners",
    label: "owner",
    path: "lab/owners",
    model: "lab.owner",
    subcategory: "Lab",
    description: "An owner.",
    available: Availability::ALWAYS,
    fields: &[NAME, SLUG],
    keys: BY_SLUG,
    lookup: &["slug", "name"],
    filters: &[filter("name"), filter("slug")],
    omit: &[],
    born_with: None,
    deletion: None,
    nature: Nature::NUMBERED,
};

pub(crate) static OWNER: Kind = KIND;

pub(crate) static TAG: Kind =
    Kind { name: "tag", plural: "tags", label: "tag", path: "lab/tags", model: "lab.tag", ..KIND };

pub(crate) static POOL: Kind =
    Kind { name: "pool", plural: "pools", label: "pool", path: "lab/pools", model: "lab.pool", ..KIND };

pub(crate) static SEAT: Kind = Kind {
    name: "seat",
    plural: "seats",
    label: "seat",
    path: "lab/seats",
    model: "lab.seat",
    fields: &[
        required(field("number", Shape::Integer { min: Some(1), max: None })),
        field("description", text(Format::Plain)),
        field("tags", Shape::Tags),
    ],
    keys: &[],
    lookup: &[],
    filters: &[filter("number")],
    ..KIND
};

pub(crate) static WIDGET: Kind = Kind {
    name: "widget",
    plural: "widgets",
    label: "widget",
    path: "lab/widgets",
    model: "lab.widget",
    fields: &[
        NAME,
        SLUG,
        field("description", text(Format::Plain)),
        nullable("serial", text(Format::Plain)),
        Field { default: Some(Literal::Bool(false)), ..field("enabled", Shape::Bool) },
        nullable("flag", Shape::Bool),
        nullable("count_of", Shape::Integer { min: Some(0), max: Some(100) }),
        Field {
            default: Some(Literal::Integer(1000)),
            ..field("weight", Shape::Integer { min: None, max: None })
        },
        nullable("ratio", Shape::Decimal { min: Some("-1"), max: Some("90.5"), places: Some(2) }),
        Field {
            default: Some(Literal::Text("active")),
            ..field("status", Shape::Choice { values: &[choice("active"), choice("planned")] })
        },
        nullable(
            "face",
            Shape::Choice {
                values: &[choice("front"), Choice { value: "rear", available: Availability::since(4, 6) }],
            },
        ),
        nullable("width", Shape::IntegerChoice { values: &[10, 19, 23] }),
        nullable("data", Shape::Json),
        nullable("mac", text(Format::Mac)),
        field("network", text(Format::IpNetwork)),
        field("dns_name", text(Format::DnsName)),
        nullable("owner", Shape::Reference { target: "lab/owners" }),
        field("friends", Shape::References { target: "lab/owners" }),
        nullable(
            "scope",
            Shape::Target {
                type_key: "scope_type",
                id_key: "scope_id",
                of: &[
                    TargetChoice {
                        name: "owner",
                        model: "lab.owner",
                        kind: "lab/owners",
                        available: Availability::ALWAYS,
                    },
                    TargetChoice {
                        name: "tag",
                        model: "lab.tag",
                        kind: "lab/tags",
                        available: Availability::ALWAYS,
                    },
                ],
            },
        ),
        field("words", Shape::Texts { ordered: false, values: &[], format: Format::Plain }),
        field("ports", Shape::Integers { ordered: true }),
        field("ranges", Shape::Pairs { names: ["start", "end"], element: PairElement::Integer }),
        field(
            "parts",
            Shape::Objects {
                fields: &[NAME, nullable("size", Shape::Integer { min: None, max: None })],
                ordered: true,
            },
        ),
        Field { secret: true, ..field("password", text(Format::Plain)) },
        Field { secret: true, replace: true, ..field("seal", text(Format::Plain)) },
        Field { available: Availability::since(4, 6), ..field("modern", text(Format::Plain)) },
        Field { replace: true, nullable: true, ..field("model", text(Format::Plain)) },
        field("tags", Shape::Tags),
        field("custom_fields", Shape::CustomFields),
    ],
    filters: &[filter("name"), filter("slug"), filter("status")],
    born_with: Some("nothing at all"),
    ..KIND
};

/// Known by a text, in a place, with an object inside.
pub(crate) static ALIAS: Kind = Kind {
    name: "alias",
    plural: "aliases",
    label: "alias",
    path: "lab/aliases",
    model: "lab.alias",
    fields: &[
        Field { replace: true, ..required(field("vault", Shape::Integer { min: Some(1), max: None })) },
        Field { replace: true, ..NAME },
        nullable("comment", text(Format::Plain)),
        nullable("count_of", Shape::Integer { min: Some(0), max: Some(100) }),
        nullable("flag", Shape::Bool),
        nullable("words", Shape::Texts { ordered: false, values: &[], format: Format::Plain }),
        nullable("keep", Shape::Object { fields: KEEP }),
        nullable("ranges", Shape::Objects { fields: KEEP, ordered: true }),
        Field { secret: true, ..nullable("password", text(Format::Plain)) },
    ],
    keys: &[],
    lookup: &[],
    filters: &[],
    nature: Nature::named(&["vault", "name"], 1),
    ..KIND
};

const KEEP: &[Field] = &[
    required(field("last", Shape::Integer { min: Some(0), max: None })),
    nullable("note", text(Format::Plain)),
    Field { default: Some(Literal::Bool(false)), ..nullable("all", Shape::Bool) },
    nullable("days", Shape::Texts { ordered: true, values: &[], format: Format::Plain }),
];

/// Always there.
pub(crate) static SETTINGS: Kind = Kind {
    name: "settings",
    plural: "",
    label: "settings",
    path: "lab/settings",
    model: "lab.settings",
    fields: &[
        nullable("comment", text(Format::Plain)),
        nullable("count_of", Shape::Integer { min: Some(0), max: Some(100) }),
        nullable("keep", Shape::Object { fields: KEEP }),
    ],
    keys: &[],
    lookup: &[],
    filters: &[],
    nature: Nature::only("settings"),
    ..KIND
};

static SETTERS: &[Setter] = &[Setter {
    name: "widget_owner",
    kind: "lab/widgets",
    object: "widget",
    fields: &[nullable("owner", Shape::Reference { target: "lab/owners" })],
    description: "Keeps the owner of a widget.",
}];

static ALLOCATORS: &[Allocator] = &[Allocator {
    name: "free_seat",
    kind: "lab/seats",
    parents: &[AllocatorParent { name: "pool", kind: "lab/pools", endpoint: "free" }],
    decided: &["number"],
    request: &[],
    description: "Takes the next free seat.",
}];

pub(crate) static TABLE: Table =
    Table::new(&[&OWNER, &TAG, &POOL, &SEAT, &WIDGET, &ALIAS, &SETTINGS], SETTERS, ALLOCATORS)
        .labelled_by("lab/tags", "lab/custom-fields")
        .preceded_by(|provider, name| {
            (provider == "registry.terraform.io/old/lab").then(|| name.replace("old_", ""))
        });
