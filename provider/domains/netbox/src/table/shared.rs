//! What many kinds share.
// Generated from NetBox's OpenAPI documents and the overrides beside the generator; do not edit. To make it again:
// cargo run -p netbox-table -- generate --out provider/domains/netbox/src/table <documents>

pub(super) use catalogue::description::{
    Allocator, AllocatorParent, Availability, Choice, Field, Filter, FilterSuffixes, Format, Key, KeyPart, Kind, Literal,
    Nature, PairElement, Presence, Setter, Shape, TargetChoice, Version,
};

/// An optional field that is there in every release.
pub(super) const fn field(name: &'static str, shape: Shape, description: &'static str) -> Field {
    Field {
        name,
        wire: name,
        shape,
        presence: Presence::Optional,
        nullable: false,
        default: None,
        replace: false,
        secret: false,
        unread: false,
        available: Availability::ALWAYS,
        description,
    }
}

/// A filter that is there in every release.
pub(super) const fn filter(name: &'static str, suffixes: u32) -> Filter {
    Filter { name, suffixes: FilterSuffixes(suffixes), available: Availability::ALWAYS }
}

/// A value that is there in every release.
pub(super) const fn value(value: &'static str) -> Choice {
    Choice { value, available: Availability::ALWAYS }
}

/// A kind that may be pointed to in every release.
pub(super) const fn target(name: &'static str, model: &'static str, kind: &'static str) -> TargetChoice {
    TargetChoice { name, model, kind, available: Availability::ALWAYS }
}

pub(super) const AIRFLOW_VALUES: &[Choice] = &[value("front-to-rear"), value("rear-to-front"), value("left-to-right"), value("right-to-left"), value("side-to-rear"), value("rear-to-side"), value("bottom-to-top"), value("top-to-bottom"), value("passive"), value("mixed")];

pub(super) const AUTHENTICATION_ALGORITHM_VALUES: &[Choice] = &[value("hmac-sha1"), value("hmac-sha256"), value("hmac-sha384"), value("hmac-sha512"), value("hmac-md5")];

pub(super) const AUTH_TYPE_VALUES: &[Choice] = &[value("open"), value("wep"), value("wpa-personal"), value("wpa-enterprise")];

pub(super) const COOLING_METHOD_VALUES: &[Choice] = &[value("air"), value("liquid"), value("hybrid"), value("immersion")];

pub(super) const DISTANCE_UNIT_VALUES: &[Choice] = &[value("km"), value("m"), value("mi"), value("ft")];

pub(super) const ENCRYPTION_ALGORITHM_VALUES: &[Choice] = &[value("aes-128-cbc"), value("aes-128-gcm"), value("aes-192-cbc"), value("aes-192-gcm"), value("aes-256-cbc"), value("aes-256-gcm"), value("3des-cbc"), value("des-cbc")];

pub(super) const FORM_FACTOR_VALUES: &[Choice] = &[value("2-post-frame"), value("4-post-frame"), value("4-post-cabinet"), value("wall-frame"), value("wall-frame-vertical"), value("wall-cabinet"), value("wall-cabinet-vertical")];

pub(super) const MODE_VALUES: &[Choice] = &[value("access"), value("tagged"), value("tagged-all"), Choice { available: Availability::since(4, 2), ..value("q-in-q") }];

pub(super) const POE_TYPE_VALUES: &[Choice] = &[value("type1-ieee802.3af"), value("type2-ieee802.3at"), value("type3-ieee802.3bt"), value("type4-ieee802.3bt"), value("passive-24v-2pair"), value("passive-24v-4pair"), value("passive-48v-2pair"), value("passive-48v-4pair")];

pub(super) const PRIORITY_VALUES: &[Choice] = &[value("primary"), value("secondary"), value("tertiary"), value("inactive")];

pub(super) const SCOPE_TARGETS: &[TargetChoice] = &[target("location", "dcim.location", "dcim/locations"), target("region", "dcim.region", "dcim/regions"), target("site", "dcim.site", "dcim/sites"), target("site_group", "dcim.sitegroup", "dcim/site-groups")];

pub(super) const STATUS_VALUES_1: &[Choice] = &[value("offline"), value("active"), value("planned"), value("failed")];

