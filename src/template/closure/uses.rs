//! The names that a prompt uses, through all partials that it reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::{Closure, Partial, Source, Use, normalise};
use crate::jinja;
use crate::project::prompt::Prompt;
use crate::span::Span;
use crate::template::analysis::{Analysis, Assigned, IncludeKind, IncludeUse, VariableUse};

/// How often a partial is walked with different names around it.
const MAX_WALKS: usize = 64;
/// How deep includes are followed for the names that they assign; rendering stops at 20.
const MAX_DEPTH: usize = 20;

impl Closure {
    /// All uses of names that neither the template nor the one that includes it assigns, in the order of the prompt,
    /// each partial where it is first used. Names of functions are left out unless the prompt declares them.
    pub fn uses(&self, prompt: &Prompt) -> Vec<Use> {
        let mut walk = UseWalk {
            closure: self,
            found: Vec::new(),
            places: BTreeSet::new(),
            seen: BTreeSet::new(),
            exports: BTreeMap::new(),
            walks: BTreeMap::new(),
        };
        for (index, template) in self.templates.iter().enumerate() {
            if let Ok(analysis) = &template.analysis {
                walk.template(
                    analysis,
                    &BTreeSet::new(),
                    WalkedSource::Own(index),
                    &mut Vec::new(),
                );
            }
        }
        let mut found = walk.found;
        found.retain(|used| {
            let root = used.path[0].as_str();
            !jinja::FUNCTIONS.contains(&root) || prompt.file.variables.contains_key(root)
        });
        found
    }
}

struct UseWalk<'a> {
    closure: &'a Closure,
    found: Vec<Use>,
    /// Places of uses that were found.
    places: BTreeSet<(WalkedSource<'a>, Span, &'a [String])>,
    /// Partials with the names around them that were walked already.
    seen: BTreeSet<(&'a str, BTreeSet<String>)>,
    /// The names that a partial assigns for those that include it.
    exports: BTreeMap<&'a str, Rc<BTreeSet<String>>>,
    /// How often a partial was met.
    walks: BTreeMap<&'a str, usize>,
}

/// The template that is walked: one of the prompt's own by its number, or a partial by its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum WalkedSource<'a> {
    Own(usize),
    Partial(&'a str),
}

enum Step<'a> {
    Use(&'a VariableUse),
    Include(&'a IncludeUse),
}

impl<'a> UseWalk<'a> {
    /// Walks a template that sees the names `around` it; `way` are the partials that lead to it.
    fn template(
        &mut self,
        analysis: &'a Analysis,
        around: &BTreeSet<String>,
        source: WalkedSource<'a>,
        way: &mut Vec<&'a str>,
    ) {
        let includes = &analysis.includes;
        let exported: Vec<Rc<BTreeSet<String>>> =
            includes.iter().map(|include| self.exports(include, way)).collect();
        let uses = analysis.variables.iter().map(|used| (used.span.start, Step::Use(used)));
        let includes = includes.iter().map(|used| (used.span.start, Step::Include(used)));
        // In the order of the text.
        let mut steps: Vec<(usize, Step<'a>)> = uses.chain(includes).collect();
        steps.sort_by_key(|(start, _)| *start);
        for (_, step) in steps {
            match step {
                Step::Use(used) => {
                    let root = &used.path[0];
                    let mut visible = analysis.visible(used.scope);
                    let assigned = around.contains(root)
                        || visible.any(|assigned| match assigned {
                            Assigned::Name(name) => name == root,
                            Assigned::Include(include) => exported[*include].contains(root),
                        });
                    if !assigned {
                        self.found(used, source);
                    }
                }
                Step::Include(include) => {
                    let Some((key, partial)) = self.find(include) else { continue };
                    if way.contains(&key) || way.len() > MAX_DEPTH || !self.may_walk(key) {
                        continue;
                    }
                    let mut inside = around.clone();
                    for assigned in analysis.visible(include.scope) {
                        match assigned {
                            Assigned::Name(name) => {
                                inside.insert(name.clone());
                            }
                            Assigned::Include(include) => {
                                inside.extend(exported[*include].iter().cloned());
                            }
                        }
                    }
                    self.partial(key, partial, inside, way);
                }
            }
        }
    }

    fn found(&mut self, used: &'a VariableUse, source: WalkedSource<'a>) {
        if self.places.insert((source, used.span, &used.path)) {
            let source = match source {
                WalkedSource::Own(index) => Source::Own(index),
                WalkedSource::Partial(key) => {
                    Source::Partial(Arc::clone(&self.closure.partials[key].file))
                }
            };
            let (path, guarded, span) = (used.path.clone(), used.guarded, used.span);
            self.found.push(Use { path, guarded, source, span });
        }
    }

    /// Each further set of names around a partial can only hide uses, so a few tell enough.
    fn may_walk(&mut self, key: &'a str) -> bool {
        let walks = self.walks.entry(key).or_default();
        *walks += 1;
        *walks <= MAX_WALKS
    }

    fn partial(
        &mut self,
        key: &'a str,
        partial: &'a Partial,
        around: BTreeSet<String>,
        way: &mut Vec<&'a str>,
    ) {
        let seen = (key, around);
        if self.seen.contains(&seen) {
            return;
        }
        if let Ok(analysis) = &partial.analysis {
            way.push(key);
            self.template(analysis, &seen.1, WalkedSource::Partial(key), way);
            way.pop();
        }
        self.seen.insert(seen);
    }

    fn find(&self, include: &IncludeUse) -> Option<(&'a str, &'a Partial)> {
        let key = normalise(include.name.as_deref()?).ok()?;
        let (key, partial) = self.closure.partials.get_key_value(&key)?;
        Some((key, partial))
    }

    /// The names that a partial assigns in the scope of the template that includes it.
    fn exports(&mut self, include: &IncludeUse, way: &mut Vec<&'a str>) -> Rc<BTreeSet<String>> {
        let Some((key, partial)) = self.find(include) else { return Rc::default() };
        if include.kind == IncludeKind::Import {
            return Rc::default();
        }
        if let Some(known) = self.exports.get(key) {
            return Rc::clone(known);
        }
        if way.contains(&key) || way.len() > MAX_DEPTH {
            return Rc::default();
        }
        let mut names = BTreeSet::new();
        if let Ok(analysis) = &partial.analysis {
            way.push(key);
            for assigned in analysis.visible(analysis.exports) {
                match assigned {
                    Assigned::Name(name) => {
                        names.insert(name.clone());
                    }
                    Assigned::Include(inner) => {
                        let inner = self.exports(&analysis.includes[*inner], way);
                        names.extend(inner.iter().cloned());
                    }
                }
            }
            way.pop();
        }
        let names = Rc::new(names);
        self.exports.insert(key, Rc::clone(&names));
        names
    }
}
