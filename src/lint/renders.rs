//! What a prompt becomes with values that are at hand: those of its own examples, and such as its schemas allow.
//!
//! Rendering costs more than all that is read off the text, so each outcome is made when a rule first asks for it.

mod certain;
mod sample;

use std::cell::OnceCell;

use serde_json::{Map, Value};

pub use self::certain::always_renders;
pub use self::sample::{Fill, Sample, sample};
use crate::diagnostic::Diagnostic;
use crate::message::{Content, Message, Part};
use crate::project::prompt::Prompt;
use crate::template::{Binder, Closure, Origin, Renderer, Values};

/// Examples that are looked at, from the top.
pub const MOST_EXAMPLES: usize = 100;

/// A prompt that is ready to be rendered.
pub struct Renders<'a> {
    prompt: &'a Prompt,
    renderer: Result<Renderer, Vec<Diagnostic>>,
    binder: Binder,
    examples: OnceCell<Vec<Rendered>>,
    smallest: OnceCell<Option<Rendered>>,
    modest: OnceCell<Option<Rendered>>,
}

/// What came of one set of values.
pub struct Rendered {
    /// Whose values they are.
    pub inputs: Inputs,
    /// For each entry of `messages` what it became, or why it failed.
    pub entries: Vec<Result<Vec<Message>, Box<Diagnostic>>>,
}

/// Where values come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inputs {
    /// The example of this number, counted from 0.
    Example(usize),
    /// Made from the schemas of the variables. `open` where a caller's values may have more than the schemas say.
    Made {
        /// How much is given.
        fill: Fill,
        /// See [`Sample::open`].
        open: bool,
    },
}

impl Rendered {
    /// The conversation, unless a part of it failed.
    pub fn messages(&self) -> Option<Vec<&Message>> {
        let mut messages = Vec::new();
        for entry in &self.entries {
            messages.extend(entry.as_ref().ok()?);
        }
        Some(messages)
    }

    /// Why entries failed.
    pub fn problems(&self) -> impl Iterator<Item = &Diagnostic> {
        self.entries.iter().filter_map(|entry| entry.as_ref().err().map(Box::as_ref))
    }
}

/// Each text that the model reads of a message.
pub fn texts(message: &Message) -> impl Iterator<Item = &str> {
    let (whole, parts) = match &message.content {
        Content::Text(text) => (Some(text.as_str()), &[][..]),
        Content::Parts(parts) => (None, parts.as_slice()),
    };
    let parts = parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Image(_) => None,
    });
    whole.into_iter().chain(parts)
}

impl<'a> Renders<'a> {
    /// Compiles a prompt. The closure is that of the prompt.
    pub fn new(prompt: &'a Prompt, closure: &Closure) -> Self {
        Self {
            prompt,
            renderer: Renderer::new(prompt, closure),
            binder: Binder::new(prompt),
            examples: OnceCell::new(),
            smallest: OnceCell::new(),
            modest: OnceCell::new(),
        }
    }

    /// The compiled prompt, or what is wrong with it: its templates, or the examples that it sends.
    pub fn renderer(&self) -> Result<&Renderer, &[Diagnostic]> {
        self.renderer.as_ref().map_err(Vec::as_slice)
    }

    /// What the prompt becomes with each of its examples whose values fit the variables.
    pub fn examples(&self) -> &[Rendered] {
        self.examples.get_or_init(|| {
            let examples = self.prompt.file.examples.iter().take(MOST_EXAMPLES).enumerate();
            let rendered = examples.filter_map(|(index, example)| {
                let values = self.binder.bind(&example.variables, Origin::Typed).ok()?;
                self.render(&values, Inputs::Example(index))
            });
            rendered.collect()
        })
    }

    /// What the prompt becomes with the least that its variables allow, if that can be made.
    pub fn smallest(&self) -> Option<&Rendered> {
        self.smallest.get_or_init(|| self.made(Fill::Smallest)).as_ref()
    }

    /// What the prompt becomes with a little of all that is required and nothing else, if that can be made.
    pub fn modest(&self) -> Option<&Rendered> {
        self.modest.get_or_init(|| self.made(Fill::Modest)).as_ref()
    }

    fn made(&self, fill: Fill) -> Option<Rendered> {
        let (values, open) = values(self.prompt, &self.binder, fill)?;
        self.render(&values, Inputs::Made { fill, open })
    }

    fn render(&self, values: &Values, inputs: Inputs) -> Option<Rendered> {
        let renderer = self.renderer.as_ref().ok()?;
        Some(Rendered { inputs, entries: renderer.render_entries(values) })
    }
}

