//! An object that goes wrong on demand.

use std::time::Duration;

use tf_framework::{Choice, Computed, Context, Diagnostics, PlanContext, Resource, Result, Timeouts};

use crate::journal::record;
use crate::null::new_id;

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Choice)]
pub(crate) enum Fault {
    /// Panics while planning.
    PanicInPlan,
    /// Panics while creating, before anything exists.
    PanicInCreate,
    /// Panics while creating, when the object exists.
    PanicAfterCheckpoint,
    /// Panics while reading.
    PanicInRead,
    /// Panics while updating.
    PanicInUpdate,
    /// Panics while deleting.
    PanicInDelete,
    /// Fails while creating, before anything exists.
    ErrorBeforeCheckpoint,
    /// Fails while creating, when the object exists.
    ErrorAfterCheckpoint,
    /// Takes its time to create and stops when it is told to.
    Slow,
    /// Takes its time to create and does not listen.
    SlowAndDeaf,
    /// Blocks its thread while creating and does not listen.
    Blocking,
    /// Forgets to fill in a computed attribute.
    LeavesUnknown,
    /// Answers something else than was planned.
    WrongValue,
}

/// An object that goes wrong on demand. It lives in the state alone.
#[derive(Clone, Resource)]
#[resource(name = "fault", subcategory = "Test")]
pub(crate) struct Faulty {
    /// Made up when the object is created.
    #[attr(stable)]
    id: Computed<String>,
    /// What goes wrong.
    fault: Option<Fault>,
    /// How long slow things take, in seconds.
    #[attr(default = 60)]
    seconds: u32,
    /// File that records what happens.
    journal: Option<String>,
    /// Anything.
    input: Option<String>,
    /// How far creating has come.
    progress: Computed<Option<String>>,
    /// How long operations may take.
    timeouts: Option<Timeouts>,
}

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    #[allow(clippy::panic, reason = "to see what becomes of a panic")]
    fn panic_if(&self, fault: Fault) {
        if self.has(fault) {
            panic!("the probe panics as it was told");
        }
    }

    /// Takes its time; answers how that ended.
    async fn dawdle(&self, cx: &Context<Self>) -> &'static str {
        let time = Duration::from_secs(self.seconds.into());
        match self.fault {
            Some(Fault::Slow) => tokio::select! {
                () = tokio::time::sleep(time) => "done",
                () = cx.cancellation().cancelled() => "interrupted",
            },
            Some(Fault::SlowAndDeaf) => {
                tokio::time::sleep(time).await;
                "done"
            }
            Some(Fault::Blocking) => {
                std::thread::sleep(time);
                "done"
            }
            _ => "done",
        }
    }
}

impl Resource for Faulty {
    type Client = ();
    type Private = ();

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        if cx.planned()?.fault.known() == Some(&Fault::PanicInPlan) {
            let planned = Self { fault: Some(Fault::PanicInPlan), ..Self::empty() };
            planned.panic_if(Fault::PanicInPlan);
        }
        Ok(())
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        plan.panic_if(Fault::PanicInCreate);
        if plan.has(Fault::ErrorBeforeCheckpoint) {
            return Err(Diagnostics::error("Creating the probe failed", "Nothing was made."));
        }
        let mut object = Self { id: new_id().into(), ..plan };
        cx.checkpoint(&object)?;
        record(object.journal.as_deref(), "made")?;
        object.panic_if(Fault::PanicAfterCheckpoint);
        if object.has(Fault::ErrorAfterCheckpoint) {
            return Err(Diagnostics::error("Creating the probe failed", "It was made, but is not complete."));
        }
        let ended = object.dawdle(cx).await;
        record(object.journal.as_deref(), ended)?;
        if ended == "interrupted" {
            return Err(Diagnostics::error(
                "Creating the probe was interrupted",
                "It was made, but is not complete.",
            ));
        }
        object.progress = match object.fault {
            Some(Fault::LeavesUnknown) => Computed::Unknown,
            _ => Computed::Known(Some(ended.to_owned())),
        };
        if object.has(Fault::WrongValue) {
            object.input = Some("something else".to_owned());
        }
        Ok(object)
    }

    async fn read(_: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        state.panic_if(Fault::PanicInRead);
        Ok(Some(state))
    }

    async fn update(_: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        plan.panic_if(Fault::PanicInUpdate);
        Ok(Self { progress: Computed::Known(prior.progress.into_known().flatten()), ..plan })
    }

    async fn delete(_: &mut Context<Self>, state: Self) -> Result<()> {
        state.panic_if(Fault::PanicInDelete);
        record(state.journal.as_deref(), "destroyed")
    }
}

impl Faulty {
    fn empty() -> Self {
        Self {
            id: Computed::Unknown,
            fault: None,
            seconds: 0,
            journal: None,
            input: None,
            progress: Computed::Unknown,
            timeouts: None,
        }
    }
}
