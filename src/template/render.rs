//! A prompt with values becomes messages.
//!
//! Each message is rendered by itself, so a value can neither become a message of its own nor change a role, and what a
//! template prints is never rendered again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Environment, Value as Dynamic};
use serde_json::{Map, Value, json};

use super::closure::{Closure, Template, TemplateKind, normalise};
use super::explain::{Explainer, Source, SourcePlace};
use super::values::{Binder, Origin, ValueProblem, Values};
use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::jinja::{self, Branch, Delimiters, Mark, Notes, Rewritten, Sink};
use crate::message::{Content, Message, Part, Role};
use crate::project::prompt::{
    ContentTemplate, Entry, Example, MessageTemplate, PartTemplate, Prompt,
};

/// The longest text of one message, in bytes.
pub const MAX_MESSAGE: usize = 8 << 20;

/// A prompt, compiled: renders any number of sets of values, from any number of threads.
pub struct Renderer {
    environment: Environment<'static>,
    steps: Vec<Step>,
    examples: Vec<ExamplePair>,
    /// What templates see as `examples`.
    example_list: Dynamic,
    pub(super) explainer: Explainer,
    /// Where the pieces of a marked render come from, with the template's name; empty without marks.
    pub(super) marks: Vec<(String, Mark)>,
    /// The branches of templates that note them, with the template's name.
    pub(super) branches: Vec<(String, Branch)>,
}

/// What is noted while templates render.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Noted {
    Pieces,
    Branches,
}

/// One entry of `messages`.
enum Step {
    Message(MessageStep),
    Examples { max: usize },
    Insert { variable: String, max: usize, route: Route },
}

struct MessageStep {
    role: Role,
    when: Option<String>,
    content: ContentStep,
}

/// The templates of a message, by the names under which they are compiled.
enum ContentStep {
    Text(String),
    Parts(Vec<PartStep>),
}

enum PartStep {
    Text(String),
    Image(String),
}

/// An example as it is sent.
struct ExamplePair {
    user: Content,
    assistant: String,
}

/// A message and what it was made of.
pub(super) struct Made {
    pub(super) message: Message,
    pub(super) from: MadeFrom,
}

/// What a message was made of.
pub(super) enum MadeFrom {
    /// Templates, one for the text or for each part.
    Templates(Vec<Printed>),
    Example(usize),
    Inserted {
        variable: String,
        index: usize,
    },
}

/// What a template printed.
pub(super) struct Printed {
    pub(super) template: String,
    pub(super) text: String,
    /// Mark and offset of each piece.
    pub(super) starts: Vec<(usize, usize)>,
    /// The branches that were taken.
    pub(super) reached: BTreeSet<usize>,
}

impl Renderer {
    /// Compiles a prompt. What is wrong with its templates, its examples or its entries is said at once.
    pub fn new(prompt: &Prompt, closure: &Closure) -> Result<Self, Vec<Diagnostic>> {
        Self::build(prompt, closure, None)
    }

    /// Compiles a prompt, to note something while it renders or nothing.
    pub(super) fn build(
        prompt: &Prompt,
        closure: &Closure,
        noted: Option<Noted>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let problems =
            closure.problems(&closure.partials.keys().map(String::as_str).collect::<Vec<_>>());
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut compiler = Compiler::new(prompt, closure, noted);
        for template in &closure.templates {
            compiler.template(template);
        }
        for (name, partial) in &closure.partials {
            let place = SourcePlace::Partial(Arc::clone(&partial.file));
            compiler.text(name, partial.text(), TemplateKind::Text, place);
        }
        let steps = compiler.steps();
        let Compiler { environment, explainer, marks, branches, mut problems, .. } = compiler;
        let mut renderer = Self {
            environment,
            steps,
            examples: Vec::new(),
            example_list: example_list(&prompt.file.examples),
            explainer,
            marks,
            branches,
        };
        if problems.is_empty() {
            problems.extend(renderer.render_examples(prompt).err().unwrap_or_default());
        }
        if problems.is_empty() { Ok(renderer) } else { Err(problems) }
    }

    /// Renders the messages.
    pub fn render(&self, values: &Values) -> Result<Vec<Message>, Vec<Diagnostic>> {
        let made = self.make(values)?;
        Ok(made.into_iter().map(|made| made.message).collect())
    }

    /// Renders the messages of each entry of `messages` by itself, so that one that fails does not hide the others.
    pub fn render_entries(&self, values: &Values) -> Vec<Result<Vec<Message>, Box<Diagnostic>>> {
        let context = self.context(values);
        let render = |step| {
            let made = self.step(step, values, &context)?;
            Ok(made.into_iter().map(|made| made.message).collect())
        };
        self.steps.iter().map(render).collect()
    }

