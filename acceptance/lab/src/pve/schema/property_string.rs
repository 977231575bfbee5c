//! Property strings: `key=value,key=value`, with a default key and aliases.

use std::collections::BTreeMap;

use super::{Spec, check::check_value};

/// Parsed properties under their own (not alias) names.
pub(crate) type Properties = BTreeMap<String, String>;

/// Parses and checks; `prefix` names the parameter in errors. Errors are lines as the API words them.
pub(crate) fn parse(prefix: &str, text: &str, specs: &BTreeMap<String, Spec>) -> Result<Properties, String> {
    let mut found = Properties::new();
    for part in text.split(',') {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        let (key, value) = match part.split_once('=') {
            // A default value may itself hold `=`: only a name of the schema is a key.
            Some((key, value)) if specs.contains_key(key) || default_key(specs).is_none() => (key, value),
            Some((key, value)) if !key.contains([':', '/']) => (key, value),
            _ => match default_key(specs) {
                Some(key) if !found.contains_key(key) => (key, part),
                Some(_) => return Err(format!("duplicate key in comma-separated list property: {part}\n")),
                None => {
                    return Err("value without key, but schema does not define a default key\n".to_owned());
                }
            },
        };
        let mut insert = |key: &str, value: &str| match found.insert(key.to_owned(), value.to_owned()) {
            Some(_) => Err(format!("duplicate key in comma-separated list property: {key}\n")),
            None => Ok(()),
        };
        match specs.get(key) {
            Some(Spec { alias: Some(target), key_alias, .. }) => {
                insert(target, value)?;
                if let Some(role) = key_alias {
                    insert(role, key)?;
                }
            }
            _ => insert(key, value)?,
        }
    }
    let mut errors = String::new();
    for (key, value) in &found {
        let problem = match specs.get(key) {
            None => Some(
                "property is not defined in schema and the schema does not allow additional properties"
                    .to_owned(),
            ),
            Some(spec) => check_value(&format!("{prefix}.{key}"), value, spec),
        };
        if let Some(problem) = problem {
            errors.push_str(&format!("{prefix}.{key}: {problem}\n"));
        }
    }
    for (key, spec) in specs {
        if spec.optional == 0 && spec.alias.is_none() && !found.contains_key(key) {
            errors.push_str(&format!("{prefix}.{key}: property is missing and it is not optional\n"));
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(format!("format error\n{errors}")) }
}

fn default_key(specs: &BTreeMap<String, Spec>) -> Option<&str> {
    specs.iter().find(|(_, s)| s.default_key == 1).map(|(k, _)| k.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::qemu_option;

    fn parse(key: &str, text: &str) -> Result<super::Properties, String> {
        let specs = qemu_option(key).and_then(super::Spec::properties).expect("a property string");
        super::parse(key, text, specs)
    }

    #[test]
    fn model_alias_carries_the_address() {
        let net = parse("net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0").expect("valid");
        assert_eq!(net["model"], "virtio");
        assert_eq!(net["macaddr"], "BC:24:11:00:00:01");
        assert_eq!(parse("net0", "virtio,bridge=vmbr0").expect("valid")["model"], "virtio");
    }

    #[test]
    fn disk_default_key_is_the_volume() {
        let disk = parse("scsi0", "local:0,import-from=local:import/a.qcow2,ssd=1").expect("valid");
        assert_eq!(disk["file"], "local:0");
        assert_eq!(disk["import-from"], "local:import/a.qcow2");
    }

    #[test]
    fn unknown_key_is_named() {
        let error = parse("net0", "virtio,bridge=vmbr0,foo=1").expect_err("refused");
        assert!(error.contains("net0.foo: property is not defined in schema"), "{error}");
    }
}
