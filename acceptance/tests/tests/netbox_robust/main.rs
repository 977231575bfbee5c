//! NetBox when things go wrong: a bad server, pools that run out.

mod allocation;
mod site;
mod trouble;
