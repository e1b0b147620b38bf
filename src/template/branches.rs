//! Which ways through a prompt's templates some values take.
//!
//! A branch is what an `if`, `elif`, `else`, a loop over something or nothing, or the `when` of a message decides, in the
//! prompt's own texts and in the partials that it reaches. An `else` that is not written is a branch all the same: that a
//! condition does not hold is something to be tried. `a if b else c` inside an expression is none.

use std::collections::BTreeSet;

use super::closure::Closure;
use super::render::{Noted, Renderer};
use super::values::Values;
use crate::diagnostic::Diagnostic;
pub use crate::jinja::BranchKind;
use crate::path::RepoPath;
use crate::project::prompt::Prompt;

/// A prompt, compiled to say which branches are taken.
pub struct Branches(Renderer);

/// A branch and its place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Branch {
    /// The file.
    pub file: RepoPath,
    /// The line of the condition, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
    /// The condition, or what a loop runs over.
    pub text: String,
    /// Which way it goes.
    pub kind: BranchKind,
}

impl Branches {
    /// Compiles a prompt.
    pub fn new(prompt: &Prompt, closure: &Closure) -> Result<Self, Vec<Diagnostic>> {
        Renderer::build(prompt, closure, Some(Noted::Branches)).map(Self)
    }

    /// All branches: those of the prompt in its order, then those of the partials by name. Their places here are the
    /// numbers that [`Branches::reached`] gives.
    pub fn all(&self) -> Vec<Branch> {
        let explainer = &self.0.explainer;
        let branch = |(name, branch): &(String, crate::jinja::Branch)| {
            let text = explainer.sources.get(name).map_or("", |source| &source.text);
            let place = explainer.place(name, Some(branch.span));
            let position = place.file.position(place.span.start);
            Branch {
                file: place.file.path().clone(),
                line: position.line,
                column: position.column,
                text: text.get(branch.span.range()).unwrap_or_default().to_owned(),
                kind: branch.kind,
            }
        };
        self.0.branches.iter().map(branch).collect()
    }

    /// The branches that these values take. Few-shot examples take none.
    pub fn reached(&self, values: &Values) -> Result<BTreeSet<usize>, Vec<Diagnostic>> {
        self.0.reached(values)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::span::SourceFile;
    use crate::template::closure::{Partial, closure};
    use crate::template::tests::prompt;
    use crate::template::values::{Origin, bind};

    /// The branches that values take, as `LINE KIND TEXT`, and those that they do not.
    fn ways(text: &str, partial: &str, values: &Value) -> (Vec<String>, Vec<String>) {
        let prompt = prompt(text);
        let path = RepoPath::new("prompts/part.md").unwrap();
        let file = SourceFile::decode(path, partial.as_bytes().to_vec()).ok().unwrap();
        let partial = Arc::new(Partial::new(file));
        let closure = closure(&prompt, &mut |_| Some(Arc::clone(&partial)));
        let branches = Branches::new(&prompt, &closure).unwrap();
        let values = bind(&prompt, values.as_object().unwrap(), Origin::Typed).unwrap();
        let reached = branches.reached(&values).unwrap();
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for (index, branch) in branches.all().into_iter().enumerate() {
            let list = if reached.contains(&index) { &mut taken } else { &mut left };
            list.push(format!("{} {:?} {}", branch.line, branch.kind, branch.text));
        }
        (taken, left)
    }

    #[test]
    fn chains_loops_and_conditions_of_messages_are_ways() {
        let text = "
variables: {a: integer, items: {type: array, default: []}, last: {type: boolean, default: false}}
messages:
  - role: user
    content: |
      {% if a > 2 %}big{% elif a > 1 %}two{% endif %}
      {% for item in items %}{% if item %}x{% endif %}{% endfor %}
  - role: user
    when: last
    content: \"{% if a %}b{% else %}c{% endif %}\"
";
        let (taken, left) = ways(text, "", &json!({"a": 2}));
        assert_eq!(taken, ["6 Holds a > 1", "7 Empty items", "9 Fails last"]);
        assert_eq!(
            left,
            [
                "6 Holds a > 2",
                "6 Fails a > 1",
                "7 Runs items",
                "7 Holds item",
                "7 Fails item",
                "9 Holds last",
                "10 Holds a",
                "10 Fails a"
            ]
        );
        let (taken, left) = ways(text, "", &json!({"a": 0, "items": [1, 0], "last": true}));
        assert_eq!(
            left,
            ["6 Holds a > 2", "6 Holds a > 1", "7 Empty items", "9 Fails last", "10 Holds a"]
        );
        assert_eq!(taken.len(), 6);
    }

    #[test]
    fn macros_captures_and_partials_are_followed() {
        let text = "
variables: {a: boolean}
messages:
  - role: user
    content: |
      {% macro m(x) %}{% if x %}y{% endif %}{% endmacro %}
      {% set kept %}{{ m(a) }}{% if not a %}n{% endif %}{% endset %}
      {% if a %}{% include 'part.md' %}{% endif %}
";
        let part = "{% if a %}in{% endif %}\n";
        let (taken, left) = ways(text, part, &json!({"a": true}));
        assert_eq!(taken, ["6 Holds x", "7 Fails not a", "8 Holds a", "1 Holds a"]);
        assert_eq!(left, ["6 Fails x", "7 Holds not a", "8 Fails a", "1 Fails a"]);
        let (taken, _) = ways(text, part, &json!({"a": false}));
        assert_eq!(taken, ["6 Fails x", "7 Holds not a", "8 Fails a"]);
    }

    #[test]
    fn noting_changes_no_byte() {
        let text = "
variables: {items: array}
messages:
  - role: user
    content: |
      {% for item in items recursive %}
        {%- if item is iterable and item is not string %}[{{ loop(item) }}]{% else %}{{ item }}{% endif -%}
      {% else %}none{% endfor %}
      {%- for item in items if item %}{% if loop.first %}{% continue %}{% endif %}{{ loop.index }}{% endfor %}
";
        let prompt = prompt(text);
        let closure = closure(&prompt, &mut |_| None);
        let plain = Renderer::new(&prompt, &closure).unwrap();
        let noting = Branches::new(&prompt, &closure).unwrap();
        for values in [json!({"items": []}), json!({"items": [1, [2, []], 0]})] {
            let values = bind(&prompt, values.as_object().unwrap(), Origin::Typed).unwrap();
            assert_eq!(noting.0.render(&values).unwrap(), plain.render(&values).unwrap());
        }
    }
}
