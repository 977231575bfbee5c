//! The JSON Schemas that are shipped say what the readers do: what one refuses, the other does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod scene;

use std::collections::BTreeMap;

use cost_engine::documents::{Approval, Artifact, FxTable, Policy, PriceBook, Spend, is_currency};
use cost_engine::json::{Json, canonical, parse};
use jsonschema::{Draft, Registry, Validator};
use scene::Scene;
use serde_json::{Value, json};

const SCHEMAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas");
const BASE: &str = "https://schemas.example/";

fn read_schema(name: &str) -> Value {
    let mut schema: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{SCHEMAS}/{name}.schema.json")).unwrap())
            .unwrap();
    // Relative to where they are put; here that is nowhere.
    schema["$id"] = json!(format!("{BASE}{name}.schema.json"));
    schema
}

struct Schemas(BTreeMap<&'static str, Validator>);

impl Schemas {
    fn load() -> Self {
        let registry = Registry::new()
            .add(format!("{BASE}common.schema.json"), read_schema("common"))
            .unwrap()
            .prepare()
            .unwrap();
        let kinds = [
            "cost-artifact",
            "cost-policy",
            "cost-spend",
            "cost-fx",
            "cost-approval",
            "cost-price-book",
            "cost-signature",
            "cost-decision",
            "cost-closing",
        ];
        let validator = |name: &str| {
            let schema = read_schema(name);
            assert!(jsonschema::meta::is_valid(&schema), "{name} is no schema");
            jsonschema::options()
                .with_draft(Draft::Draft202012)
                .with_registry(&registry)
                .should_validate_formats(true)
                .build(&schema)
                .unwrap()
        };
        Self(kinds.into_iter().map(|name| (name, validator(name))).collect())
    }

    fn refuses(&self, name: &str, document: &Value) -> Option<String> {
        self.0[name].iter_errors(document).next().map(|error| format!("{error} at {}", error.instance_path()))
    }
}

/// What the reader of a kind says.
fn refused(name: &str, document: &Value) -> Option<String> {
    let text = document.to_string();
    let value: Json<'_> = parse(text.as_bytes()).unwrap();
    match name {
        "cost-artifact" => Artifact::read(&value).err(),
        "cost-policy" => Policy::read(&value).err(),
        "cost-spend" => Spend::read(&value).err(),
        "cost-fx" => FxTable::read(&value).err(),
        "cost-approval" => Approval::read(&value).err(),
        "cost-price-book" => PriceBook::read(&value).err(),
        other => panic!("{other} has no reader"),
    }
    .map(|error| error.to_string())
}

fn good(name: &str) -> Value {
    let text = match name {
        "cost-artifact" => include_str!("../testdata/cost-run-gha-18273645-1.json"),
        "cost-policy" => include_str!("../testdata/policy.json"),
        "cost-price-book" => include_str!("../testdata/price-book.json"),
        "cost-spend" => {
            r#"{"schema":"hybridops.cost-spend","schemaVersion":"1.0.0","currency":"EUR","asOf":"2026-03-30T06:00:00Z",
                "spend":[{"budget":"prod-dr","period":"2026-03","actual":"312.40"}]}"#
        }
        "cost-fx" => {
            r#"{"schema":"hybridops.cost-fx","schemaVersion":"1.0.0","id":"ecb","asOf":"2026-03-30T06:00:00Z","base":"EUR",
                "rates":{"USD":"0.92","CHF":"1.05"}}"#
        }
        "cost-approval" => {
            r#"{"schema":"hybridops.cost-approval","schemaVersion":"1.0.0","id":"ap-1",
                "decisionScope":{"env":"prod","component":"dr-aks","purpose":"dr"},"ceiling":"70","currency":"EUR",
                "notBefore":"2026-03-30T20:00:00Z","expiresAt":"2026-03-31T20:00:00Z","approver":"alice","reason":"needed",
                "rules":["budget:prod-dr:2026-03"],"singleUse":true,"keyId":"alice-1",
                "signature":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}"#
        }
        other => panic!("{other}"),
    };
    serde_json::from_str(text).unwrap()
}