pub(super) const STATUS_VALUES_2: &[Choice] = &[value("offline"), value("active"), value("planned"), value("staged"), value("failed"), value("decommissioning")];

pub(super) const STATUS_VALUES_3: &[Choice] = &[value("planned"), value("provisioning"), value("active"), value("offline"), value("deprovisioning"), value("decommissioned")];

pub(super) const STATUS_VALUES_4: &[Choice] = &[value("planned"), value("staging"), value("active"), value("decommissioning"), value("retired")];

pub(super) const TYPE_VALUES_1: &[Choice] = &[value("8p8c"), value("8p6c"), value("8p4c"), value("8p2c"), value("6p6c"), value("6p4c"), value("6p2c"), value("4p4c"), value("4p2c"), value("gg45"), value("tera-4p"), value("tera-2p"), value("tera-1p"), value("110-punch"), value("bnc"), value("f"), value("n"), value("mrj21"), value("fc"), Choice { available: Availability::since(4, 2), ..value("fc-pc") }, Choice { available: Availability::since(4, 2), ..value("fc-upc") }, Choice { available: Availability::since(4, 2), ..value("fc-apc") }, value("lc"), value("lc-pc"), value("lc-upc"), value("lc-apc"), Choice { available: Availability::since(4, 6), ..value("mu") }, Choice { available: Availability::since(4, 6), ..value("mu-pc") }, Choice { available: Availability::since(4, 6), ..value("mu-upc") }, Choice { available: Availability::since(4, 6), ..value("mu-apc") }, value("lsh"), value("lsh-pc"), value("lsh-upc"), value("lsh-apc"), value("lx5"), value("lx5-pc"), value("lx5-upc"), value("lx5-apc"), value("mpo"), value("mtrj"), value("sc"), value("sc-pc"), value("sc-upc"), value("sc-apc"), value("st"), value("cs"), value("sn"), Choice { available: Availability::since(4, 6), ..value("mdc") }, value("sma-905"), value("sma-906"), value("urm-p2"), value("urm-p4"), value("urm-p8"), value("splice"), value("usb-a"), value("usb-b"), value("usb-c"), value("usb-mini-a"), value("usb-mini-b"), value("usb-micro-a"), value("usb-micro-b"), value("usb-micro-ab"), value("other")];

pub(super) const TYPE_VALUES_2: &[Choice] = &[value("de-9"), value("db-25"), value("rj-11"), value("rj-12"), value("rj-45"), value("mini-din-8"), value("usb-a"), value("usb-b"), value("usb-c"), value("usb-mini-a"), value("usb-mini-b"), value("usb-micro-a"), value("usb-micro-b"), value("usb-micro-ab"), value("other")];

pub(super) const TYPE_VALUES_3: &[Choice] = &[value("iec-60320-c5"), value("iec-60320-c7"), value("iec-60320-c13"), value("iec-60320-c15"), Choice { available: Availability::since(4, 3), ..value("iec-60320-c17") }, value("iec-60320-c19"), value("iec-60320-c21"), value("iec-60309-p-n-e-4h"), value("iec-60309-p-n-e-6h"), value("iec-60309-p-n-e-9h"), value("iec-60309-2p-e-4h"), value("iec-60309-2p-e-6h"), value("iec-60309-2p-e-9h"), value("iec-60309-3p-e-4h"), value("iec-60309-3p-e-6h"), value("iec-60309-3p-e-9h"), value("iec-60309-3p-n-e-4h"), value("iec-60309-3p-n-e-6h"), value("iec-60309-3p-n-e-9h"), value("iec-60906-1"), value("nbr-14136-10a"), value("nbr-14136-20a"), value("nema-1-15r"), value("nema-5-15r"), value("nema-5-20r"), value("nema-5-30r"), value("nema-5-50r"), value("nema-6-15r"), value("nema-6-20r"), value("nema-6-30r"), value("nema-6-50r"), value("nema-10-30r"), value("nema-10-50r"), value("nema-14-20r"), value("nema-14-30r"), value("nema-14-50r"), value("nema-14-60r"), value("nema-15-15r"), value("nema-15-20r"), value("nema-15-30r"), value("nema-15-50r"), value("nema-15-60r"), value("nema-l1-15r"), value("nema-l5-15r"), value("nema-l5-20r"), value("nema-l5-30r"), value("nema-l5-50r"), value("nema-l6-15r"), value("nema-l6-20r"), value("nema-l6-30r"), value("nema-l6-50r"), value("nema-l10-30r"), value("nema-l14-20r"), value("nema-l14-30r"), value("nema-l14-50r"), value("nema-l14-60r"), value("nema-l15-20r"), value("nema-l15-30r"), value("nema-l15-50r"), value("nema-l15-60r"), value("nema-l21-20r"), value("nema-l21-30r"), value("nema-l22-20r"), value("nema-l22-30r"), value("CS6360C"), value("CS6364C"), value("CS8164C"), value("CS8264C"), value("CS8364C"), value("CS8464C"), value("ita-e"), value("ita-f"), value("ita-g"), value("ita-h"), value("ita-i"), value("ita-j"), value("ita-k"), value("ita-l"), value("ita-m"), value("ita-n"), value("ita-o"), value("ita-multistandard"), value("usb-a"), value("usb-micro-b"), value("usb-c"), value("molex-micro-fit-1x2"), value("molex-micro-fit-2x2"), Choice { available: Availability::since(4, 4), ..value("molex-micro-fit-2x3") }, value("molex-micro-fit-2x4"), value("dc-terminal"), value("eaton-c39"), value("hdot-cx"), value("saf-d-grid"), value("neutrik-powercon-20a"), value("neutrik-powercon-32a"), value("neutrik-powercon-true1"), value("neutrik-powercon-true1-top"), value("ubiquiti-smartpower"), value("hardwired"), value("other")];

