//! Where configuration objects live in the API, and how each is made, read, changed and removed there.
//!
//! What an object *is* stands in the catalogue's [`catalogue::description::Kind`]; the API's habits, which differ from
//! folder to folder, stand here as data.

/// The habits of one kind of object.
///
/// Paths are relative to `/api2/json/` and name fields of the kind (by their names in Terraform) in braces:
/// `nodes/{node}/network/{name}`. Three more things may stand in them:
/// - a query, where objects are named by a parameter: `pools?poolid={name}`. It goes with writes too;
/// - `{guest}`, which is `nodes/<node>/<qemu|lxc>/<vmid>` of the guest that the field `vmid` names, wherever it runs
///   now: `{guest}/firewall/aliases/{name}`;
/// - `{@key}`, the value that the object's entry in the listing has under a key: `…/subnets/{@subnet}`.
///
/// What an object is known by stands in the kind's own [`catalogue::description::Nature`].
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// [`catalogue::description::Kind::path`] of the kind.
    pub kind: &'static str,
    /// Where all of them are listed; for an object of which there is one, the same as `item`.
    pub collection: &'static str,
    /// Where one of them is.
    pub item: &'static str,
    /// How one is made.
    pub create: Create,
    /// How one is read.
    pub read: Read,
    /// How one is changed.
    pub update: Update,
    /// How one is removed.
    pub delete: Delete,
    /// How a field that was set is emptied.
    pub clear: Clear,
    /// Whether writes take the `digest` that reads tell.
    pub digest: bool,
    /// What is sent along on creation and never shown as an attribute: `type=nfs`. Lists are filtered by it.
    pub constants: &'static [(&'static str, &'static str)],
    /// Keys on the wire that every change carries, whether they change or not: those the API requires on updates.
    /// They are constants or fields.
    pub always: &'static [&'static str],
    /// Keys on the wire that a change may carry only along with another: the key, and that other, which is sent as it
    /// is where it does not change.
    pub requires: &'static [(&'static str, &'static str)],
    /// Fields that stand elsewhere in answers than they are sent: the field's name, and the path of keys to it with
    /// dots between, `account.contact`.
    pub found: &'static [(&'static str, &'static str)],
    /// Fields whose form on the wire is not the plain one: numbers, texts, 0 or 1, texts of a list with commas
    /// between them (semicolons inside property strings), objects as property strings.
    pub wires: &'static [(&'static str, Wire)],
    /// What must be done after writes before they count.
    pub settles: Option<Settles>,
}

impl Place {
    /// The habits of most kinds at a path: POST to the collection, and GET, PUT and DELETE of the item, with
    /// `delete=` lists and digests. Others are written as `Place { …, ..Place::new(…) }`.
    #[must_use]
    pub const fn new(kind: &'static str, collection: &'static str, item: &'static str) -> Self {
        Self {
            kind,
            collection,
            item,
            create: Create::PostCollection,
            read: Read::Item,
            update: Update::Put,
            delete: Delete::Delete,
            clear: Clear::DeleteList,
            digest: true,
            constants: &[],
            always: &[],
            requires: &[],
            found: &[],
            wires: &[],
            settles: None,
        }
    }
}

/// How an object is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Create {
    /// POST to the collection, the name in the body.
    PostCollection,
    /// POST to the item's own path.
    PostItem,
    /// It is always there (options of the cluster): creating it sets what is configured.
    Exists,
    /// A procedure of its own in the code, by this name.
    Special(&'static str),
}

/// How an object is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// GET of its path. Missing ones are told by the text of the error and proven by the listing.
    Item,
    /// It stands whole in the listing: one request serves all of them. The parts of its id that the listing's path
    /// does not name tell it from the others there.
    Listed,
    /// A procedure of its own in the code, by this name.
    Special(&'static str),
}

/// How an object is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// PUT to its path with the changed keys.
    Put,
    /// PUT to its path with all keys: what is left out is lost.
    PutWhole,
    /// POST to its path.
    Post,
    /// POST to the collection with its own name as `rename` too: security groups and IP sets.
    Rename,
    /// It cannot be changed: it is replaced.
    Never,
    /// A procedure of its own in the code, by this name.
    Special(&'static str),
}

/// How an object is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delete {
    /// DELETE of its path.
    Delete,
    /// It cannot be removed: what the configuration had set is put back to the defaults.
    Reset,
    /// It cannot be removed nor reset: it is left as it is, and the documentation says so.
    Leave,
    /// A procedure of its own in the code, by this name.
    Special(&'static str),
}

/// How a field that was set is emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clear {
    /// By naming it in `delete=a,b`.
    DeleteList,
    /// By naming it in `delete=a`, a parameter that is repeated.
    DeleteEach,
    /// By sending an empty value.
    Empty,
    /// By leaving it out of a write of the whole.
    LeaveOut,
}

/// The form of a field on the wire, where it is not the plain one (text, number, 0 or 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Several texts in one, with this between them.
    Joined(char),
    /// Several texts as a parameter that is repeated.
    Repeated,
    /// An object as one text `key=value,key=value`; the default key may stand bare.
    PropertyString(Option<&'static str>),
    /// Several objects, each such a text, as a parameter that is repeated.
    PropertyStrings(Option<&'static str>),
    /// Text that the server ends with a newline of its own.
    Lines,
    /// Text in base64.
    Base64,
    /// A flag whose sense is turned round on the wire: `disable` for `enabled`.
    Inverted,
}

/// What must be done after writes before they count. One run does it once for all, after the last write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settles {
    /// `PUT /cluster/sdn`: by the resource `hybridops_proxmox_sdn_apply`.
    Sdn,
    /// `PUT /nodes/{node}/network`: by the resource `hybridops_proxmox_node_network_apply`.
    NodeNetwork,
}
