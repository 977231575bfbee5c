//! What one family of objects has of its own.

use serde_json::{Map, Value};

use super::options::Options;
use super::store::{Fields, Section};
use crate::pve::call::Call;
use crate::pve::cluster::State;
use crate::pve::reply::{Answer, Outcome, Refusal};

/// A text of a refusal; `{id}` stands for the object's id.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Text {
    /// The worker died with it: 500.
    Died(&'static str),
    /// A parameter is wrong: 400.
    Param(&'static str, &'static str),
    /// Another status with it.
    Status(u16, &'static str),
    /// Nothing is refused.
    Silent,
}

impl Text {
    pub(crate) fn refusal(self, id: &str) -> Option<Refusal> {
        match self {
            Self::Died(text) => Some(Refusal::died(text.replace("{id}", id))),
            Self::Param(name, text) => Some(Refusal::param(name, text.replace("{id}", id))),
            Self::Status(status, text) => Some(Refusal::died(text.replace("{id}", id)).with_status(status)),
            Self::Silent => None,
        }
    }
}

/// How a family refuses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts {
    /// Creation of what is there.
    pub(crate) taken: Text,
    /// Reading, changing, deleting what is not there.
    pub(crate) missing: [Text; 3],
    /// What stands before every refusal of a creation, a change, a deletion.
    pub(crate) before: [&'static str; 3],
}

/// A family of objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    /// Its name in the laboratory's handles.
    pub(crate) name: &'static str,
    /// File they are kept in.
    pub(crate) file: &'static str,
    /// Path of the list; empty where there is none.
    pub(crate) collection: &'static str,
    /// Path of one.
    pub(crate) item: &'static str,
    /// Path of `POST`.
    pub(crate) create: &'static str,
    /// Parameter with the id.
    pub(crate) id: &'static str,
    /// Members of lists and of reads that tell the id; empty where nothing does.
    pub(crate) shows_id: [&'static str; 2],
    /// Types and their options. With several, parameter `type` chooses.
    pub(crate) kinds: &'static [(&'static str, Options)],
    /// Whether answers tell the type.
    pub(crate) shows_kind: bool,
    /// Whether lists and reads tell the digest.
    pub(crate) shows_digest: [bool; 2],
    /// Options that are kept and never shown.
    pub(crate) hidden: &'static [&'static str],
    /// What lists are filtered by: an access path and privileges of which one is enough.
    pub(crate) seen_with: Option<(&'static str, &'static [&'static str])>,
    /// Of the software defined network: changes wait until applied. Options that are not shown as waiting.
    pub(crate) waits: Option<&'static [&'static str]>,
    /// Status of a refusal because of the digest.
    pub(crate) stale: u16,
    /// Whether only known, optional options may be taken away.
    pub(crate) strict_delete: bool,
    pub(crate) texts: Texts,
    pub(crate) hooks: &'static dyn Hooks,
}

/// A change about to be made.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) call: &'a Call,
    pub(crate) state: &'a State,
    pub(crate) id: &'a str,
    pub(crate) before: Option<&'a Section>,
    pub(crate) given: &'a Fields,
    pub(crate) after: Section,
}

/// Rules no table can tell.
pub(crate) trait Hooks: Sync + std::fmt::Debug {
    /// May refuse a call before anything is looked at.
    fn open(&self, _call: &Call, _verb: Verb) -> Outcome<()> {
        Ok(())
    }

    /// The id of what a creation makes.
    fn id(&self, family: &Family, call: &Call, _state: &State) -> Outcome<String> {
        call.params.need(family.id).map(str::to_owned)
    }

    /// May refuse a creation or change, or put its result right.
    fn admit(&self, _change: &mut Change<'_>) -> Outcome<()> {
        Ok(())
    }

    /// May refuse a deletion.
    fn release(&self, _call: &Call, _state: &State, _id: &str) -> Outcome<()> {
        Ok(())
    }

    /// Whether an object belongs to the list or path of a call.
    fn belongs(&self, _call: &Call, _section: &Section) -> bool {
        true
    }

    /// Changes the rest of the cluster after a creation or change.
    fn saved(&self, _state: &mut State, _id: &str, _section: &Section) {}

    /// Changes the rest of the cluster after a deletion.
    fn deleted(&self, _state: &mut State, _id: &str) {}

    /// Puts the answer right.
    fn show(&self, _shown: &Shown<'_>, _view: &mut Map<String, Value>) {}

    /// What a creation or change answers.
    fn answer(&self, _call: &Call, _id: &str, _section: &Section) -> Answer {
        Answer::null()
    }
}

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    List,
    Read,
    Create,
    Update,
    Delete,
}

/// An object being shown.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) call: &'a Call,
    pub(crate) state: &'a State,
    pub(crate) id: &'a str,
    pub(crate) section: &'a Section,
    /// In a list, not by itself.
    pub(crate) listed: bool,
}

/// No rules beside the tables.
#[derive(Debug)]
pub(crate) struct Plain;

impl Hooks for Plain {}

impl Family {
    /// A family whose objects are of one type, with everything else as most have it.
    pub(crate) const fn of(
        name: &'static str,
        file: &'static str,
        kinds: &'static [(&'static str, Options)],
    ) -> Self {
        Self {
            name,
            file,
            collection: "",
            item: "",
            create: "",
            id: "id",
            shows_id: ["id", "id"],
            kinds,
            shows_kind: true,
            shows_digest: [true, true],
            hidden: &[],
            seen_with: None,
            waits: None,
            stale: 500,
            strict_delete: true,
            texts: Texts { taken: Text::Silent, missing: [Text::Silent; 3], before: [""; 3] },
            hooks: &Plain,
        }
    }

    /// Options of a type.
    pub(crate) fn options(&self, kind: &str) -> Outcome<Options> {
        let found = self.kinds.iter().find(|(name, _)| *name == kind).map(|(_, options)| *options);
        found.ok_or_else(|| Refusal::died(format!("unknown section type '{kind}'")))
    }

    /// The type a creation asks for.
    pub(crate) fn kind<'a>(&self, call: &'a Call) -> &'a str {
        match self.kinds {
            [(only, _)] => only,
            _ => call.params.str("type").unwrap_or_default(),
        }
    }
}

/// What becomes of a refused parameter inside a lock whose error is turned into text: a death like others.
pub(crate) fn as_text<T>(outcome: Outcome<T>) -> Outcome<T> {
    outcome.map_err(|refusal| {
        if refusal.errors.is_empty() {
            return refusal;
        }
        let details: Vec<String> = refusal.errors.iter().map(|(k, v)| format!("{k}: {v}")).collect();
        Refusal::died(format!("{} {}\n{}", refusal.status, refusal.message, details.join("\n")))
    })
}

/// Puts what a family says before each refusal; a refused parameter loses its form by it.
pub(crate) fn prefixed<T>(before: &str, outcome: Outcome<T>) -> Outcome<T> {
    outcome.map_err(|refusal| {
        if before.is_empty() || refusal.status == 403 {
            return refusal;
        }
        if refusal.errors.is_empty() {
            return Refusal::died(format!("{before}: {}", refusal.message));
        }
        let details: Vec<String> = refusal.errors.iter().map(|(k, v)| format!("{k}: {v}")).collect();
        Refusal::died(format!("{before}: {} {}\n{}", refusal.status, refusal.message, details.join("\n")))
    })
}
