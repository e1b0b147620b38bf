//! How the answer is taken out of what the model wrote, before any assertion sees it.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{Problem, excerpt, pattern};
use crate::diagnostic::closest;

mod code;
mod repair;

/// The steps of `output.extract`, compiled.
///
/// `strip-thinking` always applies; of the others the first that finds something decides.
#[derive(Clone, Debug, Default)]
pub struct Extract {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    StripThinking,
    Json,
    Code,
    After(String),
    Regex(Regex),
}

/// What was taken out of an answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Extracted {
    /// The text to judge.
    pub text: String,
    /// What had to be mended to read it.
    pub repaired: Option<String>,
    /// Why nothing was found; the text is then the answer without its thinking.
    pub failed: Option<String>,
}

const STEPS: [&str; 5] = ["strip-thinking", "json", "code", "after:", "regex:"];

impl Extract {
    /// Reads the steps; the route of a problem is the index of its step.
    pub fn compile(steps: &[String]) -> Result<Self, Vec<Problem>> {
        let mut compiled = Vec::new();
        let mut problems = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            match Step::compile(step) {
                Ok(step) => compiled.push(step),
                Err(problem) => problems.push(problem.under(&index.to_string())),
            }
        }
        if problems.is_empty() { Ok(Self { steps: compiled }) } else { Err(problems) }
    }

    /// Takes the answer out of `text`.
    pub fn apply(&self, text: &str) -> Extracted {
        let mut text = Cow::Borrowed(text);
        let mut tried = Vec::new();
        for step in &self.steps {
            let found = match step {
                Step::StripThinking => {
                    let (stripped, closed) = strip_thinking(&text);
                    text = Cow::Owned(stripped);
                    if closed {
                        continue;
                    }
                    let failed = Some(
                        "the thinking is never closed: the answer was cut before it began"
                            .to_owned(),
                    );
                    return Extracted { text: text.into_owned(), repaired: None, failed };
                }
                Step::Json => find_json(&text),
                Step::Code => code::blocks(&text)
                    .find(|block| block.closed)
                    .map(|block| (block.content.to_owned(), None)),
                Step::After(marker) => text
                    .rfind(marker.as_str())
                    .map(|at| (text[at + marker.len()..].trim().to_owned(), None)),
                Step::Regex(regex) => regex.captures(&text).map(|captures| {
                    let found = captures.get(1).or_else(|| captures.get(0));
                    (found.map_or("", |found| found.as_str()).to_owned(), None)
                }),
            };
            match found {
                Some((text, repaired)) => {
                    return Extracted { text, repaired, failed: None };
                }
                None => tried.push(step.missing()),
            }
        }
        let failed = (!tried.is_empty()).then(|| format!("the answer has {}", tried.join(" and ")));
        Extracted { text: text.into_owned(), repaired: None, failed }
    }
}

impl Step {
    fn compile(step: &str) -> Result<Self, Problem> {
        match (step, step.split_once(':')) {
            ("strip-thinking", _) => Ok(Self::StripThinking),
            ("json", _) => Ok(Self::Json),
            ("code", _) => Ok(Self::Code),
            (_, Some(("after", ""))) => {
                Err(Problem::new("`after:` needs a text")
                    .help("write, for example, `after:Answer:`"))
            }
            (_, Some(("after", marker))) => Ok(Self::After(marker.to_owned())),
            (_, Some(("regex", source))) => pattern::build(source).map(Self::Regex),
            _ => {
                let problem =
                    Problem::new(format!("`{}` is no step of extraction", excerpt::plain(step)));
                let problem = match closest(step, STEPS) {
                    Some(best) => problem.help(format!("did you mean `{best}`?")),
                    None => problem,
                };
                Err(problem.help("the steps are `strip-thinking`, `json`, `code`, `after:TEXT` and `regex:PATTERN`"))
            }
        }
    }

    fn missing(&self) -> String {
        match self {
            Self::StripThinking => "no thinking".to_owned(),
            Self::Json => "no JSON object or array".to_owned(),
            Self::Code => "no fenced code block".to_owned(),
            Self::After(marker) => format!("no {}", excerpt::quote(marker)),
            Self::Regex(regex) => format!("no match of `{}`", excerpt::plain(regex.as_str())),
        }
    }
}