/// Values that the prompt's variables allow, and whether a caller's may have more than the schemas say; `None` where
/// they are hard to make, or do not fit after all.
fn values(prompt: &Prompt, binder: &Binder, fill: Fill) -> Option<(Values, bool)> {
    let mut given = Map::new();
    let mut open = false;
    for (name, variable) in &prompt.file.variables {
        let required = variable.required();
        if !required && fill != Fill::Full {
            continue;
        }
        match sample(&variable.json_schema(), fill) {
            Some(sample) => {
                open |= sample.open;
                given.insert(name.clone(), sample.value);
            }
            None if required => return None,
            None => {}
        }
    }
    Some((binder.bind(&given, Origin::Typed).ok()?, open))
}

/// The characters of the longest text that a variable may hold, as far as its schema bounds it.
pub fn longest(schema: &Value) -> Option<u64> {
    longest_text(schema, 8)
}

fn longest_text(schema: &Value, depth: usize) -> Option<u64> {
    let depth = depth.checked_sub(1)?;
    let size = |value: &Value| match value {
        Value::String(text) => text.chars().count() as u64,
        other => other.to_string().chars().count() as u64,
    };
    if let Some(value) = schema.get("const") {
        return Some(size(value));
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return choices.iter().map(size).max();
    }
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    match schema.get("type")?.as_str()? {
        "string" => bound("maxLength"),
        "integer" | "number" => Some(24),
        "boolean" => Some(5),
        "null" => Some(0),
        "array" => {
            let item = longest_text(schema.get("items")?, depth)?;
            bound("maxItems")?.checked_mul(item.checked_add(4)?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lint::context::PromptContext;
    use crate::path::RepoPath;
    use crate::project::Project;
    use crate::snapshot::Snapshot;
    use crate::template::Partials;

    fn project(text: &str) -> Project {
        let path = RepoPath::new("prompts/p.yaml").unwrap();
        Project::load(&Snapshot::memory([(path, text.as_bytes().to_vec())])).unwrap()
    }

    fn said(rendered: &Rendered) -> Vec<String> {
        let entries = rendered.entries.iter().map(|entry| match entry {
            Ok(messages) => messages.iter().map(|m| m.content.text()).collect::<Vec<_>>().join("|"),
            Err(problem) => format!("! {}", problem.message),
        });
        entries.collect()
    }

    const PROMPT: &str = "
variables:
  name: string
  note: {type: string, required: false}
  tone: {enum: [warm, plain], default: plain}
  tags: {type: array, items: {type: string}}
messages:
  - {role: system, content: \"{% if tone == 'plain' %}Be plain{% else %}Be warm{% endif %} {{ tags | join(',') }}\"}
  - {role: user, when: note, content: '{{ note }}'}
  - {role: user, content: '<{{ name }}>{% if note is defined %}{{ note }}{% endif %}'}
examples:
  - {variables: {name: Ada, note: Hi, tone: warm, tags: [a, b]}, output: yes}
  - {variables: {nmae: Ada}, output: yes}
";

    #[test]
    fn entries_are_rendered_with_what_is_at_hand() {
        let project = project(PROMPT);
        let prompt = project.prompts.values().next().unwrap();
        let context = PromptContext::load(&project, prompt, &Partials::of(&project)).unwrap();
        let renders = context.renders().unwrap();
        let failed = "! the value is none";
        let [first] = renders.examples() else { panic!("the second example does not fit") };
        assert_eq!(said(first), ["Be warm a,b", "Hi", "<Ada>Hi"]);
        let smallest = renders.smallest().unwrap();
        assert_eq!(smallest.inputs, Inputs::Made { fill: Fill::Smallest, open: false });
        let starts = |rendered: &Rendered| -> Vec<String> {
            said(rendered).iter().map(|text| text.chars().take(failed.len()).collect()).collect()
        };
        assert_eq!(starts(smallest)[..2], ["Be plain ", ""]);
        assert_eq!(starts(renders.modest().unwrap())[..2], ["Be plain x", ""]);
        assert!(renders.modest().unwrap().entries[2].is_err());
        assert!(renders.modest().unwrap().messages().is_none());
    }

    #[test]
    fn the_longest_text_is_known_where_the_schema_bounds_it() {
        for (schema, expected) in [
            (json!({"type": "string", "maxLength": 10}), Some(10)),
            (json!({"type": "string"}), None),
            (json!({"enum": ["a", "abc", 12345]}), Some(5)),
            (json!({"type": "array", "maxItems": 3, "items": {"type": "boolean"}}), Some(27)),
            (json!({"type": "array", "items": {"type": "boolean"}}), None),
            (json!({"type": "object"}), None),
            (json!({"type": "array", "maxItems": u64::MAX, "items": {"type": "null"}}), None),
        ] {
            assert_eq!(longest(&schema), expected, "{schema}");
        }
    }
}
