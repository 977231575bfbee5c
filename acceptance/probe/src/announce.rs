//! An action that tells of its progress.

use tf_framework::{Action, ActionContext, Diagnostics, Field, Model, Path, Result};

use crate::journal::record;

/// Announces something line by line.
#[derive(Clone, Model)]
pub(crate) struct Announce {
    /// The lines.
    lines: Vec<String>,
    /// File that records what happens.
    journal: Option<String>,
    /// Whether to fail at the end.
    #[attr(default = false)]
    fail: bool,
}

impl Action for Announce {
    const NAME: &'static str = "announce";
    const SUBCATEGORY: &'static str = "Test";
    type Client = ();

    async fn plan(_: &mut ActionContext<Self>, config: &AnnouncePartial) -> Result<()> {
        match &config.lines {
            Field::Known(lines) if lines.is_empty() => Err(Diagnostics::error_at(
                Path::root().attribute("lines"),
                "There is nothing to announce",
                "Give at least one line.",
            )),
            _ => Ok(()),
        }
    }

    async fn invoke(cx: &mut ActionContext<Self>, config: Self) -> Result<()> {
        for line in &config.lines {
            cx.progress(line.clone());
            record(config.journal.as_deref(), line)?;
        }
        if config.fail {
            return Err(Diagnostics::error("The announcement failed", "It was told to fail at its end."));
        }
        Ok(())
    }
}
