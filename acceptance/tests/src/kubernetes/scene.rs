//! A laboratory of its own for each test: machines, releases of the stand-in, an S3 store where it is asked for, and a
//! workspace that is pointed at them.

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Command, Lab, LabConfig, RealGuests, Releases, StoreRequest, TEMPLATE_KUBERNETES};

use super::secrets::Secrets;
use super::{Distribution, Machine, standin};
use crate::real::{Declared, Kills, Store, ground};
use crate::{Output, Workspace, terraform_or_skip};

/// What a scene shall have.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Versions of Kubernetes that are released, of both distributions; the last is what the channel `stable` names.
    pub versions: Vec<&'static str>,
    /// Whether there is an S3 store.
    pub store: bool,
    /// The shape of the laboratory.
    pub lab: LabConfig,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { versions: vec!["v1.33.4"], store: false, lab: LabConfig::default() }
    }
}

/// Laboratory, releases, store and workspace.
#[derive(Debug)]
pub struct Scene {
    /// The workspace.
    pub ws: Workspace,
    /// Releases and channels.
    pub releases: Releases,
    /// The stand-in of Proxmox VE whose containers are real.
    pub lab: Lab,
    /// What must not be found anywhere.
    pub secrets: Secrets,
    store: Option<Store>,
    began: Instant,
}

impl Scene {
    /// A scene with one version and no store; `None`, said aloud, where this machine cannot have it.
    ///
    /// # Errors
    /// It cannot be set up, though this machine has what it needs.
    pub fn start(test: &str) -> Result<Option<Self>> {
        Self::with(test, Wanted::default())
    }

    /// A scene that has this.
    ///
    /// # Errors
    /// It cannot be set up, though this machine has what it needs.
    pub fn with(test: &str, wanted: Wanted) -> Result<Option<Self>> {
        if !terraform_or_skip(test)? {
            return Ok(None);
        }
        ground::or_skip(test, Self::set_up(wanted))
    }

    fn set_up(wanted: Wanted) -> Result<Self> {
        let began = Instant::now();
        let lab = ground::laboratory(wanted.lab)?;
        let real = lab.real().context("guests are real")?;
        let shelf = lab.dir().join("releases");
        let releases = ground::runtime()?.block_on(Releases::start(real.host(), &shelf))?;
        let store = if wanted.store { Some(Store::start(real)?) } else { None };
        let mut ws = ground::workspace(&lab)?;
        let secrets = Secrets::plant(&mut ws)?;
        let scene = Self { ws, releases, lab, secrets, store, began };
        for version in &wanted.versions {
            scene.release(version)?;
        }
        Ok(scene)
    }

    /// Releases a version of Kubernetes, `v1.33.4`, of both distributions; it is what the channels `stable` and of its
    /// minor name from now on.
    ///
    /// # Errors
    /// It cannot be packed.
    pub fn release(&self, kubernetes: &str) -> Result<()> {
        let minor = kubernetes.rsplit_once('.').map_or(kubernetes, |(minor, _)| minor);
        for distribution in Distribution::ALL {
            let (name, version) = (distribution.name(), distribution.version(kubernetes));
            let packed = standin::packed(name, &version)?;
            let place = self.releases.directory(name, &version);
            std::fs::create_dir_all(place.parent().unwrap_or(&place))?;
            symlink(packed, &place).with_context(|| format!("{version} cannot be released"))?;
            for channel in ["stable", "latest", minor] {
                self.releases.set_channel(name, channel, &version);
            }
        }
        Ok(())
    }

    /// The containers.
    ///
    /// # Errors
    /// Never, in a scene that was set up.
    pub fn real(&self) -> Result<&RealGuests> {
        self.lab.real().context("guests are real")
    }

    /// The S3 store.
    ///
    /// # Errors
    /// It was not asked for.
    pub fn store(&self) -> Result<&Store> {
        self.store.as_ref().context("a scene with a store")
    }

