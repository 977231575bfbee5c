//! Who is primary: standbys, the epoch, the lease, the fence, and the moves of a primary from member to member.
//!
//! [`facts`] asks each member once; [`plan`] decides, a pure function of what was seen; [`act`] and [`steps`] do it, and
//! look again. The epoch object in the store says who may be primary. On each member a check before the start of the
//! server, and a lease that the holder renews, see to it that nobody else is.

pub(crate) mod act;
pub(crate) mod facts;
mod handover;
pub(crate) mod lease;
pub(crate) mod member;
pub(crate) mod model;
pub(crate) mod plan;
pub(crate) mod refusal;
pub(crate) mod report;
mod standby;
mod steps;

pub(crate) use standby::{bring, keep_password};
