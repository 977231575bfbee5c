//! A workspace with a policy, what was spent, and artefacts of now.

use std::fs;
use std::path::PathBuf;

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

/// The published artefact, of which each test has one made now.
const ARTIFACT: &str =
    include_str!("../../../../provider/domains/cost/engine/testdata/cost-run-gha-18273645-1.json");

/// What two hours of it cost: (0.8419 × 2 + 15) × 1.2.
pub(crate) const TWO_HOURS: &str = "20.02056";

pub(crate) struct Scene {
    pub(crate) ws: Workspace,
    pub(crate) now: Timestamp,
}

fn second(moment: Timestamp) -> String {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment).to_string()
}

impl Scene {
    /// A scene in which two hours are allowed; `None`, said aloud, without Terraform.
    pub(crate) fn new(test: &str) -> Result<Option<Self>> {
        if !terraform_or_skip(test)? {
            return Ok(None);
        }
        let scene = Self { ws: Workspace::ready(&[Provider::hybridops()?])?, now: Timestamp::now() };
        scene.policy(|_| {})?;
        scene.spend("10.00")?;
        scene.artifact("dr-aks", "run-1", 600, |text| text)?;
        Ok(Some(scene))
    }

    /// The hour that runs.
    pub(crate) fn window_start(&self) -> String {
        Timestamp::from_second(self.now.as_second().div_euclid(3600) * 3600).unwrap_or(self.now).to_string()
    }

    /// The policy, changed.
    pub(crate) fn policy(&self, change: impl FnOnce(&mut Json)) -> Result<()> {
        let mut policy = json!({
            "schema": "hybridops.cost-policy", "schemaVersion": "1.0.0", "version": "test",
            "validUntil": second(self.now + SignedDuration::from_hours(240)), "currency": "EUR",
            "budgets": [{
                "id": "prod-dr", "match": {"env": ["prod"], "purpose": ["dr"]}, "period": "year",
                "limit": "100.00", "warnAt": "90.00"
            }],
            "caps": {"hourly": "5.00", "hours": "72"},
            "artifact": {"maxAge": 86400, "requires": ["k8s.start", "db.promote", "traffic.cutover"]}
        });
        change(&mut policy);
        self.ws.write("cost/policy.json", &policy.to_string())
    }

    /// What was spent of the budget this year.
    pub(crate) fn spend(&self, actual: &str) -> Result<()> {
        let year = self.now.to_string().get(..4).context("a year")?.to_owned();
        let spend = json!({
            "schema": "hybridops.cost-spend", "schemaVersion": "1.0.0", "currency": "EUR",
            "asOf": second(self.now - SignedDuration::from_hours(1)),
            "spend": [{"budget": "prod-dr", "period": year, "actual": actual}]
        });
        self.ws.write("cost/spend.json", &spend.to_string())
    }

    /// An artefact that is so many seconds old.
    pub(crate) fn artifact(
        &self,
        component: &str,
        run_id: &str,
        age: i64,
        change: impl FnOnce(String) -> String,
    ) -> Result<()> {
        let made = self.now - SignedDuration::from_secs(age);
        let text = ARTIFACT
            .replace("gha-18273645-1", run_id)
            .replace("dr-aks", component)
            .replace("2026-03-30T20:05:11Z", &second(made))
            .replace("2026-04-06T20:05:11Z", &second(made + SignedDuration::from_hours(168)));
        self.ws.write(&Self::place(component, run_id), &change(text))
    }

    pub(crate) fn place(component: &str, run_id: &str) -> String {
        format!("output/artifacts/cost/{component}/cost-run-{run_id}.json")
    }

    /// The provider block with the gate's places. Nothing answers where the site is said to be.
    pub(crate) fn provider(&self) -> String {
        r#"
provider "hybridops" {
  proxmox = { endpoint = "https://127.0.0.1:9", api_token = "root@pam!t=00000000-0000-0000-0000-000000000000" }
  netbox  = { url = "http://127.0.0.1:9", token = "0123456789abcdef0123456789abcdef01234567" }
  cost = {
    policy = "cost/policy.json"
    spend  = "cost/spend.json"
    ledger = "ledger"
  }
}
"#
        .to_owned()
    }

    /// What is asked: two hours of a failover.
    pub(crate) fn asked(&self) -> String {
        format!(
            r#"
  action       = "failover"
  env          = "prod"
  components   = ["dr-aks"]
  purpose      = "dr"
  hours        = "2"
  window_start = "{}"
"#,
            self.window_start()
        )
    }

    /// A gate with more attributes.
    pub(crate) fn gate(&self, more: &str) -> String {
        format!("data \"hybridops_cost_gate\" \"dr\" {{\n{}\n{more}\n}}\n", self.asked())
    }

    /// A decision with more attributes.
    pub(crate) fn decision(&self, more: &str) -> String {
        format!(
            "resource \"hybridops_cost_decision\" \"dr\" {{\n  request = {{\n{}\n  }}\n{more}\n}}\n",
            self.asked()
        )
    }

    /// A gate, and a decision that is pinned to what it says.
    pub(crate) fn pinned(&self, more: &str) -> String {
        let pin = format!("  pin = data.hybridops_cost_gate.dr.pin\n{more}");
        format!("{}{}", self.gate(""), self.decision(&pin))
    }

    /// Writes the configuration: the provider and this.
    pub(crate) fn configure(&self, body: &str) -> Result<()> {
        self.ws.write("main.tf", &format!("{}{body}", self.provider()))
    }

    /// Records of the ledger, in order.
    pub(crate) fn records(&self) -> Result<Vec<Json>> {
        records_in(&self.ws.path("ledger/prod"))
    }
}

/// Records of the ledger in a directory, in order.
pub(crate) fn records_in(directory: &std::path::Path) -> Result<Vec<Json>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut files: Vec<PathBuf> =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files.iter().map(|file| Ok(serde_json::from_slice(&fs::read(file)?)?)).collect()
}

/// Ids of the decisions that hold money.
pub(crate) fn open_in(records: &[Json]) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for record in records {
        let id = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        open.retain(|known| *known != id("supersedes"));
        match record["schema"].as_str() {
            Some("hybridops.cost-closing") => open.retain(|known| *known != id("decisionId")),
            _ if record["allowed"] == json!(true) => open.push(id("decisionId")),
            _ => {}
        }
    }
    open
}

/// A scene, or the end of the test.
macro_rules! scene {
    ($test:literal) => {
        match $crate::scene::Scene::new($test)? {
            Some(scene) => scene,
            None => return Ok(()),
        }
    };
}
pub(crate) use scene;