    /// A workspace of somebody else: the same configuration, and a copy of the state as it is now.
    ///
    /// # Errors
    /// It cannot be made, or there is no state yet.
    pub fn other_operator(&self) -> Result<Workspace> {
        let mut other = ground::workspace(&self.lab)?;
        Secrets::plant(&mut other)?;
        for name in ["main.tf", "terraform.tfstate"] {
            other.write(name, &self.ws.read(name)?)?;
        }
        Ok(other)
    }

    /// Says something with the time since the scene began.
    ///
    /// # Errors
    /// There is nobody to say it to.
    pub fn tell(&self, text: &str) -> Result<()> {
        Ok(writeln!(std::io::stderr(), "[{:7.2} s] {text}", self.began.elapsed().as_secs_f64())?)
    }

    /// A host that is there before Terraform comes.
    ///
    /// # Errors
    /// It cannot be made, or does not come up.
    pub fn machine(&self, name: &str, number: u8) -> Result<Machine> {
        Machine::make(&self.lab, name, number, TEMPLATE_KUBERNETES)
    }

    /// Hosts of these names, made at the same time, with numbers from `first` on.
    ///
    /// # Errors
    /// One cannot be made, or does not come up.
    pub fn machines<const N: usize>(&self, first: u8, names: [&str; N]) -> Result<[Machine; N]> {
        let made: Vec<Result<Machine>> = std::thread::scope(|scope| {
            let numbered = names.iter().zip(first..);
            let making: Vec<_> =
                numbered.map(|(name, number)| scope.spawn(move || self.machine(name, number))).collect();
            making
                .into_iter()
                .map(|one| one.join().unwrap_or_else(|_| Err(anyhow::anyhow!("it panicked"))))
                .collect()
        });
        let made: Vec<Machine> = made.into_iter().collect::<Result<_>>()?;
        made.try_into().map_err(|_| anyhow::anyhow!("as many machines as names"))
    }

    /// Destroys a host with all that is on it and makes another of the same name and address.
    ///
    /// # Errors
    /// It cannot be made, or does not come up.
    pub fn replace(&self, machine: &Machine) -> Result<Machine> {
        self.remove(machine)?;
        let number = u8::try_from(machine.vmid - 100)?;
        self.machine(&machine.name, number)
    }

    /// Destroys a host with all that is on it.
    ///
    /// # Errors
    /// The laboratory refuses.
    pub fn remove(&self, machine: &Machine) -> Result<()> {
        let _ = machine.stop(&self.lab);
        let path = format!("/nodes/pve1/lxc/{}", machine.vmid);
        self.lab.call("DELETE", &path, &serde_json::json!({})).map_err(anyhow::Error::msg)?;
        crate::wait_until("the container to go", Duration::from_secs(30), || {
            Ok(self.lab.guest(machine.vmid).is_none())
        })
    }

    /// Puts etcd, etcdctl and kubectl into `/opt/lab` of every machine that starts from now on: the stand-ins of virtual machines
    /// have none.
    ///
    /// # Errors
    /// No host for Kubernetes was made on this machine before.
    pub fn offer_etcd(&self) -> Result<()> {
        let real = self.real()?;
        let image = real.cache().join("debian-12-kubernetes-unprivileged/usr/bin");
        for program in ["etcd", "etcdctl", "kubectl"] {
            let bytes = std::fs::read(image.join(program));
            real.offer(program, &bytes.with_context(|| format!("{} in {}", program, image.display()))?)?;
        }
        Ok(())
    }

    /// Switches a fault of the stand-in on: `/etc/rke2-standin/faults/NAME` with this content.
    ///
    /// # Errors
    /// The machine does not answer.
    pub fn fault(&self, machine: &Machine, name: &str, content: &str) -> Result<()> {
        self.write(machine, &format!("/etc/rke2-standin/faults/{name}"), content)
    }

    /// Switches a fault of the stand-in off; all of them where the name is empty.
    ///
    /// # Errors
    /// The machine does not answer.
    pub fn heal(&self, machine: &Machine, name: &str) -> Result<()> {
        self.exec(machine, &format!("rm -rf /etc/rke2-standin/faults/{name}")).map(drop)
    }

