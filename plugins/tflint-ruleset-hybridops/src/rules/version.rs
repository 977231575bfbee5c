//! How much a version constraint leaves open.

/// How much a constraint leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Room {
    /// One version.
    None,
    /// Patches of one minor version.
    Patches,
    /// Something with an upper end.
    Bounded,
    /// Whatever comes.
    Open,
}

/// How much a constraint leaves open: as much as its tightest condition.
pub(super) fn room(constraint: &str) -> Room {
    constraint.split(',').map(|condition| of_condition(condition.trim())).min().unwrap_or(Room::Open)
}

fn of_condition(condition: &str) -> Room {
    let version = |text: &str| text.trim().to_owned();
    if let Some(rest) = condition.strip_prefix("~>") {
        // Its last number is what may rise.
        return if version(rest).split('.').count() >= 3 { Room::Patches } else { Room::Bounded };
    }
    if condition.starts_with("!=") || condition.starts_with('>') || condition.is_empty() {
        return Room::Open;
    }
    if condition.starts_with('<') {
        return Room::Bounded;
    }
    Room::None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints() {
        let table = [
            ("1.2.3", Room::None),
            ("= 1.2.3", Room::None),
            ("~> 1.2.3", Room::Patches),
            ("~> 1.2", Room::Bounded),
            (">= 1.2, < 2.0", Room::Bounded),
            ("~> 5.0, != 5.3.1", Room::Bounded),
            (">= 1.2", Room::Open),
            ("> 1", Room::Open),
            ("!= 1.0.0", Room::Open),
            ("", Room::Open),
        ];
        for (constraint, expected) in table {
            assert_eq!(room(constraint), expected, "{constraint:?}");
        }
    }
}
