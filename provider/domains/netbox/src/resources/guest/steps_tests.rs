//! The steps lead from any facts to any wish, are taken by the server at any point, and can be begun again anywhere.

use proptest::prelude::*;
use serde_json::json;

use super::super::facts::fields;
use super::*;

/// A model of the server, for tests: one guest, and the rules that the order of steps has to respect.
#[derive(Debug, Clone, Default)]
struct Server {
    facts: Facts,
    next: u64,
    clock: u64,
}

fn object(id: u64, json: Json) -> Object {
    let mut fields = fields(json);
    fields.insert("id".into(), id.into());
    Object { id, fields, last_updated: None }
}

impl Server {
    fn id(&mut self) -> u64 {
        self.next += 1;
        100 + self.next
    }

    fn stamp(&mut self, object: &mut Object, new: bool) {
        self.clock += 10;
        let time = format!(
            "2026-01-01T{:02}:{:02}:{:02}Z",
            self.clock / 3600,
            self.clock / 60 % 60,
            self.clock % 60
        );
        object.fields.insert("last_updated".into(), time.clone().into());
        if new {
            object.fields.insert("created".into(), time.into());
        }
    }

    fn is_primary(&self, id: u64) -> bool {
        Family::BOTH.into_iter().any(|family| self.facts.primary(family) == Some(id))
    }

    fn unique(&self, ip: Ip, but: u64) -> Result<(), String> {
        let all = self.facts.addresses.iter().chain(&self.facts.loose);
        let taken = all.filter(|a| a.id != but).any(|a| Ip::of(a).map(|ip| ip.host) == Some(ip.host));
        if taken { Err(format!("duplicate {ip}")) } else { Ok(()) }
    }

    fn interface_id(&self, name: &str) -> Result<u64, String> {
        self.facts.interface(name).map(|i| i.id).ok_or(format!("no interface {name}"))
    }

    fn write(&mut self, id: u64, known: Option<&Object>, body: &Body) -> Object {
        let mut object = known.cloned().unwrap_or_else(|| object(id, json!({})));
        object.fields.extend(body.clone());
        self.stamp(&mut object, known.is_none());
        object
    }

    /// Does what a step asks, or refuses as the server would.
    fn take(&mut self, step: &Step) -> Result<Option<Object>, String> {
        let vm = self.facts.vm.clone();
        if vm.is_none() && !matches!(step, Step::CreateVm { .. }) {
            return Err("no machine".into());
        }
        let answer = match step {
            Step::CreateVm { body } => {
                if vm.is_some() {
                    return Err("there is a machine".into());
                }
                let id = self.id();
                Some(self.write(id, None, body))
            }
            Step::UpdateVm { changes } => Some(self.write(0, vm.as_ref(), changes)),
            Step::DeleteVm => None,
            Step::CreateInterface { name, body } => {
                if self.facts.interface(name).is_some() {
                    return Err(format!("duplicate {name}"));
                }
                let id = self.id();
                let body = with(body.clone(), &fields(json!({"name": name, "mac_addresses": []})));
                Some(self.write(id, None, &body))
            }
            Step::UpdateInterface { name, changes, .. } => {
                let there = self.facts.interface(name).cloned().ok_or("no such interface")?;
                Some(self.write(0, Some(&there), changes))
            }
            Step::DeleteInterface { .. } | Step::DeleteMac { .. } | Step::DeleteDisk { .. } => None,
            Step::CreateMac { interface, mac, .. } => {
                self.interface_id(interface)?;
                let id = self.id();
                Some(object(id, json!({"mac_address": mac})))
            }
            Step::SetPrimaryMac { interface, mac } => {
                let there = self.facts.interface(interface).cloned().ok_or("no such interface")?;
                let found = macs(&there).into_iter().rev().find(|m| m.text == *mac).ok_or("no such MAC")?;
                let body = fields(json!({"primary_mac_address": {"id": found.id, "mac_address": mac}}));
                Some(self.write(0, Some(&there), &body))
            }
            Step::CreateAddress { interface, ip, body } => {
                self.unique(*ip, 0)?;
                let on = self.interface_id(interface)?;
                let (id, body) = (self.id(), assigned(body, on));
                Some(self.write(id, None, &body))
            }
            Step::UpdateAddress { id, ip, assign_to, changes } => {
                let there = self.facts.address(*id).cloned().ok_or("no such address")?;
                self.unique(*ip, *id)?;
                let mut body = changes.clone();
                if let Some(name) = assign_to {
                    if self.is_primary(*id) {
                        return Err("cannot reassign a primary address".into());
                    }
                    body = assigned(&body, self.interface_id(name)?);
                }
                Some(self.write(0, Some(&there), &body))
            }
            Step::ReleaseAddress { id, .. } => {
                if self.is_primary(*id) {
                    return Err("cannot release a primary address".into());
                }
                let there = self.facts.address(*id).cloned().ok_or("no such address")?;
                let body = fields(json!({"assigned_object_type": null, "assigned_object_id": null}));
                Some(self.write(0, Some(&there), &body))
            }
            Step::DeleteAddress { id, .. } => {
                self.facts.address(*id).map(|_| None).ok_or("no such address")?
            }
            Step::CreateDisk { name, body } => {
                if self.facts.disk(name).is_some() {
                    return Err(format!("duplicate {name}"));
                }
                let id = self.id();
                let body = with(body.clone(), &fields(json!({"name": name})));
                Some(self.write(id, None, &body))
            }
            Step::UpdateDisk { name, changes, .. } => {
                let there = self.facts.disk(name).cloned().ok_or("no such disk")?;
                Some(self.write(0, Some(&there), changes))
            }
            Step::SetPrimary { addresses } => {
                let mut body = Body::new();
                for (family, (interface, ip)) in addresses {
                    let on = self.interface_id(interface)?;
                    let there = self.facts.addresses_of(on).find(|a| Ip::of(a) == Some(*ip));
                    let there = there.ok_or("the address is not on the machine")?;
                    body.insert(family.field().into(), there.id.into());
                }
                Some(self.write(0, vm.as_ref(), &body))
            }
        };
        self.facts.absorb(step, answer.clone());
        Ok(answer)
    }
}