    pub(super) fn make(&self, values: &Values) -> Result<Vec<Made>, Vec<Diagnostic>> {
        let context = self.context(values);
        let mut made = Vec::new();
        let mut problems = Vec::new();
        for step in &self.steps {
            match self.step(step, values, &context) {
                Ok(messages) => made.extend(messages),
                Err(problem) => problems.push(*problem),
            }
        }
        if problems.is_empty() { Ok(made) } else { Err(problems) }
    }

    /// The branches that the messages take.
    pub(super) fn reached(&self, values: &Values) -> Result<BTreeSet<usize>, Vec<Diagnostic>> {
        let context = self.context(values);
        let mut reached = BTreeSet::new();
        for step in &self.steps {
            let Step::Message(step) = step else { continue };
            if let Some(when) = &step.when {
                let printed = self.print(when, &context).map_err(|problem| vec![*problem])?;
                reached.extend(printed.reached);
                if printed.text.is_empty() {
                    continue;
                }
            }
            let content = self.content(&step.content, &context);
            let (_, printed) = content.map_err(|problem| vec![*problem])?;
            reached.extend(printed.into_iter().flat_map(|printed| printed.reached));
        }
        Ok(reached)
    }

    fn step(
        &self,
        step: &Step,
        values: &Values,
        context: &Dynamic,
    ) -> Result<Vec<Made>, Box<Diagnostic>> {
        match step {
            Step::Message(step) => {
                if let Some(when) = &step.when
                    && self.print(when, context)?.text.is_empty()
                {
                    return Ok(Vec::new());
                }
                let (content, printed) = self.content(&step.content, context)?;
                let message = message(step.role, content);
                Ok(vec![Made { message, from: MadeFrom::Templates(printed) }])
            }
            Step::Examples { max } => {
                let pairs = self.examples.iter().take(*max).enumerate();
                Ok(pairs
                    .flat_map(|(index, pair)| {
                        let user = message(Role::User, pair.user.clone());
                        let assistant = Message::text(Role::Assistant, pair.assistant.clone());
                        [user, assistant]
                            .map(|message| Made { message, from: MadeFrom::Example(index) })
                    })
                    .collect())
            }
            Step::Insert { variable, max, route } => {
                let items = values.get(variable).and_then(Value::as_array);
                let items = items.map(Vec::as_slice).unwrap_or_default();
                let skipped = items.len().saturating_sub(*max);
                let mut made = Vec::new();
                for (index, item) in items.iter().enumerate().skip(skipped) {
                    let message = serde_json::from_value(item.clone()).map_err(|error| {
                        let text =
                            format!("message {} of `{variable}` is none: {error}", index + 1);
                        Box::new(self.explainer.at(route, text))
                    })?;
                    let from = MadeFrom::Inserted { variable: variable.clone(), index };
                    made.push(Made { message, from });
                }
                Ok(made)
            }
        }
    }

    fn content(
        &self,
        content: &ContentStep,
        context: &Dynamic,
    ) -> Result<(Content, Vec<Printed>), Box<Diagnostic>> {
        match content {
            ContentStep::Text(template) => {
                let printed = self.print(template, context)?;
                Ok((Content::Text(printed.text.clone()), vec![printed]))
            }
            ContentStep::Parts(parts) => {
                let mut made = Vec::new();
                let mut all = Vec::new();
                for part in parts {
                    let (PartStep::Text(template) | PartStep::Image(template)) = part;
                    let printed = self.print(template, context)?;
                    made.push(match part {
                        PartStep::Text(_) => Part::Text(printed.text.clone()),
                        PartStep::Image(_) => Part::Image(printed.text.clone()),
                    });
                    all.push(printed);
                }
                Ok((Content::Parts(made), all))
            }
        }
    }