pub(super) const TYPE_VALUES_4: &[Choice] = &[value("iec-60320-c6"), value("iec-60320-c8"), value("iec-60320-c14"), value("iec-60320-c16"), Choice { available: Availability::since(4, 3), ..value("iec-60320-c18") }, value("iec-60320-c20"), value("iec-60320-c22"), value("iec-60309-p-n-e-4h"), value("iec-60309-p-n-e-6h"), value("iec-60309-p-n-e-9h"), value("iec-60309-2p-e-4h"), value("iec-60309-2p-e-6h"), value("iec-60309-2p-e-9h"), value("iec-60309-3p-e-4h"), value("iec-60309-3p-e-6h"), value("iec-60309-3p-e-9h"), value("iec-60309-3p-n-e-4h"), value("iec-60309-3p-n-e-6h"), value("iec-60309-3p-n-e-9h"), value("iec-60906-1"), value("nbr-14136-10a"), value("nbr-14136-20a"), value("nema-1-15p"), value("nema-5-15p"), value("nema-5-20p"), value("nema-5-30p"), value("nema-5-50p"), value("nema-6-15p"), value("nema-6-20p"), value("nema-6-30p"), value("nema-6-50p"), value("nema-10-30p"), value("nema-10-50p"), value("nema-14-20p"), value("nema-14-30p"), value("nema-14-50p"), value("nema-14-60p"), value("nema-15-15p"), value("nema-15-20p"), value("nema-15-30p"), value("nema-15-50p"), value("nema-15-60p"), value("nema-l1-15p"), value("nema-l5-15p"), value("nema-l5-20p"), value("nema-l5-30p"), value("nema-l5-50p"), value("nema-l6-15p"), value("nema-l6-20p"), value("nema-l6-30p"), value("nema-l6-50p"), value("nema-l10-30p"), value("nema-l14-20p"), value("nema-l14-30p"), value("nema-l14-50p"), value("nema-l14-60p"), value("nema-l15-20p"), value("nema-l15-30p"), value("nema-l15-50p"), value("nema-l15-60p"), value("nema-l21-20p"), value("nema-l21-30p"), value("nema-l22-20p"), value("nema-l22-30p"), value("cs6361c"), value("cs6365c"), value("cs8165c"), value("cs8265c"), value("cs8365c"), value("cs8465c"), value("ita-c"), value("ita-e"), value("ita-f"), value("ita-ef"), value("ita-g"), value("ita-h"), value("ita-i"), value("ita-j"), value("ita-k"), value("ita-l"), value("ita-m"), value("ita-n"), value("ita-o"), value("usb-a"), value("usb-b"), value("usb-c"), value("usb-mini-a"), value("usb-mini-b"), value("usb-micro-a"), value("usb-micro-b"), value("usb-micro-ab"), value("usb-3-b"), value("usb-3-micro-b"), value("molex-micro-fit-1x2"), value("molex-micro-fit-2x2"), Choice { available: Availability::since(4, 4), ..value("molex-micro-fit-2x3") }, value("molex-micro-fit-2x4"), value("dc-terminal"), value("saf-d-grid"), value("neutrik-powercon-20"), value("neutrik-powercon-32"), value("neutrik-powercon-true1"), value("neutrik-powercon-true1-top"), value("ubiquiti-smartpower"), value("hardwired"), value("other")];

