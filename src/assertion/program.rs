//! Templates and expressions of assertions, compiled once: a suite may score a million answers with each.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use minijinja::machinery::{Token, tokenize};
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Expression};
use serde_json::Value;

use super::{Problem, Subject, excerpt};
use crate::diagnostic::closest;
use crate::jinja;

/// The names that templates see.
pub(super) const NAMES: [&str; 4] = ["expected", "output", "variables", "metadata"];

/// What expressions see besides: the answer read as JSON, none when it is not.
pub(super) const JSON: &str = "json";

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(jinja::environment);

/// A compiled template or expression. Cheap to clone.
#[derive(Clone)]
pub(super) struct Program(Arc<Compiled>);

struct Compiled {
    code: Code,
    names: BTreeSet<String>,
    variables: BTreeSet<String>,
}

enum Code {
    Expression(Expression<'static, 'static>),
    /// Holds the one template [`TEXT`].
    Text(Environment<'static>),
}

const TEXT: &str = "value";

impl Program {
    /// An expression, such as `output | length < 100`; sees [`JSON`] too when `with_json`.
    pub(super) fn expression(source: &str, with_json: bool) -> Result<Self, Problem> {
        let expression =
            ENVIRONMENT.compile_expression_owned(source.to_owned()).map_err(|error| {
                Problem::new(format!("is no valid expression: {}", describe(&error)))
            })?;
        let names = expression.undeclared_variables(false).into_iter().collect();
        // What runs is the guarded form: an expression must not be able to fill the memory either.
        let guarded = jinja::rewrite_expression(source).map_err(|problem| {
            Problem::new(format!("is no valid expression: {}", problem.message))
        })?;
        let expression = ENVIRONMENT.compile_expression_owned(guarded.text).map_err(|error| {
            Problem::new(format!("is no valid expression: {}", describe(&error)))
        })?;
        Self::checked(Code::Expression(expression), names, source, true, with_json)
    }

    /// A text with `{{ … }}` in it.
    pub(super) fn text(source: &str) -> Result<Self, Problem> {
        let mut environment = ENVIRONMENT.clone();
        let names = environment
            .add_template_owned(TEXT, source.to_owned())
            .and_then(|()| environment.get_template(TEXT))
            .map(|template| template.undeclared_variables(false).into_iter().collect())
            .map_err(|error| Problem::new(format!("is no valid template: {}", describe(&error))))?;
        let delimiters = jinja::Delimiters::absent_from(&[source]);
        let guarded = jinja::rewrite(source, &delimiters, None).map_err(|problem| {
            Problem::new(format!("is no valid template: {}", problem.message))
        })?;
        let mut environment = ENVIRONMENT.clone();
        environment.set_syntax(delimiters.syntax());
        environment
            .add_template_owned(TEXT, guarded.text)
            .map_err(|error| Problem::new(format!("is no valid template: {}", describe(&error))))?;
        Self::checked(Code::Text(environment), names, source, false, false)
    }

    fn checked(
        code: Code,
        mut names: BTreeSet<String>,
        source: &str,
        in_expression: bool,
        with_json: bool,
    ) -> Result<Self, Problem> {
        for (global, _) in ENVIRONMENT.globals() {
            names.remove(global);
        }
        let known = || NAMES.into_iter().chain(with_json.then_some(JSON));
        if let Some(name) = names.iter().find(|name| !known().any(|known| known == *name)) {
            let list = known().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let problem = Problem::new(format!("uses `{name}`, which an assertion does not know"));
            let problem = match closest(name, known()) {
                Some(best) => problem.help(format!("did you mean `{best}`?")),
                None => problem,
            };
            return Err(problem.help(format!(
                "an assertion sees {list}; an input of the case is `variables.{name}`"
            )));
        }
        let words = Words::scan(source, in_expression);
        words.check()?;
        Ok(Self(Arc::new(Compiled { code, names, variables: words.variables })))
    }

    /// The names of [`NAMES`] that it uses.
    pub(super) fn uses(&self, name: &str) -> bool {
        self.0.names.contains(name)
    }

    /// The variables of the case that it names.
    pub(super) fn variables(&self) -> &BTreeSet<String> {
        &self.0.variables
    }

    /// The value of an expression, the text of a template; otherwise why there is none.
    pub(super) fn evaluate(&self, subject: &Subject<'_>) -> Result<Value, String> {
        let value = self.context(subject).and_then(|context| match &self.0.code {
            Code::Expression(expression) => expression.eval(context),
            Code::Text(environment) => {
                environment.get_template(TEXT)?.render(context).map(minijinja::Value::from)
            }
        });
        let value = value.map_err(|error| describe(&error))?;
        if value.is_undefined() {
            return Err("the value is undefined".to_owned());
        }
        serde_json::to_value(&value).map_err(|error| format!("the value is no JSON: {error}"))
    }

