//! The provider's `cost_tags` through the real `terraform`: on guests of the stand-in cluster, and on objects of the
//! stand-in NetBox.

mod guests;
mod inherited;
mod netbox;
mod refusals;
mod scene;
mod unknown;
mod upgrade;
