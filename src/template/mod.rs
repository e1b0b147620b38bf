//! Prompts and values to messages; static analysis of templates; where each rendered piece comes from.
//!
//! A prompt's templates live in string values of its YAML. Each is analysed ([`analysis`]) together with the partials
//! that it reaches ([`mod@closure`]); values are checked against the declared variables ([`values`]); [`mod@render`] makes the
//! messages, [`trace`] says where each piece of them comes from, [`branches`] which ways their
//! templates take, and [`mod@request`] adds what else shapes an answer.

pub mod analysis;
pub mod branches;
pub mod closure;
mod explain;
pub mod flow;
pub mod render;
pub mod request;
pub mod trace;
pub mod types;
pub mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::RuleId;
use crate::path::RepoPath;
use crate::project::Project;
use crate::project::prompt::Prompt;
use crate::snapshot::SnapshotError;

pub(crate) use self::analysis::Tree;
pub use self::closure::{Closure, Partial, closure};
pub use self::render::Renderer;
pub use self::request::request;
pub use self::trace::{PieceSource, Tracer};
pub use self::values::{Binder, Origin, ValueProblem, Values};

/// The rule that a template is valid Jinja.
pub const SYNTAX_ERROR: RuleId = RuleId("T201");
/// The rule that braces which are meant as text are marked as such.
pub const LITERAL_BRACES: RuleId = RuleId("T207");
/// What can only be found by rendering.
pub const RENDER_FAILED: RuleId = RuleId("T299");
/// The rule that an included file exists.
pub const MISSING_PARTIAL: RuleId = RuleId("P211");
/// The rule that a partial does not include itself, directly or by way of others.
pub const CYCLIC_INCLUDE: RuleId = RuleId("P212");
/// The rule that the names of included files are string literals.
pub const DYNAMIC_INCLUDE: RuleId = RuleId("P216");

/// Collects a prompt's templates and what they reach in its project.
pub fn closure_of(project: &Project, prompt: &Prompt) -> Result<Closure, SnapshotError> {
    Partials::of(project).closure(prompt)
}

/// The partials of a project, each read and analysed once, for as many prompts as there are.
pub struct Partials<'a> {
    project: &'a Project,
    known: Mutex<BTreeMap<String, Option<Arc<Partial>>>>,
}

impl<'a> Partials<'a> {
    /// Reads nothing yet.
    pub fn of(project: &'a Project) -> Self {
        Self { project, known: Mutex::default() }
    }

    /// Collects a prompt's templates and what they reach.
    pub fn closure(&self, prompt: &Prompt) -> Result<Closure, SnapshotError> {
        self.closure_with_trees(prompt).map(|(closure, _)| closure)
    }

    /// [`Self::closure`], with the syntax tree of each of [`Closure::templates`] that has one.
    pub(crate) fn closure_with_trees<'p>(
        &self,
        prompt: &'p Prompt,
    ) -> Result<(Closure, Vec<Option<Tree<'p>>>), SnapshotError> {
        let mut failed = None;
        let closure = closure::closure_with_trees(prompt, &mut |name| match self.get(name) {
            Ok(partial) => partial,
            Err(error) => {
                failed.get_or_insert(error);
                None
            }
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(closure),
        }
    }

    /// The partial that a file is; none for a file outside the prompts folder.
    pub fn at(&self, path: &RepoPath) -> Result<Option<Arc<Partial>>, SnapshotError> {
        let folder = self.project.folder(&self.project.config.paths.prompts);
        match path.strip_prefix(&folder) {
            Some(below) => self.get(below.as_str()),
            None => Ok(None),
        }
    }

    fn get(&self, name: &str) -> Result<Option<Arc<Partial>>, SnapshotError> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(name) {
            return Ok(known.clone());
        }
        let partial = self.project.partial(name)?.map(|file| Arc::new(Partial::new(file)));
        lock().insert(name.to_owned(), partial.clone());
        Ok(partial)
    }
}

/// Whether a template reads the few-shot examples itself.
pub fn reads_examples(prompt: &Prompt, closure: &Closure) -> bool {
    closure.uses(prompt).iter().any(|used| used.path[0] == "examples")
}
