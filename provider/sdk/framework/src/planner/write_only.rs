//! Write-only values: in the configuration, handed to create and update, and nowhere else.

use tf_value::{Path, Value};

use crate::schema::Block;
use crate::schema::members::{Members, member_of, object_with};

/// The object with every write-only value null, as plan and state must have it.
#[must_use]
pub fn strip_write_only(block: &Block, value: Value) -> Value {
    if value.is_known() { strip(block.into(), &value) } else { value }
}

fn strip(members: Members<'_>, object: &Value) -> Value {
    object_with(members, |member| {
        let value = member_of(object, member.name);
        match member.nested {
            _ if member.is_write_only() => Value::Null,
            Some(nested) => nested.map(value, |_, object| strip(nested.members, object)),
            None => value.clone(),
        }
    })
}

/// The planned object with the write-only values of the configuration, for create and update to see.
#[must_use]
pub fn fill_write_only(block: &Block, planned: Value, config: &Value) -> Value {
    if planned.is_known() && config.is_known() { fill(block.into(), &planned, config) } else { planned }
}

fn fill(members: Members<'_>, planned: &Value, config: &Value) -> Value {
    object_with(members, |member| {
        let (planned, config) = (member_of(planned, member.name), member_of(config, member.name));
        match member.nested {
            _ if member.is_write_only() => config.clone(),
            Some(nested) => nested.map(planned, |place, planned| match place.of(config) {
                Some(config) => fill(nested.members, planned, config),
                None => planned.clone(),
            }),
            None => planned.clone(),
        }
    })
}

/// The write-only attributes that an object sets, known or not.
#[must_use]
pub fn write_only_paths_set(block: &Block, config: &Value) -> Vec<Path> {
    let mut paths = Vec::new();
    collect(block.into(), config, &Path::root(), &mut paths);
    paths
}

fn collect(members: Members<'_>, object: &Value, path: &Path, paths: &mut Vec<Path>) {
    for member in members.iter() {
        let value = member_of(object, member.name);
        let path = path.clone().attribute(member.name);
        if member.is_write_only() {
            if !value.is_null() {
                paths.push(path);
            }
        } else if let Some(nested) = member.nested {
            for (place, object) in nested.objects(value) {
                collect(nested.members, object, &place.path(&path), paths);
            }
        }
    }
}
