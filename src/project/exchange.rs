//! What an in-house endpoint is sent and where its answer stands, as a provider with `protocol: http` says it.
//!
//! The texts of `body` are templates over the request, compiled when the file is read: what is wrong with them is
//! found before anything is sent. What a template has no place for is said by [`Exchange::lacks`], so that no part of
//! a prompt is left out without a word.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use minijinja::machinery::{Token, tokenize};
use minijinja::value::Serde;
use minijinja::{Environment, Expression};
use serde_json::{Map, Value, json};

use super::config::{Method, ProviderConfig};
use crate::assertion::JsonPath;
use crate::diagnostic::closest;
use crate::document::Route;
use crate::jinja;
use crate::message::{Answer, Content, Part, Request, ResponseFormat, Role, ToolCall, Usage};
use crate::span::Span;

/// What templates see.
pub const NAMES: [&str; 8] =
    ["messages", "prompt", "system", "model", "parameters", "tools", "schema", "format"];

/// The keys of `parameters`.
pub const PARAMETERS: [&str; 5] = ["temperature", "top_p", "max_output_tokens", "seed", "stop"];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(jinja::environment);

/// What is wrong with an exchange as it is written.
#[derive(Clone, PartialEq, Debug)]
pub struct Problem {
    /// Where, from the provider on.
    pub route: Route,
    /// Where in the text that stands there.
    pub span: Option<Span>,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    fn at(key: &str, message: impl Into<String>) -> Self {
        Self { route: Route::root().key(key), span: None, message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A request and its answer, compiled.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// How it is sent.
    pub method: Method,
    /// The header that carries the key; `authorization` where none is named.
    pub key_header: Option<String>,
    path: Vec<String>,
    body: Node,
    uses: BTreeSet<String>,
    answer: Place,
    finish: Option<Place>,
    tool_calls: Option<Place>,
    usage: Option<[Option<Place>; 4]>,
    written: Value,
}

/// Two are equal when they are written alike.
impl PartialEq for Exchange {
    fn eq(&self, other: &Self) -> bool {
        (&self.written, &self.key_header) == (&other.written, &other.key_header)
    }
}

impl Eq for Exchange {}

/// A place in an answer.
#[derive(Clone, Debug)]
struct Place {
    text: String,
    path: JsonPath,
}

/// A part of a request for which the template has no place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lack {
    /// The part, as messages call it.
    pub what: String,
    /// The name that the template would have to use.
    pub name: String,
}

impl Exchange {
    /// Compiles the keys of a provider with `protocol: http`.
    pub fn compile(config: &ProviderConfig) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut compiler = Compiler::default();
        let body = match &config.body {
            Some(body) => compiler.node(&Route::root().key("body"), body),
            None => {
                let missing = Problem::at("body", "`protocol: http` needs a `body`");
                problems.push(missing.help("such as `body: {messages: \"{{ messages }}\"}`"));
                Node::Constant(Value::Null)
            }
        };
        problems.append(&mut compiler.problems);
        let wanted = config.answer.as_deref();
        let answer = place(&mut problems, "answer", wanted);
        if wanted.is_none() {
            let missing = Problem::at("answer", "`protocol: http` needs an `answer`");
            problems.push(missing.help("a JSONPath, such as `answer: $.reply.text`"));
        }
        let finish = place(&mut problems, "finish", config.finish.as_deref());
        let tool_calls = place(&mut problems, "tool_calls", config.tool_calls.as_deref());
        let usage = config.usage.as_ref().map(|usage| {
            usage.paths().map(|(key, text)| {
                let known = problems.len();
                let place = place(&mut problems, key, text);
                for problem in &mut problems[known..] {
                    problem.route = Route::root().key("usage").key(key);
                }
                place
            })
        });
        let path = path(&mut problems, config.path.as_deref().unwrap_or_default());
        if let Some(header) = &config.api_key_header {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if header.is_empty() || !header.bytes().all(fits) {
                problems.push(Problem::at("api_key_header", "it is no name of a header"));
            }
        }
        let (Some(answer), true) = (answer, problems.is_empty()) else { return Err(problems) };
        Ok(Self {
            method: config.method.unwrap_or_default(),
            key_header: config.api_key_header.clone(),
            path,
            body,
            uses: compiler.uses,
            answer,
            finish,
            tool_calls,
            usage,
            written: json!({
                "path": config.path,
                "method": config.method.unwrap_or_default().name(),
                "body": config.body,
                "answer": config.answer,
                "finish": config.finish,
                "tool_calls": config.tool_calls,
            }),
        })
    }