    /// Only what is used: copying a whole case for each assertion would cost more than scoring it.
    fn context(&self, subject: &Subject<'_>) -> Result<minijinja::Value, Error> {
        let mut pairs = Vec::new();
        for name in &self.0.names {
            let value = match name.as_str() {
                "expected" => match subject.expected {
                    Some(expected) => minijinja::Value::from(Serde(expected)),
                    None => return Err(Error::new(ErrorKind::UndefinedError, NO_EXPECTED)),
                },
                "output" => minijinja::Value::from(subject.output),
                "variables" => minijinja::Value::from(Serde(subject.variables)),
                "metadata" => minijinja::Value::from(Serde(subject.metadata)),
                _ => minijinja::Value::from(Serde(
                    serde_json::from_str::<Value>(subject.output).ok(),
                )),
            };
            pairs.push((name.clone(), value));
        }
        Ok(minijinja::Value::from_pairs(pairs))
    }
}

/// Why a value that uses `expected` has none.
pub(super) const NO_EXPECTED: &str = "the case has no `expected`";

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("names", &self.0.names).finish_non_exhaustive()
    }
}

/// The expression inside a text that is exactly one `{{ … }}`, whose value keeps its type.
pub(super) fn lone_expression(source: &str) -> Option<&str> {
    source.get(jinja::lone_expression(source)?)
}

/// The names in a template that only its evaluation would look up.
#[derive(Default)]
struct Words {
    filters: Vec<String>,
    tests: Vec<String>,
    tags: Vec<String>,
    variables: BTreeSet<String>,
}

impl Words {
    fn scan(source: &str, in_expression: bool) -> Self {
        let tokens: Vec<Token<'_>> = tokenize(source, in_expression, jinja::syntax())
            .map_while(Result::ok)
            .map(|(token, _)| token)
            .collect();
        let mut words = Self::default();
        for (place, token) in tokens.iter().enumerate() {
            let next = |ahead: usize| tokens.get(place + ahead);
            match (token, next(1)) {
                (Token::Pipe, Some(Token::Ident(filter))) => {
                    words.filters.push((*filter).to_owned());
                }
                (Token::BlockStart, Some(Token::Ident(tag))) => words.tags.push((*tag).to_owned()),
                (Token::Ident("is"), Some(Token::Ident("not"))) => {
                    if let Some(Token::Ident(test)) = next(2) {
                        words.tests.push((*test).to_owned());
                    }
                }
                (Token::Ident("is"), Some(Token::Ident(test))) => {
                    words.tests.push((*test).to_owned());
                }
                (Token::Ident("variables"), Some(Token::Dot)) => {
                    if let Some(Token::Ident(name)) = next(2) {
                        words.variables.insert((*name).to_owned());
                    }
                }
                (Token::Ident("variables"), Some(Token::BracketOpen)) => {
                    if let Some(Token::Str(name)) = next(2) {
                        words.variables.insert((*name).to_owned());
                    }
                }
                _ => {}
            }
        }
        words
    }

    fn check(&self) -> Result<(), Problem> {
        let mut state = ENVIRONMENT.empty_state();
        for filter in &self.filters {
            let called = state.apply_filter(filter, &[]);
            if called.is_err_and(|error| error.kind() == ErrorKind::UnknownFilter) {
                return Err(Problem::new(format!(
                    "uses the filter `{filter}`, which does not exist"
                )));
            }
        }
        for test in &self.tests {
            let called = state.perform_test(test, &[]);
            if called.is_err_and(|error| error.kind() == ErrorKind::UnknownTest) {
                return Err(Problem::new(format!("uses the test `{test}`, which does not exist")));
            }
        }
        let foreign =
            |tag: &&String| matches!(tag.as_str(), "include" | "import" | "from" | "extends");
        match self.tags.iter().find(foreign) {
            Some(tag) => {
                Err(Problem::new(format!("uses `{tag}`; an assertion cannot read other files")))
            }
            None => Ok(()),
        }
    }
}

/// An error of the engine in one line, with the piece of the template that it is about.
fn describe(error: &Error) -> String {
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let piece =
        error.template_source().zip(error.range()).and_then(|(source, range)| source.get(range));
    match piece
        .filter(|piece| !piece.trim().is_empty() && !what.contains(piece) && what != NO_EXPECTED)
    {
        Some(piece) => format!("{} at `{}`", excerpt::plain(&what), excerpt::plain(piece)),
        None => excerpt::plain(&what),
    }
}
