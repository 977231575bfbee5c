//! Disk images on their way from a publisher to a node: what they are, how they are verified, how they travel.

mod deliver;
mod name;
mod publisher;
mod sniff;
mod sums;
mod unpack;

pub use deliver::{
    Delivery, DeliveryError, Looked, Placed, Transfer, deliver, judge, look, place, proven_by_node, remove,
};
pub(crate) use deliver::{answer_budget, stop_if_unfinished};
pub use name::{default_name, is_safe_name, target_extension};
pub use publisher::{Glimpse, Publisher, PublisherError, ResolvedChecksum, url_name};
pub use sniff::{ImageFormat, NotAnImage, Packing, sniff, sniff_mistake, sniff_packing};
pub use sums::{SumsError, find_sum};
pub use unpack::{UnpackError, unpack};