pub(super) const TYPE_VALUES_5: &[Choice] = &[value("uqd"), value("uqdb"), value("qdc"), value("camlock"), value("npt"), value("bsp"), value("proprietary")];

pub(super) const TYPE_VALUES_6: &[Choice] = &[value("virtual"), value("bridge"), value("lag"), Choice { available: Availability::since(4, 7), ..value("channel") }, value("100base-fx"), value("100base-lfx"), value("100base-tx"), value("100base-t1"), Choice { available: Availability::since(4, 4), ..value("1000base-bx10-d") }, Choice { available: Availability::since(4, 4), ..value("1000base-bx10-u") }, Choice { available: Availability::since(4, 4), ..value("1000base-cwdm") }, Choice { available: Availability::since(4, 4), ..value("1000base-cx") }, Choice { available: Availability::since(4, 4), ..value("1000base-dwdm") }, Choice { available: Availability::since(4, 4), ..value("1000base-ex") }, Choice { available: Availability::since(4, 4), ..value("1000base-lsx") }, value("1000base-lx"), Choice { available: Availability::since(4, 4), ..value("1000base-lx10") }, Choice { available: Availability::since(4, 3), ..value("1000base-sx") }, value("1000base-t"), value("1000base-tx"), Choice { available: Availability::since(4, 4), ..value("1000base-zx") }, value("2.5gbase-t"), value("5gbase-t"), Choice { available: Availability::since(4, 4), ..value("10gbase-br-d") }, Choice { available: Availability::since(4, 4), ..value("10gbase-br-u") }, Choice { available: Availability::since(4, 5), ..value("10gbase-cu") }, value("10gbase-cx4"), Choice { available: Availability::since(4, 4), ..value("10gbase-er") }, Choice { available: Availability::since(4, 4), ..value("10gbase-lr") }, Choice { available: Availability::since(4, 4), ..value("10gbase-lrm") }, Choice { available: Availability::since(4, 4), ..value("10gbase-lx4") }, Choice { available: Availability::since(4, 4), ..value("10gbase-sr") }, value("10gbase-t"), Choice { available: Availability::since(4, 4), ..value("10gbase-zr") }, Choice { available: Availability::since(4, 4), ..value("25gbase-cr") }, Choice { available: Availability::since(4, 4), ..value("25gbase-er") }, Choice { available: Availability::since(4, 4), ..value("25gbase-lr") }, Choice { available: Availability::since(4, 4), ..value("25gbase-sr") }, Choice { available: Availability::since(4, 4), ..value("25gbase-t") }, Choice { available: Availability::since(4, 4), ..value("40gbase-cr4") }, Choice { available: Availability::since(4, 4), ..value("40gbase-er4") }, Choice { available: Availability::since(4, 4), ..value("40gbase-fr4") }, Choice { available: Availability::since(4, 4), ..value("40gbase-lr4") }, Choice { available: Availability::since(4, 4), ..value("40gbase-sr4") }, Choice { available: Availability::since(4, 5), ..value("40gbase-sr4-bd") }, Choice { available: Availability::since(4, 4), ..value("50gbase-cr") }, Choice { available: Availability::since(4, 4), ..value("50gbase-er") }, Choice { available: Availability::since(4, 4), ..value("50gbase-fr") }, Choice { available: Availability::since(4, 4), ..value("50gbase-lr") }, Choice { available: Availability::since(4, 4), ..value("50gbase-sr") }, Choice { available: Availability::since(4, 4), ..value("100gbase-cr1") }, Choice { available: Availability::since(4, 4), ..value("100gbase-cr2") }, Choice { available: Availability::since(4, 4), ..value("100gbase-cr4") }, Choice { available: Availability::since(4, 4), ..value("100gbase-cr10") }, Choice { available: Availability::since(4, 4), ..value("100gbase-cwdm4") }, Choice { available: Availability::since(4, 4), ..value("100gbase-dr") }, Choice { available: Availability::since(4, 4), ..value("100gbase-er4") }, Choice { available: Availability::since(4, 4), ..value("100gbase-fr1") }, Choice { available: Availability::since(4, 4), ..value("100gbase-lr1") }, Choice { available: Availability::since(4, 4), ..value("100gbase-lr4") }, Choice { available: Availability::since(4, 4), ..value("100gbase-sr1") }, Choice { available: Availability::since(4, 4), ..value("100gbase-sr1.2") }, Choice { available: Availability::since(4, 4), ..value("100gbase-sr2") }, Choice { available: Availability::since(4, 4), ..value("100gbase-sr4") }, Choice { available: Availability::since(4, 4), ..value("100gbase-sr10") }, Choice { available: Availability::since(4, 4), ..value("100gbase-zr") }, Choice { available: Availability::since(4, 4), ..value("200gbase-cr2") }, Choice { available: Availability::since(4, 4), ..value("200gbase-cr4") }, Choice { available: Availability::since(4, 4), ..value("200gbase-dr4") }, Choice { available: Availability::since(4, 4), ..value("200gbase-er4") }, Choice { available: Availability::since(4, 4), ..value("200gbase-fr4") }, Choice { available: Availability::since(4, 4), ..value("200gbase-lr4") }, Choice { available: Availability::since(4, 4), ..value("200gbase-sr2") }, Choice { available: Availability::since(4, 4), ..value("200gbase-sr4") }, Choice { available: Availability::since(4, 4), ..value("200gbase-vr2") }, Choice { available: Availability::since(4, 4), ..value("400gbase-cr4") }, Choice { available: Availability::since(4, 4), ..value("400gbase-dr4") }, Choice { available: Availability::since(4, 4), ..value("400gbase-er8") }, Choice { available: Availability::since(4, 4), ..value("400gbase-fr4") }, Choice { available: Availability::since(4, 4), ..value("400gbase-fr8") }, Choice { available: Availability::since(4, 4), ..value("400gbase-lr4") }, Choice { available: Availability::since(4, 4), ..value("400gbase-lr8") }, Choice { available: Availability::since(4, 4), ..value("400gbase-sr4") }, Choice { available: Availability::since(4, 4), ..value("400gbase-sr4_2") }, Choice { available: Availability::since(4, 4), ..value("400gbase-sr8") }, Choice { available: Availability::since(4, 4), ..value("400gbase-sr16") }, Choice { available: Availability::since(4, 4), ..value("400gbase-vr4") }, Choice { available: Availability::since(4, 4), ..value("400gbase-zr") }, Choice { available: Availability::since(4, 4), ..value("800gbase-cr8") }, Choice { available: Availability::since(4, 4), ..value("800gbase-dr8") }, Choice { available: Availability::since(4, 4), ..value("800gbase-sr8") }, Choice { available: Availability::since(4, 4), ..value("800gbase-vr8") }, Choice { available: Availability::since(4, 5), ..value("1.6tbase-cr8") }, Choice { available: Availability::since(4, 5), ..value("1.6tbase-dr8") }, Choice { available: Availability::since(4, 5), ..value("1.6tbase-dr8-2") }, value("100base-x-sfp"), value("1000base-x-gbic"), value("1000base-x-sfp"), Choice { available: Availability::since(4, 5), ..value("2.5gbase-x-sfp") }, value("10gbase-x-sfpp"), value("10gbase-x-xenpak"), value("10gbase-x-xfp"), value("10gbase-x-x2"), value("25gbase-x-sfp28"), value("40gbase-x-qsfpp"), value("50gbase-x-sfp28"), value("50gbase-x-sfp56"), value("100gbase-x-cfp"), value("100gbase-x-cfp2"), value("100gbase-x-cfp4"), value("100gbase-x-cxp"), value("100gbase-x-cpak"), value("100gbase-x-dsfp"), value("100gbase-x-qsfp28"), value("100gbase-x-qsfpdd"), value("100gbase-x-sfpdd"), value("200gbase-x-cfp2"), value("200gbase-x-qsfp56"), value("200gbase-x-qsfpdd"), value("400gbase-x-qsfp112"), value("400gbase-x-qsfpdd"), value("400gbase-x-cdfp"), value("400gbase-x-cfp2"), value("400gbase-x-cfp8"), value("400gbase-x-osfp"), value("400gbase-x-osfp-rhs"), value("800gbase-x-osfp"), value("800gbase-x-qsfpdd"), Choice { available: Availability::since(4, 5), ..value("1.6tbase-x-osfp1600") }, Choice { available: Availability::since(4, 5), ..value("1.6tbase-x-osfp1600-rhs") }, Choice { available: Availability::since(4, 5), ..value("1.6tbase-x-qsfpdd1600") }, value("1000base-kx"), value("2.5gbase-kx"), value("5gbase-kr"), value("10gbase-kr"), value("10gbase-kx4"), value("25gbase-kr"), value("40gbase-kr4"), value("50gbase-kr"), value("100gbase-kp4"), value("100gbase-kr2"), value("100gbase-kr4"), Choice { available: Availability::since(4, 5), ..value("1.6tbase-kr8") }, value("ieee802.11a"), value("ieee802.11g"), value("ieee802.11n"), value("ieee802.11ac"), value("ieee802.11ad"), value("ieee802.11ax"), value("ieee802.11ay"), value("ieee802.11be"), value("ieee802.15.1"), value("ieee802.15.4"), value("other-wireless"), value("gsm"), value("cdma"), value("lte"), value("4g"), value("5g"), value("sonet-oc3"), value("sonet-oc12"), value("sonet-oc48"), value("sonet-oc192"), value("sonet-oc768"), value("sonet-oc1920"), value("sonet-oc3840"), value("1gfc-sfp"), value("2gfc-sfp"), value("4gfc-sfp"), value("8gfc-sfpp"), value("16gfc-sfpp"), value("32gfc-sfp28"), value("32gfc-sfpp"), value("64gfc-qsfpp"), value("64gfc-sfpdd"), value("64gfc-sfpp"), value("128gfc-qsfp28"), value("infiniband-sdr"), value("infiniband-ddr"), value("infiniband-qdr"), value("infiniband-fdr10"), value("infiniband-fdr"), value("infiniband-edr"), value("infiniband-hdr"), value("infiniband-ndr"), value("infiniband-xdr"), value("t1"), value("e1"), value("t3"), value("e3"), value("xdsl"), value("docsis"), Choice { available: Availability::since(4, 2), ..value("moca") }, value("bpon"), value("epon"), value("10g-epon"), value("gpon"), value("xg-pon"), value("xgs-pon"), value("ng-pon2"), value("25g-pon"), value("50g-pon"), value("cisco-stackwise"), value("cisco-stackwise-plus"), value("cisco-flexstack"), value("cisco-flexstack-plus"), value("cisco-stackwise-80"), value("cisco-stackwise-160"), value("cisco-stackwise-320"), value("cisco-stackwise-480"), value("cisco-stackwise-1t"), value("juniper-vcp"), value("extreme-summitstack"), value("extreme-summitstack-128"), value("extreme-summitstack-256"), value("extreme-summitstack-512"), value("other")];

