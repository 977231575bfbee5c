//! An attribute of every kind.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use tf_framework::schema::ReplaceQuestion;
use tf_framework::{
    Choice, Computed, Context, GoDuration, Model, Number, Resource, Result, Sensitive, Timeouts, Value,
    WriteOnly,
};

use crate::null::new_id;

/// A colour.
#[derive(Clone, Copy, Choice)]
#[choice(rename_all = "kebab-case")]
pub(crate) enum Colour {
    /// As blood.
    Red,
    /// As grass.
    DarkGreen,
}

/// A part of an object.
#[derive(Clone, Model)]
pub(crate) struct Part {
    /// Name of the part.
    name: String,
    /// Size of the part.
    size: Option<i64>,
    /// How often.
    #[attr(default = 1)]
    times: u16,
    /// Made up from the name.
    #[attr(stable)]
    fingerprint: Computed<String>,
}

/// A member of a set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Model)]
pub(crate) struct Member {
    /// Name of the member.
    name: String,
    /// Weight of the member.
    weight: Option<i64>,
}

/// A step to take.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Model)]
pub(crate) struct Step {
    /// What is run.
    command: String,
    /// How often it is tried.
    retries: Option<u8>,
}

/// An object with an attribute of every kind. It lives in the state alone.
#[derive(Clone, Resource)]
#[resource(name = "everything", subcategory = "Test", identity(id))]
pub(crate) struct Everything {
    /// Made up when the object is created.
    #[attr(stable)]
    id: Computed<String>,
    /// Counts the changes.
    revision: Computed<i64>,
    /// A string.
    text: Option<String>,
    /// A number of any size and precision.
    number: Option<Number>,
    /// A whole number.
    integer: Option<i64>,
    /// A fraction.
    fraction: Option<f64>,
    /// Yes or no.
    flag: Option<bool>,
    /// Strings in order.
    list: Option<Vec<String>>,
    /// Strings without order.
    set: Option<BTreeSet<String>>,
    /// Numbers by name.
    map: Option<BTreeMap<String, i64>>,
    /// Lists by name.
    map_of_lists: Option<BTreeMap<String, Vec<bool>>>,
    /// One part.
    nested_single: Option<Part>,
    /// Parts in order.
    nested_list: Option<Vec<Part>>,
    /// Members without order.
    nested_set: Option<BTreeSet<Member>>,
    /// Parts by name.
    nested_map: Option<BTreeMap<String, Part>>,
    /// A value of any type.
    #[attr(optional)]
    anything: Value,
    /// Set by the configuration, or made up.
    #[attr(optional)]
    either: Computed<String>,
    /// Set by the configuration, or null.
    #[attr(optional)]
    either_or_null: Computed<Option<String>>,
    /// Has a usual value.
    #[attr(default = "usual")]
    usual: String,
    /// Has a usual number.
    #[attr(default = 7)]
    usual_number: u16,
    /// Has a usual list.
    #[attr(default = ["a", "b"])]
    usual_list: Vec<String>,
    /// A secret that is stored.
    secret: Option<Sensitive<String>>,
    /// A secret that is never stored.
    password: WriteOnly<String>,
    /// Raise it to send the password again.
    password_version: Option<i64>,
    /// SHA-256 of the password that arrived last, in hexadecimal.
    password_hash: Computed<Option<String>>,
    /// JSON in any spelling.
    #[attr(eq = json)]
    document: Option<String>,
    /// Documents in any spelling.
    #[attr(eq = json)]
    documents: Option<Vec<String>>,
    /// An address with its prefix, in any spelling.
    #[attr(eq = cidr)]
    network: Option<String>,
    /// A name in which case does not count.
    #[attr(eq = case_insensitive)]
    host: Option<String>,
    /// A hardware address in any spelling.
    #[attr(eq = mac)]
    hardware: Option<String>,
    /// A size such as `2G`.
    #[attr(eq = size)]
    volume: Option<String>,
    /// A duration in any spelling.
    patience: Option<GoDuration>,
    /// One of the colours.
    colour: Option<Colour>,
    /// Replaces the object.
    #[attr(replace)]
    shape: Option<String>,
    /// Replaces the object when it shrinks.
    #[attr(replace_if(shrinks, "when it shrinks"))]
    capacity: Option<i64>,
    /// Replaces the object when it is configured.
    #[attr(optional, replace_if_configured)]
    place: Computed<Option<String>>,
    /// An attribute of old.
    #[attr(deprecated = "Use `text` instead.")]
    old_text: Option<String>,
    /// Named by a word that Rust keeps for itself.
    #[attr(rename = "type")]
    kind: Option<String>,
    /// The steps to take.
    #[attr(block, max = 3)]
    step: Vec<Step>,
    /// The step that comes last.
    #[attr(block)]
    last: Option<Step>,
    /// Steps that may be taken at any time.
    #[attr(block)]
    aside: BTreeSet<Step>,
    /// How long operations may take.
    timeouts: Option<Timeouts>,
}

fn shrinks(question: &ReplaceQuestion<'_>) -> bool {
    match (question.prior.as_number(), question.planned.as_number()) {
        (Some(prior), Some(planned)) => planned < prior,
        _ => false,
    }
}

fn hash(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn finish(part: &mut Part) {
    part.fingerprint = format!("fp-{}", part.name).into();
}

impl Everything {
    fn finished(mut self, revision: i64, hash_before: Option<String>) -> Self {
        self.revision = revision.into();
        let made_up = |text: &str| Computed::Known(text.to_owned());
        if self.either.known().is_none() {
            self.either = made_up("made up");
        }
        for absent in [&mut self.either_or_null, &mut self.place] {
            if absent.known().is_none() {
                *absent = Computed::Known(None);
            }
        }
        let hashed = self.password.get().map(|secret| hash(secret));
        self.password_hash = Computed::Known(hashed.or(hash_before));
        let lists = self.nested_list.iter_mut().flatten();
        let maps = self.nested_map.iter_mut().flat_map(|map| map.values_mut());
        self.nested_single.iter_mut().chain(lists).chain(maps).for_each(finish);
        self
    }
}

impl Resource for Everything {
    type Client = ();
    type Private = ();

    async fn create(_: &mut Context<Self>, plan: Self) -> Result<Self> {
        Ok(Self { id: new_id().into(), ..plan }.finished(1, None))
    }

    async fn read(_: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        Ok(Some(state))
    }

    async fn update(_: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        let revision = prior.revision.known().copied().unwrap_or(0) + 1;
        Ok(plan.finished(revision, prior.password_hash.into_known().flatten()))
    }

    async fn delete(_: &mut Context<Self>, _: Self) -> Result<()> {
        Ok(())
    }
}