fn assigned(body: &Body, interface: u64) -> Body {
    let mut body = body.clone();
    body.insert("assigned_object_type".into(), super::super::facts::INTERFACE.into());
    body.insert("assigned_object_id".into(), interface.into());
    body
}

// === arbitrary wishes and facts ===

const IPS: [&str; 6] =
    ["10.0.0.1/24", "10.0.0.1/25", "10.0.0.2/24", "10.0.0.3/24", "2001:db8::1/64", "2001:db8::2/64"];
/// Addresses that lie unassigned in every world, by id.
const LOOSE: [(u64, &str); 2] = [(1, "10.9.0.1/24"), (2, "2001:db8:9::1/64")];

fn host(ip: &str) -> &str {
    ip.split('/').next().unwrap()
}

prop_compose! {
    fn interface()(
        mtu in proptest::option::of(1400..1402_u32),
        mac in proptest::option::of(1..4_u8),
        ips in proptest::sample::subsequence(&IPS[..], 0..4),
        loose in proptest::sample::subsequence(&LOOSE[..], 0..2),
        text in any::<bool>(),
    ) -> (InterfaceWish, Vec<String>) {
        let mut hosts = Vec::new();
        let mut addresses = Vec::new();
        for ip in ips {
            hosts.push(host(ip).to_owned());
            let fields = fields(json!({"dns_name": if text { "a.example" } else { "" }, "vrf": null}));
            addresses.push(AddressWish { which: Which::Ip(Ip::parse(ip).unwrap()), fields });
        }
        for (id, ip) in loose {
            hosts.push(host(ip).to_owned());
            // By its id, or by its text.
            let which = if text { Which::Id(id) } else { Which::Ip(Ip::parse(ip).unwrap()) };
            addresses.push(AddressWish { which, fields: Body::new() });
        }
        let mac = mac.map(|mac| format!("02:00:00:00:00:0{mac}"));
        let mtu = mtu.map_or(Json::Null, Json::from);
        (InterfaceWish { fields: fields(json!({"mtu": mtu})), mac, addresses }, hosts)
    }
}

