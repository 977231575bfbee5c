//! What each rule finds and where, and what it mends.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic)]

mod double;

use double::{Finding, Plugin, Wanted, inspect};
use tfplugin_proto::tflint::emit_issue::Severity;

/// A line, a column, and a part of the message.
type Expected<'t> = &'t [((i64, i64), &'t str)];

/// The findings of one rule in one file.
async fn findings(rule: &str, source: &str) -> Vec<Finding> {
    inspect(Wanted { files: &[("main.tf", source)], only: &[rule], ..Wanted::default() }).await.findings
}

async fn expect(rule: &str, severity: Severity, source: &str, expected: Expected<'_>) {
    let found = findings(rule, source).await;
    let places: Vec<_> = found.iter().map(|one| one.at).collect();
    assert_eq!(places, expected.iter().map(|(at, _)| *at).collect::<Vec<_>>(), "{rule}: {found:#?}");
    for (one, (_, part)) in found.iter().zip(expected) {
        assert!(one.message.contains(part), "{rule}: {part:?} is not in {:?}", one.message);
        assert_eq!((one.rule.as_str(), one.severity, one.file.as_str()), (rule, severity, "main.tf"));
        assert!(one.link.ends_with(&format!("/docs/rules/{rule}.md")), "{}", one.link);
    }
}

/// Mends, and has nothing left to find.
async fn mended(rule: &str, before: &str, after: &str) {
    let wanted = Wanted { files: &[("main.tf", before)], only: &[rule], fix: true, ..Wanted::default() };
    let seen = inspect(wanted.clone()).await;
    assert_eq!(seen.files["main.tf"], after, "{rule}");
    assert!(seen.findings.iter().all(|finding| finding.fixable), "{:?}", seen.findings);
    assert_eq!(findings(rule, after).await, [], "{rule} is not content with what it mended");
    // Without being asked to, nothing is changed; in a module that is called, nothing can be.
    let asked = Wanted { fix: false, ..wanted.clone() };
    assert_eq!(inspect(asked).await.files["main.tf"], before);
    let called = inspect(Wanted { module: &["child"], ..wanted }).await;
    assert_eq!(called.files["main.tf"], before);
    assert!(called.findings.iter().all(|finding| !finding.fixable));
}

#[tokio::test]
async fn cost_tags_present() {
    let source = r#"variable "open" {}

locals {
  tags = { "cost:env" = "prod", "cost:owner" = "me", "cost:component" = "web", "cost:purpose" = "baseline" }
}

resource "aws_instance" "none" {
}

resource "aws_instance" "some" {
  tags = { "cost:env" = "prod", Name = "x" }
}

resource "aws_instance" "all" {
  tags = merge(local.tags, { Name = "x" })
}

resource "aws_instance" "not_seen" {
  tags = var.open
}

resource "aws_iam_role" "free" {
}

resource "google_container_node_pool" "nested" {
  node_config {
    resource_labels = { cost_env = "prod", cost_owner = "me", cost_component = "web" }
  }
}

resource "hybridops_proxmox_vm" "words" {
  tags = ["cost-env.prod", "cost-owner.me", "cost-component.web"]
}

resource "hybridops_postgresql_lxc" "inside" {
  container = { node = "pve1", tags = ["cost-env.prod"] }
}

resource "kubernetes_namespace" "labels" {
  metadata {
    labels = { "cost.hybridops.io/env" = "prod" }
  }
}
"#;
    let expected: Expected<'_> = &[
        (
            (7, 1),
            "aws_instance.none costs money and does not say whose: it lacks cost:env, cost:owner, cost:component, cost:purpose.",
        ),
        ((11, 10), "lacks cost:owner, cost:component, cost:purpose."),
        ((27, 23), "lacks cost_purpose."),
        ((32, 10), "lacks cost-purpose.<value>."),
        ((36, 15), "lacks cost-owner.<value>, cost-component.<value>, cost-purpose.<value>."),
        ((41, 14), "lacks cost.hybridops.io/owner, cost.hybridops.io/component, cost.hybridops.io/purpose."),
    ];
    expect("hybridops_cost_tags_present", Severity::Error, source, expected).await;
}

#[tokio::test]
async fn tags_of_the_provider_count() {
    let source = r#"provider "aws" {
  default_tags {
    tags = { "cost:env" = "prod", "cost:owner" = "me" }
  }
}

provider "aws" {
  alias = "bare"
}

provider "google" {
  default_labels = { cost_env = "prod", cost_owner = "me", cost_component = "a", cost_purpose = "dr" }
}

provider "hybridops" {
  cost_tags = { env = "prod", owner = "me", component = "a", purpose = "dr" }
}

resource "aws_instance" "a" {
  tags = { "cost:component" = "a", "cost:purpose" = "dr" }
}

resource "aws_instance" "b" {
  provider = aws.bare
  tags     = { "cost:component" = "b", "cost:purpose" = "dr" }
}

resource "google_storage_bucket" "c" {
}

resource "hybridops_proxmox_vm" "d" {
}
"#;
    let expected: Expected<'_> = &[((25, 14), "lacks cost:env, cost:owner.")];
    expect("hybridops_cost_tags_present", Severity::Error, source, expected).await;
}