pub(super) const WEIGHT_UNIT_VALUES: &[Choice] = &[value("kg"), value("g"), value("lb"), value("oz")];

pub(super) const COMMENTS_FIELD_1: Field = Field { available: Availability::since(4, 3), ..field("comments", Shape::Text { min: None, max: None, format: Format::Plain }, "Free text in Markdown.") };

pub(super) const COMMENTS_FIELD_2: Field = Field { available: Availability::since(4, 5), ..field("comments", Shape::Text { min: None, max: None, format: Format::Plain }, "Free text in Markdown.") };

pub(super) const COMMENTS_FIELD_3: Field = field("comments", Shape::Text { min: None, max: None, format: Format::Plain }, "Free text in Markdown.");

pub(super) const CUSTOM_FIELDS_FIELD: Field = field("custom_fields", Shape::CustomFields, "Values of custom fields, by their names. Fields that are not named are left as they are.");

pub(super) const DEVICE_TYPE_FIELD: Field = Field { nullable: true, replace: true, ..field("device_type", Shape::Reference { target: "dcim/device-types" }, "The type of device that has it. Given, unless `module_type` is.") };

pub(super) const DIAMETER_FIELD: Field = Field { nullable: true, ..field("diameter", Shape::Decimal { min: Some("0.01"), max: Some("999999.99"), places: Some(2) }, "The diameter of the connection.") };