    /// All of it that shapes an answer.
    pub fn written(&self) -> &Value {
        &self.written
    }

    /// Where a request for `model`, as one segment of a path, goes below the address; empty where it goes there itself.
    pub fn path(&self, model: &str) -> String {
        self.path.join(model)
    }

    /// The first part of `request` for which the template has no place.
    pub fn lacks(&self, request: &Request) -> Option<Lack> {
        let lack = |what: String, name: &str| Some(Lack { what, name: name.to_owned() });
        let uses = |name: &str| self.uses.contains(name);
        if !uses("messages") {
            let last = request.messages.iter().rposition(|message| message.role == Role::User);
            for (index, message) in request.messages.iter().enumerate() {
                let name = match message.role {
                    Role::System | Role::Developer => "system",
                    Role::User if Some(index) == last => "prompt",
                    _ => return lack("a conversation of several messages".into(), "messages"),
                };
                if !uses(name) {
                    return lack(format!("its {} message", message.role), name);
                }
                let image = matches!(&message.content, Content::Parts(parts)
                    if parts.iter().any(|part| matches!(part, Part::Image(_))));
                if image {
                    return lack("an image".into(), "messages");
                }
            }
        }
        let model = &request.model;
        let set = [
            model.temperature.is_some(),
            model.top_p.is_some(),
            model.max_output_tokens.is_some(),
            model.seed.is_some(),
            !model.stop.is_empty(),
        ];
        for (name, _) in PARAMETERS.into_iter().zip(set).filter(|(_, set)| *set) {
            let nested = format!("parameters.{name}");
            if !uses("parameters") && !uses(&nested) {
                return lack(format!("`{name}`"), &nested);
            }
        }
        if !request.tools.is_empty() && !uses("tools") {
            return lack("tools".into(), "tools");
        }
        if !request.tools.is_empty() && self.tool_calls.is_none() {
            return lack("tools, whose calls it has no `tool_calls` to find".into(), "tools");
        }
        match &request.response {
            ResponseFormat::Schema(_) if !uses("schema") => lack("a schema".into(), "schema"),
            ResponseFormat::Json if !uses("format") => lack("`format: json`".into(), "format"),
            _ => None,
        }
    }

    /// The body that `request` becomes, or why a template gives none.
    pub fn body(&self, request: &Request) -> Result<Value, String> {
        let context = context(request);
        self.body.evaluate(&context).map(Option::unwrap_or_default)
    }

    /// Reads an answer; the error names what it lacks.
    pub fn read(&self, body: &Value) -> Result<Answer, String> {
        let calls = match &self.tool_calls {
            Some(place) => match place.find(body)? {
                None => Vec::new(),
                Some(found) => {
                    serde_json::from_value::<Vec<ToolCall>>(found.clone()).map_err(|error| {
                        format!(
                            "`{}` is no list of calls with `name` and `arguments` ({error})",
                            place.text
                        )
                    })?
                }
            },
            None => Vec::new(),
        };
        let output = match self.answer.find(body)? {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            // A model that asks for tools may say nothing besides.
            None if !calls.is_empty() => String::new(),
            None => return Err(format!("it has nothing at `{}`", self.answer.text)),
        };
        let finish = match &self.finish {
            Some(place) => place.find(body)?.map(|found| match found {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }),
            None => None,
        };
        Ok(Answer {
            output,
            tool_calls: calls,
            finish,
            usage: self.usage(body)?,
            ..Answer::default()
        })
    }

