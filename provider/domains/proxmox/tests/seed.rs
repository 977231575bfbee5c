//! Seeds on their way to a storage and away from it, against the stand-in.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::time::Duration;

use domain_proxmox::Proxmox;
use domain_proxmox::api::{Config, Credentials, GuestRef, TakeSnapshot};
use domain_proxmox::seed::{SeedDocuments, SeedPlan, ensure_seed, remove_seeds};
use hybridops_lab::{Effect, Lab, LabConfig, RequestFault};
use transport_rest::{Budget, Form, Secret, Trust};

async fn scene() -> (Lab, Proxmox, Budget) {
    let lab = Lab::start(LabConfig { task_duration: Duration::ZERO, ..LabConfig::default() }).await.unwrap();
    let config = Config {
        endpoints: lab.endpoints(),
        credentials: Credentials::ApiToken(Secret::new(lab.api_token().to_owned())),
        trust: Trust::CaPem(lab.ca_certificate().to_owned()),
        concurrency: Config::CONCURRENCY,
    };
    let px = Proxmox::new(config, "test".to_owned()).unwrap();
    (lab, px, Budget::within(Duration::from_secs(60)))
}

fn documents(user_data: &str) -> SeedDocuments {
    SeedDocuments { user_data: Some(user_data.to_owned()), ..SeedDocuments::default() }
}

fn uploads(lab: &Lab) -> usize {
    lab.journal()
        .all()
        .iter()
        .filter(|entry| entry.method == "POST" && entry.path.ends_with("/upload"))
        .count()
}

#[tokio::test]
async fn a_seed_is_uploaded_once_and_whole() {
    let (lab, px, budget) = scene().await;
    let plan = SeedPlan::new(101, &documents("#!a")).unwrap();
    let put = || async { ensure_seed(&px, "pve1", "local", 101, &documents("#!a"), &budget).await.unwrap() };
    let volume = put().await;
    assert_eq!(volume, plan.volume("local").unwrap());
    let path = lab.volume_path("pve1", &volume.to_string()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), plan.bytes());
    assert_eq!(put().await, volume);
    assert_eq!(uploads(&lab), 1, "what is there is not uploaded again");
    // What a killed node left half written is replaced.
    std::fs::write(&path, plan.bytes().get(..4096).unwrap()).unwrap();
    put().await;
    assert_eq!(std::fs::read(&path).unwrap(), plan.bytes());
    assert_eq!(uploads(&lab), 2);
}

#[tokio::test]
async fn an_upload_whose_answer_is_lost_is_found_again() {
    let (lab, px, budget) = scene().await;
    let fault = RequestFault {
        method: "POST".into(),
        path: "/upload$".into(),
        nth: 1,
        times: 1,
        effect: Effect::DropAfter,
    };
    lab.faults().add(fault).unwrap();
    let first = ensure_seed(&px, "pve1", "local", 101, &documents("#!a"), &budget).await;
    let second = ensure_seed(&px, "pve1", "local", 101, &documents("#!a"), &budget).await.unwrap();
    let path = lab.volume_path("pve1", &second.to_string()).unwrap();
    assert_eq!(
        std::fs::read(path).unwrap(),
        SeedPlan::new(101, &documents("#!a")).unwrap().bytes(),
        "{first:?}"
    );
}

#[tokio::test]
async fn seeds_that_something_refers_to_stay() {
    let (lab, px, budget) = scene().await;
    let mut volumes = Vec::new();
    for text in ["#!snapshot", "#!current", "#!old", "#!new"] {
        volumes.push(ensure_seed(&px, "pve1", "local", 101, &documents(text), &budget).await.unwrap());
    }
    let [snapshot, current, old, new]: [_; 4] = volumes.try_into().unwrap();
    let other = ensure_seed(&px, "pve1", "local", 102, &documents("#!a"), &budget).await.unwrap();
    let guest = GuestRef::qemu("pve1", 101);
    let form = Form::new().text("name", "web").text("ide2", format!("{snapshot},media=cdrom"));
    let made = px.api.create_guest(&guest, form, &budget).await.unwrap();
    px.api.wait(&made, &budget).await.unwrap();
    let wanted = TakeSnapshot { name: "before".into(), ..TakeSnapshot::default() };
    px.api.run(&budget, || px.api.take_snapshot(&guest, &wanted, &budget)).await.unwrap();
    let form = Form::new().text("ide2", format!("{current},media=cdrom"));
    px.api
        .run_optional(&budget, || px.api.set_guest_config(&guest, form.clone(), &[], None, &budget))
        .await
        .unwrap();
    let removed = remove_seeds(&px, "pve1", "local", 101, Some(&new), &budget).await.unwrap();
    assert_eq!(removed, [old]);
    let gone = px.api.run(&budget, || px.api.destroy_guest(&guest, Default::default(), &budget)).await;
    gone.unwrap();
    let removed = remove_seeds(&px, "pve1", "local", 101, None, &budget).await.unwrap();
    assert_eq!(removed.len(), 3, "{removed:?}");
    assert!(
        lab.volume_path("pve1", &other.to_string()).is_some_and(|path| path.exists()),
        "another guest's stays"
    );
}
