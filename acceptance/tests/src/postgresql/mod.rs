//! Scenes for PostgreSQL: a laboratory with real containers, a store, a workspace; load, crashes, and eyes to look with.

mod declare;
mod load;
mod look;
mod scene;
mod secrets;

pub use load::{Acknowledged, Load, lost, query};
pub use look::sum;
pub use scene::{Asked, Scene};
pub use secrets::{APP_PASSWORD, S3_KEY, S3_SECRET, STREAM_PASSWORD, Secrets};

pub use crate::real::{BUCKET, CommandLines, Declared, Machine, Store, settings, steps};
