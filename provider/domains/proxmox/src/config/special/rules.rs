//! Ordered lists of firewall rules.
//!
//! The API knows rules by their positions only. The wished list is reached step by step: the list is read, the next
//! step is chosen by comparing it with what is wished, and the step is made under the digest of the list it was
//! chosen for. A run that is killed leaves a list from which the next run goes on; a list that someone else changes
//! meanwhile is read again before anything is done at a position.

use catalogue::description::{Field, Shape};
use catalogue::store::{Body, Cause, Problem, Record, StoreError};
use serde_json::{Map, Value as Json};
use transport_rest::{Form, Request};

use super::super::address::Address;
use super::super::answers::inner;
use super::super::faults::{odd, of_write, told};
use super::super::present::Spot;
use crate::api::{ApiError, Kind as Failure};

/// A rule without what is the default: what is false or nothing is left out.
type Rule = Map<String, Json>;

/// How often a step may find that someone else was faster.
const OVERTAKEN: usize = 20;

/// The list as the server has it.
pub(super) struct Listed {
    pub(super) rules: Vec<Rule>,
    raw: Vec<Json>,
    digest: Option<String>,
}

impl Listed {
    /// Puts the rules into what is told of the object that has them.
    pub(super) fn add_to(self, answer: &mut Map<String, Json>) {
        answer.insert("rules".to_owned(), Json::Array(self.raw));
        answer.extend(self.digest.map(|digest| ("digest".to_owned(), Json::from(digest))));
    }
}

/// What is to be done next.
#[derive(Debug, PartialEq)]
enum Step {
    /// Put a rule from one position before another (both as they are now).
    Move(usize, usize),
    /// Make the rule at a position this one.
    Change(usize, Rule),
    Remove(usize),
    /// Make a new first rule.
    Insert(Rule),
}

pub(super) async fn read(spot: &Spot<'_>) -> Result<Record, StoreError> {
    let listed = list(spot, &address(spot).await?).await?;
    let mut answer = Map::new();
    listed.add_to(&mut answer);
    Ok(spot.record(&answer))
}

/// Makes the list what is wished, where it holds nothing that is not: no rule of someone else is removed unseen.
pub(super) async fn create(spot: &Spot<'_>, body: &Body) -> Result<(), StoreError> {
    let (address, wished) = (address(spot).await?, wished(body));
    let there = list(spot, &address).await?.rules;
    let foreign = there.iter().filter(|rule| !wished.contains(rule)).count();
    if foreign > 0 {
        return Err(StoreError::Refused(vec![Problem {
            path: vec!["rules".to_owned()],
            message: format!(
                "There are {foreign} rules already that the configuration does not have, and managing the list would \
                 remove them. Import the list by its id, `{}`, or remove them first",
                spot.id
            ),
            cause: Cause::Other,
        }]));
    }
    reach(spot, &address, &wished, None).await
}

pub(super) async fn update(spot: &Spot<'_>, changes: &Body, seen: Option<&str>) -> Result<(), StoreError> {
    if !changes.contains_key("rules") {
        return Ok(());
    }
    reach(spot, &address(spot).await?, &wished(changes), seen).await
}

pub(super) async fn clear(spot: &Spot<'_>) -> Result<(), StoreError> {
    reach(spot, &address(spot).await?, &[], None).await
}

async fn address(spot: &Spot<'_>) -> Result<Address, StoreError> {
    spot.item().await?.ok_or_else(|| odd("The list has no address."))
}

/// The rules that a body wishes.
pub(super) fn wished(body: &Body) -> Vec<Rule> {
    let items = body.get("rules").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Json::as_object).map(bare).collect()
}

/// Reads a list of rules.
pub(super) async fn list(spot: &Spot<'_>, address: &Address) -> Result<Listed, StoreError> {
    let raw: Vec<Json> = spot
        .px
        .api
        .read_with(address.path(), address.query(), &spot.budget)
        .await
        .map_err(|error| told(&error))?;
    let digest = raw.first().and_then(|rule| rule.get("digest")).and_then(Json::as_str).map(str::to_owned);
    let fields = fields(spot)?;
    let shaped = raw.iter().map(|rule| inner(fields, None, rule));
    let rules = shaped.filter_map(|rule| rule.as_object().map(bare)).collect();
    Ok(Listed { rules, raw, digest })
}