prop_compose! {
    fn wish()(
        cpus in 1..3_u32,
        interfaces in proptest::collection::btree_map("eth[0-2]", interface(), 0..3),
        disks in proptest::collection::btree_map("disk[0-2]", 1..3_u64, 0..3),
        tags in proptest::sample::subsequence(vec!["a", "b"], 0..=2),
    ) -> Wish {
        let mut wish = Wish { ignored_tags: ["others".to_owned()].into(), ..Wish::default() };
        let tags: Vec<Json> = tags.iter().map(|tag| json!({"slug": tag})).collect();
        wish.vm = fields(json!({"name": "it", "vcpus": cpus, "description": "", "tags": tags}));
        // A host is on the machine once.
        let mut seen = BTreeSet::new();
        for (name, (mut interface, hosts)) in interfaces {
            let mut hosts = hosts.into_iter();
            interface.addresses.retain(|_| hosts.next().is_some_and(|host| seen.insert(host)));
            wish.interfaces.insert(name, interface);
        }
        wish.disks = disks.into_iter().map(|(name, size)| (name, fields(json!({"size": size})))).collect();
        wish.primary = first_of_each(&wish);
        wish
    }
}

fn ip_of(wish: &AddressWish) -> Ip {
    match wish.which {
        Which::Ip(ip) => ip,
        Which::Id(id) => Ip::parse(LOOSE.iter().find(|(known, _)| *known == id).unwrap().1).unwrap(),
    }
}

fn first_of_each(wish: &Wish) -> BTreeMap<Family, Place> {
    let first = |family| {
        let mut of_family = wish.addresses().filter(|(_, address)| ip_of(address).family() == family);
        of_family.next().map(|(place, _)| (family, place))
    };
    Family::BOTH.into_iter().filter_map(first).collect()
}

fn empty() -> Server {
    let mut server = Server::default();
    server.facts.loose = LOOSE
        .iter()
        .map(|(id, ip)| {
            object(
                *id,
                json!({"address": ip, "vrf": null, "created": "2025-01-01T00:00:00Z",
            "last_updated": "2025-02-01T00:00:00Z"}),
            )
        })
        .collect();
    server
}

/// Runs to the end, or until so many steps are done. Answers the ledger where it came to the end.
fn run(server: &mut Server, wish: &Wish, ledger: &Ledger, rules: Rules, most: usize) -> Option<Ledger> {
    let before = server.facts.clone();
    let todo = steps(&server.facts, wish, ledger, rules);
    let mut made = BTreeSet::new();
    for (nth, step) in todo.iter().enumerate() {
        if nth >= most {
            return None;
        }
        let answer = server.take(step).unwrap_or_else(|refusal| panic!("{refusal}: {step:?} of {todo:#?}"));
        if let (Step::CreateAddress { .. }, Some(answer)) = (step, answer) {
            made.insert(answer.id);
        }
    }
    Some(ledger.settled(&before, &server.facts, wish, &made, rules))
}

/// What others have put on the machine.
fn meddle(server: &mut Server) {
    let foreign = json!({"address": "10.5.0.1/24", "vrf": null, "created": "2025-01-01T00:00:00Z",
        "last_updated": "2025-02-01T00:00:00Z", "assigned_object_type": "virtualization.vminterface"});
    let mut interface = object(50, json!({"name": "foreign", "mac_addresses": []}));
    server.stamp(&mut interface, true);
    server.facts.interfaces.push(interface);
    let on = server.facts.interfaces.first().map_or(50, |interface| interface.id);
    let mut address = object(51, foreign);
    address.fields.insert("assigned_object_id".into(), on.into());
    server.facts.addresses.push(address);
    server.facts.disks.push(object(52, json!({"name": "foreign", "size": 7})));
    let tags = server.facts.vm.as_mut().and_then(|vm| vm.fields.get_mut("tags"));
    if let Some(Json::Array(tags)) = tags {
        tags.push(json!({"slug": "others"}));
    }
}