    /// Renders one template.
    fn print(&self, template: &str, context: &Dynamic) -> Result<Printed, Box<Diagnostic>> {
        let notes = !self.marks.is_empty() || !self.branches.is_empty();
        let sink = notes.then(Arc::<Sink>::default);
        let context = match &sink {
            Some(sink) => {
                let binding = Dynamic::from_pairs([sink.binding()]);
                minijinja::value::merge_maps([context.clone(), binding])
            }
            None => context.clone(),
        };
        let mut output = Bounded { bytes: Vec::new(), full: false, sink: sink.as_deref() };
        // The guards keep the engine from what is known to make it panic; this is for what is not known.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            self.environment
                .get_template(template)
                .and_then(|template| template.render_captured_to(context, &mut output).map(drop))
        }));
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let too_long = output.full.then(|| {
                    format!("the text of the message is longer than {} MiB", MAX_MESSAGE >> 20)
                });
                return Err(Box::new(self.explainer.explain(template, &error, too_long)));
            }
            Err(_) => {
                let message = "the template engine failed; this is a fault of pf, please report it";
                return Err(Box::new(self.explainer.whole(template, message.to_owned())));
            }
        }
        let text = String::from_utf8(output.bytes)
            .expect("minijinja writes whole strings, each of which is UTF-8");
        let (starts, reached) =
            sink.map(|sink| (sink.starts(), sink.reached())).unwrap_or_default();
        Ok(Printed { template: template.to_owned(), text, starts, reached })
    }

    fn context(&self, values: &Values) -> Dynamic {
        let examples = ("examples".to_owned(), self.example_list.clone());
        let values = values.as_map().iter();
        let values = values.map(|(name, value)| (name.clone(), Dynamic::from(Serde(value))));
        Dynamic::from_pairs(std::iter::once(examples).chain(values))
    }

    /// Renders what does not depend on the values: the pairs of an `examples` entry.
    fn render_examples(&mut self, prompt: &Prompt) -> Result<(), Vec<Diagnostic>> {
        let wanted = self.steps.iter().filter_map(|step| match step {
            Step::Examples { max } => Some(*max),
            _ => None,
        });
        let wanted = wanted.max().unwrap_or(0);
        let last_user = self.steps.iter().rev().find_map(|step| match step {
            Step::Message(step) if step.role == Role::User => Some(&step.content),
            _ => None,
        });
        let binder = Binder::new(prompt);
        let mut pairs = Vec::new();
        let mut problems = Vec::new();
        for (index, example) in prompt.file.examples.iter().enumerate().take(wanted) {
            let route = Route::root().key("examples").index(index);
            let Some(content) = last_user else {
                let text =
                    "an example needs a user message to be rendered with; the prompt has none";
                problems.push(self.explainer.at(&route, text.to_owned()));
                break;
            };
            match binder.bind(&example.variables, Origin::Typed) {
                Err(found) => {
                    let route = route.key("variables");
                    problems.extend(found.iter().map(|p| self.example_problem(&route, p)));
                }
                Ok(values) => match self.content(content, &self.context(&values)) {
                    Ok((user, _)) => {
                        pairs.push(ExamplePair { user, assistant: output_text(&example.output) });
                    }
                    Err(problem) => {
                        let file = &self.explainer.document.file;
                        let span = self.explainer.document.span(&route);
                        problems.push(problem.related(file, span, "rendered for this example"));
                    }
                },
            }
        }
        self.examples = pairs;
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn example_problem(&self, route: &Route, problem: &ValueProblem) -> Diagnostic {
        let mut diagnostic = self.explainer.at(&route.key(&problem.variable), problem.to_string());
        diagnostic.help.extend(problem.help.iter().cloned());
        diagnostic
    }
}

fn message(role: Role, content: Content) -> Message {
    Message { role, content, tool_calls: Vec::new(), tool_call_id: None }
}