pub(super) const DIAMETER_UNIT_FIELD: Field = Field { nullable: true, ..field("diameter_unit", Shape::Choice { values: &[value("mm"), value("cm"), value("in")] }, "The unit of the diameter.") };

pub(super) const FAMILY_FIELD: Field = Field { presence: Presence::ReadOnly, ..field("family", Shape::IntegerChoice { values: &[4, 6] }, "The version of the Internet Protocol, 4 or 6.") };

pub(super) const MARK_CONNECTED_FIELD: Field = Field { default: Some(Literal::Bool(false)), ..field("mark_connected", Shape::Bool, "Whether it counts as connected although no cable is there.") };

pub(super) const MAX_FLOW_UNIT_FIELD: Field = Field { nullable: true, ..field("max_flow_unit", Shape::Choice { values: &[value("lpm"), value("m3ph"), value("gpm")] }, "The unit of the flow.") };

pub(super) const MODEL_FIELD: Field = Field { presence: Presence::Required, ..field("model", Shape::Text { min: Some(1), max: Some(100), format: Format::Plain }, "The model's name, as its manufacturer calls it.") };

pub(super) const MODULE_BAY_TYPES_FIELD: Field = Field { available: Availability::since(4, 7), ..field("module_bay_types", Shape::References { target: "dcim/module-bay-types" }, "The types of bays that fit.") };

