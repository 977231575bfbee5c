//! NetBox when things go wrong: a bad server, pools that run out.

#![allow(clippy::expect_used, reason = "helpers of tests")]

mod allocation;
mod site;
mod trouble;
