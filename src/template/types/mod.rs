//! Types of variables, followed through templates: what is certain to go wrong, and what is left to chance.
//!
//! Each variable starts with the type that its schema gives it (`schema`); the inference walks the templates as the
//! engine runs them, with the scopes of minijinja, and knows what conditions say (`condition`). An included partial is
//! walked where it is included and a macro where it is called, so both see what is known there. A type is the set of all
//! values that can be there, never fewer: what is not known stays unknown, and nothing is said of it.

mod access;
mod call;
mod comparison;
mod condition;
mod expression;
mod filters;
mod kinds;
mod lattice;
mod operators;
mod report;
mod schema;
mod scope;
mod statement;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use minijinja::machinery::ast::Stmt;

use self::lattice::Type;
use self::scope::{Fact, Scope};
use crate::diagnostic::{Diagnostic, RuleId};
use crate::document::Segment;
use crate::jinja;
use crate::project::prompt::Prompt;
use crate::project::variable::Variable;
use crate::span::Span;
use crate::template::Tree;
use crate::template::closure::{Closure, Template, TemplateKind};

/// The rule that values have the types that templates need.
pub const TYPE_MISMATCH: RuleId = RuleId("V103");
/// The rule that objects can have the properties that templates read.
pub const UNKNOWN_PROPERTY: RuleId = RuleId("V104");
/// The rule that templates ask before they use what may be absent.
pub const UNGUARDED_OPTIONAL: RuleId = RuleId("V105");
/// The rule that templates do not hide declared variables.
pub const SHADOWED_VARIABLE: RuleId = RuleId("V109");
/// The rule that lists and objects are not printed as they are.
pub const PRINTED_COLLECTION: RuleId = RuleId("V111");
/// The rule that comparisons have two outcomes.
pub const IMPOSSIBLE_COMPARISON: RuleId = RuleId("V112");
/// The rule that properties are declared where a misspelt one would go unnoticed.
pub const DOUBTFUL_PROPERTY: RuleId = RuleId("V113");
/// The rule that texts are not taken apart into characters.
pub const SPELT_TEXT: RuleId = RuleId("V114");
/// The rule that conditions have two outcomes.
pub const UNREACHABLE_BRANCH: RuleId = RuleId("T204");
/// The rule that loops over untrusted lists are bounded.
pub const UNBOUNDED_LOOP: RuleId = RuleId("T208");

/// How many statements, expressions and conditions are walked in one prompt, repeated walks of partials and macros
/// included. Each may look through all that is assigned, so this bounds the square of a template's length too.
const MAX_STEPS: usize = 8_000;
/// How many findings are made of one prompt: each looks its place up in the file.
const MAX_FINDINGS: usize = 200;
/// How deep statements and expressions nest, through partials and macros.
const MAX_DEPTH: usize = 220;
/// How deep partials and macros are followed.
const MAX_CALLS: usize = 12;

/// What is wrong with the types in a prompt, in the order in which its templates run. The trees are those of its own
/// templates.
pub(crate) fn infer(
    prompt: &Prompt,
    closure: &Closure,
    trees: &[Option<Tree<'_>>],
) -> Vec<Diagnostic> {
    let is_plain = |template: &Template| {
        is_plain(&template.text, template.kind, |name| {
            prompt.file.variables.get(name).is_none_or(is_plain_variable)
        })
    };
    if closure.templates.iter().all(is_plain) {
        return Vec::new();
    }
    let trees = Trees::new(closure, trees);
    let mut inference = Inference::new(prompt, closure, &trees);
    inference.messages();
    inference.found
}

/// Whether a template only prints variables, each of which always prints: most do, and need no second look.
fn is_plain(text: &str, kind: TemplateKind, prints: impl Fn(&str) -> bool) -> bool {
    let is_name = |name: &str| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !matches!(name, "examples" | "loop" | "self" | "true" | "false" | "none")
    };
    if kind == TemplateKind::Expression {
        return is_name(text.trim()) && prints(text.trim());
    }
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        match rest.as_bytes().first() {
            Some(b'%') => return false,
            Some(b'{') => {
                let Some(close) = rest.find("}}") else { return false };
                let name = rest[1..close].trim_matches(['-', '+']).trim();
                if !is_name(name) || !prints(name) {
                    return false;
                }
                rest = &rest[close + 2..];
            }
            _ => {}
        }
    }
    true
}

