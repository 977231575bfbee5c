//! What others say becomes lines: exact, never cheaper, and what has no price is counted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use cost_engine::documents::{Artifact, LineKind, PriceBook, PriceSource};
use cost_engine::emit::{EmitError, Head, emit};
use cost_engine::import::{Draft, ImportError, Imported, import, priced};
use cost_engine::json::{Digest, canonical, parse};
use cost_engine::{Decimal, moment};
use proptest::prelude::*;

const OLD: &str = include_str!("../testdata/infracost-0.2.json");
const NEW: &str = include_str!("../testdata/infracost-scan.json");
const PLAN: &str = include_str!("../testdata/plan.json");
const BOOK: &str = include_str!("../testdata/price-book.json");

fn book() -> PriceBook {
    PriceBook::read(&parse(BOOK.as_bytes()).unwrap()).unwrap()
}

fn read(text: &str) -> Result<Imported, ImportError> {
    import(&parse(text.as_bytes()).unwrap(), text.as_bytes(), Some(&book()))
}

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Quantity, baseline and price of a line.
fn line(imported: &Imported, part: &str) -> (LineKind, String, String, Option<String>) {
    let found: Vec<&Draft> = imported.lines.iter().filter(|line| line.id.contains(part)).collect();
    let [line] = found.as_slice() else { panic!("{part}: {:?}", imported.lines) };
    let price = line.price.as_ref().map(ToString::to_string);
    (line.kind, line.quantity.to_string(), line.baseline.to_string(), price)
}

fn head() -> Head {
    Head {
        run_id: "run-1".into(),
        component: "dr-aks".into(),
        env: "prod".into(),
        owner: "platform".into(),
        purpose: "dr".into(),
        scenario: "active".into(),
        baseline: "standby".into(),
        currency: "EUR".into(),
        generated: moment("2026-03-30T20:00:00Z").unwrap(),
        valid_until: moment("2026-04-06T20:00:00Z").unwrap(),
        uncertainty: d("20"),
        emitter: vec![("system", "test".into())],
        target: None,
        requires: vec![],
        action: "start".into(),
        actions: vec![("module.db.".into(), "db.promote".into()), ("module.".into(), "modules.start".into())],
        prices: PriceSource {
            kind: "test".into(),
            id: "test".into(),
            as_of: moment("2026-03-30T20:00:00Z").unwrap(),
            sha256: None,
        },
        source: Digest::of(b"source"),
        zero_cost_reason: None,
    }
}

#[test]
fn infracost_of_version_0_2() {
    let imported = read(OLD).unwrap();
    use LineKind::{PerMonthStep, Recurring};
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(line(&imported, "(D2s v5)"), (Recurring, "0".into(), "1".into(), some("0.205")));
    assert_eq!(line(&imported, "(D4s v5)"), (Recurring, "1".into(), "0".into(), some("0.41")));
    assert_eq!(line(&imported, "os_disk/Storage"), (PerMonthStep, "1".into(), "0".into(), some("19.71")));
    // 0.05 / 730, rounded up at 18 digits.
    let storage = (Recurring, "100".to_owned(), "0".to_owned(), some("0.000068493150684932"));
    assert_eq!(line(&imported, "Snapshot storage"), storage);
    for unknown in ["Disk operations", "Mystery"] {
        assert_eq!(line(&imported, unknown).3, None, "{unknown}");
    }
    assert_eq!(imported.notes.len(), 2, "{:?}", imported.notes);
    let coverage = imported.coverage;
    assert_eq!((coverage.unsupported, coverage.without_price), (1, 2), "what is free is not without a price");
    let as_of = imported.prices.unwrap().as_of;
    assert_eq!(as_of.to_string(), "2026-03-30T19:58:02Z");
}

#[test]
fn infracost_of_the_newer_program() {
    let imported = read(NEW).unwrap();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        line(&imported, "Instance usage"),
        (LineKind::Recurring, "3".into(), "0".into(), some("0.2022"))
    );
    assert_eq!(line(&imported, "Load balancer data").1, "1000");
    // A price and a quantity of 0 are what it writes where it knows none.
    assert_eq!((line(&imported, "/Rules").3, line(&imported, "front/Data").3), (None, None));
    let coverage = imported.coverage;
    assert_eq!((coverage.detected, coverage.supported), (4, 3));
    assert_eq!((coverage.unsupported, coverage.without_price), (1, 1));
    assert!(imported.prices.is_none(), "it does not say when its prices held");
    // What was there before comes from a file of its own.
    let before = read(&NEW.replace("\"2190\"", "\"730\"")).unwrap();
    let both = read(NEW).unwrap().since(before).unwrap();
    assert_eq!(line(&both, "Instance usage").2, "1");
    let dear = read(&NEW.replace("0.2022", "0.3")).unwrap();
    let both = read(NEW).unwrap().since(dear).unwrap();
    assert_eq!(
        both.lines.iter().filter(|line| line.id.contains("Instance usage")).count(),
        2,
        "another price"
    );
    let dollars = read(&NEW.replace("EUR", "USD")).unwrap();
    assert!(read(NEW).unwrap().since(dollars).unwrap_err().to_string().contains("not mixed"));
}

