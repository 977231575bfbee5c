//! Everything a table describes, registered with a provider.

use tf_framework::{Provider, Registry, SelectClient};

use crate::allocator::AllocatorResource;
use crate::object::ObjectResource;
use crate::setter::SetterResource;
use crate::sources::{KindList, ManySource, OneSource};
use crate::store::Store;
use crate::table::Table;

/// Registers for every kind a resource and what else it is offered as, and the setters and allocators.
pub fn register<P: Provider, S: Store>(
    registry: &mut Registry<P>,
    table: &'static Table,
    client: SelectClient<P, S>,
) {
    for kind in table.kinds() {
        registry.untyped_resource(client, ObjectResource::new(table, kind));
        let offers = kind.nature.offers;
        if offers.one {
            registry.untyped_data_source(client, OneSource::new(table, kind));
        }
        if offers.many {
            registry.untyped_data_source(client, ManySource::new(table, kind));
        }
        if offers.list {
            registry.untyped_list(client, KindList::new(table, kind));
        }
    }
    for setter in table.setters() {
        if let Some(resource) = SetterResource::new(table, setter) {
            registry.untyped_resource(client, resource);
        }
    }
    for allocator in table.allocators() {
        if let Some(resource) = AllocatorResource::new(table, allocator) {
            registry.untyped_resource(client, resource);
        }
    }
}
