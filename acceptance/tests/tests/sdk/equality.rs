//! Two spellings of one meaning make no difference, already at plan.

use anyhow::Result;

use crate::workspace;

const IT: &str = "probe_everything.it";

/// Attribute, the spelling applied first, spellings that mean the same, one that does not.
const SPELLINGS: &[(&str, &str, &[&str], &str)] = &[
    (
        "document",
        r#""{\"a\":1,\"b\":[true,null]}""#,
        &[r#""{ \"b\": [true, null], \"a\": 1.0 }""#],
        r#""{\"a\":2}""#,
    ),
    ("documents", r#"["{\"x\":1}", "[]"]"#, &[r#"["{ \"x\": 1 }", "[ ]"]"#], r#"["[]", "{\"x\":1}"]"#),
    ("network", r#""2001:db8::/32""#, &[r#""2001:0DB8:0:0::/32""#], r#""2001:db8::/33""#),
    ("host", r#""Example.org""#, &[r#""EXAMPLE.ORG""#, r#""example.org""#], r#""example.com""#),
    ("hardware", r#""BC:24:11:00:00:01""#, &[r#""bc-24-11-00-00-01""#], r#""BC:24:11:00:00:02""#),
    ("volume", r#""2G""#, &[r#""2048M""#], r#""3G""#),
    ("patience", r#""90s""#, &[r#""1m30s""#, r#""1.5m""#], r#""91s""#),
];

fn config(pick: impl Fn(usize) -> &'static str) -> String {
    let lines =
        SPELLINGS.iter().enumerate().map(|(index, (name, ..))| format!("  {name} = {}\n", pick(index)));
    format!("resource \"probe_everything\" \"it\" {{\n{}}}\n", lines.collect::<String>())
}

#[test]
fn another_spelling_is_no_change() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", &config(|index| SPELLINGS[index].1))?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    let longest = SPELLINGS.iter().map(|(_, _, same, _)| same.len()).max().unwrap_or(0);
    for turn in 0..longest {
        ws.write("main.tf", &config(|index| SPELLINGS[index].2[turn % SPELLINGS[index].2.len()]))?;
        ws.expect_empty_plan()?;
    }
    // And an apply for another reason keeps the spelling that is in state.
    let more = config(|index| SPELLINGS[index].2[0]).replace("\" {\n", "\" {\n  text = \"a reason\"\n");
    ws.write("main.tf", &more)?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    assert_eq!(ws.state()?.get(IT, "host")?, "Example.org");
    Ok(())
}

#[test]
fn another_meaning_is_a_change() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", &config(|index| SPELLINGS[index].1))?;
    ws.apply()?.ok()?;
    ws.write("main.tf", &config(|index| SPELLINGS[index].3))?;
    let plan = ws.planned()?;
    plan.expect(&[(IT, "update")])?;
    let change = plan.change(IT)?;
    for (name, ..) in SPELLINGS {
        assert_ne!(change.before(name), change.after(name), "{name}");
    }
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    Ok(())
}