static THINKING_TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("(?i)</?think(?:ing)?>").expect("the pattern is a valid constant"));

/// The text without `<think>…</think>` and `<thinking>…</thinking>`, and whether each was closed.
///
/// A chat template may write the opening tag itself, so that the answer starts inside: text up to a closing tag
/// without an opening one is thinking, too.
fn strip_thinking(text: &str) -> (String, bool) {
    let mut kept = String::new();
    let mut from = 0;
    let mut inside = false;
    for tag in THINKING_TAG.find_iter(text) {
        let closes = tag.as_str().starts_with("</");
        if closes && !inside {
            kept.clear();
        } else if !closes && !inside {
            kept.push_str(&text[from..tag.start()]);
        }
        inside = !closes;
        from = tag.end();
    }
    if !inside {
        kept.push_str(&text[from..]);
    }
    (kept.trim().to_owned(), !inside)
}

/// The first JSON object or array: the whole text, a fenced block, or embedded; as it stands, else mended.
fn find_json(text: &str) -> Option<(String, Option<String>)> {
    let whole = text.trim();
    if is_container(whole) && serde_json::from_str::<Value>(whole).is_ok() {
        return Some((whole.to_owned(), None));
    }
    let blocks = || {
        let json = |block: &code::Block<'_>| {
            block.language.is_empty() || block.language.eq_ignore_ascii_case("json")
        };
        code::blocks(text)
            .filter(json)
            .map(|block| block.content.trim())
            .filter(|content| is_container(content))
    };
    if let Some(found) = blocks().find(|content| serde_json::from_str::<Value>(content).is_ok()) {
        return Some((found.to_owned(), None));
    }
    embedded(text)
        .or_else(|| blocks().find_map(repair::repair).map(|(text, what)| (text, Some(what))))
}

/// The most places at which a repair is tried: each reads the text to its end.
const REPAIRS: usize = 16;

/// The first object or array inside a text. A piece of one that is cut or broken is not taken for the whole: the search
/// goes on behind the place where it broke.
fn embedded(text: &str) -> Option<(String, Option<String>)> {
    let mut from = 0;
    let mut tried = 0;
    while let Some(offset) = text[from..].find(['{', '[']) {
        let rest = &text[from + offset..];
        // Into a value, whose depth is limited, so that the stack is.
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Err(error) = stream.next()? else {
            return Some((rest[..stream.byte_offset()].to_owned(), None));
        };
        tried += 1;
        if tried <= REPAIRS
            && let Some((text, what)) = repair::repair(rest)
        {
            return Some((text, Some(what)));
        }
        if error.is_eof() {
            return None;
        }
        from += offset + place_of(&error, rest).max(1);
        while !text.is_char_boundary(from) {
            from += 1;
        }
    }
    None
}

/// The outermost objects and arrays inside a text, as they stand. What is cut ends the search: a piece of it is not the whole.
pub(super) fn containers(text: &str) -> impl Iterator<Item = Value> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = &rest[rest.find(['{', '['])?..];
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            match stream.next()? {
                Ok(value) => {
                    rest = &rest[stream.byte_offset()..];
                    return Some(value);
                }
                Err(error) if error.is_eof() => return None,
                Err(error) => {
                    rest = &rest[rest.ceil_char_boundary(place_of(&error, rest).max(1))..];
                }
            }
        }
    })
}

/// The byte of `text` at which reading it failed.
fn place_of(error: &serde_json::Error, text: &str) -> usize {
    let line = match error.line().checked_sub(2) {
        None => 0,
        Some(nth) => text.match_indices('\n').nth(nth).map_or(0, |(at, _)| at + 1),
    };
    (line + error.column().saturating_sub(1)).min(text.len())
}

