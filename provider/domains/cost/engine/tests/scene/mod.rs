//! The published case, and changes to it.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use cost_engine::documents::{Approval, Artifact, FxTable, Policy, Spend};
use cost_engine::json::{Digest, canonical, parse};
use cost_engine::rules::{Found, History, Inputs, NotFound, Outcome, Reason, Signed};
use cost_engine::{Decimal, Decision, Mode, Request, moment};
use jiff::Timestamp;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

const ARTIFACT: &str = include_str!("../../testdata/cost-run-gha-18273645-1.json");
const POLICY: &str = include_str!("../../testdata/policy.json");

// Each program of tests uses a part of it.
#[allow(dead_code)]
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) request: Request,
    pub(crate) mode: Mode,
    pub(crate) pin: Option<Digest>,
    pub(crate) used: BTreeSet<String>,
    now: Timestamp,
    policy: String,
    artifact: String,
    others: Vec<(String, String)>,
    problem: Option<NotFound>,
    spend: Option<String>,
    reserved: BTreeMap<(String, String), Decimal>,
    rates: Option<String>,
    approvals: Vec<String>,
    history: History,
    order: usize,
}

#[allow(dead_code)]
impl Scene {
    pub(crate) fn published() -> Self {
        let request = Request {
            action: "failover".into(),
            env: "prod".into(),
            components: vec!["dr-aks".into()],
            purpose: "dr".into(),
            target: None,
            window_start: moment("2026-03-30T22:00:00Z").unwrap(),
            hours: "48".parse().unwrap(),
            hours_used: Decimal::zero(),
            requested_by: Some("repo:acme/dr:environment:dr-prod".into()),
            run_id: None,
        };
        let scene = Self {
            request,
            mode: Mode::Enforce,
            pin: None,
            used: BTreeSet::new(),
            now: moment("2026-03-30T20:31:07Z").unwrap(),
            policy: POLICY.into(),
            artifact: ARTIFACT.into(),
            others: Vec::new(),
            problem: None,
            spend: None,
            reserved: BTreeMap::from([
                (("prod-dr".into(), "2026-03".into()), "60.00".parse().unwrap()),
                (("prod-dr".into(), "2026-04".into()), Decimal::zero()),
            ]),
            rates: None,
            approvals: Vec::new(),
            history: History::default(),
            order: 0,
        };
        scene.spend(&[("2026-03", "312.40")])
    }

    /// With what a ledger says is reserved, beside what the case says.
    pub(crate) fn with(mut self, state: &cost_engine::ledger::State) -> Self {
        for (key, amount) in state.reserved(None) {
            let sum = self.reserved.entry(key).or_default();
            *sum = &*sum + &amount;
        }
        self
    }

    fn replaced(text: &str, from: &str, to: &str) -> String {
        assert!(text.contains(from), "{from} is not there");
        text.replacen(from, to, 1)
    }

    pub(crate) fn policy(mut self, from: &str, to: &str) -> Self {
        self.policy = Self::replaced(&self.policy, from, to);
        self
    }

    pub(crate) fn artifact(mut self, from: &str, to: &str) -> Self {
        self.artifact = Self::replaced(&self.artifact, from, to);
        self
    }

    /// A price of a gigabyte in cents.
    pub(crate) fn egress_price(self, cents: u32) -> Self {
        let price = Decimal::from(u64::from(cents)).percent();
        let total = &price * &Decimal::from(200);
        self.artifact(
            "\"ListUnitPrice\": \"0.0750\", \"ContractedUnitPrice\": \"0.0750\"",
            &format!("\"ListUnitPrice\": \"{price}\""),
        )
        .artifact("\"oneTimeCost\": \"15.0000\"", &format!("\"oneTimeCost\": \"{total}\""))
    }

    pub(crate) fn without_artifact(mut self) -> Self {
        self.problem = Some(NotFound::Missing("dr-aks/cost-run-gha-18273645-1.json".into()));
        self
    }

    pub(crate) fn invalid_artifact(mut self) -> Self {
        self.problem =
            Some(NotFound::Invalid { path: "dr-aks/x.json".into(), why: "line 1, column 1".into() });
        self
    }

