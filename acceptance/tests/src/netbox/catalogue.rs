//! Which instances of each kind a run makes, and with which values when.

use std::collections::{BTreeMap, BTreeSet};

use ::catalogue::Table;
use ::catalogue::description::{Field, Kind, Presence, Shape, Version};
use serde_json::Value as Json;

use super::automatic::{Naming, Who, automatic, possible_form};
use super::samples::{Fields, KindSamples, Samples, Variant};
use super::value::{Form, Link, Sample};

/// A moment in the life of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Only what is required.
    Required,
    /// Every field has its first value.
    All,
    /// Every field has its second value.
    Changed,
    /// All that may be left out is left out again.
    Cleared,
}

/// Something that is tried with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// It gets a value.
    Set,
    /// It gets another value.
    Change,
    /// It gets none any more.
    Clear,
}

/// An object that a run makes.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its label.
    pub label: String,
    role: Role,
    ordinal: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Role {
    /// Required fields only; what others refer to first.
    Base,
    /// The same; what others refer to then.
    Alt,
    /// Fields that the samples give.
    Also,
    /// Goes through all stages; of this variant.
    Full(String),
    /// Made with all fields at once; of this variant.
    Whole(String),
}

/// What was tried, and what was not.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Kind, field and operation that are tried.
    pub tried: BTreeSet<(&'static str, &'static str, Operation)>,
    /// What should be and is not.
    pub missing: Vec<(&'static str, &'static str, Operation)>,
    /// What is not, by the exceptions, with the reason.
    pub excepted: Vec<(&'static str, &'static str, Operation, String)>,
    /// Exceptions that nothing needs.
    pub idle: Vec<String>,
}

/// Instances and their values.
#[derive(Debug)]
pub struct Catalogue {
    /// The table.
    pub table: &'static Table,
    /// What the rules do not tell.
    pub samples: Samples,
    /// What objects are called by.
    pub naming: Naming,
    /// The version of the server.
    pub version: Version,
}

const MAIN: &str = "";

impl Catalogue {
    /// The instances of the kinds of a table that a version of the server has.
    #[must_use]
    pub fn new(table: &'static Table, samples: Samples, naming: Naming, version: Version) -> Self {
        Self { table, samples, naming, version }
    }

