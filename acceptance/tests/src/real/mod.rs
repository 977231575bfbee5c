//! What scenes with real containers share: machines, a store, configurations put together, crashes.

mod command_lines;
mod declare;
pub(crate) mod ground;
mod kills;
mod machine;
mod steps;
mod store;

pub use command_lines::CommandLines;
pub use declare::{Declared, settings};
pub use kills::Kills;
pub use machine::Machine;
pub use steps::steps;
pub use store::{BUCKET, Store};