    pub(crate) fn ambiguous_artifact(mut self) -> Self {
        self.problem = Some(NotFound::Integrity("two say different things".into()));
        self
    }

    pub(crate) fn at(mut self, now: &str) -> Self {
        self.now = moment(now).unwrap();
        self
    }

    pub(crate) fn used(mut self, hours: &str) -> Self {
        self.request.hours_used = hours.parse().unwrap();
        self
    }

    pub(crate) fn begun(mut self, times: usize) -> Self {
        self.history.begun = vec![self.now; times];
        self
    }

    pub(crate) fn ended(mut self, at: &str) -> Self {
        self.history.last_end = moment(at);
        self
    }

    pub(crate) fn no_spend(mut self) -> Self {
        self.spend = None;
        self
    }

    pub(crate) fn spend(mut self, actual: &[(&str, &str)]) -> Self {
        let entries: Vec<String> = [("2026-04", "0")]
            .iter()
            .chain(actual)
            .map(|(period, actual)| {
                format!(r#"{{"budget":"prod-dr","period":"{period}","actual":"{actual}"}}"#)
            })
            .collect();
        self.spend = Some(format!(
            r#"{{"schema":"hybridops.cost-spend","schemaVersion":"1.0.0","currency":"EUR","asOf":"2026-03-30T06:00:00Z",
            "spend":[{}]}}"#,
            entries.join(",")
        ));
        self
    }

    /// One dollar is so many euros.
    pub(crate) fn rates(mut self, rate: &str) -> Self {
        let table = format!(
            r#"{{"schema":"hybridops.cost-fx","schemaVersion":"1.0.0","id":"ecb","asOf":"2026-03-30T06:00:00Z","base":"EUR",
            "rates":{{"USD":"{rate}"}}}}"#
        );
        let digest = cost_engine::json::digest(&parse(table.as_bytes()).unwrap());
        self.rates = Some(table);
        self.policy(
            "\"caps\"",
            &format!("\"fx\": {{\"sha256\": \"{digest}\", \"maxAge\": 259200}}, \"caps\""),
        )
    }

    /// The same resources once more.
    pub(crate) fn second_component(mut self) -> Self {
        self.request.components.push("dr-gke".into());
        self.others.push(("dr-gke".into(), self.artifact.replace("dr-aks", "dr-gke")));
        self.others[0].1 = self.others[0].1.replace("module.dr.", "module.gke.").replacen(
            "module.gke.pg",
            "module.dr.pg",
            1,
        );
        self
    }

    /// Several components with resources of their own.
    pub(crate) fn components(mut self, count: usize) -> Self {
        for number in 1..count {
            let name = format!("part-{number}");
            let text =
                self.artifact.replace("dr-aks", &name).replace("module.dr.", &format!("module.{number}."));
            self.request.components.push(name.clone());
            self.others.push((name, text));
        }
        self
    }

    /// What of a line was there before.
    pub(crate) fn baseline(mut self, line: &str, quantity: &str) -> Self {
        let from = self.artifact.find(&format!("\"x_LineId\": \"{line}\"")).expect(line);
        let (head, tail) = self.artifact.split_at(from);
        let zero = "\"x_BaselineQuantity\": \"0\"";
        let tail = Self::replaced(tail, zero, &format!("\"x_BaselineQuantity\": \"{quantity}\""));
        self.artifact = format!("{head}{tail}");
        self
    }

    /// Totals: name, what stands there, what should.
    pub(crate) fn totals(mut self, totals: &[(&str, &str, &str)]) -> Self {
        for (name, from, to) in totals {
            self = self.artifact(&format!("\"{name}\": \"{from}\""), &format!("\"{name}\": \"{to}\""));
        }
        self
    }

    pub(crate) fn reserved(mut self, reserved: &[(&str, &str)]) -> Self {
        let entry = |(period, amount): &(&str, &str)| {
            (("prod-dr".to_owned(), (*period).to_owned()), amount.parse().unwrap())
        };
        self.reserved = reserved.iter().map(entry).collect();
        self
    }

    /// Another of the components in another currency.
    pub(crate) fn in_currency(&mut self, other: usize, currency: &str) {
        let text = &mut self.others[other].1;
        *text = Self::replaced(text, "\"currency\": \"EUR\"", &format!("\"currency\": \"{currency}\""));
    }

    pub(crate) fn shuffle(&mut self, seed: usize) {
        self.order = seed;
        let places = self.request.components.len();
        self.request.components.rotate_left(seed % places);
    }

    fn sign(text: &str, seed: u8) -> String {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let signature = pair.sign(canonical(&parse(text.as_bytes()).unwrap()).as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(signature);
        format!("{},\"signature\":\"{signature}\"}}", text.trim_end_matches('}'))
    }

    fn approver(self) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let public = base64::engine::general_purpose::STANDARD.encode(pair.public_key());
        let approvers =
            format!("\"approvers\": [{{\"keyId\": \"alice-1\", \"publicKey\": \"{public}\"}}], \"caps\"");
        self.policy("\"caps\"", &approvers)
    }

    const APPROVAL: &str = r#"{"schema":"hybridops.cost-approval","schemaVersion":"1.0.0","id":"ap-1","decisionScope":{"env":"prod","component":"dr-aks","purpose":"dr"},"ceiling":"70","currency":"EUR","notBefore":"2026-03-30T20:00:00Z","expiresAt":"2026-03-31T20:00:00Z","approver":"alice","reason":"needed","rules":["budget:prod-dr:2026-03"],"singleUse":true,"keyId":"alice-1"}"#;

    pub(crate) fn approval(mut self, change: impl Fn(String) -> String) -> Self {
        self.approvals.push(Self::sign(&change(Self::APPROVAL.to_owned()), 7));
        self.approver()
    }

    pub(crate) fn forged_approval(mut self) -> Self {
        self.approvals.push(Self::sign(Self::APPROVAL, 8));
        self.approver()
    }

    pub(crate) fn decide(&self) -> Decision {
        let mut policy = Policy::read(&parse(self.policy.as_bytes()).unwrap()).unwrap();
        if self.policy == POLICY {
            // The published decision names the digest of this text in place of a policy.
            policy.digest = Digest::of(b"example policy");
        }
        let signed = |component: &str, text: &str| {
            let artifact = Artifact::read(&parse(text.as_bytes()).unwrap()).unwrap();
            let path = format!("{component}/cost-run-{}.json", artifact.run_id);
            Found { component: component.to_owned(), artifact: Ok(Signed { path, artifact, key_id: None }) }
        };
        let mut artifacts = vec![match &self.problem {
            None => signed("dr-aks", &self.artifact),
            Some(problem) => Found { component: "dr-aks".into(), artifact: Err(problem.clone()) },
        }];
        artifacts.extend(self.others.iter().map(|(component, text)| signed(component, text)));
        let places = artifacts.len();
        artifacts.rotate_right(self.order % places);
        let spend = self.spend.as_ref().map(|text| Spend::read(&parse(text.as_bytes()).unwrap()).unwrap());
        let fx = self.rates.as_ref().map(|text| FxTable::read(&parse(text.as_bytes()).unwrap()).unwrap());
        let approvals: Vec<Approval> = self
            .approvals
            .iter()
            .map(|text| Approval::read(&parse(text.as_bytes()).unwrap()).unwrap())
            .collect();
        Decision::make(&Inputs {
            request: &self.request,
            mode: self.mode,
            policy: &policy,
            policy_pin: self.pin,
            artifacts,
            spend: spend.as_ref(),
            reserved: self.reserved.clone(),
            fx: fx.as_ref(),
            approvals: &approvals,
            used_approvals: &self.used,
            history: self.history.clone(),
            now: self.now,
        })
    }

    pub(crate) fn reason(&self) -> Vec<Reason> {
        self.decide().judgement.reasons()
    }

    pub(crate) fn outcome(&self, rule: &str) -> Option<Outcome> {
        self.decide().judgement.rules.iter().find(|found| found.id == rule).map(|found| found.outcome)
    }
}