fn is_plain_variable(variable: &Variable) -> bool {
    let scalar = match variable.choices() {
        Some(choices) => {
            choices.iter().all(|value| value.is_string() || value.is_number() || value.is_boolean())
        }
        None => matches!(variable.type_name(), Some("string" | "number" | "integer" | "boolean")),
    };
    scalar && !schema::may_be_none(variable)
}

/// A template of the prompt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source<'w> {
    /// One of its own, by its place in [`Closure::templates`].
    Own(usize),
    /// A partial, by its name.
    Partial(&'w str),
}

/// The syntax trees of all templates that can be read.
struct Trees<'w> {
    own: &'w [Option<Tree<'w>>],
    partials: BTreeMap<&'w str, Tree<'w>>,
}

impl<'w> Trees<'w> {
    fn new(closure: &'w Closure, own: &'w [Option<Tree<'w>>]) -> Self {
        let partials = closure.partials.iter().filter_map(|(name, partial)| {
            partial.analysis.as_ref().ok()?;
            let text = partial.text();
            // Nothing to infer.
            if !text.contains("{{") && !text.contains("{%") {
                return None;
            }
            jinja::parse(text).ok().map(|tree| (name.as_str(), Tree::Text(tree)))
        });
        Self { own, partials: partials.collect() }
    }
}

/// A walk over the templates of a prompt.
struct Inference<'w> {
    prompt: &'w Prompt,
    closure: &'w Closure,
    trees: &'w Trees<'w>,
    /// The types of the declared variables that were asked for.
    variables: BTreeMap<&'w str, Type>,
    scope: Scope<'w>,
    source: Source<'w>,
    /// The partials and macros that lead here.
    calls: Vec<&'w str>,
    /// How many statements and expressions were walked, and how many lead here.
    steps: usize,
    depth: usize,
    /// How many conditions stand around this point of the template.
    conditions: usize,
    found: Vec<Diagnostic>,
    said: BTreeSet<(Source<'w>, Span, RuleId)>,
}

impl<'w> Inference<'w> {
    fn new(prompt: &'w Prompt, closure: &'w Closure, trees: &'w Trees<'w>) -> Self {
        Self {
            prompt,
            closure,
            trees,
            variables: BTreeMap::new(),
            scope: Scope::default(),
            source: Source::Own(0),
            calls: Vec::new(),
            steps: 0,
            depth: 0,
            conditions: 0,
            found: Vec::new(),
            said: BTreeSet::new(),
        }
    }

    /// Walks the messages. What the `when` of a message says holds in its content.
    fn messages(&mut self) {
        let trees = self.trees;
        let mut when: (Option<usize>, Vec<Fact>) = (None, Vec::new());
        for (index, tree) in trees.own.iter().enumerate() {
            self.source = Source::Own(index);
            let message = match self.closure.templates[index].route.segments() {
                [_, Segment::Index(message), ..] => Some(*message),
                _ => None,
            };
            if when.0 != message {
                when = (message, Vec::new());
            }
            self.scope = Scope::default();
            match tree {
                Some(Tree::Expression(condition)) => {
                    self.condition(condition);
                    self.decided(condition, false);
                    when.1 = self.facts(condition, true);
                }
                Some(Tree::Text(Stmt::Template(template))) => {
                    self.scope.know(when.1.clone());
                    self.body(&template.children);
                }
                _ => {}
            }
        }
    }

    /// The type of a variable of the prompt.
    fn declared(&mut self, name: &str) -> Type {
        let Some((name, variable)) = self.prompt.file.variables.get_key_value(name) else {
            return if name == "examples" { schema::examples() } else { Type::unknown() };
        };
        let of = self.variables.entry(name).or_insert_with(|| schema::of_variable(variable));
        of.clone()
    }

    /// Goes one level deeper, unless that would be too deep or too much.
    fn step(&mut self) -> bool {
        self.steps += 1;
        self.steps <= MAX_STEPS && self.depth < MAX_DEPTH
    }

    /// The text of the template that is walked.
    fn text(&self) -> &'w str {
        match self.source {
            Source::Own(index) => &self.closure.templates[index].text,
            Source::Partial(name) => self.closure.partials[name].text(),
        }
    }
}
