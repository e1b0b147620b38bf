//! Regular expressions, in time linear in the answer.

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, Subject, Verdict, excerpt, text};

/// A match anywhere in the answer.
#[derive(Clone, Debug)]
pub struct Pattern(Operand<Regex>);

/// The most bytes that a compiled pattern may take.
const SIZE_LIMIT: usize = 2 << 20;

/// The deepest nesting of groups and repetitions.
const NEST_LIMIT: u32 = 100;

pub(super) fn regex(fields: &mut Fields<'_>) -> Option<Kind> {
    fields.operand("value", prepare).map(|operand| Kind::Pattern(Pattern(operand)))
}

fn prepare(value: &Value) -> Result<Regex, Problem> {
    let Value::String(source) = value else {
        return Err(Problem::new(format!("is {}, not a regular expression", text::kind_of(value)))
            .help("quote it: YAML reads an unquoted number or list as such"));
    };
    build(source)
}

/// Compiles a pattern within limits.
pub(super) fn build(source: &str) -> Result<Regex, Problem> {
    if source.is_empty() {
        return Err(Problem::new("the regular expression is empty, which matches every answer"));
    }
    RegexBuilder::new(source)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .nest_limit(NEST_LIMIT)
        .build()
        .map_err(|error| describe(&error))
}

fn describe(error: &regex::Error) -> Problem {
    let text = error.to_string();
    if text.contains("look-around") {
        return Problem::new("uses look-around (`(?=`, `(?!`, `(?<=`, `(?<!`), which `regex` does not have")
            .help("write two assertions, such as `regex` for what must match and `not-regex` for what must not");
    }
    if text.contains("backreferences") {
        return Problem::new("uses a back-reference (such as `\\1`), which `regex` does not have")
            .help("compare the parts in an `expression`");
    }
    if let regex::Error::CompiledTooBig(_) = error {
        return Problem::new("the regular expression is too large")
            .help("use smaller counts in repetitions such as `{1000}`");
    }
    let last = text.lines().last().unwrap_or_default();
    let cause = last.strip_prefix("error: ").unwrap_or(last);
    Problem::new(format!("is no valid regular expression: {cause}"))
        .help("in YAML write it in single quotes, where a backslash stays a backslash")
}

impl Pattern {
    pub(super) fn score(&self, subject: &Subject<'_>) -> Result<Verdict, String> {
        let regex = self.0.resolve(subject)?;
        let found = regex.find(subject.output);
        let reason = match found {
            Some(found) => format!("matches with {}", excerpt::quote(found.as_str())),
            None => format!("does not match `{}`", excerpt::plain(regex.as_str())),
        };
        Ok(Verdict::decided(found.is_some(), reason).value(regex.into_value()))
    }
}
