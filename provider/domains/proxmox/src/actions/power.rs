//! `hybridops_proxmox_power`.

use std::time::Duration;

use tf_framework::{
    Action, ActionContext, Choice, Diagnostic, Diagnostics, Field, GoDuration, Model, Result,
};
use tf_value::Path;
use transport_rest::{Budget, Form};

use super::run::{ActionTimeouts, Interrupt, called, check_guest, guest_of, run_task, told, warn};
use crate::api::{ApiError, GuestKind, GuestRef, GuestStatus, PowerAction};
use crate::client::{Proxmox, budget};
use crate::preflight::Operation;

/// Between two looks at a guest that high availability is to start or stop.
const LOOKS: Duration = Duration::from_secs(1);

/// What is done with a guest's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "snake_case")]
pub enum PowerChange {
    /// Start it; one that runs already is left alone.
    Start,
    /// Ask it to shut down; one that is stopped is left alone.
    Shutdown,
    /// Switch it off at once.
    Stop,
    /// Ask it to shut down, and start it again.
    Reboot,
    /// Reset it at once, as the button on a machine does; virtual machines only.
    Reset,
    /// Pause it.
    Suspend,
    /// Let a paused guest go on.
    Resume,
}

/// Starts, stops, reboots, resets, pauses or resumes a virtual machine or container.
///
/// Starting what runs and stopping what is stopped succeeds and does nothing. For a guest that high availability manages
/// the action waits until it is done: Proxmox VE itself only takes note. A state that a resource declares is restored by
/// the next apply.
#[derive(Debug, Clone, Model)]
pub struct Power {
    /// The guest's number.
    #[attr(validate(range(100..=999_999_999)))]
    pub vmid: u32,
    /// What to do.
    pub action: PowerChange,
    /// How long the guest may take to shut down, for `shutdown` and `reboot`: `90s` for example. Proxmox VE decides where
    /// it is not set: 180 seconds for a virtual machine, 60 for a container.
    pub grace: Option<GoDuration>,
    /// Whether a guest that does not shut down in time is switched off. It is not unless set: the action fails then.
    pub force_stop: Option<bool>,
    /// Whether `suspend` writes the memory of a virtual machine to disk and stops it, so that it goes on there at its next
    /// start.
    pub hibernate: Option<bool>,
    /// How long the action may take.
    pub timeouts: Option<ActionTimeouts>,
}

