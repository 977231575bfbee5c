//! Every object of NetBox, through the real `terraform`: against the lab, and, where the environment names one,
//! against a real server.

mod budget;
mod crash;
mod documented;
mod drift;
mod import;
mod lifecycle;
mod real;
mod refusals;
mod scene;
mod secrets;
mod sources;
