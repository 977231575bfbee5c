//! Controllers: each looks at everything of its concern in the watch cache and does what is missing, woken by changes.
//! They run on the server that holds the lease, as in kube-controller-manager.

mod addons;
mod bootstrap;
mod budgets;
mod collector;
mod context;
mod helm;
mod kubelet;
mod leader;
mod namespaces;
mod nodes;
mod scheduler;
mod signer;
mod volumes;
mod workloads;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use self::context::Context;
use self::workloads::{daemonsets, deployments, jobs, replicasets, statefulsets};
use super::Kube;

/// Runs until stopped.
pub(crate) async fn run(kube: Arc<Kube>, stop: CancellationToken) {
    kube.hub.synced().await;
    let manifests = addons::watch(Arc::clone(&kube));
    let work = async {
        loop {
            leader::acquire(&kube).await;
            let term = stop.child_token();
            let running = start(&kube, &term);
            leader::hold(&kube).await;
            term.cancel();
            for task in running {
                let _ended = task.await;
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = async { manifests.await; std::future::pending::<()>().await } => {}
        () = stop.cancelled() => {}
    }
}

/// One task for each controller, for as long as the lease is held.
fn start(kube: &Arc<Kube>, term: &CancellationToken) -> Vec<tokio::task::JoinHandle<()>> {
    let context = |name: &str, wakes: &'static [&'static str]| Context::new(kube, name, wakes, term.clone());
    let manager = |wakes: &'static [&'static str]| context("kube-controller-manager", wakes);
    vec![
        tokio::spawn(context(&kube.settings.distribution, &[]).repeat(bootstrap::reconcile)),
        tokio::spawn(manager(nodes::WAKES).repeat(nodes::reconcile)),
        tokio::spawn(manager(budgets::WAKES).repeat(budgets::reconcile)),
        tokio::spawn(manager(namespaces::WAKES).repeat(namespaces::reconcile)),
        tokio::spawn(manager(collector::WAKES).repeat(collector::reconcile)),
        tokio::spawn(manager(deployments::WAKES).repeat(deployments::reconcile)),
        tokio::spawn(manager(replicasets::WAKES).repeat(replicasets::reconcile)),
        tokio::spawn(manager(statefulsets::WAKES).repeat(statefulsets::reconcile)),
        tokio::spawn(manager(daemonsets::WAKES).repeat(daemonsets::reconcile)),
        tokio::spawn(manager(jobs::WAKES).repeat(jobs::reconcile)),
        tokio::spawn(manager(volumes::WAKES).repeat(volumes::reconcile)),
        tokio::spawn(manager(signer::WAKES).repeat(signer::reconcile)),
        tokio::spawn(context("kube-scheduler", scheduler::WAKES).repeat(scheduler::reconcile)),
        tokio::spawn(context("helm-controller", helm::WAKES).repeat(helm::reconcile)),
        tokio::spawn(context("kubelet", kubelet::WAKES).repeat(kubelet::reconcile)),
    ]
}
