//! The template engine, set up once: strict, without escaping, without files or environment, with limits.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

/// Instructions that one render may use; loops over a few thousand rows stay far below.
const FUEL: u64 = 2_000_000;

/// An environment in which undefined names are errors, `none` does not print and booleans print in lower case.
pub fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_debug(true);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_syntax(syntax());
    environment.set_fuel(Some(FUEL));
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.set_formatter(|out, state, value: &Value| match value {
        value if value.is_none() => Err(Error::new(
            ErrorKind::InvalidOperation,
            "the value is none, which does not print; test it with `if` or give it a `default`",
        )),
        value => match bool::try_from(value.clone()) {
            Ok(truth) if value.kind() == minijinja::value::ValueKind::Bool => {
                out.write_str(if truth { "true" } else { "false" }).map_err(Error::from)
            }
            _ => minijinja::escape_formatter(out, state, value),
        },
    });
    environment
}

/// Jinja's own delimiters; the trailing newline of a text is kept, since the model sees it.
pub fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .build()
        .expect("the default delimiters do not clash")
}
