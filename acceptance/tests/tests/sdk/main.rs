//! The SDK through the real `terraform`, with the probe provider.

mod attributes;
mod equality;
mod faults;
mod lifecycle;
mod newer;
mod process;
mod secrets;
mod stored;
mod surface;
mod validation;

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::Result;

/// A workspace for the probe; `None`, said aloud, where there is no `terraform`.
fn probe(test: &str) -> Result<Option<Workspace>> {
    if !terraform_or_skip(test)? {
        return Ok(None);
    }
    Workspace::ready(&[Provider::probe()?]).map(Some)
}

/// Begins a test: the workspace, or the end of the test where there is no `terraform`.
macro_rules! workspace {
    () => {{
        fn here() {}
        match $crate::probe(std::any::type_name_of_val(&here))? {
            Some(workspace) => workspace,
            None => return Ok(()),
        }
    }};
}
use workspace;
