//! Arithmetic of the database's members: what may be taken away without losing the majority.

/// Members of the database as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Members {
    /// Members that vote.
    pub(crate) voters: usize,
    /// Of these, those that are healthy.
    pub(crate) healthy: usize,
    /// Members that only learn yet.
    pub(crate) learners: usize,
}

/// Why a member may not be taken away now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsafe {
    #[error("it is the last member: the database would be gone")]
    Last,
    #[error("{0} of the members only learns yet; when it votes, or is given up, it may go on")]
    Learner(usize),
    #[error(
        "{healthy} healthy members would be left of {left}, and {quorum} are needed for the majority: what is unhealthy must \
         be brought back or removed first"
    )]
    NoMajority { left: usize, healthy: usize, quorum: usize },
}

/// Votes that are needed to decide.
pub(crate) fn quorum(voters: usize) -> usize {
    voters / 2 + 1
}

impl Members {
    /// Whether a member may be taken away: one that is healthy, or one that is dead. A dead one is removed by the
    /// majority of those that are there *before* it is taken away.
    pub(crate) fn without(self, target_healthy: bool) -> Result<(), Unsafe> {
        if self.voters <= 1 {
            return Err(Unsafe::Last);
        }
        if self.learners > 0 {
            return Err(Unsafe::Learner(self.learners));
        }
        let left = self.voters - 1;
        let healthy = self.healthy.saturating_sub(usize::from(target_healthy));
        // The removal itself is a decision of the members that there are now.
        let decides = quorum(if target_healthy { left } else { self.voters });
        let needed = decides.max(quorum(left));
        if healthy < needed {
            return Err(Unsafe::NoMajority { left, healthy, quorum: needed });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn members(voters: usize, healthy: usize) -> Members {
        Members { voters, healthy, learners: 0 }
    }

    #[test]
    fn table() {
        let cases = [
            (members(1, 1), true, Err(Unsafe::Last)),
            (members(3, 3), true, Ok(())),
            (members(2, 2), true, Ok(())),
            (members(3, 2), false, Ok(())),
            (members(3, 2), true, Err(Unsafe::NoMajority { left: 2, healthy: 1, quorum: 2 })),
            (members(3, 1), false, Err(Unsafe::NoMajority { left: 2, healthy: 1, quorum: 2 })),
            (members(2, 1), false, Err(Unsafe::NoMajority { left: 1, healthy: 1, quorum: 2 })),
            (members(5, 3), false, Ok(())),
            (members(5, 3), true, Err(Unsafe::NoMajority { left: 4, healthy: 2, quorum: 3 })),
            (Members { learners: 1, ..members(3, 3) }, true, Err(Unsafe::Learner(1))),
        ];
        for (members, healthy, expected) in cases {
            assert_eq!(members.without(healthy), expected, "{members:?} {healthy}");
        }
    }

    proptest! {
        /// Whatever is allowed leaves a majority of what is left, and was decided by a majority.
        #[test]
        fn a_majority_is_left(voters in 1usize..9, healthy in 0usize..9, target in any::<bool>()) {
            let healthy = healthy.min(voters);
            prop_assume!(if target { healthy > 0 } else { healthy < voters });
            let it = members(voters, healthy);
            if it.without(target).is_ok() {
                let left = healthy - usize::from(target);
                prop_assert!(left >= quorum(voters - 1));
                prop_assert!(healthy >= quorum(voters));
            }
        }
    }
}