fn is_container(text: &str) -> bool {
    text.starts_with(['{', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(steps: &[&str], text: &str) -> Extracted {
        let steps: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
        Extract::compile(&steps).unwrap().apply(text)
    }

    fn found(text: &str) -> Extracted {
        Extracted { text: text.to_owned(), ..Extracted::default() }
    }

    #[test]
    fn thinking_is_stripped_then_the_rest_goes_on() {
        let text = "<think>{\"a\": 0}</think>\nHere: {\"a\": 1}.";
        assert_eq!(apply(&["strip-thinking", "json"], text), found("{\"a\": 1}"));
        assert_eq!(apply(&["strip-thinking"], "<THINKING>x</THINKING> yes"), found("yes"));
        assert_eq!(apply(&["strip-thinking"], "hm, so\n</think>\n18"), found("18"));
        assert_eq!(apply(&["strip-thinking"], "a<think>1</think>b<think>2</think>c"), found("abc"));
        assert_eq!(apply(&["strip-thinking"], "nothing to strip"), found("nothing to strip"));
        assert_eq!(
            apply(&["strip-thinking", "json"], "<think>{\"a\": 1}"),
            Extracted {
                text: String::new(),
                repaired: None,
                failed: Some(
                    "the thinking is never closed: the answer was cut before it began".to_owned()
                ),
            }
        );
    }

    #[test]
    fn json_is_found_wherever_it_stands() {
        for (text, expected) in [
            (" {\"a\": 1} ", "{\"a\": 1}"),
            ("```json\n{\"a\": 1}\n```", "{\"a\": 1}"),
            ("Sure [here] it is:\n~~~\n[1, 2]\n~~~\nbye {}", "[1, 2]"),
            ("The answer is {\"a\": {\"b\": [1]}}, I think {maybe}.", "{\"a\": {\"b\": [1]}}"),
            ("use {name} as in {\"n\": 1}", "{\"n\": 1}"),
        ] {
            assert_eq!(apply(&["json"], text), found(expected), "{text:?}");
        }
    }

    #[test]
    fn a_repair_is_reported() {
        for (text, expected, what) in [
            ("{\"a\": [1, 2,], }", "{\"a\": [1, 2] }", "removed 2 trailing commas"),
            ("so: {\"a\": {\"b\": 1}", "{\"a\": {\"b\": 1}}", "added a missing `}`"),
            ("{\"a\": [1, 2}", "{\"a\": [1, 2]}", "added a missing `]`"),
            (
                "```json\n{\"a\": 1,\n",
                "{\"a\": 1}",
                "removed a trailing comma, added a missing `}`",
            ),
            ("{\"a\": \",]\",} bye", "{\"a\": \",]\"}", "removed a trailing comma"),
        ] {
            let expected = Extracted {
                text: expected.to_owned(),
                repaired: Some(what.to_owned()),
                failed: None,
            };
            assert_eq!(apply(&["json"], text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_guessed() {
        for text in [
            "",
            "18",
            "\"a\"",
            "{\"a\": {\"b\": {\"c\": 1",
            "{\"a\": [{\"b\": 1}, {\"c\": ",
            "{'a': 1}",
            "{\"a\": \"cut",
            "}{",
            "{a}",
        ] {
            let failed = Some("the answer has no JSON object or array".to_owned());
            let expected = Extracted { text: text.to_owned(), repaired: None, failed };
            assert_eq!(apply(&["json"], text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_first_step_that_finds_something_decides() {
        let steps = ["after:Answer:", "regex:(?m)^A: (.*)$", "code"];
        assert_eq!(apply(&steps, "Answer: 1\nAnswer:  18 \n"), found("18"));
        assert_eq!(apply(&steps, "so\nA: 18\n"), found("18"));
        assert_eq!(apply(&steps, "x\n```py\nprint(1)\n```\n"), found("print(1)\n"));
        assert_eq!(
            apply(&steps, "none").failed.unwrap(),
            "the answer has no \"Answer:\" and no match of `(?m)^A: (.*)$` and no fenced code block"
        );
        assert_eq!(apply(&["regex:\\d+"], "abc 12 3"), found("12"));
        assert_eq!(apply(&[], " as it is "), found(" as it is "));
    }

    #[test]
    fn all_wrong_steps_are_named() {
        let steps = ["jsn", "after:", "regex:(", "zebra"].map(str::to_owned);
        let problems = Extract::compile(&steps).unwrap_err();
        let routes: Vec<String> = problems.iter().map(|problem| problem.route.join(".")).collect();
        assert_eq!(routes, ["0", "1", "2", "3"]);
        assert_eq!(problems[0].help[0], "did you mean `json`?");
    }
}
