//! What is known of names and paths at a point of a template.

use std::collections::BTreeMap;

use minijinja::machinery::ast;

use super::Source;
use super::lattice::Type;

/// A variable, then attributes and constant subscripts.
pub(super) type Path = Vec<String>;

/// What a condition says of a path.
pub(super) type Fact = (Path, Type);

/// What is assigned and known, the latest last.
#[derive(Clone, Default)]
pub(super) struct Scope<'w> {
    entries: Vec<Entry<'w>>,
    /// How many scopes stand around this point.
    level: usize,
}

#[derive(Clone)]
struct Entry<'w> {
    path: Path,
    of: Type,
    kind: EntryKind<'w>,
    level: usize,
}

#[derive(Clone)]
enum EntryKind<'w> {
    /// The name means something new from here on.
    Assigned,
    Macro(&'w ast::Macro<'w>, Source<'w>),
    /// A condition holds.
    Known,
}

/// A point to go back to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    entries: usize,
    level: usize,
}

/// A macro that is called.
pub(super) struct FoundMacro<'w> {
    pub(super) declared: &'w ast::Macro<'w>,
    /// The template in which it stands.
    pub(super) source: Source<'w>,
    /// What it sees.
    pub(super) scope: Scope<'w>,
}

/// What a scope knows of a path.
pub(super) enum Lookup<'a> {
    Is(&'a Type),
    /// The name was assigned, and nothing more is known of the path.
    Assigned,
    /// It is the prompt's variable, if it is one.
    Free,
}

impl<'w> Scope<'w> {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { entries: self.entries.len(), level: self.level }
    }

    pub(super) fn enter(&mut self) -> Mark {
        let mark = self.mark();
        self.level += 1;
        mark
    }

    pub(super) fn leave(&mut self, mark: Mark) {
        self.entries.truncate(mark.entries);
        self.level = mark.level;
    }

    pub(super) fn assign(&mut self, name: &str, of: Type) {
        self.push(vec![name.to_owned()], of, EntryKind::Assigned);
    }

    pub(super) fn assign_macro(&mut self, declared: &'w ast::Macro<'w>, source: Source<'w>) {
        let path = vec![declared.name.to_owned()];
        self.push(path, Type::unknown(), EntryKind::Macro(declared, source));
    }

    pub(super) fn know(&mut self, facts: Vec<Fact>) {
        for (path, of) in facts {
            self.push(path, of, EntryKind::Known);
        }
    }

    fn push(&mut self, path: Path, of: Type, kind: EntryKind<'w>) {
        self.entries.push(Entry { path, of, kind, level: self.level });
    }

    /// What is known of exactly this path.
    pub(super) fn lookup(&self, path: &[String]) -> Lookup<'_> {
        for entry in self.entries.iter().rev() {
            if entry.path == path {
                return Lookup::Is(&entry.of);
            }
            if !matches!(entry.kind, EntryKind::Known) && entry.path[0] == path[0] {
                return Lookup::Assigned;
            }
        }
        Lookup::Free
    }

    pub(super) fn is_assigned(&self, name: &str) -> bool {
        self.assignment(name).is_some()
    }

    fn assignment(&self, name: &str) -> Option<&Entry<'w>> {
        self.entries
            .iter()
            .rev()
            .find(|entry| !matches!(entry.kind, EntryKind::Known) && entry.path[0] == name)
    }

    /// The macro of a name, and what it sees when it is called here.
    pub(super) fn macro_named(&self, name: &str) -> Option<FoundMacro<'w>> {
        let entry = self.assignment(name)?;
        let EntryKind::Macro(declared, source) = entry.kind else { return None };
        let level = entry.level;
        // The names whose latest meaning stands in a scope that the macro does not see.
        let mut latest: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in self.entries.iter().rev() {
            if !matches!(entry.kind, EntryKind::Known) {
                latest.entry(&entry.path[0]).or_insert(entry.level);
            }
        }
        let hidden = |name: &str| latest.get(name).is_some_and(|found| *found > level);
        let entries = self
            .entries
            .iter()
            .filter(|entry| match entry.kind {
                EntryKind::Known => !hidden(&entry.path[0]),
                EntryKind::Assigned | EntryKind::Macro(..) => entry.level <= level,
            })
            .cloned()
            .collect();
        Some(FoundMacro { declared, source, scope: Self { entries, level } })
    }

    /// The names that were assigned since a mark at its own level or one that flows into it.
    pub(super) fn assigned_since(&self, mark: Mark) -> Vec<String> {
        let mut names: Vec<String> = self.entries[mark.entries..]
            .iter()
            .filter(|entry| !matches!(entry.kind, EntryKind::Known))
            .map(|entry| entry.path[0].clone())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
