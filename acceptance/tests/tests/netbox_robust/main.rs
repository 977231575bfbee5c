//! NetBox when things go wrong: a bad server, kills at any request, pools that run out, secrets that must not leak.

mod allocation;
mod crash;
mod secrets;
mod site;
mod trouble;