/// Sets what a pointer names, or takes it away.
fn changed(document: &Value, pointer: &str, value: Option<Value>) -> Value {
    let mut document = document.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match (document.pointer_mut(parent).unwrap_or_else(|| panic!("{parent}")), value) {
        (Value::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value)),
        (Value::Object(members), None) => assert!(members.remove(name).is_some(), "{pointer}"),
        (Value::Array(elements), Some(value)) if name == "-" => elements.push(value),
        (Value::Array(elements), Some(value)) => elements[name.parse::<usize>().unwrap()] = value,
        (other, _) => panic!("{pointer}: {other}"),
    }
    document
}

#[test]
fn good_documents_are_good() {
    let schemas = Schemas::load();
    for name in ["cost-artifact", "cost-policy", "cost-spend", "cost-fx", "cost-approval", "cost-price-book"]
    {
        assert_eq!(refused(name, &good(name)), None, "{name}");
        assert_eq!(schemas.refuses(name, &good(name)), None, "{name}");
    }
    let published = include_str!("../testdata/decision-cd_bac26599f15ca630b5f6db6d48473a69.json");
    let published: Value = serde_json::from_str(published).unwrap();
    assert_eq!(schemas.refuses("cost-decision", &published), None);
    for (pointer, value) in
        [("/verdict", json!("maybe")), ("/rules", json!([])), ("/allowed", json!("yes")), ("/y", json!(1))]
    {
        assert!(
            schemas.refuses("cost-decision", &changed(&published, pointer, Some(value))).is_some(),
            "{pointer}"
        );
    }
}

#[test]
fn what_the_gate_writes_is_as_the_schema_says() {
    let schemas = Schemas::load();
    let policy = |scene: Scene, more: &str| scene.policy("\"caps\"", &format!("{more}, \"caps\""));
    let scenes = [
        Scene::published(),
        Scene::published().without_artifact(),
        Scene::published().invalid_artifact(),
        Scene::published().no_spend(),
        Scene::published().components(3),
        Scene::published().used("3.5"),
        Scene::published().approval(|text| text),
        policy(Scene::published(), "\"outageCostPerHour\": \"900\", \"forecast\": true"),
        Scene::published()
            .artifact("\"currency\": \"EUR\"", "\"currency\": \"USD\"")
            .rates("0.333333333333333333"),
    ];
    for scene in scenes {
        let text = canonical(scene.decide().document());
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schemas.refuses("cost-decision", &value), None, "{value:#}");
    }
    let closing = json!({
        "schema": "hybridops.cost-closing", "schemaVersion": "1.0.0", "decisionId": "cd_bac26599f15ca630b5f6db6d48473a69",
        "closedAt": "2026-03-31T00:00:00Z", "actualHours": "2.5",
    });
    assert_eq!(schemas.refuses("cost-closing", &closing), None);
}