    /// The kinds that the server has.
    pub fn kinds(&self) -> impl Iterator<Item = &'static Kind> {
        self.table.kinds().iter().copied().filter(|kind| kind.available.covers(self.version))
    }

    fn of(&self, kind: &Kind) -> KindSamples {
        self.samples.kinds.get(kind.path).cloned().unwrap_or_default()
    }

    fn variant(&self, kind: &Kind, name: &str) -> Variant {
        self.of(kind).variants.get(name).cloned().unwrap_or_default()
    }

    /// Every instance of every kind.
    #[must_use]
    pub fn instances(&self) -> Vec<Instance> {
        self.kinds().flat_map(|kind| self.instances_of(kind)).collect()
    }

    /// Every instance of a kind.
    #[must_use]
    pub fn instances_of(&self, kind: &'static Kind) -> Vec<Instance> {
        let samples = self.of(kind);
        if samples.skipped.is_some() {
            return Vec::new();
        }
        let full = ("full".to_owned(), Role::Full(MAIN.to_owned()));
        let whole = ("whole".to_owned(), Role::Whole(MAIN.to_owned()));
        let mut roles = match (kind.nature.standing || samples.alone, kind.nature.identity.is_number()) {
            // There is one of them.
            (true, _) => vec![full],
            (false, false) => vec![("base".to_owned(), Role::Base), full, whole],
            (false, true) => {
                vec![("base".to_owned(), Role::Base), ("alt".to_owned(), Role::Alt), full, whole]
            }
        };
        roles.extend(samples.also.keys().map(|label| (label.clone(), Role::Also)));
        for variant in samples.variants.keys() {
            let covers =
                |field: &String| kind.field(field).is_some_and(|field| field.available.covers(self.version));
            if self.variant(kind, variant).only.iter().any(covers) {
                roles.push((format!("full-{variant}"), Role::Full(variant.clone())));
                roles.push((format!("whole-{variant}"), Role::Whole(variant.clone())));
            }
        }
        let instance = |(index, (label, role))| Instance { kind, label, role, ordinal: index + 1 };
        roles.into_iter().enumerate().map(instance).collect()
    }

    /// The fields of an instance at a stage; `None` where it does not exist yet.
    ///
    /// # Errors
    /// The samples say what cannot be.
    pub fn fields(
        &self,
        instance: &Instance,
        stage: Stage,
    ) -> Result<Option<Vec<(&'static Field, Sample)>>, String> {
        let (wanted, phase) = match (&instance.role, stage) {
            (Role::Base | Role::Alt | Role::Also, _) | (Role::Full(_), Stage::Required) => {
                (Wanted::Required, 1)
            }
            (Role::Full(_), Stage::All) => (Wanted::All, 1),
            (Role::Full(_), Stage::Changed) => (Wanted::All, 2),
            (Role::Full(_), Stage::Cleared) => (Wanted::Required, 2),
            (Role::Whole(_), Stage::Required) => return Ok(None),
            (Role::Whole(_), _) => (Wanted::All, 1),
        };
        let mut fields = Vec::new();
        for field in instance.kind.fields {
            if let Some(sample) = self.field(instance, field, wanted, phase, stage)? {
                fields.push((field, sample));
            }
        }
        Ok(Some(fields))
    }

    fn field(
        &self,
        instance: &Instance,
        field: &'static Field,
        wanted: Wanted,
        phase: u8,
        stage: Stage,
    ) -> Result<Option<Sample>, String> {
        let Instance { kind, role, .. } = instance;
        if field.presence == Presence::ReadOnly || !field.available.covers(self.version) {
            return Ok(None);
        }
        let samples = self.of(kind);
        // What replaces the object stays as it is through all stages.
        let phase = if field.replace { 1 } else { phase };
        let of_role: Vec<&Fields> = match role {
            Role::Base => vec![&samples.base],
            Role::Alt => vec![&samples.alt],
            Role::Also => samples.also.get(&instance.label).into_iter().collect(),
            Role::Full(_) | Role::Whole(_) => Vec::new(),
        };
        let (variant, name) = match role {
            Role::Full(name) | Role::Whole(name) => (self.variant(kind, name), name.as_str()),
            _ => (Variant::default(), MAIN),
        };
        let always: Vec<&Fields> = of_role.into_iter().chain([&variant.every, &samples.every]).collect();
        let of_phase: [&Fields; 2] = match phase {
            1 => [&variant.first, &samples.first],
            _ => [&variant.changed, &samples.changed],
        };
        let given = |sets: &[&Fields]| sets.iter().find_map(|fields| fields.get(field.name).cloned());
        let required = match field.presence {
            Presence::Required => !field.nullable && kind.slug_source(field).is_none(),
            Presence::RequiredIn(versions) => versions.covers(self.version),
            _ => false,
        };
        if !required && self.exception(kind, field, Operation::Set).is_some() {
            return Ok(None);
        }
        let needed = |needs: &[String]| needs.iter().any(|need| need == field.name);
        let required = required || needed(&samples.needs) && name == MAIN || needed(&variant.needs);
        let is_pair = matches!(role, Role::Full(_) | Role::Whole(_));
        let kept = stage == Stage::Cleared
            && variant.kept.iter().chain(&samples.kept).any(|kept| kept == field.name);
        let of_variant = name == MAIN && !samples.without.iter().any(|without| without == field.name)
            || variant.only.iter().any(|only| only == field.name);
        let is_wanted = required || kept || (wanted == Wanted::All && is_pair && of_variant);
        let own = if is_wanted && is_pair { given(&of_phase[..1]) } else { None };
        let notation = if let Some(notation) = own.or_else(|| given(&always)) {
            Some(notation)
        } else if is_wanted {
            let of_first: [&Fields; 2] = [&variant.first, &samples.first];
            if is_pair { given(&of_phase).or_else(|| given(&of_first)) } else { None }
        } else {
            return Ok(self.emptied(field, role, stage, of_variant));
        };
        if notation.as_ref().and_then(Json::as_str) == Some("-") {
            return Ok(None);
        }
        let who =
            Who { kind, instance: &instance.label, ordinal: instance.ordinal, phase, version: self.version };
        let sample = match notation {
            Some(notation) => Some(self.read(who, field, &notation)?),
            None => automatic(&self.naming, who, field, &|target| self.default_link(who, target)),
        };
        Ok(sample.map(|sample| match sample {
            Sample::References(links) => {
                Sample::References(links.into_iter().map(|link| self.as_element(link)).collect())
            }
            other => other,
        }))
    }

    /// What says that a field shall be empty where leaving it out says nothing: tags and custom fields belong to
    /// others too.
    fn emptied(&self, field: &Field, role: &Role, stage: Stage, of_variant: bool) -> Option<Sample> {
        let is_full = matches!(role, Role::Full(_));
        if stage != Stage::Cleared || !is_full || !of_variant {
            return None;
        }
        match field.shape {
            Shape::Tags => Some(Sample::Tags(Vec::new())),
            _ => None,
        }
    }

    /// The instance that a reference means by rule: what belongs together is named alike.
    fn default_link(&self, who: Who<'_>, target: &str) -> Option<Link> {
        let kind = self.table.kind(target).filter(|kind| kind.available.covers(self.version))?;
        let second = who.instance == "alt" || who.phase == 2;
        let instance = if second { "alt" } else { "base" };
        let form = match who.instance {
            "base" | "alt" => Form::Id,
            label if label.starts_with("whole") => Form::Text,
            _ if who.phase == 2 => Form::Attributes,
            _ => Form::Id,
        };
        Some(self.link(kind, instance, form))
    }

    /// The elements of a set are texts: what is known by a number is named by id there.
    fn as_element(&self, link: Link) -> Link {
        let possible =
            self.table.kind(&link.kind).map(|kind| self.link(kind, &link.instance, Form::Attributes));
        let is_text = possible.is_some_and(|link| {
            let known = self.table.lookup(&link.kind).first().copied().unwrap_or_default();
            let field = self.table.kind(&link.kind).and_then(|kind| kind.field(known));
            link.form != Form::Id && field.is_some_and(|field| matches!(field.shape, Shape::Text { .. }))
        });
        let form = if is_text && link.form != Form::Id { Form::Text } else { Form::Id };
        Link { form, ..link }
    }

    fn link(&self, kind: &'static Kind, instance: &str, form: Form) -> Link {
        let samples = self.of(kind);
        let given = |field: &str| {
            let of_instance = match instance {
                "base" => samples.base.contains_key(field),
                "alt" => samples.alt.contains_key(field),
                _ => false,
            };
            samples.every.contains_key(field)
                || of_instance
                || samples.also.get(instance).is_some_and(|fields| fields.contains_key(field))
        };
        let form = possible_form(kind, given, form);
        Link { kind: kind.path.to_owned(), instance: instance.to_owned(), form }
    }

    /// A value as the samples write it.
    fn read(&self, who: Who<'_>, field: &Field, notation: &Json) -> Result<Sample, String> {
        let notation = self.filled(who, notation);
        let wrong = || format!("samples of {}: {} cannot be {notation}", who.kind.path, field.name);
        let link = |target: &str, notation: &Json| -> Result<Link, String> {
            let text = notation.as_str().and_then(|text| text.strip_prefix('@')).ok_or_else(wrong)?;
            let (path, instance) = text.rsplit_once(':').unwrap_or((target, text));
            let kind = self.table.kind(path).ok_or_else(|| format!("there is no kind {path}"))?;
            let form = match who.instance {
                label if label.starts_with("whole") => Form::Text,
                _ => Form::Id,
            };
            Ok(self.link(kind, instance, form))
        };
        let items = || notation.as_array().cloned().ok_or_else(wrong);
        Ok(match field.shape {
            _ if field.secret => match notation.as_str() {
                Some(text) => Sample::Secret(text.to_owned(), u32::from(who.phase)),
                None => Sample::Secret(notation.to_string(), u32::from(who.phase)),
            },
            Shape::Reference { target } => Sample::Reference(link(target, &notation)?),
            Shape::References { target } => {
                Sample::References(items()?.iter().map(|item| link(target, item)).collect::<Result<_, _>>()?)
            }
            Shape::Target { of, .. } => {
                let (name, item) =
                    notation.as_object().and_then(|map| map.iter().next()).ok_or_else(wrong)?;
                let choice = of.iter().find(|choice| choice.name == name).ok_or_else(wrong)?;
                Sample::Target(name.clone(), link(choice.kind, item)?)
            }
            Shape::Tags => {
                Sample::Tags(items()?.iter().map(|item| link("extras/tags", item)).collect::<Result<_, _>>()?)
            }
            Shape::Json => Sample::Encoded(notation),
            // What is known by a text is referred to by a text.
            Shape::Text { .. } if notation.as_str().is_some_and(|text| text.starts_with('@')) => {
                let mut link = link("", &notation)?;
                // What lies in something else is known there by the last part of its id.
                let parts = self.table.kind(&link.kind).map_or(0, |kind| kind.nature.identity.parts().len());
                link.form = if parts > 1 { Form::Text } else { Form::Id };
                Sample::Reference(link)
            }
            Shape::Objects { fields, .. } => {
                let object = |object: &Json| -> Result<BTreeMap<String, Sample>, String> {
                    let members = object.as_object().ok_or_else(wrong)?;
                    let member = |(name, value): (&String, &Json)| {
                        if !fields.iter().any(|field| field.name == name) {
                            return Err(wrong());
                        }
                        let is_link = value.as_str().is_some_and(|text| text.starts_with('@'));
                        let sample = if is_link {
                            let mut link = link("", value)?;
                            link.form = Form::Id;
                            Sample::Reference(link)
                        } else {
                            Sample::Plain(value.clone())
                        };
                        Ok((name.clone(), sample))
                    };
                    members.iter().map(member).collect()
                };
                Sample::Objects(items()?.iter().map(object).collect::<Result<_, _>>()?)
            }
            Shape::CustomFields => {
                let keys = notation.as_object().ok_or_else(wrong)?;
                Sample::Keys(keys.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
            }
            Shape::File => Sample::File(notation.as_str().ok_or_else(wrong)?.to_owned()),
            Shape::Pairs { names: [first, second], .. } => {
                let pair = |pair: &Json| match pair.as_array().map(Vec::as_slice) {
                    Some([a, b]) => Ok(serde_json::json!({first: a, second: b})),
                    _ => Err(wrong()),
                };
                Sample::Plain(items()?.iter().map(pair).collect::<Result<_, _>>()?)
            }
            _ => Sample::Plain(notation),
        })
    }

    /// Texts with what stands for something filled in.
    fn filled(&self, who: Who<'_>, notation: &Json) -> Json {
        match notation {
            Json::String(text) if text == "(customizable)" => {
                let models =
                    self.kinds().filter(|kind| kind.custom_fields().is_some()).map(|kind| kind.model);
                Json::from(models.collect::<Vec<_>>())
            }
            Json::String(text) => {
                let filled = text
                    .replace("{p}", &self.naming.prefix)
                    .replace("{cf}", &self.naming.identifier())
                    .replace("{instance}", who.instance)
                    .replace("{i}", &who.ordinal.to_string())
                    .replace("{n}", &who.phase.to_string());
                match filled.parse::<i64>() {
                    // A number with the instance's in it.
                    Ok(number) if text.contains("{i}") => Json::from(number),
                    _ => Json::from(filled),
                }
            }
            Json::Array(items) => items.iter().map(|item| self.filled(who, item)).collect(),
            Json::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.filled(who, value))).collect()
            }
            other => other.clone(),
        }
    }

    /// What the instances try, against what there is to try.
    ///
    /// # Errors
    /// The samples say what cannot be.
    pub fn coverage(&self) -> Result<Coverage, String> {
        let mut coverage = Coverage::default();
        for kind in self.kinds() {
            for instance in self.instances_of(kind) {
                self.try_out(&instance, &mut coverage)?;
            }
        }
        let mut used = BTreeSet::new();
        for kind in self.kinds() {
            for field in kind.fields.iter().filter(|field| field.available.covers(self.version)) {
                for operation in operations(kind, field) {
                    if coverage.tried.contains(&(kind.path, field.name, operation)) {
                        continue;
                    }
                    match self.exception(kind, field, operation) {
                        Some((index, reason)) => {
                            used.insert(index);
                            coverage.excepted.push((kind.path, field.name, operation, reason));
                        }
                        None => coverage.missing.push((kind.path, field.name, operation)),
                    }
                }
            }
        }
        let all = self.samples.exceptions.iter().enumerate();
        let idle = all.filter(|(index, _)| !used.contains(index));
        coverage.idle =
            idle.map(|(_, one)| format!("{}.{} {}", one.kind, one.field, one.operation)).collect();
        Ok(coverage)
    }

    fn exception(&self, kind: &Kind, field: &Field, operation: Operation) -> Option<(usize, String)> {
        let name = match operation {
            Operation::Set => "set",
            Operation::Change => "change",
            Operation::Clear => "clear",
        };
        let fits = |(_, one): &(usize, &super::Exception)| {
            (one.kind == "*" || one.kind == kind.path)
                && one.field == field.name
                && (one.operation == name || one.operation == "set")
        };
        let found = self.samples.exceptions.iter().enumerate().find(fits);
        found.map(|(index, one)| (index, one.reason.clone()))
    }

    fn try_out(&self, instance: &Instance, coverage: &mut Coverage) -> Result<(), String> {
        let kind = instance.kind;
        let at = |stage| -> Result<BTreeMap<&'static str, Sample>, String> {
            let fields = self.fields(instance, stage)?.unwrap_or_default();
            Ok(fields.into_iter().map(|(field, sample)| (field.name, sample)).collect())
        };
        let [all, changed, cleared] = [at(Stage::All)?, at(Stage::Changed)?, at(Stage::Cleared)?];
        for (name, first) in &all {
            coverage.tried.insert((kind.path, name, Operation::Set));
            match changed.get(name) {
                Some(second) if means_another(first, second) => {
                    coverage.tried.insert((kind.path, name, Operation::Change));
                }
                _ => {}
            }
            let emptied = match cleared.get(name) {
                None => matches!(instance.role, Role::Full(_)),
                Some(Sample::Tags(tags)) => {
                    tags.is_empty() && matches!(first, Sample::Tags(all) if !all.is_empty())
                }
                Some(_) => false,
            };
            if emptied {
                coverage.tried.insert((kind.path, name, Operation::Clear));
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Required,
    All,
}

/// Whether two values are two, not one in two forms.
fn means_another(first: &Sample, second: &Sample) -> bool {
    let objects = |sample: &Sample| -> Vec<(String, String)> {
        sample.links().into_iter().map(|link| (link.kind.clone(), link.instance.clone())).collect()
    };
    match (first, second) {
        (Sample::Reference(_), Sample::Reference(_))
        | (Sample::References(_), Sample::References(_))
        | (Sample::Tags(_), Sample::Tags(_)) => objects(first) != objects(second),
        (Sample::Target(a, _), Sample::Target(b, _)) => a != b || objects(first) != objects(second),
        _ => first != second,
    }
}

/// What can be tried with a field.
fn operations(kind: &Kind, field: &Field) -> Vec<Operation> {
    if field.presence == Presence::ReadOnly {
        return Vec::new();
    }
    let mut operations = vec![Operation::Set];
    // Another value replaces the object, which is tried apart.
    if !field.replace {
        operations.push(Operation::Change);
    }
    let stays = match field.presence {
        Presence::Required => !field.nullable || kind.slug_source(field).is_some(),
        Presence::RequiredIn(_) | Presence::OptionalComputed(_) => true,
        _ => field.secret || field.unread,
    };
    let left_alone = field.default.is_none()
        && !field.nullable
        && matches!(
            field.shape,
            Shape::Bool
                | Shape::Integer { .. }
                | Shape::Decimal { .. }
                | Shape::IntegerChoice { .. }
                | Shape::Choice { .. }
                | Shape::Json
        );
    if !stays && !left_alone && !field.replace {
        operations.push(Operation::Clear);
    }
    operations
}

impl Instance {
    /// The address in Terraform.
    #[must_use]
    pub fn address(&self) -> String {
        format!("hybridops_{}.{}", self.kind.name, self.label)
    }

    /// Whether it goes through all stages.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.role, Role::Full(_))
    }

    /// Whether it is made with all fields at once.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.role, Role::Whole(_))
    }
}
