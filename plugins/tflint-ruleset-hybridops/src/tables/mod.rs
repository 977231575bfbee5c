//! What the rules know about providers, as data.

pub(crate) mod carriers;
pub(crate) mod data_holding;
pub(crate) mod secrets;
