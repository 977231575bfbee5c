//! The trivial object: the floor of every measurement.

use tf_framework::{Computed, Context, Resource, Result};

/// An object that does nothing and keeps what it is given.
#[derive(Clone, Resource)]
#[resource(name = "null", subcategory = "Test")]
pub(crate) struct Null {
    /// Anything.
    input: Option<String>,
    /// Made up when the object is created.
    #[attr(stable)]
    id: Computed<String>,
}

impl Resource for Null {
    type Client = ();
    type Private = ();

    async fn create(_: &mut Context<Self>, plan: Self) -> Result<Self> {
        Ok(Self { id: new_id().into(), ..plan })
    }

    async fn read(_: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        Ok(Some(state))
    }

    async fn update(_: &mut Context<Self>, _: Self, plan: Self) -> Result<Self> {
        Ok(plan)
    }

    async fn delete(_: &mut Context<Self>, _: Self) -> Result<()> {
        Ok(())
    }
}

/// Different for every object of a process and, by the clock, of every process.
pub(crate) fn new_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{SystemTime, UNIX_EPOCH};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
    format!("{clock:x}-{:x}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
