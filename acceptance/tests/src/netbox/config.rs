//! Whole configurations: every instance of every kind, with setters and allocators.

use serde_json::Value as Json;

use super::catalogue::{Catalogue, Instance, Stage};
use super::hcl;
use super::value::{Form, Link};

impl Catalogue {
    /// Every instance that exists at a stage, with the setters and allocators from [`Stage::All`] on.
    ///
    /// # Errors
    /// The samples say what cannot be.
    pub fn configuration(&self, stage: Stage) -> Result<String, String> {
        let mut text = String::new();
        for instance in self.instances() {
            text.push_str(&self.resource(&instance, stage)?);
        }
        text.push_str(&self.others(stage)?);
        Ok(text)
    }

    /// The block of one instance; empty where it does not exist at the stage.
    ///
    /// # Errors
    /// The samples say what cannot be.
    pub fn resource(&self, instance: &Instance, stage: Stage) -> Result<String, String> {
        let Some(fields) = self.fields(instance, stage)? else { return Ok(String::new()) };
        let arguments: Vec<(String, String)> =
            fields.iter().flat_map(|(field, sample)| hcl::arguments(self.table, field, sample)).collect();
        let header = format!("resource \"hybridops_{}\" \"{}\"", instance.kind.name, instance.label);
        Ok(hcl::block(&header, &arguments))
    }

    /// The setters and allocators that a server of this version has, by type name, with their kinds.
    pub fn other_types(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let there =
            |kind: &str| self.table.kind(kind).is_some_and(|kind| kind.available.covers(self.version));
        let setters = self.table.setters().iter().filter(move |setter| {
            there(setter.kind) && setter.fields.iter().any(|field| field.available.covers(self.version))
        });
        let allocators = self.table.allocators().iter();
        setters
            .map(|setter| (setter.name, setter.kind))
            .chain(allocators.map(|allocator| (allocator.name, allocator.kind)))
    }

    fn others(&self, stage: Stage) -> Result<String, String> {
        if stage == Stage::Required {
            return Ok(String::new());
        }
        let mut text = String::new();
        for (name, _) in self.other_types() {
            let samples =
                self.samples.others.get(name).ok_or_else(|| format!("there are no samples of {name}"))?;
            let fields = match stage {
                Stage::Changed | Stage::Cleared if !samples.changed.is_empty() => &samples.changed,
                _ => &samples.first,
            };
            let argument = |(field, notation): (&String, &Json)| (field.clone(), self.other_value(notation));
            let arguments: Vec<(String, String)> = fields.iter().map(argument).collect();
            text.push_str(&hcl::block(&format!("resource \"hybridops_{name}\" \"it\""), &arguments));
        }
        Ok(text)
    }

    fn other_value(&self, notation: &Json) -> String {
        let text = notation.as_str().unwrap_or_default();
        match text.strip_prefix('@').and_then(|text| text.rsplit_once(':')) {
            Some((kind, instance)) => {
                let link = Link { kind: kind.to_owned(), instance: instance.to_owned(), form: Form::Id };
                hcl::link(self.table, &link)
            }
            None if notation.is_string() => hcl::quoted(&text.replace("{p}", &self.naming.prefix)),
            None => hcl::literal(notation),
        }
    }
}