pub(super) const MODULE_TYPE_FIELD: Field = Field { nullable: true, ..field("module_type", Shape::Reference { target: "dcim/module-types" }, "The type of module that has it. Given, unless `device_type` is.") };

pub(super) const OWNER_FIELD_1: Field = Field { nullable: true, ..field("owner", Shape::Reference { target: "users/owners" }, "Who looks after it, by the name of an owner.") };

pub(super) const OWNER_FIELD_2: Field = Field { nullable: true, available: Availability::since(4, 5), ..field("owner", Shape::Reference { target: "users/owners" }, "Who looks after it, by the name of an owner.") };

pub(super) const PRIMARY_IP4_FIELD: Field = Field { nullable: true, ..field("primary_ip4", Shape::Reference { target: "ipam/ip-addresses" }, "The primary IPv4 address.") };

pub(super) const PRIMARY_IP6_FIELD: Field = Field { nullable: true, ..field("primary_ip6", Shape::Reference { target: "ipam/ip-addresses" }, "The primary IPv6 address.") };

pub(super) const QINQ_SVLAN_FIELD: Field = Field { nullable: true, available: Availability::since(4, 2), ..field("qinq_svlan", Shape::Reference { target: "ipam/vlans" }, "The service VLAN of Q-in-Q.") };

pub(super) const SERIAL_FIELD: Field = field("serial", Shape::Text { min: None, max: Some(50), format: Format::Plain }, "The serial number.");

pub(super) const SLUG_FIELD: Field = Field { presence: Presence::Required, ..field("slug", Shape::Text { min: Some(1), max: Some(100), format: Format::Slug }, "A short name for URLs: letters, digits, hyphens and underscores.") };

pub(super) const TAGS_FIELD: Field = field("tags", Shape::Tags, "The slugs of the tags.");

pub(super) const TYPE_FIELD_1: Field = Field { nullable: true, ..field("type", Shape::Choice { values: TYPE_VALUES_2 }, "The form of the connector.") };

pub(super) const TYPE_FIELD_2: Field = Field { nullable: true, ..field("type", Shape::Choice { values: TYPE_VALUES_5 }, "The form of the connection.") };

pub(super) const TYPE_FIELD_3: Field = Field { presence: Presence::Required, ..field("type", Shape::Choice { values: TYPE_VALUES_1 }, "The form of the connector.") };

pub(super) const WEIGHT_UNIT_FIELD: Field = Field { nullable: true, ..field("weight_unit", Shape::Choice { values: WEIGHT_UNIT_VALUES }, "The unit of the weight.") };
