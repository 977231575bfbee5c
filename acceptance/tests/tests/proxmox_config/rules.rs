//! Lists of firewall rules: as few writes as it takes, and never on a list that someone else has changed.

use anyhow::{Error, Result, ensure};
use hybridops_lab::Release;
use serde_json::{Value as Json, json};

use crate::scene::Scene;

/// The configuration of rules that are known by their comments.
fn rules(comments: &[&str]) -> String {
    let rule = |comment: &&str| {
        format!("    {{ action = \"ACCEPT\", type = \"in\", enable = true, comment = \"{comment}\" }},\n")
    };
    let rules: String = comments.iter().map(rule).collect();
    format!("resource \"hybridops_proxmox_firewall_rules\" \"it\" {{\n  rules = [\n{rules}  ]\n}}\n")
}

/// The comments of the rules on the server, in their order.
fn there(it: &Scene) -> Result<Vec<String>> {
    let list = it.lab.call("GET", "/cluster/firewall/rules", &json!({})).map_err(Error::msg)?;
    let rules = list.as_array().cloned().unwrap_or_default();
    Ok(rules.iter().map(|rule| rule["comment"].as_str().unwrap_or_default().to_owned()).collect())
}

#[test]
fn a_list_is_changed_by_as_few_writes_as_it_takes() -> Result<()> {
    let it = Scene::start(Release::V8_4)?;
    let steps: [(&str, &[&str], usize); 6] = [
        ("make", &["a", "b", "c", "d"], 4),
        ("move the last to the top", &["d", "a", "b", "c"], 1),
        ("insert in the middle", &["d", "a", "new", "b", "c"], 2),
        ("remove one", &["d", "new", "b", "c"], 1),
        ("change one", &["d", "new", "other", "c"], 1),
        ("turn round", &["c", "other", "new", "d"], 3),
    ];
    for (what, comments, most) in steps {
        it.ws.write("main.tf", &rules(comments))?;
        it.told(what, || it.ws.apply())?;
        let writes = it.writes();
        ensure!(there(&it)? == comments, "{what}: {:?}", there(&it)?);
        ensure!(writes.len() <= most, "{what} took {} writes: {writes:?}", writes.len());
        it.expect_nothing_to_do(what)?;
    }
    Ok(())
}

#[test]
fn a_list_that_someone_else_has_changed_is_left_alone() -> Result<()> {
    let it = Scene::start(Release::V8_4)?;
    it.ws.write("main.tf", &rules(&["a", "b"]))?;
    it.told("make", || it.ws.apply())?;
    it.ws.write("main.tf", &rules(&["b", "a"]))?;
    it.ws.run(&["plan", "-no-color", "-out", "one.plan"])?.ok()?;
    let theirs = json!({"action": "DROP", "type": "in", "comment": "theirs"});
    it.lab.call("POST", "/cluster/firewall/rules", &theirs).map_err(Error::msg)?;
    let before = there(&it)?;
    let refused = it.ws.run(&["apply", "-no-color", "one.plan"])?.fails()?;
    ensure!(refused.stderr.contains("since the plan was made"), "{}", refused.stderr);
    ensure!(there(&it)? == before, "nothing was written: {:?}", there(&it)?);
    // The next plan shows what would go.
    let plan = it.ws.planned()?;
    let shown = plan.change("hybridops_proxmox_firewall_rules.it")?.before("rules").to_string();
    ensure!(shown.contains("theirs"), "{shown}");
    it.told("apply the new plan", || it.ws.apply())?;
    ensure!(there(&it)? == ["b", "a"], "{:?}", there(&it)?);
    it.expect_nothing_to_do("the new plan")
}

#[test]
fn rules_of_someone_else_are_not_taken_over_unseen() -> Result<()> {
    let it = Scene::start(Release::V8_4)?;
    let theirs = json!({"action": "DROP", "type": "in", "comment": "theirs"});
    it.lab.call("POST", "/cluster/firewall/rules", &theirs).map_err(Error::msg)?;
    it.ws.write("main.tf", &rules(&["a"]))?;
    let refused = it.ws.apply()?.fails()?;
    ensure!(refused.stderr.contains("Import the list"), "{}", refused.stderr);
    ensure!(there(&it)? == ["theirs"], "{:?}", there(&it)?);
    it.ws.import("hybridops_proxmox_firewall_rules.it", "rules")?.ok()?;
    let plan = it.ws.planned()?;
    let before: &Json = plan.change("hybridops_proxmox_firewall_rules.it")?.before("rules");
    ensure!(before.to_string().contains("theirs"), "{before}");
    it.told("apply", || it.ws.apply())?;
    ensure!(there(&it)? == ["a"], "{:?}", there(&it)?);
    Ok(())
}
