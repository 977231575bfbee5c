//! The provider's cost tags, in the spelling of each system that carries them.

use std::collections::BTreeMap;

use cost_engine::tags::{Key, TagError, Target};
use tf_framework::{Diagnostic, Diagnostics, Field, Model, Path, Result};

/// Four facts about what everything made here costs.
#[derive(Clone, Model)]
pub(crate) struct CostTags {
    /// Environment, such as `prod`: 1 to 63 lower-case letters, digits and hyphens, with no hyphen at an end.
    pub(crate) env: Option<String>,
    /// Who answers for the cost: 1 to 63 characters, and only such as the systems carry. Lower-case letters, digits, `_`
    /// and `-` are good everywhere.
    pub(crate) owner: Option<String>,
    /// Component as the artefacts of the cost gate call it: 1 to 63 lower-case letters, digits and hyphens, with no
    /// hyphen at an end.
    pub(crate) component: Option<String>,
    /// `dr`, `burst`, `drill` or `baseline`.
    pub(crate) purpose: Option<String>,
    /// Refused: a run's id is another one in every run, so that every plan would change everything. It belongs on what
    /// lives no longer than its run; the function `cost_tags` spells it.
    pub(crate) run_id: Option<String>,
}

/// Words by what every word about the same fact begins with: `cost-env.` and `cost-env.prod`.
pub(crate) type Words = BTreeMap<String, String>;

fn at(key: Key) -> Path {
    Path::root().attribute("cost_tags").attribute(key.name())
}

fn problem(key: Key, error: &TagError) -> Diagnostic {
    let detail = match error {
        TagError::Grammar { target, grammar, value, .. } => format!(
            "{value:?} is put on everything, and tags of {target} are {grammar}. Choose a value that every system in use \
             can carry."
        ),
        error => format!("{error}."),
    };
    Diagnostic::error(format!("`{key}` is no cost tag"), detail).at(at(key))
}

impl CostTagsPartial {
    fn fields(&self) -> [(Key, &Field<String>); 4] {
        [
            (Key::Env, &self.env),
            (Key::Owner, &self.owner),
            (Key::Component, &self.component),
            (Key::Purpose, &self.purpose),
        ]
    }

    fn known(&self) -> impl Iterator<Item = (Key, &String)> {
        self.fields().into_iter().filter_map(|(key, field)| Some((key, field.known()?)))
    }
}

impl CostTags {
    /// Checks what is known. `carried_by` are the systems that are configured.
    pub(crate) fn validate(
        config: &Field<CostTagsPartial>,
        carried_by: &[Target],
        diagnostics: &mut Diagnostics,
    ) {
        let Field::Known(config) = config else { return };
        if !config.run_id.is_null() {
            diagnostics.push(
                Diagnostic::error(
                    "`run_id` is not put on everything",
                    "A run's id is another one in every run: every plan would change every object. Leave `run_id` out here, and \
                     spell it with the function `cost_tags` for what lives no longer than its run.",
                )
                .at(at(Key::RunId)),
            );
        }
        for (key, value) in config.known() {
            let mut told = key.admits(value).err();
            for target in carried_by {
                told = told.or_else(|| target.carries(key, value).err());
            }
            diagnostics.extend(told.map(|error| problem(key, &error)));
        }
    }

    /// The tags as words of a system whose tags have no values; `None` while one is not known.
    ///
    /// # Errors
    /// The system cannot carry one.
    pub(crate) fn words(config: &Field<CostTagsPartial>, target: Target) -> Result<Option<Words>> {
        let config = match config {
            Field::Unknown => return Ok(None),
            Field::Null => return Ok(Some(Words::new())),
            Field::Known(config) => config,
        };
        let mut problems = Diagnostics::new();
        let mut words = Words::new();
        for (key, value) in config.known() {
            match target.carries(key, value) {
                Ok(()) => drop(words.insert(target.name_of(key), target.word(key, value))),
                Err(error) => problems.push(problem(key, &error)),
            }
        }
        let open = config.fields().into_iter().any(|(_, field)| field.is_unknown());
        problems.into_result((!open).then_some(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> Field<String> {
        Field::Known(text.to_owned())
    }

    fn told(config: &Field<CostTagsPartial>, carried_by: &[Target]) -> Vec<String> {
        let mut diagnostics = Diagnostics::new();
        CostTags::validate(config, carried_by, &mut diagnostics);
        diagnostics
            .into_iter()
            .map(|one| {
                format!("{}: {}", one.path.map(|path| path.to_string()).unwrap_or_default(), one.detail)
            })
            .collect()
    }

    #[test]
    fn words_are_spelled_for_each_system() {
        let config =
            Field::Known(CostTagsPartial { env: known("prod"), owner: known("it"), ..Default::default() });
        let pairs = |target| CostTags::words(&config, target).expect("legal").expect("known");
        let of = |pairs: &[(&str, &str)]| -> Words {
            pairs.iter().map(|(prefix, word)| ((*prefix).to_owned(), (*word).to_owned())).collect()
        };
        let proxmox = of(&[("cost-env.", "cost-env.prod"), ("cost-owner.", "cost-owner.it")]);
        assert_eq!(pairs(Target::Proxmox), proxmox);
        let netbox = of(&[("cost-env-", "cost-env-prod"), ("cost-owner-", "cost-owner-it")]);
        assert_eq!(pairs(Target::Netbox), netbox);
        assert_eq!(CostTags::words(&Field::Null, Target::Proxmox).expect("legal"), Some(Words::new()));
    }

    #[test]
    fn what_is_not_known_leaves_all_open() {
        let config =
            Field::Known(CostTagsPartial { env: known("prod"), owner: Field::Unknown, ..Default::default() });
        assert_eq!(CostTags::words(&config, Target::Proxmox).expect("legal"), None);
        assert_eq!(CostTags::words(&Field::Unknown, Target::Netbox).expect("legal"), None);
        assert!(told(&config, &[Target::Proxmox]).is_empty());
    }

    #[test]
    fn what_cannot_be_carried_is_refused_where_it_is_to_go() {
        let config = Field::Known(CostTagsPartial { owner: known("Platform Team"), ..Default::default() });
        assert!(told(&config, &[]).is_empty());
        let refused = told(&config, &[Target::Proxmox]);
        assert!(
            refused.len() == 1 && refused.iter().all(|text| text.contains("Platform Team")),
            "{refused:?}"
        );
        assert!(CostTags::words(&config, Target::Proxmox).is_err());
        let form = Field::Known(CostTagsPartial { purpose: known("fun"), ..Default::default() });
        assert!(told(&form, &[]).iter().any(|text| text.contains("dr, burst, drill or baseline")));
        let run = Field::Known(CostTagsPartial { run_id: Field::Unknown, ..Default::default() });
        assert!(told(&run, &[]).iter().any(|text| text.starts_with("cost_tags.run_id")));
    }
}