/// Pairs of a pointer and what is put there. Reader and schema must agree on each.
fn changes(name: &str) -> Vec<(&'static str, Option<Value>)> {
    let set = |pointer, value: Value| (pointer, Some(value));
    let mut all = vec![
        set("/schema", json!("hybridops.cost")),
        set("/schemaVersion", json!("1.2.3")),
        set("/schemaVersion", json!("2.0.0")),
        set("/schemaVersion", json!("1.0")),
        set("/schemaVersion", json!(1)),
        set("/x_own", json!({"a": [1, null, "b"]})),
        set("/own", json!("a")),
        ("/schema", None),
    ];
    all.extend(match name {
        "cost-artifact" => vec![
            set("/runId", json!("../a")),
            set("/runId", json!("a..b")),
            set("/component", json!("Dr-AKS")),
            set("/currency", json!("ZZZ")),
            set("/currency", json!("eur")),
            set("/currency", Value::Null),
            set("/hoursPerMonth", json!("744")),
            set("/hoursPerMonth", json!(730)),
            set("/timeGenerated", json!("2026-03-30T20:05:11.25Z")),
            set("/timeGenerated", json!("2026-03-30T20:05:11+00:00")),
            set("/timeGenerated", json!("2026-03-30 20:05:11Z")),
            set("/timeGenerated", json!("2026-02-30T20:05:11Z")),
            set("/timeGenerated", json!("2026-03-30T20:05Z")),
            set("/validUntil", json!("tomorrow")),
            set("/tags/cost:env", json!("Prod")),
            set("/tags/cost:owner", json!("")),
            set("/tags/cost:owner", json!("ü".repeat(63))),
            set("/tags/cost:owner", json!("ü".repeat(64))),
            set("/tags/cost:purpose", json!("fun")),
            set("/tags/team", json!("blue")),
            set("/tags/team", json!(1)),
            ("/tags/cost:run_id", None),
            set("/emitter/colour", json!("blue")),
            ("/emitter/system", None),
            set("/emitter/x_colour", json!("blue")),
            set("/requires", json!("k8s.start")),
            set("/requires", json!([1])),
            ("/requires", None),
            ("/target", None),
            set("/target", Value::Null),
            ("/target/ProviderName", None),
            set("/lines", json!([])),
            set("/lines", json!({})),
            set("/lines/0/x_LineId", json!("")),
            set("/lines/0/x_LineId", json!("a".repeat(257))),
            set("/lines/0/x_Kind", json!("weekly")),
            set("/lines/0/ChargeCategory", json!("Bribe")),
            set("/lines/0/PricingQuantity", json!(1)),
            set("/lines/0/PricingQuantity", json!("1e0")),
            set("/lines/0/PricingQuantity", json!("+1")),
            set("/lines/0/PricingQuantity", json!("-1")),
            set("/lines/0/PricingQuantity", json!("01")),
            set("/lines/0/PricingQuantity", json!("1.")),
            set("/lines/0/PricingQuantity", json!("NaN")),
            set("/lines/0/PricingQuantity", json!("")),
            set("/lines/0/PricingQuantity", json!("1.000000000000000000")),
            set("/lines/0/PricingQuantity", json!("1.0000000000000000000")),
            set("/lines/0/PricingQuantity", json!("1000000000000000000")),
            set("/lines/0/ListUnitPrice", json!("-0.0909")),
            set("/lines/0/ListUnitPrice", Value::Null),
            ("/lines/0/ListUnitPrice", None),
            set("/lines/0/ContractedUnitPrice", Value::Null),
            ("/lines/0/ContractedUnitPrice", None),
            ("/lines/0/x_Action", None),
            ("/lines/0/ServiceName", None),
            set("/lines/0/ServiceName", json!("")),
            set("/lines/0/ResourceId", Value::Null),
            set("/lines/0/Tags", json!({"a": "b"})),
            set("/lines/0/Tags", json!({"a": 1})),
            set("/lines/0/BilledCost", json!("1")),
            set("/lines/0/x_Note", json!("fine")),
            set("/oneTimeCost", json!("15")),
            set("/oneTimeCost", json!(15)),
            ("/oneTimeCost", None),
            set("/uncertaintyPercent", json!("-1")),
            set("/uncertaintyPercent", json!("0")),
            set("/summary/totalDetectedResources", json!(-1)),
            set("/summary/totalDetectedResources", json!("14")),
            set("/summary/totalDetectedResources", json!(1.5)),
            ("/summary/totalNoPriceResources", None),
            set("/priceSource/asOf", json!("2026-03-28")),
            set("/priceSource/sha256", json!("5b0f")),
            ("/priceSource/sha256", None),
            set("/planSha256", json!("F".repeat(64))),
            set("/source", json!({"format": "infracost", "version": "0.2", "sha256": "a".repeat(64)})),
            set("/source", json!({"format": "infracost"})),
            set("/fx", json!({"id": "ecb", "asOf": "2026-03-28T00:00:00Z", "sha256": "a".repeat(64)})),
            set("/fx", json!("ecb")),
            set("/x_ZeroCostReason", json!("reserved")),
            set("/x_ZeroCostReason", json!(1)),
        ],
        "cost-policy" => vec![
            set("/version", json!("")),
            set("/validUntil", json!("never")),
            set("/budgets", json!([])),
            ("/budgets", None),
            set("/budgets/0/id", json!("Prod")),
            set("/budgets/0/period", json!("week")),
            set("/budgets/0/limit", json!("-1")),
            set("/budgets/0/limit", json!(500)),
            set("/budgets/0/overridable", json!("yes")),
            set("/budgets/0/match/env", json!("prod")),
            set("/budgets/0/match/colour", json!(["blue"])),
            set("/budgets/0/colour", json!("blue")),
            ("/budgets/0/match", None),
            ("/budgets/0/limit", None),
            ("/artifact", None),
            ("/artifact/maxAge", None),
            set("/artifact/maxAge", json!("86400")),
            set("/artifact/tolerance", json!(1)),
            set(
                "/artifact/signers",
                json!([{"keyId": "k", "publicKey": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]),
            ),
            set("/artifact/signers", json!([{"keyId": "k", "publicKey": "AAAA"}])),
            set(
                "/artifact/signers",
                json!([{"keyId": "", "publicKey": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]),
            ),
            set(
                "/artifact/signers",
                json!([{"keyId": "k", "publicKey": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB="}]),
            ),
            ("/caps", None),
            set("/caps/hourly", json!("5,00")),
            set("/caps/daily", json!("5")),
            set("/credits", json!("net")),
            set("/credits", json!("some")),
            set(
                "/creditGrants",
                json!([{"id": "a", "provider": "b", "amount": "1", "expires": "2026-12-31T00:00:00Z"}]),
            ),
            set("/creditGrants", json!([{"id": "a", "provider": "b", "amount": "1"}])),
            set("/fx", json!({"sha256": "a".repeat(64), "maxAge": 60})),
            set("/fx", json!({"sha256": "a".repeat(64)})),
            set("/rateLimits", json!({"activationsPerDay": 1, "cooldown": 60})),
            set("/rateLimits", json!({"perWeek": 1})),
            set("/on_missing", json!("allow")),
            set("/on_stale", json!("warn")),
            set("/on_mising", json!("warn")),
            set("/forecast", json!(1)),
            set("/outageCostPerHour", json!("900")),
            set("/overridable", json!(["hourly.max"])),
        ],
        "cost-spend" => vec![
            set("/currency", json!("XYZ")),
            set("/asOf", json!("2026-03-30T06:00:00")),
            set("/spend", json!([])),
            set("/spend/0/actual", json!("-1")),
            set("/spend/0/actual", Value::Null),
            ("/spend/0/period", None),
            set("/spend/0/reserved", json!("1")),
        ],
        "cost-fx" => vec![
            set("/rates/USD", json!("0")),
            set("/rates/USD", json!("0.00")),
            set("/rates/USD", json!("-1")),
            set("/rates/USD", json!(1.08)),
            set("/rates/ZZZ", json!("1")),
            set("/rates", json!({})),
            set("/base", json!("euro")),
        ],
        "cost-approval" => vec![
            set("/id", json!("")),
            set("/decisionScope", json!({"inputDigest": format!("sha256:{}", "a".repeat(64))})),
            set("/decisionScope", json!({"inputDigest": "a"})),
            set("/decisionScope", json!({})),
            set("/decisionScope", json!({"env": "prod", "component": "a", "purpose": "dr", "region": "x"})),
            set("/ceiling", json!("-1")),
            set("/approver", json!("")),
            set("/secondApprover", json!("bob")),
            set("/reason", json!("")),
            set("/singleUse", json!("true")),
            ("/singleUse", None),
            set("/signature", json!("AAAA")),
            ("/signature", None),
        ],
        "cost-price-book" => vec![
            set("/prices", json!([])),
            set("/prices/0/unitPrice", json!("-1")),
            set("/prices/0/unitPrice", Value::Null),
            set("/prices/0/kind", json!("daily")),
            set("/prices/0/match", json!({"a.0.b": "c"})),
            set("/prices/0/match", json!({"a": 1})),
            set("/prices/0/skuId", json!("")),
            set("/prices/0/quantity", json!("0.5")),
            set("/prices/0/quantity", json!(1)),
            set("/prices/0/term", json!("P1Y")),
            set("/freeResourceTypes", json!("a")),
            ("/freeResourceTypes", None),
        ],
        other => panic!("{other}"),
    });
    all
}

#[test]
fn reader_and_schema_agree() {
    let schemas = Schemas::load();
    let (mut both, mut neither) = (0, 0);
    for name in ["cost-artifact", "cost-policy", "cost-spend", "cost-fx", "cost-approval", "cost-price-book"]
    {
        for (pointer, value) in changes(name) {
            let told = value.as_ref().map_or("nothing".to_owned(), Value::to_string);
            let mut document = changed(&good(name), pointer, value);
            if name == "cost-artifact" {
                agree_in_itself(&mut document);
            }
            let (ours, theirs) = (refused(name, &document), schemas.refuses(name, &document));
            assert_eq!(
                ours.is_some(),
                theirs.is_some(),
                "{name}{pointer} = {told}: reader {ours:?}, schema {theirs:?}"
            );
            if ours.is_some() { neither += 1 } else { both += 1 }
        }
    }
    assert!(both > 30 && neither > 90, "{both} good, {neither} bad");
}

/// Totals as the lines make them, so that what is left to disagree about is the form.
fn agree_in_itself(document: &mut Value) {
    if document.pointer("/lines/0/ListUnitPrice").is_none_or(Value::is_null)
        && document.pointer("/lines/0/ContractedUnitPrice").is_some_and(Value::is_string)
    {
        return;
    }
    if document.pointer("/lines/0/ContractedUnitPrice").is_some_and(Value::is_string)
        || document.pointer("/lines/0/ListUnitPrice").is_some_and(Value::is_string)
    {
        return;
    }
    // The first line has no price: 0.0909 an hour are gone.
    for (name, value) in [
        ("totalHourlyCost", "0.9560"),
        ("diffTotalHourlyCost", "0.7510"),
        ("totalMonthlyCost", "697.88"),
        ("diffTotalMonthlyCost", "548.23"),
    ] {
        document[name] = json!(value);
    }
}

#[test]
fn what_only_the_gate_can_see() {
    let schemas = Schemas::load();
    for (pointer, value, part) in [
        ("/validUntil", json!("2026-03-30T20:05:11Z"), "must be after"),
        ("/validUntil", json!("2026-06-29T20:05:11Z"), "90 days"),
        ("/tags/cost:component", json!("dr-gke"), "but component is"),
        ("/totalHourlyCost", json!("1.0468"), "the lines make"),
        ("/uncertaintyPercent", json!("501"), "at most 500"),
        ("/lines/1/x_LineId", json!("aks-cp"), "there twice"),
    ] {
        let document = changed(&good("cost-artifact"), pointer, Some(value));
        assert_eq!(schemas.refuses("cost-artifact", &document), None, "{pointer}");
        let error = refused("cost-artifact", &document).unwrap();
        assert!(error.contains(part), "{pointer}: {error}");
    }
}

#[test]
fn the_currencies_are_those_of_the_gate() {
    let common = read_schema("common");
    let listed = common["$defs"]["currency"]["enum"].as_array().unwrap();
    let mut all = Vec::new();
    for code in 0..26u32.pow(3) {
        let letter = |place: u32| char::from_u32(65 + code / 26u32.pow(place) % 26).unwrap();
        let code: String = [letter(2), letter(1), letter(0)].into_iter().collect();
        if is_currency(&code) {
            all.push(json!(code));
        }
    }
    assert_eq!(*listed, all);
}