#[tokio::test]
async fn the_tags_that_must_be_there_are_configured() {
    let files: &[(&str, &str)] =
        &[("main.tf", "resource \"aws_instance\" \"a\" {\n  tags = { \"cost:env\" = \"lab\" }\n}\n")];
    let rules: &[(&str, &str)] = &[("hybridops_cost_tags_present", "tags = [\"env\"]")];
    let seen =
        inspect(Wanted { files, rules, only: &["hybridops_cost_tags_present"], ..Wanted::default() }).await;
    assert_eq!(seen.findings, []);
}

#[tokio::test]
async fn cost_tags_legal() {
    let source = r#"resource "google_storage_bucket" "b" {
  labels = {
    "cost:env" = "prod"
    cost_owner = "Platform"
    other      = "Any Thing"
  }
}

resource "hybridops_proxmox_lxc" "c" {
  tags = ["db", "cost-env-prod", "cost-purpose.fun"]
}

resource "aws_instance" "i" {
  tags = { "cost:env" = "Prod", "cost:owner" = nothing.there }
}
"#;
    let expected: Expected<'_> = &[
        ((3, 5), "cost:env says cost:env as aws has it; gcp spells it cost_env."),
        ((4, 5), "cost:owner is \"Platform\", which gcp does not carry"),
        ((10, 17), "cost-env-prod says cost:env as netbox has it; proxmox spells it cost-env.prod."),
        ((10, 34), "cost:purpose is \"fun\"; it is dr, burst, drill or baseline"),
    ];
    expect("hybridops_cost_tags_legal", Severity::Error, source, expected).await;
    let last = "resource \"aws_instance\" \"i\" {\n  tags = { \"cost:env\" = \"Prod\" }\n}\n";
    expect("hybridops_cost_tags_legal", Severity::Error, last, &[((2, 12), "cost:env is \"Prod\"")]).await;
}

#[tokio::test]
async fn misspelled_tags_are_renamed() {
    let before = "resource \"google_storage_bucket\" \"b\" {\n  labels = { \"cost:env\" = \"prod\", a = \"é\", \"cost:owner\" = \"me\" }\n}\n\nresource \"hybridops_proxmox_lxc\" \"c\" {\n  tags = [\"cost-env-prod\"]\n}\n";
    let after = before
        .replace("\"cost:env\"", "\"cost_env\"")
        .replace("\"cost:owner\"", "\"cost_owner\"")
        .replace("cost-env-prod", "cost-env.prod");
    mended("hybridops_cost_tags_legal", before, &after).await;
}

#[tokio::test]
async fn sensitive_values_get_into_no_message() {
    let source = "variable \"owner\" {\n  default = \"Canary\"\n}\n\nresource \"google_storage_bucket\" \"b\" {\n  labels = { cost_owner = var.owner }\n}\n";
    let wanted = Wanted { files: &[("main.tf", source)], ..Wanted::default() };
    let open = inspect(wanted.clone()).await;
    assert!(open.findings.iter().any(|finding| finding.message.contains("Canary")), "{:?}", open.findings);
    let marked = inspect(Wanted { sensitive: &["owner"], ..wanted }).await;
    assert!(!format!("{:?}", marked.findings).contains("Canary"), "{:?}", marked.findings);
}

#[tokio::test]
async fn cost_run_id() {
    let source = "resource \"aws_instance\" \"a\" {\n  tags = { \"cost:run_id\" = \"r1\" }\n}\n\nresource \"hybridops_proxmox_vm\" \"b\" {\n  tags = [\"cost-run_id.r1\"]\n}\n";
    let expected: Expected<'_> =
        &[((2, 12), "aws_instance.a carries the id of the run"), ((6, 11), "hybridops_proxmox_vm.b")];
    expect("hybridops_cost_run_id", Severity::Warning, source, expected).await;
}