fn fulfilled(server: &Server, wish: &Wish, exclusive: bool) -> Result<(), TestCaseError> {
    let facts = &server.facts;
    let vm = facts.vm.as_ref().unwrap();
    prop_assert_eq!(&vm.fields["vcpus"], &wish.vm["vcpus"]);
    for (name, wanted) in &wish.interfaces {
        let there = facts.interface(name).unwrap();
        prop_assert!(differences(&wanted.fields, &there.fields).is_empty());
        let primary = primary_mac(there).and_then(|id| macs(there).into_iter().find(|mac| mac.id == id));
        prop_assert_eq!(primary.map(|mac| mac.text), wanted.mac.clone());
        let on: BTreeSet<Ip> =
            facts.addresses_of(there.id).filter(|a| a.id != 51).filter_map(Ip::of).collect();
        prop_assert_eq!(on, wanted.addresses.iter().map(ip_of).collect());
    }
    for family in Family::BOTH {
        let is =
            facts.primary(family).and_then(|id| facts.addresses.iter().find(|a| a.id == id)).and_then(Ip::of);
        let place = wish.primary.get(&family);
        let wanted =
            place.and_then(|place| wish.addresses().find(|(at, _)| at == place)).map(|(_, a)| ip_of(a));
        prop_assert_eq!(is, wanted);
    }
    let ours = |objects: &[Object]| -> BTreeSet<String> {
        objects
            .iter()
            .map(|o| text(o, "name").to_owned())
            .filter(|name| exclusive || name != "foreign")
            .collect()
    };
    prop_assert_eq!(ours(&facts.interfaces), wish.interfaces.keys().cloned().collect::<BTreeSet<_>>());
    prop_assert_eq!(ours(&facts.disks), wish.disks.keys().cloned().collect::<BTreeSet<_>>());
    // Addresses that lay about are never lost.
    for (id, _) in LOOSE {
        prop_assert!(facts.address(id).is_some(), "address {} is gone", id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn from_nothing_over_one_wish_to_another(one in wish(), two in wish(), exclusive: bool, meddled: bool) {
        let rules = Rules { exclusive, mac_is_field: false };
        let mut server = empty();
        let ledger = run(&mut server, &one, &Ledger::default(), rules, usize::MAX).unwrap();
        fulfilled(&server, &one, false)?;
        prop_assert_eq!(steps(&server.facts, &one, &ledger, rules), vec![]);
        if meddled {
            meddle(&mut server);
        }
        let ledger = run(&mut server, &two, &ledger, rules, usize::MAX).unwrap();
        fulfilled(&server, &two, exclusive)?;
        prop_assert_eq!(steps(&server.facts, &two, &ledger, rules), vec![]);
        let others = server.facts.address(51).is_some();
        prop_assert!(!meddled || exclusive != others, "the address of others");
        for step in farewell(&server.facts, &ledger, rules) {
            let taken = server.take(&step);
            prop_assert!(taken.is_ok(), "{:?} at {:?}", taken, step);
        }
        prop_assert!(server.facts.vm.is_none());
    }

    #[test]
    fn a_run_that_ends_anywhere_is_taken_up(one in wish(), two in wish(), first in 0..30_usize, second in 0..30_usize) {
        let rules = Rules::default();
        let mut server = empty();
        // Killed: what was learnt is lost.
        let ledger = run(&mut server, &one, &Ledger::default(), rules, first).unwrap_or_default();
        let ledger = run(&mut server, &one, &ledger, rules, usize::MAX).unwrap();
        fulfilled(&server, &one, false)?;
        for (id, _) in LOOSE {
            prop_assert!(!ledger.addresses.contains(&id), "an address that was there before is not ours");
        }
        let before = ledger.clone();
        run(&mut server, &two, &ledger, rules, second);
        let ledger = run(&mut server, &two, &before, rules, usize::MAX).unwrap();
        fulfilled(&server, &two, false)?;
        prop_assert_eq!(steps(&server.facts, &two, &ledger, rules), vec![]);
    }

    #[test]
    fn nothing_of_others_goes_with_the_guest(one in wish(), killed in 0..10_usize) {
        let rules = Rules::default();
        let mut server = empty();
        let ledger = run(&mut server, &one, &Ledger::default(), rules, usize::MAX).unwrap();
        meddle(&mut server);
        for most in [killed, usize::MAX] {
            for step in farewell(&server.facts, &ledger, rules).iter().take(most) {
                if matches!(step, Step::DeleteVm) {
                    let left = server.facts.addresses.iter().filter(|a| !ledger.addresses.contains(&a.id));
                    prop_assert_eq!(left.count(), 0);
                }
                let taken = server.take(step);
                prop_assert!(taken.is_ok(), "{:?} at {:?}", taken, step);
            }
        }
    }
}

#[test]
fn the_mac_address_is_a_field_before_there_are_objects() {
    let mut wish = Wish { vm: fields(json!({"name": "it"})), ..Wish::default() };
    let mac = Some("02:00:00:00:00:01".to_owned());
    wish.interfaces.insert("eth0".into(), InterfaceWish { mac, ..InterfaceWish::default() });
    let rules = Rules { mac_is_field: true, ..Rules::default() };
    let todo = steps(&Facts::default(), &wish, &Ledger::default(), rules);
    let body = fields(json!({"mac_address": "02:00:00:00:00:01"}));
    assert_eq!(todo[1..], [Step::CreateInterface { name: "eth0".into(), body }]);
}
