//! What objects are known by, and what makes sense for them.

/// What an object of a kind is known by, and which of the usual ways of dealing with it make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nature {
    /// What it is known by.
    pub identity: Identity,
    /// Whether it is always there, as the options of a server are. Creating it sets what is configured, what is not
    /// configured is neither changed nor shown, and removing it puts back what was set.
    pub standing: bool,
    /// What it is offered as beside the managed resource.
    pub offers: Offers,
}

/// What an object is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// A number that the server gives.
    Number,
    /// A text made of fields, with slashes between them: `pve1/vmbr0`. One field may hold slashes itself: the first
    /// one where it begins with a slash, else the last.
    Parts {
        /// The fields, texts or whole numbers, in the order they are written. They are replaced, not changed.
        parts: &'static [&'static str],
        /// How many of them, from the first, name what the object lies in. Lists are lists of one such place: their
        /// arguments name it.
        within: usize,
    },
    /// There is one such object: a constant.
    Only(&'static str),
}

/// What a kind is offered as beside the managed resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offers {
    /// A data source that reads one.
    pub one: bool,
    /// A data source that lists them.
    pub many: bool,
    /// A list resource.
    pub list: bool,
}

impl Nature {
    /// Objects that the server numbers, with all that is offered.
    pub const NUMBERED: Self = Self { identity: Identity::Number, standing: false, offers: Offers::ALL };

    /// Objects known by these fields, with all that is offered. Lists are lists of what lies in the first `within`.
    #[must_use]
    pub const fn named(parts: &'static [&'static str], within: usize) -> Self {
        Self { identity: Identity::Parts { parts, within }, standing: false, offers: Offers::ALL }
    }

    /// The one object of its kind, which is always there. It is read by a data source and not listed.
    #[must_use]
    pub const fn only(id: &'static str) -> Self {
        Self { identity: Identity::Only(id), standing: true, offers: Offers::ONE }
    }

    /// An object that is always there, once for each value of these fields (a node). It is read by a data source and
    /// not listed.
    #[must_use]
    pub const fn standing(parts: &'static [&'static str]) -> Self {
        Self { identity: Identity::Parts { parts, within: parts.len() }, standing: true, offers: Offers::ONE }
    }

    /// The same with other offers.
    #[must_use]
    pub const fn offering(self, offers: Offers) -> Self {
        Self { offers, ..self }
    }
}

impl Offers {
    /// Everything.
    pub const ALL: Self = Self { one: true, many: true, list: true };
    /// A data source that reads one.
    pub const ONE: Self = Self { one: true, many: false, list: false };
    /// Nothing but the resource.
    pub const NONE: Self = Self { one: false, many: false, list: false };
}

impl Identity {
    /// The fields that make up the id.
    #[must_use]
    pub const fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Parts { parts, .. } => parts,
            Self::Number | Self::Only(_) => &[],
        }
    }

    /// The fields that name what an object lies in.
    #[must_use]
    pub fn within(self) -> &'static [&'static str] {
        match self {
            Self::Parts { parts, within } => parts.get(..within).unwrap_or(parts),
            Self::Number | Self::Only(_) => &[],
        }
    }

    /// Whether the id is a number.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Number)
    }
}