#[tokio::test]
async fn provider_versions() {
    let source = r#"terraform {
  required_providers {
    aws       = { source = "hashicorp/aws", version = ">= 5.0" }
    google    = { source = "hashicorp/google", version = "~> 6.0" }
    hybridops = { source = "hybridops-studio/hybridops" }
    old       = "~> 2.0"
    random    = { version = "3.6.0", configuration_aliases = [random.a] }
  }
}
"#;
    let expected: Expected<'_> = &[
        ((3, 17), "Provider aws is taken in any later version by \">= 5.0\""),
        ((5, 17), "Provider hybridops is taken in any version"),
        ((7, 17), "Provider random does not say where it comes from"),
    ];
    expect("hybridops_provider_versions", Severity::Warning, source, expected).await;
}

#[tokio::test]
async fn module_versions() {
    let source = r#"module "any" {
  source = "hashicorp/consul/aws"
}

module "moving" {
  source  = "hashicorp/consul/aws"
  version = "~> 1.2"
}

module "patches" {
  source  = "hashicorp/consul/aws"
  version = "~> 1.2.3"
}

module "branch" {
  source = "git::https://example.org/m.git?ref=main"
}

module "head" {
  source = "github.com/acme/m"
}

module "tag" {
  source = "git::https://example.org/m.git?ref=v1.0.0"
}

module "near" {
  source = "./near"
}
"#;
    let expected: Expected<'_> = &[
        ((1, 1), "module.any is taken in any version"),
        ((7, 13), "module.moving moves by itself"),
        ((16, 12), "module.branch follows the branch main"),
        ((20, 12), "module.head follows a branch"),
    ];
    expect("hybridops_module_versions", Severity::Warning, source, expected).await;
}

#[tokio::test]
async fn plain_secret() {
    let source = r#"variable "password" {}

resource "aws_db_instance" "a" {
  password = var.password
}

resource "aws_db_instance" "b" {
  password            = null
  password_wo         = var.password
  password_wo_version = 1
}

resource "aws_ssm_parameter" "text" {
  type  = "String"
  value = "x"
}

resource "aws_ssm_parameter" "secret" {
  type  = "SecureString"
  value = var.password
}
"#;
    let expected: Expected<'_> = &[
        (
            (4, 3),
            "aws_db_instance.a: password puts a secret into the state and into saved plans; password_wo",
        ),
        ((20, 3), "aws_ssm_parameter.secret: value"),
    ];
    expect("hybridops_plain_secret", Severity::Error, source, expected).await;
}

#[tokio::test]
async fn literal_secret() {
    let source = r#"variable "password" {
  ephemeral = true
}

provider "hybridops" {
  proxmox = { endpoint = "https://pve1:8006", api_token = "root@pam!t=0000" }
}

resource "hybridops_proxmox_user" "bot" {
  password = "hunter2"
}

resource "hybridops_postgresql_lxc" "db" {
  postgresql = {
    roles = {
      app = { password = "hunter2" }
      ro  = { password = var.password }
    }
  }
}

resource "aws_db_instance" "db" {
  password_wo = <<-EOT
    hunter2
  EOT
}

resource "hybridops_proxmox_user" "good" {
  password = var.password
}
"#;
    let expected: Expected<'_> = &[
        ((6, 59), "provider.hybridops: the secret proxmox.api_token is written out here"),
        ((10, 14), "hybridops_proxmox_user.bot: the secret password"),
        ((16, 26), "the secret postgresql.roles.*.password"),
        ((23, 17), "aws_db_instance.db: the secret password_wo"),
    ];
    expect("hybridops_literal_secret", Severity::Error, source, expected).await;
    let found = findings("hybridops_literal_secret", source).await;
    assert!(found.iter().all(|one| !one.message.contains("hunter2")), "the secret is not repeated");
}

#[tokio::test]
async fn write_only_version() {
    let source = r#"variable "password" {}

resource "hybridops_proxmox_user" "a" {
  password = var.password
}

resource "hybridops_proxmox_user" "b" {
  password         = var.password
  password_version = 1
}

resource "hybridops_postgresql_host" "db" {
  postgresql = {
    roles = {
      app = { password = var.password }
      ro  = { password = var.password, password_version = 2 }
    }
  }
}

resource "aws_db_instance" "c" {
  password_wo = var.password
}
"#;
    let expected: Expected<'_> = &[
        ((4, 3), "hybridops_proxmox_user.a: password is write-only"),
        ((15, 26), "postgresql.roles.*.password is write-only"),
        ((22, 3), "set password_wo_version beside it"),
    ];
    expect("hybridops_write_only_version", Severity::Warning, source, expected).await;
}

