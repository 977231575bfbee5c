//! NetBox when things go wrong: bad input, a bad server, kills at any request, many at once.

mod allocation;
mod budget;
mod crash;
mod refusals;
mod secrets;
mod site;
mod trouble;