impl Action for Power {
    const NAME: &'static str = "proxmox_power";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    fn validate(config: &PowerPartial, diagnostics: &mut Diagnostics) {
        let Field::Known(action) = &config.action else { return };
        let misplaced = [
            ("grace", config.grace.is_null(), matches!(action, PowerChange::Shutdown | PowerChange::Reboot)),
            ("force_stop", config.force_stop.is_null(), *action == PowerChange::Shutdown),
            ("hibernate", config.hibernate.is_null(), *action == PowerChange::Suspend),
        ];
        for (name, absent, fits) in misplaced {
            if !absent && !fits {
                let detail = format!("It has no meaning for `action = \"{}\"`. Leave it out.", word(*action));
                let at = Path::root().attribute(name);
                diagnostics.push(Diagnostic::error(format!("`{name}` cannot be set"), detail).at(at));
            }
        }
    }

    async fn plan(cx: &mut ActionContext<Self>, config: &PowerPartial) -> Result<()> {
        let guest = check_guest(cx, config.vmid.known().copied(), Operation::Power, "vmid").await?;
        let (Some(guest), Some(action)) = (guest, config.action.known()) else { return Ok(()) };
        if guest.kind == GuestKind::Lxc && *action == PowerChange::Reset {
            let detail = format!(
                "Guest {} is a container, which has no reset button. Use `reboot`, or `stop`.",
                guest.vmid
            );
            let at = Path::root().attribute("action");
            return Err(Diagnostics::error_at(at, "A container cannot be reset", detail));
        }
        if guest.template {
            let at = Path::root().attribute("vmid");
            let detail = "A template never runs.";
            return Err(Diagnostics::error_at(at, format!("Guest {} is a template", guest.vmid), detail));
        }
        Ok(())
    }

    async fn invoke(cx: &mut ActionContext<Self>, config: Self) -> Result<()> {
        let px = cx.client()?;
        let guest = guest_of(cx, &px, config.vmid).await?;
        let place = GuestRef::from(&guest);
        let what = format!("{} of guest {} failed", capital(word(config.action)), called(&guest));
        let status =
            px.api.guest_status(&place, &budget(cx)).await.map_err(|error| told(what.clone(), &error))?;
        let paused = status.qmpstatus.as_deref() == Some("paused");
        let done = match config.action {
            PowerChange::Start => status.is_running() && !paused,
            PowerChange::Shutdown | PowerChange::Stop => !status.is_running(),
            PowerChange::Resume => status.is_running() && !paused,
            PowerChange::Suspend => paused,
            PowerChange::Reboot | PowerChange::Reset => false,
        };
        if done {
            let state =
                if status.is_running() { if paused { "paused" } else { "running" } } else { "stopped" };
            cx.progress(format!("{} is {state} already", called(&guest)));
            return Ok(());
        }
        cx.progress(format!("{} of {}", word(config.action), called(&guest)));
        let (power, form) = call(&config, paused && status.is_running(), place.kind);
        let dispatch = |budget: Budget| {
            let (px, place, form) = (px.clone(), place.clone(), form.clone());
            async move { px.api.power(&place, power, form, &budget).await }
        };
        let finished = run_task(cx, &px, Interrupt::Leave, dispatch).await;
        let finished = finished.map_err(|error| told(what.clone(), &error))?;
        warn(cx, &what.replace(" failed", ""), finished);
        if status.is_ha_managed() {
            settled(cx, &px, &place, config.action).await.map_err(|error| told(what.clone(), &error))?;
        }
        cx.progress("done");
        Ok(())
    }
}

/// The call that does it. A paused virtual machine is started by letting it go on.
fn call(config: &Power, paused: bool, kind: GuestKind) -> (PowerAction, Form) {
    let grace = config.grace.as_ref().map(|grace| grace.length().as_secs());
    let form = Form::new();
    match config.action {
        PowerChange::Start if paused => (PowerAction::Resume, form),
        PowerChange::Start => (PowerAction::Start, form),
        PowerChange::Shutdown => {
            (PowerAction::Shutdown, form.maybe("timeout", grace).maybe_flag("forceStop", config.force_stop))
        }
        PowerChange::Stop => (PowerAction::Stop, form),
        PowerChange::Reboot => (PowerAction::Reboot, form.maybe("timeout", grace)),
        PowerChange::Reset => (PowerAction::Reset, form),
        PowerChange::Suspend if kind == GuestKind::Qemu => {
            (PowerAction::Suspend, form.maybe_flag("todisk", config.hibernate))
        }
        PowerChange::Suspend => (PowerAction::Suspend, form),
        PowerChange::Resume => (PowerAction::Resume, form),
    }
}

/// Waits for what high availability only took note of.
async fn settled(
    cx: &ActionContext<Power>,
    px: &Proxmox,
    guest: &GuestRef,
    action: PowerChange,
) -> Result<(), ApiError> {
    let reached = |status: &GuestStatus| match action {
        PowerChange::Start => status.is_running(),
        PowerChange::Shutdown | PowerChange::Stop => !status.is_running(),
        _ => true,
    };
    let budget = budget(cx);
    while !reached(&px.api.guest_status(guest, &budget).await?) {
        budget.sleep(LOOKS, || format!("high availability acting on guest {}", guest.vmid)).await?;
    }
    Ok(())
}

fn word(action: PowerChange) -> &'static str {
    match action {
        PowerChange::Start => "start",
        PowerChange::Shutdown => "shutdown",
        PowerChange::Stop => "stop",
        PowerChange::Reboot => "reboot",
        PowerChange::Reset => "reset",
        PowerChange::Suspend => "suspend",
        PowerChange::Resume => "resume",
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
