//! What the user reads when a value is wrong: the text itself.

use anyhow::Result;

use crate::workspace;

/// A body, and what is said of it.
const MISTAKES: &[(&str, &str)] = &[
    (
        r#"protocol = "sctp""#,
        r#"Error: Invalid value with probe_validated.it, on main.tf line 2, in resource "probe_validated" "it": 2: protocol = "sctp" `protocol` must be one of "tcp", "udp", "icmp", but is "sctp"."#,
    ),
    ("port = 0", "`port` must be between 1 and 65535, but is 0."),
    ("port = 1.5", "`port` must be a whole number, but is 1.5."),
    (r#"label = "Not_a_label""#, r#"`label` must be a DNS label, but is "Not_a_label"."#),
    (r#"addresses = []"#, "`addresses` must be a collection of between 1 and 3 elements."),
    (
        r#"addresses = ["192.0.2.1", "nonsense"]"#,
        r#"`addresses[1]` must be an IPv4 address such as 192.0.2.1, but is "nonsense"."#,
    ),
    ("ports = [80, 8080]", "must be at least 1024, but is 80."),
    (r#"variables = { lower = "x" }"#, r#"`variables["lower"]` must be in upper case, but is "lower"."#),
    (r#"passphrase = "hunter2""#, "`passphrase` must be at least 12 characters long."),
    (
        "fixed = \"192.0.2.1\"\n  dhcp = true",
        "`fixed` cannot be set together with `dhcp`. Remove one of them.",
    ),
    (r#"user = "me""#, "`user` needs `password` to be set as well."),
    (
        r#"doors = { front = { width = 20 } }"#,
        r#"2: doors = { front = { width = 20 } } `doors["front"].width` must be between 60 and 200, but is 20."#,
    ),
    (
        "least = 5\n  most = 3",
        "Error: The bounds are in the wrong order with probe_validated.it, on main.tf line 3",
    ),
];

fn resource(body: &str) -> String {
    format!("resource \"probe_validated\" \"it\" {{\n  {body}\n  file = \"f\"\n  mail = \"m\"\n}}\n")
}

#[test]
fn mistakes_are_explained() -> Result<()> {
    let ws = workspace!();
    for (body, text) in MISTAKES {
        ws.write("main.tf", &resource(body))?;
        let output = ws.validate()?.fails()?.says(text)?;
        assert_eq!(output.text().matches("Error:").count(), 1, "one mistake, one message: {output}");
        output.is_silent_about("hunter2\",")?;
    }
    Ok(())
}

#[test]
fn siblings_are_counted() -> Result<()> {
    let ws = workspace!();
    let of = |body: &str| format!("resource \"probe_validated\" \"it\" {{\n  {body}\n}}\n");
    ws.write("main.tf", &of("mail = \"m\""))?;
    ws.validate()?.fails()?.says("Exactly one of `file` and `url` must be set, but none is.")?;
    ws.write("main.tf", &of("mail = \"m\"\n  file = \"f\"\n  url = \"u\""))?;
    ws.validate()?.fails()?.says("Exactly one of `file` and `url` must be set, but `file` and `url` are.")?;
    ws.write("main.tf", &of("file = \"f\""))?;
    ws.validate()?.fails()?.says("At least one of `mail` and `phone` must be set, but none is.")?;
    Ok(())
}

#[test]
fn secrets_are_not_repeated() -> Result<()> {
    let ws = workspace!();
    let config = "variable \"p\" { default = \"hunter2\" }\n".to_owned() + &resource("passphrase = var.p");
    ws.write("main.tf", &config)?;
    let said = "`passphrase` must be at least 12 characters long.";
    ws.plan()?.fails()?.says(said)?.is_silent_about("hunter2")?;
    Ok(())
}

#[test]
fn what_is_not_known_yet_is_not_refused() -> Result<()> {
    let ws = workspace!();
    let source = "resource \"terraform_data\" \"later\" { input = \"sctp\" }\n";
    let body = "protocol = terraform_data.later.output\n  fixed = terraform_data.later.output\n  dhcp = true\n  \
                addresses = [terraform_data.later.output]";
    ws.write("main.tf", &(source.to_owned() + &resource(body)))?;
    ws.plan()?.ok()?;
    ws.apply()?.fails()?.says(r#"`protocol` must be one of "tcp", "udp", "icmp", but is "sctp"."#)?;
    Ok(())
}

#[test]
fn good_values_pass() -> Result<()> {
    let ws = workspace!();
    let body = r#"protocol = "udp"
  port = 65535
  label = "a-label"
  addresses = ["192.0.2.1"]
  ports = [1024]
  variables = { UPPER = "x" }
  passphrase = "long enough to do"
  fixed = "192.0.2.1"
  user = "me"
  password = "x"
  doors = { front = { width = 60 } }
  least = 1
  most = 1"#;
    ws.write("main.tf", &resource(body))?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    Ok(())
}
