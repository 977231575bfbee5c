//! Data sources over the stored objects.

use tf_framework::{Computed, DataContext, DataSource, Diagnostics, Model, Path, Result, Timeouts};

use crate::store::Store;

/// One object.
#[derive(Clone, Model)]
pub(crate) struct StoredObject {
    /// Shelf the object stands on.
    #[attr(default = "main")]
    shelf: String,
    /// Name of the object.
    name: String,
    /// What it holds.
    content: Computed<Option<String>>,
    /// How long reading may take.
    timeouts: Option<Timeouts>,
}

impl DataSource for StoredObject {
    const NAME: &'static str = "stored";
    const SUBCATEGORY: &'static str = "Test";
    type Client = Store;

    async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let found = cx.client()?.read(&config.shelf, &config.name)?;
        let record = found.ok_or_else(|| {
            let detail = format!("Shelf {:?} has no object {:?}.", config.shelf, config.name);
            Diagnostics::error_at(Path::root().attribute("name"), "There is no such object", detail)
        })?;
        Ok(Self { content: record.content.into(), ..config })
    }
}

/// Shelf and name of an object.
#[derive(Clone, Model)]
pub(crate) struct Place {
    /// Shelf the object stands on.
    shelf: Computed<String>,
    /// Name of the object.
    name: Computed<String>,
}

/// All objects.
#[derive(Clone, Model)]
pub(crate) struct Objects {
    /// The objects in order.
    objects: Computed<Vec<Place>>,
}

impl DataSource for Objects {
    const NAME: &'static str = "objects";
    const SUBCATEGORY: &'static str = "Test";
    type Client = Store;

    async fn read(cx: &mut DataContext<Self>, _: Self) -> Result<Self> {
        let place = |(shelf, name): (String, String)| Place { shelf: shelf.into(), name: name.into() };
        let objects: Vec<Place> = cx.client()?.list()?.into_iter().map(place).collect();
        Ok(Self { objects: objects.into() })
    }
}
