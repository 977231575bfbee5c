//! Signals and the choice of a target, through real Terraform: a real Prometheus that federates another, whose source dies.

mod examples;
// Policy, spending and artefacts are those of the gate's own tests.
#[path = "../cost/scene.rs"]
#[allow(dead_code, unused_imports, unused_macros)]
mod gate;
mod prometheus;
mod scene;
mod target;
