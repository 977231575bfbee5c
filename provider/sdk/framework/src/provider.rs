//! The provider: its configuration and what it registers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action::Action;
use crate::data_source::DataSource;
use crate::diagnostic::{Diagnostics, Result};
use crate::ephemeral::EphemeralResource;
use crate::erased::{
    ErasedAction, ErasedDataSource, ErasedEphemeral, ErasedList, ErasedResource, TypedAction,
    TypedDataSource, TypedEphemeral, TypedList, TypedResource, Untyped,
};
use crate::function::{Function, FunctionDefinition, FunctionError};
use crate::list::ListResource;
use crate::model::Model;
use crate::resource::{Resource, ResourceModel, SelectClient};
use crate::untyped::{UntypedDataSource, UntypedList, UntypedResource};

/// A provider.
pub trait Provider: Sized + Send + Sync + 'static {
    /// The `provider` block.
    type Config: Model;
    /// Prefix of every type name, `acme`.
    const NAME: &'static str;
    /// Source address, `registry.terraform.io/acme-studio/acme`.
    const ADDRESS: &'static str;
    /// Version of the provider.
    const VERSION: &'static str;

    /// Takes the configuration. Any of it may be unknown at plan. Makes no network call.
    ///
    /// # Errors
    /// The configuration contradicts itself.
    fn configure(cx: &ConfigureContext, config: <Self::Config as Model>::Partial) -> Result<Self>;

    /// Checks what validators cannot express, offline.
    fn validate(config: &<Self::Config as Model>::Partial, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// What was asked of the provider's servers so far, for people looking for the reason of a failure or of a wait.
    /// Shown with errors, and logged, at DEBUG.
    fn tally(&self) -> Option<String> {
        None
    }

    /// Registers everything the provider has.
    fn register(registry: &mut Registry<Self>);
}

/// What a provider may know when it is configured.
#[derive(Debug, Clone, Default)]
pub struct ConfigureContext {
    /// Version of Terraform or OpenTofu, as it says itself.
    pub terraform_version: String,
}

/// Everything a provider has, by full type name.
pub struct Registry<P: Provider> {
    pub(crate) resources: BTreeMap<String, Box<dyn ErasedResource<P>>>,
    pub(crate) data_sources: BTreeMap<String, Box<dyn ErasedDataSource<P>>>,
    pub(crate) ephemerals: BTreeMap<String, Box<dyn ErasedEphemeral<P>>>,
    pub(crate) actions: BTreeMap<String, Box<dyn ErasedAction<P>>>,
    pub(crate) lists: BTreeMap<String, Box<dyn ErasedList<P>>>,
    pub(crate) functions: BTreeMap<String, RegisteredFunction>,
}

pub(crate) struct RegisteredFunction {
    pub(crate) definition: fn() -> FunctionDefinition,
    pub(crate) call: fn(Vec<tf_value::Value>) -> Result<tf_value::Value, FunctionError>,
}

fn full_name<P: Provider>(name: &str) -> String {
    format!("{}_{name}", P::NAME)
}

impl<P: Provider> Registry<P> {
    /// What the provider registers.
    #[must_use]
    pub fn of_provider() -> Self {
        let mut registry = Self {
            resources: BTreeMap::new(),
            data_sources: BTreeMap::new(),
            ephemerals: BTreeMap::new(),
            actions: BTreeMap::new(),
            lists: BTreeMap::new(),
            functions: BTreeMap::new(),
        };
        P::register(&mut registry);
        registry
    }

    /// Registers a managed resource and how its client is found in the configured provider.
    pub fn resource<R: Resource>(&mut self, client: SelectClient<P, R::Client>) {
        self.resources.insert(full_name::<P>(R::NAME), Box::new(TypedResource::<P, R>::new(client)));
    }

    /// Registers a data source and how its client is found in the configured provider.
    pub fn data_source<D: DataSource>(&mut self, client: SelectClient<P, D::Client>) {
        self.data_sources.insert(full_name::<P>(D::NAME), Box::new(TypedDataSource::<P, D>::new(client)));
    }

    /// Registers an ephemeral resource and how its client is found in the configured provider.
    pub fn ephemeral_resource<E: EphemeralResource>(&mut self, client: SelectClient<P, E::Client>) {
        self.ephemerals.insert(full_name::<P>(E::NAME), Box::new(TypedEphemeral::<P, E>::new(client)));
    }

    /// Registers an action and how its client is found in the configured provider.
    pub fn action<A: Action>(&mut self, client: SelectClient<P, A::Client>) {
        self.actions.insert(full_name::<P>(A::NAME), Box::new(TypedAction::<P, A>::new(client)));
    }

    /// Registers a list resource and how its client is found in the configured provider.
    pub fn list_resource<L: ListResource>(&mut self, client: SelectClient<P, <L::Item as Resource>::Client>) {
        let name = full_name::<P>(<L::Item as ResourceModel>::NAME);
        self.lists.insert(name, Box::new(TypedList::<P, L>::new(client)));
    }

    /// Registers a managed resource described by data.
    pub fn untyped_resource<R: UntypedResource>(&mut self, client: SelectClient<P, R::Client>, resource: R) {
        self.resources.insert(full_name::<P>(resource.name()), Box::new(Untyped::new(client, resource)));
    }

    /// Registers a data source described by data.
    pub fn untyped_data_source<D: UntypedDataSource>(
        &mut self,
        client: SelectClient<P, D::Client>,
        source: D,
    ) {
        self.data_sources.insert(full_name::<P>(source.name()), Box::new(Untyped::new(client, source)));
    }

    /// Registers a list resource described by data.
    pub fn untyped_list<L: UntypedList>(&mut self, client: SelectClient<P, L::Client>, list: L) {
        self.lists.insert(full_name::<P>(list.name()), Box::new(Untyped::new(client, list)));
    }

    /// Registers a function.
    pub fn function<F: Function>(&mut self) {
        let function = RegisteredFunction { definition: F::definition, call: F::call };
        self.functions.insert(F::definition().name, function);
    }
}

/// A client selector for what needs no client.
///
/// # Errors
/// Never.
pub fn no_client<P>(_: &P) -> Result<Option<Arc<()>>> {
    Ok(Some(Arc::new(())))
}