#[tokio::test]
async fn data_protected() {
    let source = r#"resource "aws_ebs_volume" "a" {
  size = 1
}

resource "aws_db_instance" "guarded" {
  deletion_protection = true
}

resource "aws_db_instance" "not" {
  deletion_protection = false
}

resource "google_sql_database_instance" "by_default" {
}

resource "aws_s3_bucket" "kept" {
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket" "meant" {
  lifecycle {
    prevent_destroy = false
  }
}

resource "hybridops_postgresql_lxc" "db" {
  deletion_protection = false
}

resource "hybridops_proxmox_vm" "node" {
}
"#;
    let expected: Expected<'_> = &[
        (
            (1, 1),
            "aws_ebs_volume.a holds data and nothing keeps a plan from destroying it: set prevent_destroy = true",
        ),
        ((10, 25), "aws_db_instance.not"),
        ((24, 23), "aws_s3_bucket.meant"),
        ((29, 25), "hybridops_postgresql_lxc.db"),
    ];
    expect("hybridops_data_protected", Severity::Error, source, expected).await;
    let rules: &[(&str, &str)] =
        &[("hybridops_data_protected", "also = [\"hybridops_proxmox_vm\", \"my_store\"]")];
    let files: &[(&str, &str)] =
        &[("main.tf", "resource \"hybridops_proxmox_vm\" \"v\" {\n}\n\nresource \"my_store\" \"s\" {\n}\n")];
    let seen =
        inspect(Wanted { files, rules, only: &["hybridops_data_protected"], ..Wanted::default() }).await;
    assert_eq!(seen.findings.len(), 2, "{:?}", seen.findings);
    assert!(seen.findings[0].message.contains("set protection = true"));
}

#[tokio::test]
async fn unguarded_data_is_guarded() {
    let before = "resource \"aws_ebs_volume\" \"a\" {\n  size = 1\n}\n\nresource \"aws_s3_bucket\" \"b\" {\n  lifecycle {\n    ignore_changes = [tags]\n  }\n}\n";
    let after = "resource \"aws_ebs_volume\" \"a\" {\n  size = 1\n\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n\nresource \"aws_s3_bucket\" \"b\" {\n  lifecycle {\n    prevent_destroy = true\n    ignore_changes = [tags]\n  }\n}\n";
    mended("hybridops_data_protected", before, after).await;
}

#[tokio::test]
async fn gate_enforced() {
    let source = r#"variable "env" {}

data "hybridops_cost_gate" "silent" {
  env = "prod"
}

data "hybridops_cost_gate" "report" {
  env     = var.env
  enforce = "report"
}

data "hybridops_cost_gate" "lab" {
  env     = "lab"
  enforce = "report"
}

data "hybridops_cost_gate" "error" {
  env     = "prod"
  enforce = "error"
}

data "hybridops_cost_gate" "condition" {
  env = "prod"
  lifecycle {
    postcondition {
      condition     = self.allowed
      error_message = "no"
    }
  }
}

data "hybridops_cost_gate" "demanded" {
  env = "prod"
}

output "capacity" {
  value = 1
  precondition {
    condition     = data.hybridops_cost_gate.demanded.allowed
    error_message = "no"
  }
}

data "hybridops_cost_gate" "decided" {
  env = "prod"
}

data "hybridops_cost_gate" "compared" {
  env = "prod"
}

data "hybridops_dr_target" "t" {
  candidates = { a = { decision = data.hybridops_cost_gate.compared.decision } }
}

resource "hybridops_cost_decision" "d" {
  request = data.hybridops_cost_gate.decided.request
}
"#;
    let expected: Expected<'_> = &[
        ((3, 1), "data.hybridops_cost_gate.silent only reports"),
        ((9, 13), "data.hybridops_cost_gate.report stops nothing with enforce = \"report\""),
    ];
    expect("hybridops_gate_enforced", Severity::Error, source, expected).await;
    let before = "data \"hybridops_cost_gate\" \"a\" {\n  env     = \"prod\"\n  enforce = \"warn\"\n}\n";
    mended("hybridops_gate_enforced", before, &before.replace("warn", "error")).await;
}

