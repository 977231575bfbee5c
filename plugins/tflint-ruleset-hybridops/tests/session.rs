//! The plugin through whole sessions with a double of tflint.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic)]

mod double;

use double::{Plugin, Wanted, inspect, program, within};
use tflint_ruleset_hybridops::catalogue;
use tfplugin_proto::tflint::{
    check, get_name, get_rule_names, get_sdk_version, get_version, get_version_constraint,
};

const UNTAGGED: &str = "resource \"aws_instance\" \"web\" {\n  ami = \"ami-1\"\n}\n";

#[tokio::test]
async fn the_handshake() {
    let plugin = Plugin::start().await;
    let fields: Vec<&str> = plugin.line.split('|').collect();
    assert_eq!((fields[0], fields[1], fields[2], fields[4]), ("1", "11", "unix", "grpc"));
    assert_eq!(fields[5], "", "tflint asks for no TLS");
    assert!(plugin.shut_down().await.success());
}

#[tokio::test]
async fn who_is_no_tflint_is_told() {
    let mut command = program();
    command.env("TFLINT_RULESET_PLUGIN", "other");
    let output = within(command.output()).await.expect("it runs");
    assert!(!output.status.success());
    let mut command = program();
    command.env("PLUGIN_PROTOCOL_VERSIONS", "10");
    assert!(!within(command.output()).await.expect("it runs").status.success());
}

#[tokio::test]
async fn what_it_says_about_itself() {
    let mut plugin = Plugin::start().await;
    let rules = &mut plugin.rules;
    assert_eq!(rules.get_name(get_name::Request {}).await.expect("a name").into_inner().name, "hybridops");
    let version = rules.get_version(get_version::Request {}).await.expect("a version").into_inner().version;
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    let spoken =
        rules.get_sdk_version(get_sdk_version::Request {}).await.expect("a version").into_inner().version;
    let minor: u32 = spoken.split('.').nth(1).and_then(|text| text.parse().ok()).expect("a number");
    assert!(minor >= 23, "configuration in JSON takes 0.23");
    let constraint =
        rules.get_version_constraint(get_version_constraint::Request {}).await.expect("one").into_inner();
    assert_eq!(constraint.constraint, ">= 0.46");
    let names = rules.get_rule_names(get_rule_names::Request {}).await.expect("names").into_inner().names;
    assert_eq!(names, catalogue().map(|rule| rule.name.to_owned()).collect::<Vec<_>>());
    assert!(plugin.shut_down().await.success());
}

#[tokio::test]
async fn a_session_uses_what_tflint_offers() {
    let seen = inspect(Wanted { files: &[("main.tf", UNTAGGED)], ..Wanted::default() }).await;
    for method in ["GetModulePath", "GetFiles", "GetModuleContent", "GetRuleConfigContent", "EmitIssue"] {
        assert!(seen.asked.contains(&method), "{method} in {:?}", seen.asked);
    }
    assert_eq!(seen.findings.len(), 1, "{:?}", seen.findings);
}

#[tokio::test]
async fn one_process_serves_many_checks() {
    let mut plugin = Plugin::start().await;
    for _ in 0..3 {
        let wanted = Wanted { files: &[("main.tf", UNTAGGED)], ..Wanted::default() };
        assert_eq!(plugin.inspect(&wanted).await.expect("a check").findings.len(), 1);
    }
    assert!(plugin.shut_down().await.success());
}

#[tokio::test]
async fn a_runner_that_was_never_offered_is_an_error() {
    let mut plugin = Plugin::start().await;
    plugin.configure(&Wanted::default()).await.expect("configured");
    let error = within(plugin.rules.check(check::Request { runner: 99 })).await.expect_err("nobody there");
    assert!(error.message().contains("99"), "{error}");
    assert!(plugin.shut_down().await.success());
}

#[tokio::test]
async fn rules_are_switched_on_and_off() {
    let files: &[(&str, &str)] = &[("main.tf", UNTAGGED)];
    let off = Wanted { files, disabled_by_default: true, ..Wanted::default() };
    assert_eq!(inspect(off.clone()).await.findings, []);
    let on = Wanted { rules: &[("hybridops_cost_tags_present", "")], ..off.clone() };
    assert_eq!(inspect(on).await.findings.len(), 1);
    let only = Wanted { only: &["hybridops_cost_tags_legal"], files, ..Wanted::default() };
    assert_eq!(inspect(only).await.findings, []);
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() {
    let mut plugin = Plugin::start().await;
    let wanted = Wanted { plugin: "production = \"prod\"", ..Wanted::default() };
    let error = plugin.configure(&wanted).await.expect_err("no list");
    assert!(error.message().contains("production"), "{error}");
    let rules: &[(&str, &str)] = &[("hybridops_cost_tags_present", "tags = [\"colour\"]")];
    let wanted = Wanted { files: &[("main.tf", UNTAGGED)], rules, ..Wanted::default() };
    let error = plugin.inspect(&wanted).await.expect_err("no tag");
    assert!(
        error.message().contains("colour") && error.message().contains("hybridops_cost_tags_present"),
        "{error}"
    );
    assert!(plugin.shut_down().await.success());
}

/// Every rule has a page, and every page a rule; the page says what the rule says of itself.
#[test]
fn every_rule_has_its_page() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let mut pages: Vec<String> = std::fs::read_dir(&directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    pages.sort();
    let mut rules: Vec<String> = catalogue().map(|rule| format!("{}.md", rule.name)).collect();
    rules.sort();
    assert_eq!(pages, rules);
    for rule in catalogue() {
        let page = std::fs::read_to_string(directory.join(format!("{}.md", rule.name))).expect("a page");
        assert!(page.starts_with(&format!("# {}\n", rule.name)), "{}", rule.name);
        let severity = format!("**Severity:** {}", format!("{:?}", rule.severity).to_lowercase());
        assert!(page.contains(&severity), "{}: {severity}", rule.name);
        assert_eq!(page.contains("**Mends:** yes"), rule.mends, "{}", rule.name);
        for section in ["## Why", "## What is found", "## What to do"] {
            assert!(page.contains(section), "{}: {section}", rule.name);
        }
    }
}