#[test]
fn a_plan_by_a_book() {
    let imported = read(PLAN).unwrap();
    let some = |text: &str| Some(text.to_owned());
    let recurring = LineKind::Recurring;
    assert_eq!(line(&imported, "vm.app/vcpu"), (recurring, "8".into(), "2".into(), some("0.0041")));
    let memory = imported.lines.iter().find(|line| line.id == "hybridops_proxmox_vm.app/ram").unwrap();
    assert_eq!((memory.quantity.clone(), memory.baseline.clone()), (d("8"), d("4")));
    assert_eq!(line(&imported, "vm.new/ram").3, None, "known only afterwards");
    assert_eq!(line(&imported, "vm.old/vcpu"), (recurring, "0".into(), "1".into(), some("0.0041")));
    let pool = imported.lines.iter().find(|line| line.id.ends_with("work/aks-d4s")).unwrap();
    assert_eq!((pool.quantity.clone(), pool.basis.as_deref()), (d("3"), Some("autoscaler-max")));
    assert_eq!(line(&imported, "odd/no price").3, None);
    let coverage = imported.coverage;
    assert_eq!((coverage.detected, coverage.supported), (7, 6), "data sources are not counted");
    assert_eq!((coverage.unsupported, coverage.without_price), (1, 2));
    assert_eq!(imported.plan, Some(Digest::of(PLAN.as_bytes())));
    let error = import(&parse(PLAN.as_bytes()).unwrap(), PLAN.as_bytes(), None).unwrap_err();
    assert_eq!(error, ImportError::NoBook);
}

#[test]
fn what_is_none_of_them_is_said() {
    for (text, part) in [
        ("{}", "neither a result of Infracost"),
        ("[]", "neither a result of Infracost"),
        (r#"{"version":"0.9","projects":[]}"#, "Infracost \"0.9\" is no version"),
        (r#"{"version":"0.2","projects":[],"currency":"EUR"}"#, "summary: missing"),
        (r#"{"version":"0.2","projects":{},"currency":"EUR"}"#, "projects: a list is expected"),
        (r#"{"projects":[]}"#, "currency: missing"),
        (r#"{"format_version":"2.0","resource_changes":[]}"#, "a plan of format \"2.0\""),
        (
            r#"{"format_version":"1.2","resource_changes":[{"mode":"managed"}]}"#,
            "resource_changes[0].address",
        ),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
    let odd = OLD.replace("\"0.41\",", "\"cheap\",");
    let error = read(&odd).unwrap_err().to_string();
    assert!(
        error.contains("projects[0].breakdown.resources[0].costComponents[0].price: \"cheap\""),
        "{error}"
    );
}

#[test]
fn what_is_written_is_what_the_gate_reads() {
    for text in [OLD, NEW, PLAN] {
        let imported = read(text).unwrap();
        let (json, artifact) = emit(&head(), &imported).unwrap();
        let written = canonical(&json);
        let again = Artifact::read(&parse(written.as_bytes()).unwrap()).unwrap();
        assert_eq!(again.digest, artifact.digest);
        assert_eq!(artifact.lines, imported.lines.len());
        let unpriced = imported.lines.iter().filter(|line| line.price.is_none()).count();
        assert_eq!(artifact.coverage.lines_without_price, u64::try_from(unpriced).unwrap());
    }
    let (_, artifact) = emit(&head(), &read(OLD).unwrap()).unwrap();
    let actions: Vec<&str> = artifact.actions.iter().map(String::as_str).collect();
    assert_eq!(actions, ["db.promote", "start"], "the longest beginning counts");
}

#[test]
fn quantities_of_a_book() {
    let quantities = [("licence", "2", "1"), ("egress", "200", "0"), ("vcpu", "8", "4")];
    let quantities = quantities.map(|(sku, quantity, baseline)| (sku.to_owned(), d(quantity), d(baseline)));
    let (_, artifact) = emit(&head(), &priced(&book(), &quantities).unwrap()).unwrap();
    assert_eq!(artifact.incremental.month_step.gross, d("49"));
    assert_eq!(artifact.incremental.one_time.gross, d("15"));
    assert_eq!(artifact.incremental.hourly.gross, d("0.0164"));
    let unknown = [("gold".to_owned(), d("1"), d("0"))];
    assert!(priced(&book(), &unknown).unwrap_err().to_string().contains("no such SKU"));
}

#[test]
fn nothing_is_written_only_with_a_reason() {
    let nothing = priced(&book(), &[]).unwrap();
    assert!(matches!(emit(&head(), &nothing), Err(EmitError::Empty)));
    let head = Head { zero_cost_reason: Some("reserved".into()), ..head() };
    let (_, artifact) = emit(&head, &nothing).unwrap();
    assert_eq!(artifact.zero_cost_reason.as_deref(), Some("reserved"));
}

proptest! {
    /// A monthly price and a quantity of any length: the artefact can be written, and is never cheaper than what it was
    /// made from, nor dearer by more than the last digits.
    #[test]
    fn sums_are_exact_and_never_cheaper(
        price in "(0|[1-9][0-9]{0,5})\\.[0-9]{1,25}", quantity in "(0|[1-9][0-9]{0,5})(\\.[0-9]{1,25})?",
    ) {
        let text = NEW.replace("\"0.2022\"", &format!("\"{price}\"")).replace("\"2190\"", &format!("\"{quantity}\""));
        let imported = read(&text).unwrap();
        let line = imported.lines.iter().find(|line| line.id.contains("Instance usage")).unwrap();
        let (price, quantity) = (Decimal::foreign(&price).unwrap(), Decimal::foreign(&quantity).unwrap());
        if price.is_zero() || quantity.is_zero() {
            prop_assert!(line.price.is_none());
            return Ok(());
        }
        let only = Imported { lines: vec![line.clone()], ..imported.clone() };
        let (_, artifact) = emit(&head(), &only).unwrap();
        let monthly = &artifact.incremental.hourly.gross * &Decimal::from(730);
        let stated = &price * &quantity;
        prop_assert!(monthly >= stated, "{} {}", monthly, stated);
        prop_assert!(&monthly - &stated < d("2"), "{} {}", monthly, stated);
    }
}
