//! What an add-on looks like in configuration.

use std::collections::BTreeSet;

use tf_framework::{Choice, Computed, Model, Resource, Timeouts, WriteOnly};

use super::catalogue::Preset;
use super::manifests::are_manifests;
use crate::link::ClusterLink;

/// Something that runs in a cluster: a Helm chart, objects of your own, or both.
///
/// A chart becomes a `HelmChart` object, which the controller that RKE2 and K3s bring installs; objects are applied on the
/// server's side, and those that are taken out of the configuration are deleted. An apply is over when all of it runs: the
/// release is deployed, every workload is rolled out, every new kind can be used. What fails is told with the log of the
/// job and the pods that do not come up. What was changed in the cluster by others shows in the plan, with who did it.
///
/// Destroying removes the release and the objects for real and waits until they are gone; data in volumes, and objects of
/// the kinds an add-on brought, refuse it unless `on_destroy` says otherwise.
#[derive(Debug, Clone, Resource)]
#[resource(name = "kubernetes_addon", subcategory = "Kubernetes", version = 0)]
pub struct KubernetesAddon {
    /// Name of the add-on in its cluster, and of the release of its chart.
    #[attr(
        replace,
        validate(matches(
            r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
            "a name of at most 40 lower-case letters, digits and `-`"
        ))
    )]
    pub name: String,
    /// The way to the cluster. Changing it means another way to the same cluster; for another cluster change `name`, or
    /// replace the add-on.
    pub cluster: ClusterLink,
    /// An add-on of the catalogue: where its chart is, a version that was looked at, values that fit these clusters, what
    /// guards its data. `chart` changes any of it.
    #[attr(replace)]
    pub catalogue: Option<Preset>,
    /// Namespace of the release, and of objects that name none. That of the catalogue, or `default`, unless set. It is made
    /// where it does not exist.
    #[attr(
        optional,
        stable,
        replace,
        validate(matches(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "a name of a namespace"))
    )]
    pub namespace: Computed<String>,
    /// The chart.
    pub chart: Option<Chart>,
    /// Values that are secret, YAML, over those of `chart.values`. They are put into a Secret that the chart is given, and
    /// never stored.
    #[attr(validate(required_with(values_secret_version)))]
    pub values_secret: WriteOnly<String>,
    /// Change it to send `values_secret` again, and have the release upgraded with it.
    pub values_secret_version: Option<i64>,
    /// Objects, YAML, any number of documents a text. Secrets do not belong here: the state holds these texts.
    #[attr(default = [], validate(each(custom(are_manifests, "YAML documents of Kubernetes objects"))))]
    pub manifests: Vec<String>,
    /// Objects that are secret, YAML: applied as `manifests` are, and never stored. Whether they were changed by others is
    /// not looked at.
    #[attr(validate(required_with(secret_manifests_version)))]
    pub secret_manifests: WriteOnly<String>,
    /// Change it to send `secret_manifests` again.
    pub secret_manifests_version: Option<i64>,
    /// Whether fields that others own are taken from them. Otherwise an apply that needs one is refused and says whose it
    /// is. Changes that a plan showed as `differences` are put right either way.
    #[attr(default = false)]
    pub force_conflicts: bool,
    /// Whether objects that exist already, and that no add-on owns, become those of this one. They are then deleted with
    /// it.
    #[attr(default = false)]
    pub adopt: bool,
    /// What happens on destroy, and to objects that are taken out of the configuration, where data would be lost.
    #[attr(default = OnDestroy::Refuse)]
    pub on_destroy: OnDestroy,
    /// Whether an apply waits until everything runs. The release itself is always waited for.
    #[attr(default = true)]
    pub wait: bool,
    /// The name.
    #[attr(stable)]
    pub id: Computed<String>,
    /// The objects of the add-on, such as `Deployment.apps web/nginx`, without those that a chart makes.
    #[attr(stable)]
    pub objects: Computed<BTreeSet<String>>,
    /// What differs in the cluster from what was applied, and who changed it. An apply puts it right, so it is empty after
    /// one.
    #[attr(stable)]
    pub differences: Computed<BTreeSet<String>>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// A Helm chart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct Chart {
    /// Name of the chart in its repository, or `oci://…`. That of the catalogue unless set.
    pub chart: Option<String>,
    /// Address of the repository. That of the catalogue unless set.
    pub repo: Option<String>,
    /// The chart itself: its `.tgz` in base64, for clusters that reach no repository.
    #[attr(validate(conflicts_with(repo)))]
    pub content: Option<String>,
    /// Version of the chart. That of the catalogue unless set; never the newest by accident.
    pub version: Option<String>,
    /// Values, YAML (`yamlencode`), over those of the catalogue. Secrets belong into `values_secret`.
    #[attr(validate(custom(super::manifests::is_yaml_map, "a YAML mapping")))]
    pub values: Option<String>,
    /// What the cluster does when an installation fails. That of the catalogue, or `abort`, unless set. What the cluster
    /// would do by itself is `reinstall`.
    pub failure_policy: Option<FailurePolicy>,
    /// How long Helm waits for what it does, such as `10m`. As long as Helm does by itself, 5 minutes, unless set.
    #[attr(validate(matches(r"^([0-9]+[hms])+$", "a duration such as `10m`")))]
    pub timeout: Option<String>,
    /// How often the job of a release is tried again before it has failed.
    #[attr(default = 3, validate(range(0..=1000)))]
    pub retries: u32,
    /// Authority that signs the repository, PEM.
    pub repo_ca: Option<String>,
    /// Whether objects of the chart that exist already become those of the release.
    #[attr(default = false)]
    pub take_ownership: bool,
}

/// What the cluster does when an installation or an upgrade fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "lowercase")]
pub enum FailurePolicy {
    /// Leaves everything as it is, for somebody to look at.
    Abort,
    /// Tries the upgrade again.
    Retry,
    /// Uninstalls the release and installs it again. What it kept may be lost.
    Reinstall,
}

/// What happens where destroying loses data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
#[choice(rename_all = "lowercase")]
pub enum OnDestroy {
    /// Refused, naming the data.
    Refuse,
    /// Deleted with its data; objects that others depend on go first.
    Delete,
    /// Everything stays in the cluster and is only forgotten here.
    Keep,
}