    /// Writes the configuration: these and nothing else.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn declare(&self, declared: &[&Declared]) -> Result<()> {
        self.ws.write("main.tf", &declared.iter().map(|one| one.hcl()).collect::<Vec<_>>().join("\n"))
    }

    /// Applies; a second plan must be empty.
    ///
    /// # Errors
    /// It fails, or there is more to do.
    pub fn converge(&self, declared: &[&Declared]) -> Result<Output> {
        self.declare(declared)?;
        let output = self.ws.apply()?.ok().with_context(|| self.situation())?;
        self.ws.expect_empty_plan().with_context(|| self.situation())?;
        Ok(output)
    }

    /// The apply must fail and say all this.
    ///
    /// # Errors
    /// It does not.
    pub fn refused(&self, declared: &[&Declared], says: &[&str]) -> Result<Output> {
        self.declare(declared)?;
        let mut output = self.ws.apply()?.fails()?;
        for text in says {
            output = output.says(text)?;
        }
        Ok(output)
    }

    /// The plan must fail and say all this; nothing may be asked of any machine that changes it.
    ///
    /// # Errors
    /// It does not.
    pub fn refused_at_plan(&self, declared: &[&Declared], says: &[&str]) -> Result<Output> {
        self.declare(declared)?;
        let mut output = self.ws.plan()?.fails()?;
        for text in says {
            output = output.says(text)?;
        }
        Ok(output)
    }

    /// Applies while the provider is struck at one command over SSH after the other; a second plan must be empty. How
    /// often it was.
    ///
    /// # Errors
    /// It does not converge.
    pub fn converge_though_struck(&self, declared: &[&Declared], kills: &Kills) -> Result<usize> {
        self.declare(declared)?;
        let (count, _) = kills.apply(&self.ws, self.real()?).with_context(|| self.situation())?;
        // A part of the commands may be none of these.
        ensure!(count > 0 || kills.part.1 > 1, "nothing was struck: this proves nothing");
        self.ws.expect_empty_plan().with_context(|| self.situation())?;
        Ok(count)
    }

    /// The commands over SSH while something is done.
    ///
    /// # Errors
    /// It fails.
    pub fn commands(&self, work: impl FnOnce() -> Result<()>) -> Result<Vec<Command>> {
        let doors = self.real()?.doors();
        doors.clear();
        work()?;
        Ok(doors.commands())
    }

    /// The requests to the store so far that came from machines, and those from here.
    ///
    /// # Errors
    /// There is no store.
    pub fn store_requests(&self) -> Result<(Vec<StoreRequest>, Vec<StoreRequest>)> {
        let here = std::net::IpAddr::from(self.real()?.host());
        Ok(self.store()?.s3().requests().into_iter().partition(|request| request.from != here))
    }

    /// What the machines have to say when something failed.
    #[must_use]
    pub fn situation(&self) -> String {
        let Ok(real) = self.real() else { return String::new() };
        let tell = |vmid: u32| format!("--- {vmid}\n{}\n", real.exec(vmid, SITUATION).unwrap_or_default());
        real.guests().into_iter().filter(|vmid| real.is_running(*vmid)).map(tell).collect()
    }
}

const SITUATION: &str = "cd /; hostname; systemctl --no-pager --plain --no-legend --all list-units 'rke2*' 'k3s*'; \
    for d in rke2 k3s; do for f in /etc/rancher/$d/config.yaml /etc/rancher/$d/config.yaml.d/*; do \
    test -f $f && { echo \"-- $f\"; sed 's/\\(token: *\\).*/\\1…/' $f; }; done; \
    f=/var/lib/hybridops/$d/journal.json; test -f $f && { echo \"-- $f\"; tail -c 1500 $f; echo; }; done; \
    journalctl --no-pager -o short-precise -n 40 -u 'rke2*' -u 'k3s*' 2>/dev/null; true";