    /// The counts of tokens; none where the answer lacks one of the two that matter.
    fn usage(&self, body: &Value) -> Result<Option<Usage>, String> {
        let Some(places) = &self.usage else { return Ok(None) };
        let count = |place: &Option<Place>| -> Result<Option<u64>, String> {
            let Some(place) = place else { return Ok(None) };
            let Some(found) = place.find(body)? else { return Ok(None) };
            let whole = found.as_u64();
            whole.map(Some).ok_or_else(|| format!("`{}` is no whole number", place.text))
        };
        let [input, output, cached, reasoning] = places;
        let (input, output) = (count(input)?, count(output)?);
        let (cached, reasoning) = (count(cached)?, count(reasoning)?);
        Ok(input.zip(output).map(|(input_tokens, output_tokens)| Usage {
            input_tokens,
            output_tokens,
            cached_tokens: cached.unwrap_or_default(),
            reasoning_tokens: reasoning.unwrap_or_default(),
            ..Usage::default()
        }))
    }
}

impl Place {
    /// What stands there; none also where that is null.
    fn find<'a>(&self, body: &'a Value) -> Result<Option<&'a Value>, String> {
        Ok(self.path.find(body)?.first().copied().filter(|found| !found.is_null()))
    }
}

fn place(problems: &mut Vec<Problem>, key: &str, text: Option<&str>) -> Option<Place> {
    let text = text?;
    let problem = match JsonPath::parse(text) {
        Ok(path) if path.is_singular() => return Some(Place { text: text.to_owned(), path }),
        Ok(_) => Problem::at(key, format!("`{text}` can find more than one value"))
            .help("name one place, such as `$.choices[0].text`"),
        Err(problem) => {
            let wrong = Problem::at(key, problem.message);
            match problem.help.first() {
                Some(help) => wrong.help(help),
                None => wrong,
            }
        }
    };
    problems.push(problem);
    None
}

/// The pieces of a path between the places of the model's name.
fn path(problems: &mut Vec<Problem>, text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut rest = text.trim_start_matches('/');
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}").filter(|(name, _)| name.trim() == "model")
        else {
            problems.push(
                Problem::at("path", "only `{{ model }}` can stand in a path")
                    .help("anything else about a request belongs into `body`"),
            );
            return pieces;
        };
        let _ = name;
        pieces.last_mut().expect("it begins with one").push_str(before);
        pieces.push(String::new());
        rest = after;
    }
    if text.chars().any(|character| character.is_control() || character == '#') {
        problems.push(Problem::at("path", "a path has no `#` and no control characters"));
    }
    pieces.last_mut().expect("it begins with one").push_str(rest);
    pieces
}

/// What templates see of a request.
fn context(request: &Request) -> minijinja::Value {
    let texts = |wanted: &[Role]| -> Vec<String> {
        let spoken = request.messages.iter().filter(|message| wanted.contains(&message.role));
        spoken.map(|message| message.content.text()).collect()
    };
    let system = texts(&[Role::System, Role::Developer]);
    let model = &request.model;
    let (schema, format) = match &request.response {
        // An embedding is refused before a template sees it.
        ResponseFormat::Text | ResponseFormat::Embedding => (Value::Null, "text"),
        ResponseFormat::Json => (Value::Null, "json"),
        ResponseFormat::Schema(schema) => (schema.clone(), "schema"),
    };
    let tools = if request.tools.is_empty() { Value::Null } else { json!(request.tools) };
    let stop = if model.stop.is_empty() { Value::Null } else { json!(model.stop) };
    minijinja::Value::from(Serde(json!({
        "messages": request.messages,
        "prompt": texts(&[Role::User]).last(),
        "system": (!system.is_empty()).then(|| system.join("\n\n")),
        "model": model.name,
        "parameters": {
            "temperature": model.temperature,
            "top_p": model.top_p,
            "max_output_tokens": model.max_output_tokens,
            "seed": model.seed,
            "stop": stop,
        },
        "tools": tools,
        "schema": schema,
        "format": format,
    })))
}

