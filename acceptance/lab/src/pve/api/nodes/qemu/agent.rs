//! The guest agent. A simulated machine has none, and answers as one whose agent is not up.

use crate::pve::call::Call;
use crate::pve::reply::{Outcome, Refusal};

pub(super) fn ping(call: &Call) -> Outcome {
    let vmid = call.vmid()?;
    let state = call.cluster.state();
    let guest = state.guest(call.node(), vmid)?;
    if guest.run.is_none() {
        return Err(Refusal::died(format!("VM {vmid} is not running")));
    }
    if !guest.config.get("agent").is_some_and(|a| a.contains('1')) {
        return Err(Refusal::died("No QEMU guest agent configured"));
    }
    Err(Refusal::died("QEMU guest agent is not running"))
}
