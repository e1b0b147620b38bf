//! Tests that need a whole prompt, and prompts from text.

mod analysis;
mod closure;
mod render;
mod trace;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document;
use crate::path::RepoPath;
use crate::project::prompt::{Prompt, PromptName};
use crate::span::SourceFile;
use crate::template::Tree;
use crate::template::closure::{Closure, Partial};

/// A prompt from YAML that is valid.
pub(super) fn prompt(text: &str) -> Prompt {
    let path = RepoPath::new("prompts/p.yaml").unwrap();
    let file = SourceFile::new(path.clone(), text);
    let (document, diagnostics) = document::parse(&file);
    let document = document.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let file = serde_json::from_value(document.to_json()).unwrap();
    Prompt { name: PromptName("p".to_owned()), path, document: Arc::new(document), file }
}

/// A prompt's closure over the partials.
pub(super) fn closed(prompt: &Prompt, partials: &[(&str, &str)]) -> Closure {
    closed_with_trees(prompt, partials).0
}

/// A prompt's closure over the partials, with the trees of its own templates.
pub(super) fn closed_with_trees<'p>(
    prompt: &'p Prompt,
    partials: &[(&str, &str)],
) -> (Closure, Vec<Option<Tree<'p>>>) {
    let files: BTreeMap<&str, Arc<SourceFile>> = partials
        .iter()
        .map(|(name, text)| {
            let path = RepoPath::new(&format!("prompts/{name}")).unwrap();
            (*name, SourceFile::new(path, *text))
        })
        .collect();
    crate::template::closure::closure_with_trees(prompt, &mut |name| {
        files.get(name).cloned().map(|file| Arc::new(Partial::new(file)))
    })
}