#[tokio::test]
async fn production_is_configured() {
    let files: &[(&str, &str)] =
        &[("main.tf", "data \"hybridops_cost_gate\" \"a\" {\n  env = \"live\"\n  enforce = \"report\"\n}\n")];
    let mut plugin = Plugin::start().await;
    let wanted = Wanted { files, only: &["hybridops_gate_enforced"], ..Wanted::default() };
    assert_eq!(plugin.inspect(&wanted).await.expect("a check").findings, []);
    let configured = Wanted { plugin: "production = [\"live\"]", ..wanted };
    assert_eq!(plugin.inspect(&configured).await.expect("a check").findings.len(), 1);
}

#[tokio::test]
async fn gate_inputs() {
    let source = r#"variable "hours" {}

locals {
  fine  = var.hours
  trap  = aws_instance.web.id
  twice = local.trap
}

data "hybridops_cost_gate" "a" {
  env        = "prod"
  hours      = local.fine
  components = local.twice
  purpose    = module.m.purpose
  depends_on = [aws_instance.web]
}
"#;
    let expected: Expected<'_> = &[
        ((14, 3), "depends on others"),
        ((12, 16), "components comes from aws_instance.web"),
        ((13, 16), "purpose comes from module.m"),
    ];
    expect("hybridops_gate_inputs", Severity::Warning, source, expected).await;
}

#[tokio::test]
async fn gate_bypassed() {
    let source = r#"variable "active_site" {}

locals {
  dr = var.active_site != "onprem"
}

data "hybridops_cost_gate" "dr" {
  count   = local.dr ? 1 : 0
  enforce = "error"
}

resource "hybridops_cost_decision" "dr" {
  count   = local.dr ? 1 : 0
  request = data.hybridops_cost_gate.dr[0].request
}

resource "azurerm_kubernetes_cluster" "beside" {
  count      = var.active_site == "azure" ? 1 : 0
  depends_on = [data.hybridops_cost_gate.dr]
}

resource "azurerm_kubernetes_cluster" "waits" {
  count      = local.dr ? 1 : 0
  depends_on = [hybridops_cost_decision.dr]
}

resource "azurerm_kubernetes_cluster_node_pool" "through" {
  count      = local.dr ? 1 : 0
  cluster_id = azurerm_kubernetes_cluster.waits[0].id
}

resource "azurerm_linux_virtual_machine" "tagged" {
  tags = { "cost:purpose" = "drill" }
}

resource "azurerm_linux_virtual_machine" "always" {
  tags = { "cost:purpose" = "baseline" }
}

resource "azurerm_resource_group" "free" {
  count = local.dr ? 1 : 0
}

module "capacity" {
  count  = local.dr ? 1 : 0
  source = "./capacity"
}
"#;
    let expected: Expected<'_> = &[
        (
            (17, 1),
            "azurerm_kubernetes_cluster.beside is capacity that waits for a decision, and does not wait",
        ),
        ((32, 1), "azurerm_linux_virtual_machine.tagged"),
        ((44, 1), "module.capacity"),
    ];
    expect("hybridops_gate_bypassed", Severity::Error, source, expected).await;
}

#[tokio::test]
async fn decision_order() {
    let before = "resource \"hybridops_cost_decision\" \"dr\" {\n  on_change = \"fail\"\n}\n";
    let rule = "hybridops_decision_order";
    expect(rule, Severity::Warning, before, &[((1, 1), "hybridops_cost_decision.dr is replaced before")])
        .await;
    let after = "resource \"hybridops_cost_decision\" \"dr\" {\n  on_change = \"fail\"\n\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n";
    mended(rule, before, after).await;
}

/// All at once: each rule sees what the one before it mended, and the places stay right.
#[tokio::test]
async fn rules_mend_one_after_the_other() {
    let before = "resource \"google_storage_bucket\" \"b\" {\n  labels = { \"cost:env\" = \"prod\", cost_owner = \"me\", cost_component = \"b\", cost_purpose = \"baseline\" }\n}\n";
    let seen = inspect(Wanted { files: &[("main.tf", before)], fix: true, ..Wanted::default() }).await;
    let after = "resource \"google_storage_bucket\" \"b\" {\n  labels = { \"cost_env\" = \"prod\", cost_owner = \"me\", cost_component = \"b\", cost_purpose = \"baseline\" }\n\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n";
    assert_eq!(seen.files["main.tf"], after);
    let again = inspect(Wanted { files: &[("main.tf", after)], ..Wanted::default() }).await;
    assert_eq!(again.findings, []);
}