/// A value whose texts may be templates.
#[derive(Clone, Debug)]
enum Node {
    Constant(Value),
    /// Exactly one `{{ … }}`, whose value keeps its type.
    Whole(Arc<Program<Expression<'static, 'static>>>),
    /// A text with templates in it.
    Text(Arc<Program<Environment<'static>>>),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

#[derive(Debug)]
struct Program<T> {
    source: String,
    code: T,
}

/// The name of the one template in an environment.
const TEXT: &str = "body";

impl Node {
    /// The value; none where it is exactly one expression that gives none.
    fn evaluate(&self, context: &minijinja::Value) -> Result<Option<Value>, String> {
        let said = |source: &str, error: &minijinja::Error| {
            let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            format!("`{source}` gives no value: {what}")
        };
        match self {
            Self::Constant(value) => Ok(Some(value.clone())),
            Self::Whole(program) => {
                let value =
                    program.code.eval(context).map_err(|error| said(&program.source, &error))?;
                if value.is_undefined() {
                    return Err(format!("`{}` is undefined", program.source));
                }
                if value.is_none() {
                    return Ok(None);
                }
                serde_json::to_value(&value)
                    .map(Some)
                    .map_err(|error| format!("`{}` is no JSON: {error}", program.source))
            }
            Self::Text(program) => program
                .code
                .get_template(TEXT)
                .and_then(|template| template.render(context))
                .map(|text| Some(Value::String(text)))
                .map_err(|error| said(&program.source, &error)),
            Self::List(items) => items
                .iter()
                .map(|item| item.evaluate(context).map(Option::unwrap_or_default))
                .collect::<Result<_, _>>()
                .map(|items| Some(Value::Array(items))),
            Self::Map(items) => {
                let mut map = Map::new();
                for (key, item) in items {
                    if let Some(value) = item.evaluate(context)? {
                        map.insert(key.clone(), value);
                    }
                }
                Ok(Some(Value::Object(map)))
            }
        }
    }
}

#[derive(Default)]
struct Compiler {
    uses: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Compiler {
    fn node(&mut self, route: &Route, value: &Value) -> Node {
        match value {
            Value::String(text) if ["{{", "{%", "{#"].iter().any(|start| text.contains(start)) => {
                self.text(route, text).unwrap_or_else(|problem| {
                    self.problems.push(problem);
                    Node::Constant(Value::Null)
                })
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                Node::List(
                    items.map(|(index, item)| self.node(&route.index(index), item)).collect(),
                )
            }
            Value::Object(keys) => Node::Map(
                keys.iter()
                    .map(|(key, item)| (key.clone(), self.node(&route.key(key), item)))
                    .collect(),
            ),
            constant => Node::Constant(constant.clone()),
        }
    }

    fn text(&mut self, route: &Route, text: &str) -> Result<Node, Problem> {
        let lone = jinja::lone_expression(text);
        let offset = lone.as_ref().map_or(0, |inner| inner.start);
        let source = lone.clone().map_or(text, |inner| &text[inner]);
        let problem = |message: String, span: Option<Span>, help: Option<String>| Problem {
            route: route.clone(),
            span: span.map(|span| Span::new(span.start + offset, span.end + offset)),
            message,
            help,
        };
        let of_syntax = |wrong: jinja::SyntaxProblem| {
            let message = format!("it is no valid template: {}", wrong.message);
            problem(message, Some(wrong.span), wrong.help)
        };
        let of_engine = |error: minijinja::Error| {
            let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            problem(format!("it is no valid template: {what}"), None, None)
        };
        let (names, node) = if lone.is_some() {
            jinja::parse_expression(source).map_err(of_syntax)?;
            let plain = ENVIRONMENT.compile_expression(source).map_err(of_engine)?;
            let names = plain.undeclared_variables(true);
            // What runs is the guarded form, which cannot fill the memory.
            let guarded = jinja::rewrite_expression(source).map_err(of_syntax)?;
            let code = ENVIRONMENT.compile_expression_owned(guarded.text).map_err(of_engine)?;
            (names, Node::Whole(Arc::new(Program { source: text.to_owned(), code })))
        } else {
            jinja::parse(source).map_err(of_syntax)?;
            let plain = ENVIRONMENT.template_from_str(source).map_err(of_engine)?;
            let names = plain.undeclared_variables(true);
            let delimiters = jinja::Delimiters::absent_from(&[source]);
            let guarded = jinja::rewrite(source, &delimiters, None).map_err(of_syntax)?;
            let mut code = ENVIRONMENT.clone();
            code.set_syntax(delimiters.syntax());
            code.add_template_owned(TEXT, guarded.text).map_err(of_engine)?;
            (names, Node::Text(Arc::new(Program { source: text.to_owned(), code })))
        };
        let names: std::collections::BTreeSet<String> = names.into_iter().collect();
        for name in names {
            self.uses_name(&name).map_err(|(message, help)| problem(message, None, help))?;
        }
        unknown_word(source, lone.is_some())
            .map_or(Ok(node), |(message, span)| Err(problem(message, Some(span), None)))
    }

    fn uses_name(&mut self, name: &str) -> Result<(), (String, Option<String>)> {
        let (root, inner) = name.split_once('.').map_or((name, None), |(a, b)| (a, Some(b)));
        if ENVIRONMENT.globals().any(|(global, _)| global == root) {
            return Ok(());
        }
        let unknown = |what: &str, name: &str, known: &[&str]| {
            let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let help = match closest(name, known.iter().copied()) {
                Some(best) => format!("did you mean `{best}`?"),
                None => format!("it sees {list}"),
            };
            (format!("it uses `{what}`, which a request does not have"), Some(help))
        };
        if !NAMES.contains(&root) {
            return Err(unknown(root, root, &NAMES));
        }
        match inner.filter(|_| root == "parameters") {
            Some(inner) => {
                let key = inner.split('.').next().unwrap_or(inner);
                if !PARAMETERS.contains(&key) {
                    return Err(unknown(&format!("parameters.{key}"), key, &PARAMETERS));
                }
                self.uses.insert(format!("parameters.{key}"));
            }
            None => {
                self.uses.insert(root.to_owned());
            }
        }
        Ok(())
    }
}

/// The tags that need no other template.
const TAGS: [&str; 21] = [
    "break",
    "call",
    "continue",
    "do",
    "elif",
    "else",
    "endcall",
    "endfilter",
    "endfor",
    "endif",
    "endmacro",
    "endraw",
    "endset",
    "endwith",
    "filter",
    "for",
    "if",
    "macro",
    "raw",
    "set",
    "with",
];

/// A filter, test or tag that only running the template would look up.
fn unknown_word(source: &str, in_expression: bool) -> Option<(String, Span)> {
    let tokens: Vec<_> =
        tokenize(source, in_expression, jinja::syntax()).map_while(Result::ok).collect();
    tokens.iter().enumerate().find_map(|(index, (token, _))| {
        let next = |ahead: usize| tokens.get(index + ahead);
        let (ahead, what, known): (usize, &str, &[&str]) = match token {
            Token::Pipe => (1, "filter", &jinja::FILTERS),
            Token::Ident("is") => {
                let negated = matches!(next(1), Some((Token::Ident("not"), _)));
                (1 + usize::from(negated), "test", &jinja::TESTS)
            }
            Token::BlockStart => (1, "tag", &TAGS),
            _ => return None,
        };
        let (Token::Ident(word), place) = next(ahead)? else { return None };
        let span = Span::new(place.start_offset as usize, place.end_offset as usize);
        (!known.contains(word))
            .then(|| (format!("it uses the {what} `{word}`, which does not exist here"), span))
    })
}

#[cfg(test)]
mod tests;