/// The assistant's half of an example: text as it is, anything else as compact JSON in the written order.
pub fn output_text(output: &Value) -> String {
    match output {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn example_list(examples: &[Example]) -> Dynamic {
    let list: Vec<Value> = examples
        .iter()
        .map(|example| json!({"variables": example.variables, "output": example.output}))
        .collect();
    Dynamic::from(Serde(list))
}

/// Takes what a template prints, up to the longest message.
struct Bounded<'a> {
    bytes: Vec<u8>,
    full: bool,
    sink: Option<&'a Sink>,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MAX_MESSAGE {
            self.full = true;
            return Err(io::Error::other("the message is full"));
        }
        self.bytes.extend_from_slice(bytes);
        if let Some(sink) = self.sink {
            sink.advance(bytes.len());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Compiles the templates of a prompt into one environment.
struct Compiler<'a> {
    prompt: &'a Prompt,
    environment: Environment<'static>,
    delimiters: Delimiters,
    explainer: Explainer,
    noted: Option<Noted>,
    marks: Vec<(String, Mark)>,
    branches: Vec<(String, Branch)>,
    problems: Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    fn new(prompt: &'a Prompt, closure: &Closure, noted: Option<Noted>) -> Self {
        let own = closure.templates.iter().map(|template| template.text.as_str());
        let partials = closure.partials.values().map(|partial| partial.file.text());
        let delimiters = Delimiters::absent_from(&own.chain(partials).collect::<Vec<_>>());
        let mut environment = jinja::environment();
        environment.set_syntax(delimiters.syntax());
        // Notes take steps of their own.
        environment.set_fuel(Some(if noted.is_some() { 4 * jinja::FUEL } else { jinja::FUEL }));
        environment.set_path_join_callback(|name, _| {
            normalise(name).unwrap_or_else(|_| name.to_owned()).into()
        });
        Self {
            prompt,
            environment,
            delimiters,
            explainer: Explainer {
                document: Arc::clone(&prompt.document),
                variables: prompt.file.variables.clone(),
                sources: BTreeMap::new(),
            },
            noted,
            marks: Vec::new(),
            branches: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn template(&mut self, template: &Template) {
        let name = template.route.to_string();
        let place = SourcePlace::Scalar(template.route.clone());
        self.text(&name, &template.text, template.kind, place);
    }

    fn text(&mut self, name: &str, text: &str, kind: TemplateKind, place: SourcePlace) {
        let mut marks = Vec::new();
        let mut branches = Vec::new();
        let notes = self.noted.map(|noted| match noted {
            Noted::Pieces => Notes::Pieces(self.marks.len(), &mut marks),
            Noted::Branches => Notes::Branches(self.branches.len(), &mut branches),
        });
        let rewritten = match kind {
            TemplateKind::Expression => jinja::rewrite_condition(text, &self.delimiters, notes),
            TemplateKind::Text => jinja::rewrite(text, &self.delimiters, notes),
        };
        self.marks.extend(marks.into_iter().map(|mark| (name.to_owned(), mark)));
        self.branches.extend(branches.into_iter().map(|branch| (name.to_owned(), branch)));
        let rewritten = rewritten.unwrap_or_else(|_| Rewritten::default());
        let compiled = self.environment.add_template_owned(name.to_owned(), rewritten.text.clone());
        let source = Source { place, text: text.to_owned(), rewritten };
        self.explainer.sources.insert(name.to_owned(), source);
        if let Err(error) = compiled {
            self.problems.push(self.explainer.explain(name, &error, None));
        }
    }

    fn steps(&mut self) -> Vec<Step> {
        let route = Route::root().key("messages");
        let entries = self.prompt.file.messages.iter().enumerate();
        entries
            .map(|(index, entry)| {
                let route = route.index(index);
                match entry {
                    Entry::Message(message) => Step::Message(message_step(message, &route)),
                    Entry::Examples(entry) => {
                        Step::Examples { max: entry.examples.max.unwrap_or(usize::MAX) }
                    }
                    Entry::Insert(entry) => {
                        self.check_insert(&entry.insert, &route.key("insert"));
                        Step::Insert {
                            variable: entry.insert.clone(),
                            max: entry.max.unwrap_or(usize::MAX),
                            route,
                        }
                    }
                }
            })
            .collect()
    }

    fn check_insert(&mut self, name: &str, route: &Route) {
        let variables = &self.prompt.file.variables;
        let problem = match variables.get(name) {
            Some(variable) if variable.is_messages() => return,
            Some(_) => self
                .explainer
                .at(route, format!("`{name}` is no conversation"))
                .help(format!("declare it as `{name}: {{type: messages}}`")),
            None => self
                .explainer
                .at(route, format!("`{name}` is not declared under `variables`"))
                .did_you_mean(name, variables.keys().map(String::as_str)),
        };
        self.problems.push(problem);
    }
}

fn message_step(message: &MessageTemplate, route: &Route) -> MessageStep {
    let when = message.when.as_ref().map(|_| route.key("when").to_string());
    let route = route.key("content");
    let content = match &message.content {
        ContentTemplate::Text(_) => ContentStep::Text(route.to_string()),
        ContentTemplate::Parts(parts) => ContentStep::Parts(
            parts
                .iter()
                .enumerate()
                .map(|(index, part)| {
                    let route = route.index(index);
                    match part {
                        PartTemplate::Text(_) => PartStep::Text(route.key("text").to_string()),
                        PartTemplate::Image(_) => PartStep::Image(route.key("image").to_string()),
                    }
                })
                .collect(),
        ),
    };
    MessageStep { role: message.role, when, content }
}

/// Renders one set of values; see [`Renderer`] for many.
pub fn render(
    prompt: &Prompt,
    closure: &Closure,
    given: &Map<String, Value>,
    origin: Origin,
) -> Result<Vec<Message>, Vec<Diagnostic>> {
    let renderer = Renderer::new(prompt, closure)?;
    let values = super::values::bind(prompt, given, origin).map_err(|problems| {
        let route = Route::root().key("variables");
        let place = |problem: &ValueProblem| {
            let mut diagnostic =
                renderer.explainer.at(&route.key(&problem.variable), problem.to_string());
            diagnostic.help.extend(problem.help.iter().cloned());
            diagnostic
        };
        problems.iter().map(place).collect::<Vec<_>>()
    })?;
    renderer.render(&values)
}
