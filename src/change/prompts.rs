//! The prompts of two snapshots: which are new, gone or renamed, and what changed in the others.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::Value;

use super::text::{RELATED, SAME, Words};
use super::{Breaking, Change, ChangeKind, Class, Side, compare};
use crate::digest::{Digest, canonical_json};
use crate::project::prompt::{ContentTemplate, Entry, PartTemplate, PromptName};

/// Pairs of a removed and an added prompt that are compared in search of renames; beyond, only equal ones are found.
const MOST_PAIRS: usize = 250_000;

/// A prompt that differs between two snapshots.
#[derive(Clone, PartialEq, Debug)]
pub struct PromptChange {
    /// Its name; after the change, where it has one.
    pub name: PromptName,
    /// What happened to it.
    pub status: Status,
    /// What changed in it; for one that is new, gone or renamed, that comes first.
    pub changes: Vec<Change>,
    /// The content digest before, where it is known.
    pub before: Option<Digest>,
    /// The content digest after, where it is known.
    pub after: Option<Digest>,
}

/// What happened to a prompt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another name, and perhaps other content.
    Renamed {
        /// The name before.
        from: PromptName,
    },
    /// It has other content.
    Changed,
}

/// Compares the prompts of two snapshots by name. Prompts without a change are left out.
///
/// A prompt that is gone and one that is new are taken for one that was renamed when their content is equal or their
/// texts share half of their words; the most similar pair first.
pub fn compare_projects(before: &[Side<'_>], after: &[Side<'_>]) -> Vec<PromptChange> {
    let old = by_name(before);
    let new = by_name(after);
    let removed: Vec<&Side<'_>> = only(&old, &new);
    let added: Vec<&Side<'_>> = only(&new, &old);
    let renamed = renames(&removed, &added);
    let from: BTreeSet<&PromptName> = renamed.iter().map(|(old, _)| &old.prompt.name).collect();
    let to: BTreeSet<&PromptName> = renamed.iter().map(|(_, new)| &new.prompt.name).collect();

    let kept: Vec<(&Side<'_>, &Side<'_>)> =
        old.iter().filter_map(|(name, side)| Some((*side, *new.get(name)?))).collect();
    let mut found: Vec<PromptChange> = kept
        .into_par_iter()
        .map(|(old, new)| changed(Status::Changed, Some(old), Some(new), compare(old, new)))
        .filter(|change| !change.changes.is_empty())
        .collect();
    for side in removed.iter().filter(|side| !from.contains(&side.prompt.name)) {
        let changes = vec![removal(side, &new)];
        found.push(changed(Status::Removed, Some(side), None, changes));
    }
    for side in added.iter().filter(|side| !to.contains(&side.prompt.name)) {
        let change = Change::new(
            ChangeKind::PromptAdded,
            &[Class::Caller],
            Breaking::No,
            side.prompt.path.to_string(),
            "a new prompt",
        );
        found.push(changed(Status::Added, None, Some(side), vec![change]));
    }
    for (old, new) in renamed {
        let from = old.prompt.name.clone();
        let change = Change::new(
            ChangeKind::PromptRenamed,
            &[Class::Caller],
            Breaking::Yes,
            new.prompt.path.to_string(),
            format!("callers must ask for `{}` instead of `{from}`", new.prompt.name),
        )
        .values(Value::from(from.as_str()), Value::from(new.prompt.name.as_str()));
        let changes = [change].into_iter().chain(compare(old, new)).collect();
        found.push(changed(Status::Renamed { from }, Some(old), Some(new), changes));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn by_name<'s, 'a>(sides: &'s [Side<'a>]) -> BTreeMap<&'s PromptName, &'s Side<'a>> {
    sides.iter().map(|side| (&side.prompt.name, side)).collect()
}

fn only<'s, 'a>(
    own: &BTreeMap<&'s PromptName, &'s Side<'a>>,
    other: &BTreeMap<&'s PromptName, &'s Side<'a>>,
) -> Vec<&'s Side<'a>> {
    own.iter().filter(|(name, _)| !other.contains_key(*name)).map(|(_, side)| *side).collect()
}

