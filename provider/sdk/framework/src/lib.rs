//! The framework a provider is written in.
//!
//! One struct is schema, codec and documentation ([`model`], [`schema`]); the planner is a pure function
//! ([`planner`]); the server ([`server`]) speaks the plugin protocol and calls the typed traits: [`Resource`],
//! [`DataSource`], [`EphemeralResource`], [`Action`], [`ListResource`], [`Function`], [`Provider`].

mod action;
mod context;
mod data_source;
pub mod diagnostic;
pub mod docs;
mod ephemeral;
mod erased;
mod function;
mod list;
pub mod model;
pub mod planner;
mod private;
mod provider;
mod raw_state;
mod resource;
pub mod rules;
pub mod schema;
mod serve;
pub mod server;
mod untyped;
pub mod validation;

pub use action::{Action, ActionContext};
pub use context::{Call, Context, PlanContext, PlannedAction};
pub use data_source::{DataContext, DataSource};
pub use diagnostic::{Diagnostic, Diagnostics, Result, Severity};
pub use ephemeral::{EphemeralContext, EphemeralResource, Opened, Renewed};
pub use function::{Function, FunctionDefinition, FunctionError, Parameter, read_argument, type_of};
pub use list::{ListContext, ListResource};
pub use model::{AttributeType, Computed, Empty, Field, GoDuration, Model, Sensitive, Timeouts, WriteOnly};
pub use provider::{ConfigureContext, Provider, Registry, no_client};
pub use raw_state::RawState;
pub use resource::{DefaultTimeouts, ImportId, MoveSource, Resource, ResourceModel, SelectClient};
pub use serve::{Mode, serve};
pub use untyped::{
    UntypedContext, UntypedDataSource, UntypedList, UntypedListContext, UntypedPlan, UntypedResource,
};

pub use tf_value::{Number, Path, Step, Type, Value};

#[doc(inline)]
pub use tf_framework_derive::{Choice, Model, Resource, function};
