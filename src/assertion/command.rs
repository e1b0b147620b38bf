//! Verdicts of a command.

use serde_json::{Map, Value, json};

use super::consult::{self, CommandQuestion, Halt, Needs, Question, Replies, Reply};
use super::spec::{Family, Parameter, Spec, Threshold, ValueRule};
use super::syntax::Fields;
use super::{Kind, Problem, ROUNDING, Subject, Verdict, excerpt, text};

pub(super) const EXEC: Spec = Spec {
    name: "exec",
    family: Family::Asked,
    passes: "the command says so. It reads one JSON object, `{output, expected, variables, metadata, messages}`, and prints another, `{passed, score, reason}`, with `passed` or `score` or both. It runs only with `--allow-exec`; another exit status than 0 and any other print leave the answer unscored",
    value: ValueRule::Required(
        "a list of the program and its arguments; no shell, and no templates",
    ),
    parameters: &[Parameter {
        name: "timeout",
        doc: "the most seconds that it may take, up to 600; default 30",
    }],
    raw: None,
    score: "what it prints as `score`, in [0, 1]; else 1 or 0",
    threshold: Threshold::Floor { default: 0.5 },
    compile: exec,
};

/// The most seconds that a command may take where nothing is said.
const TIMEOUT_S: f64 = 30.0;
const MOST_TIMEOUT_S: f64 = 600.0;

/// A command that judges.
#[derive(Clone, Debug)]
pub struct Exec {
    argv: Vec<String>,
    timeout_s: f64,
}

fn exec(fields: &mut Fields<'_>) -> Option<Kind> {
    let argv = match fields.get("value") {
        Some(list @ Value::Array(_)) => text::one_or_more(list),
        Some(other) => Err(Problem::new(format!("is {}, not a list", text::kind_of(other)))
            .help("write the program and each argument by itself: `value: [python3, check.py]`; there is no shell")),
        None => return None,
    };
    let argv = match argv {
        Ok(argv) if argv.iter().any(|word| word.contains("{{")) => {
            Err(Problem::new("is run as it stands: it has no templates")
                .help("the command reads `output`, `expected`, `variables` and `metadata` as JSON"))
        }
        other => other,
    };
    let argv = match argv {
        Ok(argv) => argv,
        Err(problem) => {
            fields.report(problem.under("value"));
            return None;
        }
    };
    let timeout_s = fields.non_negative("timeout")?.unwrap_or(TIMEOUT_S);
    if timeout_s <= 0.0 || timeout_s > MOST_TIMEOUT_S {
        let message =
            format!("`timeout` must be a number of seconds above 0, up to {MOST_TIMEOUT_S}");
        fields.report(Problem::new(message).under("timeout"));
        return None;
    }
    Some(Kind::Exec(Exec { argv, timeout_s }))
}

impl Exec {
    pub(super) fn needs(&self) -> Needs<'_> {
        Needs::Command { argv: &self.argv }
    }

    pub(super) fn score(
        &self,
        subject: &Subject<'_>,
        threshold: Option<f64>,
        replies: &Replies,
    ) -> Result<Verdict, Halt> {
        let least = threshold.ok_or("the assertion has no threshold")?;
        let question = Question::Command(CommandQuestion {
            argv: self.argv.clone(),
            timeout_s: self.timeout_s,
            input: json!({
                "output": subject.output,
                "expected": subject.expected,
                "variables": subject.variables,
                "metadata": subject.metadata,
                "messages": subject.messages,
            }),
        });
        let replies = consult::all(vec![question], replies)?;
        match replies.first() {
            Some(Reply::Printed(text)) => Ok(read(text, least)?),
            Some(Reply::Undecided(reason)) => Err(Halt::Unscored(reason.clone())),
            _ => Err("the reply is none of a command".into()),
        }
    }
}

/// Reads what a command printed.
fn read(text: &str, least: f64) -> Result<Verdict, String> {
    let keys: Map<String, Value> = serde_json::from_str(text.trim()).map_err(|error| {
        format!("it printed no JSON object ({error}): {}", excerpt::quote(text.trim()))
    })?;
    let passed = match keys.get("passed") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(passed)) => Some(*passed),
        Some(other) => return Err(format!("its `passed` is {}", excerpt::show(other))),
    };
    let score = match keys.get("score") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let number = value.as_f64().filter(|score| (0.0..=1.0).contains(score));
            Some(number.ok_or_else(|| {
                format!("its `score` is {}, no number from 0 to 1", excerpt::show(value))
            })?)
        }
    };
    let passed_here = match (passed, score) {
        (Some(passed), _) => passed,
        (None, Some(score)) => score + ROUNDING >= least,
        (None, None) => return Err("it printed neither `passed` nor `score`".to_owned()),
    };
    let reason = match keys.get("reason") {
        Some(Value::String(reason)) => excerpt::plain(reason),
        _ => match score {
            Some(score) => format!("the command says {score}, at least {least}"),
            None => format!("the command says {passed_here}"),
        },
    };
    let verdict = Verdict::decided(passed_here, reason);
    Ok(Verdict { score: score.unwrap_or(verdict.score), ..verdict })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_says_whether_or_how_much() {
        let verdict = |text: &str| read(text, 0.5).map(|it| (it.score, it.passed, it.reason));
        let said = "the command says";
        for (text, expected) in [
            (r#"{"passed": true}"#, (1.0, true, format!("{said} true"))),
            (r#"{"score": 0.25}"#, (0.25, false, format!("{said} 0.25, at least 0.5"))),
            ("{\"score\": 0.5, \"reason\": \"so\"}\n", (0.5, true, "so".to_owned())),
            (
                r#"{"passed": false, "score": 0.9}"#,
                (0.9, false, format!("{said} 0.9, at least 0.5")),
            ),
        ] {
            assert_eq!(verdict(text), Ok(expected), "{text}");
        }
        for junk in
            ["", "yes", "[]", "{}", r#"{"passed": 1}"#, r#"{"score": 2}"#, r#"{"score": "1"}"#]
        {
            assert!(verdict(junk).is_err(), "{junk}");
        }
    }
}