/// The fields of a rule.
fn fields(spot: &Spot<'_>) -> Result<&'static [Field], StoreError> {
    match spot.kind.field("rules").map(|field| field.shape) {
        Some(Shape::Objects { fields, .. }) => Ok(fields),
        _ => Err(odd(format!("A {} has no rules.", spot.kind.label))),
    }
}

fn bare(rule: &Rule) -> Rule {
    let says_something =
        |value: &Json| !matches!(value, Json::Null | Json::Bool(false)) && value.as_str() != Some("");
    rule.iter()
        .filter(|(_, value)| says_something(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Makes a list what is wished.
pub(super) async fn reach(
    spot: &Spot<'_>,
    address: &Address,
    wished: &[Rule],
    seen: Option<&str>,
) -> Result<(), StoreError> {
    let mut overtaken = 0;
    let mut steps = 0;
    let mut first = seen;
    loop {
        let there = list(spot, address).await?;
        if let (Some(seen), Some(digest)) = (first.take(), &there.digest)
            && seen != digest
        {
            return Err(StoreError::Changed);
        }
        let Some(step) = next(&there.rules, wished) else { return Ok(()) };
        steps += 1;
        if steps > 4 * (wished.len() + there.rules.len()) + 8 * OVERTAKEN {
            return Err(odd(format!("The rules at {address} do not become what they are set to.")));
        }
        match make(spot, address, &there, &step).await {
            Ok(()) => {}
            // Others write to the same file, this run among them.
            Err(error) if error.is(Failure::Modified) && overtaken < OVERTAKEN => overtaken += 1,
            Err(error) => return Err(of_write(error)),
        }
    }
}

async fn make(spot: &Spot<'_>, address: &Address, there: &Listed, step: &Step) -> Result<(), ApiError> {
    let digest = there.digest.as_deref();
    let at = |position: usize| address.below(position.to_string()).path();
    let request = match step {
        Step::Move(from, to) => {
            Request::put(at(*from)).form(Form::new().number("moveto", to).maybe("digest", digest))
        }
        Step::Change(position, rule) => {
            let before = there.rules.get(*position).cloned().unwrap_or_default();
            let dropped = before.keys().filter(|key| !rule.contains_key(*key) && *key != "enable");
            let form = form(rule).list("delete", dropped).maybe("digest", digest);
            Request::put(at(*position)).form(form)
        }
        Step::Remove(position) => Request::delete(at(*position)).queries(Form::new().maybe("digest", digest)),
        Step::Insert(rule) => {
            Request::post(address.path()).form(form(rule).number("pos", 0).maybe("digest", digest))
        }
    };
    spot.px.send(request, &spot.budget).await
}

/// A rule as it is sent. Whether it holds is always said: the server's default is another in its own pages.
fn form(rule: &Rule) -> Form {
    let holds = rule.get("enable").and_then(Json::as_bool).unwrap_or(false);
    rule.iter()
        .filter(|(key, _)| *key != "enable")
        .fold(Form::new().flag("enable", holds), |form, (key, value)| {
            form.text(key.as_str(), crate::api::lenient::scalar(value).unwrap_or_default())
        })
}

/// The next step from one list to another; `None` where they are the same. Rules that keep their order stay where
/// they are; of the others those that are wished elsewhere are moved, those beside which one is missing are
/// changed into that, and the rest are removed or made.
fn next(there: &[Rule], wished: &[Rule]) -> Option<Step> {
    let kept = common(there, wished);
    let stays = |position: usize| kept.iter().any(|(at, _)| *at == position);
    let is_reached = |index: usize| kept.iter().any(|(_, wish)| *wish == index);
    // Where the wish of an index belongs: before the first rule that stays and is wished later.
    let place = |index: usize| kept.iter().find(|(_, wish)| *wish > index).map_or(there.len(), |(at, _)| *at);
    let missing: Vec<usize> = (0..wished.len()).filter(|index| !is_reached(*index)).collect();
    let loose: Vec<usize> = (0..there.len()).filter(|position| !stays(*position)).collect();
    for &index in &missing {
        let wish = wished.get(index)?;
        if let Some(&from) = loose.iter().find(|position| there.get(**position) == Some(wish)) {
            return Some(Step::Move(from, place(index)));
        }
    }
    for &index in &missing {
        let (wish, end) = (wished.get(index)?, place(index));
        let start = kept.iter().rev().find(|(_, wish)| *wish < index).map_or(0, |(at, _)| at + 1);
        let wanted_elsewhere = |position: &usize| {
            there
                .get(*position)
                .is_some_and(|rule| missing.iter().any(|other| wished.get(*other) == Some(rule)))
        };
        let beside =
            loose.iter().find(|position| (start..end).contains(*position) && !wanted_elsewhere(position));
        if let Some(&position) = beside {
            return Some(Step::Change(position, wish.clone()));
        }
    }
    if let Some(&position) = loose.last() {
        return Some(Step::Remove(position));
    }
    // From the last to the first: each new rule is made at the top.
    missing.last().and_then(|index| wished.get(*index)).map(|wish| Step::Insert(wish.clone()))
}

/// A longest common subsequence: positions in both, ascending.
fn common(there: &[Rule], wished: &[Rule]) -> Vec<(usize, usize)> {
    let width = wished.len() + 1;
    let mut longest = vec![0_usize; (there.len() + 1) * width];
    let at = |row: usize, column: usize| row * width + column;
    for (row, rule) in there.iter().enumerate().rev() {
        for (column, wish) in wished.iter().enumerate().rev() {
            let value = if rule == wish {
                1 + longest.get(at(row + 1, column + 1)).copied().unwrap_or_default()
            } else {
                let below = longest.get(at(row + 1, column)).copied().unwrap_or_default();
                below.max(longest.get(at(row, column + 1)).copied().unwrap_or_default())
            };
            if let Some(cell) = longest.get_mut(at(row, column)) {
                *cell = value;
            }
        }
    }
    let (mut row, mut column, mut pairs) = (0, 0, Vec::new());
    while let (Some(rule), Some(wish)) = (there.get(row), wished.get(column)) {
        if rule == wish {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if longest.get(at(row + 1, column)) >= longest.get(at(row, column + 1)) {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(name: u8) -> Rule {
        std::iter::once(("comment".to_owned(), Json::from(name))).collect()
    }

    fn rules(names: &[u8]) -> Vec<Rule> {
        names.iter().copied().map(rule).collect()
    }

    /// What the server does.
    fn made(mut there: Vec<Rule>, step: Step) -> Vec<Rule> {
        match step {
            Step::Move(from, to) => {
                let rule = there[from].clone();
                let mut moved = Vec::new();
                for (position, other) in there.iter().enumerate() {
                    if position == to && position != from {
                        moved.push(rule.clone());
                    }
                    if position != from {
                        moved.push(other.clone());
                    } else if from == to {
                        moved.push(rule.clone());
                    }
                }
                if to >= there.len() {
                    moved.push(rule);
                }
                moved
            }
            Step::Change(position, rule) => {
                there[position] = rule;
                there
            }
            Step::Remove(position) => {
                there.remove(position);
                there
            }
            Step::Insert(rule) => {
                there.insert(0, rule);
                there
            }
        }
    }

    fn steps(there: &[u8], wished: &[u8]) -> usize {
        let (mut there, wished) = (rules(there), rules(wished));
        for count in 0..100 {
            match next(&there, &wished) {
                None => {
                    assert_eq!(there, wished);
                    return count;
                }
                Some(step) => there = made(there, step),
            }
        }
        panic!("{there:?} never becomes {wished:?}");
    }

    #[test]
    fn as_few_steps_as_it_takes() {
        for (there, wished, count) in [
            (&[1, 2, 3][..], &[1, 2, 3][..], 0),
            (&[1, 2, 3], &[1, 9, 3], 1),
            (&[1, 2, 3], &[3, 1, 2], 1),
            (&[1, 2, 3], &[1, 3], 1),
            (&[], &[1], 1),
            (&[2], &[1, 2], 1),
            (&[1], &[1, 2], 2),
            (&[1, 2], &[], 2),
        ] {
            assert_eq!(steps(there, wished), count, "{there:?} to {wished:?}");
        }
    }

    proptest! {
        #[test]
        fn any_list_becomes_any_other(
            there in proptest::collection::vec(0_u8..6, 0..8),
            wished in proptest::collection::vec(0_u8..6, 0..8),
        ) {
            let count = steps(&there, &wished);
            prop_assert!(count <= there.len() + 2 * wished.len());
        }
    }
}