fn changed(
    status: Status,
    before: Option<&Side<'_>>,
    after: Option<&Side<'_>>,
    changes: Vec<Change>,
) -> PromptChange {
    let name = after.or(before).expect("a change has a side").prompt.name.clone();
    let digest = |side: Option<&Side<'_>>| side.and_then(|side| side.digest);
    PromptChange { name, status, changes, before: digest(before), after: digest(after) }
}

/// A prompt that was deprecated in favour of one that is there may go: its callers were told.
fn removal(side: &Side<'_>, remaining: &BTreeMap<&PromptName, &Side<'_>>) -> Change {
    let deprecated = side.prompt.file.deprecated.as_ref();
    let instead = deprecated
        .and_then(|deprecated| deprecated.instead.as_ref())
        .filter(|instead| remaining.contains_key(&PromptName((*instead).clone())));
    let (breaking, message) = match instead {
        Some(instead) => (
            Breaking::No,
            format!("the prompt is gone; it was deprecated in favour of `{instead}`"),
        ),
        None => (Breaking::Yes, "the prompt is gone".to_owned()),
    };
    let location = side.prompt.path.to_string();
    Change::new(ChangeKind::PromptRemoved, &[Class::Caller], breaking, location, message)
}

/// Pairs of a prompt that is gone and one that is new which are the same one.
fn renames<'s, 'a>(
    removed: &[&'s Side<'a>],
    added: &[&'s Side<'a>],
) -> Vec<(&'s Side<'a>, &'s Side<'a>)> {
    let described = |sides: &[&'s Side<'a>]| sides.iter().map(|side| Likeness::of(side)).collect();
    let (old, new): (Vec<Likeness>, Vec<Likeness>) = (described(removed), described(added));
    let few = old.len().saturating_mul(new.len()) <= MOST_PAIRS;
    let mut equal: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, likeness) in new.iter().enumerate() {
        equal.entry(&likeness.content).or_default().push(index);
    }
    let mut pairs: Vec<(u32, usize, usize)> = Vec::new();
    for (from, likeness) in old.iter().enumerate() {
        let same = equal.get(likeness.content.as_str());
        pairs.extend(same.into_iter().flatten().map(|to| (SAME + 1, from, *to)));
        if few {
            let scores = new
                .iter()
                .enumerate()
                .map(|(to, other)| (likeness.words.similarity(&other.words), from, to));
            pairs.extend(scores.filter(|(score, ..)| *score >= RELATED));
        }
    }
    // Best first, then by name: the lists are sorted by it.
    pairs.sort_by_key(|(score, from, to)| (std::cmp::Reverse(*score), *from, *to));
    let (mut gone, mut come) = (BTreeSet::new(), BTreeSet::new());
    let mut found = Vec::new();
    for (_, from, to) in pairs {
        if !gone.contains(&from) && !come.contains(&to) {
            gone.insert(from);
            come.insert(to);
            found.push((removed[from], added[to]));
        }
    }
    found
}

/// What a prompt is recognised by under another name.
struct Likeness {
    /// The whole file as canonical JSON.
    content: String,
    /// The words of what it says, without the keys that all prompts have.
    words: Words,
}

impl Likeness {
    fn of(side: &Side<'_>) -> Self {
        let file = &side.prompt.file;
        let mut text = file.description.clone().unwrap_or_default();
        let mut add = |more: &str| {
            text.push('\n');
            text.push_str(more);
        };
        file.variables.keys().for_each(|name| add(name));
        for entry in &file.messages {
            match entry {
                Entry::Message(message) => match &message.content {
                    ContentTemplate::Text(text) => add(text),
                    ContentTemplate::Parts(parts) => parts.iter().for_each(|part| match part {
                        PartTemplate::Text(text) | PartTemplate::Image(text) => add(text),
                    }),
                },
                Entry::Insert(entry) => add(&entry.insert),
                Entry::Examples(_) => {}
            }
        }
        Self { content: canonical_json(&side.prompt.document.to_json()), words: Words::of(&text) }
    }
}
