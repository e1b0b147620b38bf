//! Verdicts of models on an answer.

use serde_json::{Map, Value};

use super::consult::{
    self, Criterion, Exhibit, Halt, JudgeQuestion, Opinion, Question, Replies, Reply, Told,
    Yardstick,
};
use super::spec::{Family, Parameter, Spec, Threshold, ValueRule};
use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Part, Problem, ROUNDING, Subject, Verdict, excerpt, text};

pub(super) const MODEL: Parameter = Parameter {
    name: "model",
    doc: "who is asked: a profile of `pf.yaml` or `PROVIDER/NAME`; without it `judge` asks the profile `judge`. No model is ever guessed",
};

pub(super) const JUDGE: Spec = Spec {
    name: "judge",
    family: Family::Asked,
    passes: "a model finds the answer good enough. See [Judges](judges.md)",
    value: ValueRule::Optional(
        "a question, or a list of criteria, each a text or a map of `name`, `description` and `weight` (default 1)",
    ),
    parameters: &[
        MODEL,
        Parameter {
            name: "models",
            doc: "several judges instead of one: the majority passes, the score is their mean",
        },
        Parameter {
            name: "prompt",
            doc: "the prompt that asks: one of the project, or a built-in one, `judges/closed-question` (the default for a question), `judges/rubric` (for criteria), `judges/factuality`, `judges/relevance`, `judges/coherence`, `judges/pairwise` (with `against`)",
        },
        Parameter {
            name: "against",
            doc: "another answer, such as `{{ expected }}`, that this one is compared with; asked in both orders, and a tie where they disagree",
        },
    ],
    raw: None,
    score: "the verdict in [0, 1]: yes 1 and no 0; a score on a scale by its place there; criteria by their weights; better 1, tie 0.5, worse 0",
    threshold: Threshold::Floor { default: 0.5 },
    compile: judge,
};

/// The built-in prompt that compares two answers.
const PAIRWISE: &str = "judges/pairwise";
/// The built-in prompt that compares with what is expected.
const FACTUALITY: &str = "judges/factuality";

/// A judge, or several.
#[derive(Clone, Debug)]
pub struct Judge {
    models: Vec<String>,
    prompt: String,
    told: Told,
    by: Option<Operand<Yardstick>>,
    against: Option<Operand<String>>,
}

fn judge(fields: &mut Fields<'_>) -> Option<Kind> {
    let models = models(fields)?;
    let by = match fields.has("value") {
        true => Some(fields.operand("value", yardstick)?),
        false => None,
    };
    let against = match fields.has("against") {
        true => Some(fields.operand("against", text::scalar)?),
        false => None,
    };
    let told = match fields.get("value") {
        None => Told::Nothing,
        Some(Value::Array(_)) => Told::Criteria,
        Some(_) => Told::Question,
    };
    let prompt = match (plain(fields, "prompt")?, &by, &against) {
        (Some(prompt), ..) => prompt,
        (None, _, Some(_)) => PAIRWISE.to_owned(),
        (None, Some(_), None) if told == Told::Criteria => "judges/rubric".to_owned(),
        (None, Some(_), None) => "judges/closed-question".to_owned(),
        (None, None, None) => {
            fields.report(Problem::new("`judge` needs a `value` to judge by, or a `prompt`").help(
                "write, for example, `value: Is the reply polite?`, or `prompt: judges/coherence`",
            ));
            return None;
        }
    };
    fields.uses.expected |= prompt == FACTUALITY;
    Some(Kind::Judge(Judge { models, prompt, told, by, against }))
}

/// The models that are named; none for the profile `judge`.
fn models(fields: &mut Fields<'_>) -> Option<Vec<String>> {
    let one = plain(fields, "model")?;
    let Some(value) = fields.get("models") else { return Some(one.into_iter().collect()) };
    if one.is_some() {
        fields.report(Problem::new("has `model` already; name all in `models`").under("models"));
        return None;
    }
    match text::one_or_more(value) {
        Ok(models) if models.iter().any(|model| model.contains("{{")) => {
            fields.report(Problem::new("has plain names, not templates").under("models"));
            None
        }
        Ok(models) => match models.iter().enumerate().find(|(n, it)| models[..*n].contains(it)) {
            Some((_, twice)) => {
                let problem = Problem::new(format!("has `{twice}` twice; it would say the same"));
                fields.report(problem.under("models"));
                None
            }
            None => Some(models),
        },
        Err(problem) => {
            fields.report(problem.under("models"));
            None
        }
    }
}

/// A plain name; `Some(None)` where the key is absent, `None` after a problem.
#[expect(clippy::option_option, reason = "absent and wrong are different things here")]
pub(super) fn plain(fields: &mut Fields<'_>, key: &str) -> Option<Option<String>> {
    let problem = match fields.get(key) {
        None => return Some(None),
        Some(Value::String(name)) if name.trim().is_empty() => Problem::new("is empty"),
        Some(Value::String(name)) if name.contains("{{") => {
            Problem::new("is a plain name, not a template")
        }
        Some(Value::String(name)) => return Some(Some(name.clone())),
        Some(other) => Problem::new(format!("is {}, not a name", text::kind_of(other))),
    };
    fields.report(problem.under(key));
    None
}

fn yardstick(value: &Value) -> Result<Yardstick, Problem> {
    let Value::Array(items) = value else {
        let question = text::scalar(value)?;
        return match question.trim() {
            "" => Err(Problem::new("the question is empty")),
            _ => Ok(Yardstick::Question(question)),
        };
    };
    let mut criteria: Vec<Criterion> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let criterion = criterion(item).map_err(|problem| problem.under(&index.to_string()))?;
        if criteria.iter().any(|known| fold(&known.name) == fold(&criterion.name)) {
            let message = format!("the criterion {} stands twice", excerpt::quote(&criterion.name));
            return Err(Problem::new(message).under(&index.to_string()));
        }
        criteria.push(criterion);
    }
    if criteria.iter().map(|criterion| criterion.weight).sum::<f64>() <= 0.0 {
        return Err(Problem::new("no criterion has a weight"));
    }
    Ok(Yardstick::Criteria(criteria))
}

/// How names of criteria are compared: a model may write another case.
pub(super) fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

fn criterion(value: &Value) -> Result<Criterion, Problem> {
    let keys = match value {
        Value::Object(keys) => keys,
        other => {
            let name = text::scalar(other)?;
            let description = name.clone();
            return named(Criterion { name, description, weight: 1.0 });
        }
    };
    if let Some(key) =
        keys.keys().find(|key| !["name", "description", "weight"].contains(&key.as_str()))
    {
        return Err(Problem::new(format!(
            "a criterion has no `{key}`; it has `name`, `description` and `weight`"
        )));
    }
    let text_of =
        |keys: &Map<String, Value>, key: &str| keys.get(key).map(text::scalar).transpose();
    let (name, description) = (text_of(keys, "name")?, text_of(keys, "description")?);
    let name = name.ok_or_else(|| Problem::new("a criterion needs a `name`"))?;
    let weight = match keys.get("weight") {
        None => 1.0,
        Some(weight) => weight
            .as_f64()
            .filter(|weight| weight.is_finite() && *weight >= 0.0)
            .ok_or_else(|| Problem::new("`weight` must be a number from 0").under("weight"))?,
    };
    let description = description.unwrap_or_else(|| name.clone());
    named(Criterion { name, description, weight })
}

fn named(criterion: Criterion) -> Result<Criterion, Problem> {
    match criterion.name.trim() {
        "" => Err(Problem::new("the name of a criterion is empty")),
        _ => Ok(criterion),
    }
}

impl Judge {
    pub(super) fn needs(&self) -> consult::Needs<'_> {
        consult::Needs::Judge {
            models: &self.models,
            prompt: &self.prompt,
            told: self.told,
            pairs: self.against.is_some(),
        }
    }

    pub(super) fn score(
        &self,
        subject: &Subject<'_>,
        threshold: Option<f64>,
        replies: &Replies,
    ) -> Result<Verdict, Halt> {
        let least = threshold.ok_or("the assertion has no threshold")?;
        let by = self.by.as_ref().map(|by| by.resolve(subject)).transpose()?;
        let against = self.against.as_ref().map(|other| other.resolve(subject)).transpose()?;
        let models: Vec<Option<&String>> = match self.models.as_slice() {
            [] => vec![None],
            models => models.iter().map(Some).collect(),
        };
        let output = subject.output.to_owned();
        let exhibits = match against.as_deref() {
            None => vec![Exhibit::One(output)],
            Some(other) => vec![
                Exhibit::Pair(output.clone(), other.clone()),
                Exhibit::Pair(other.clone(), output),
            ],
        };
        let asked = models.iter().flat_map(|model| {
            exhibits.iter().map(|exhibit| {
                Question::Judge(JudgeQuestion {
                    model: model.cloned(),
                    prompt: self.prompt.clone(),
                    by: by.as_deref().cloned().unwrap_or(Yardstick::Prompt),
                    exhibit: exhibit.clone(),
                })
            })
        });
        let replies = consult::all(asked.collect(), replies)?;
        let mut opinions = Vec::new();
        for (model, replies) in models.iter().zip(replies.chunks(exhibits.len())) {
            let opinion = opinion(replies).map_err(|reason| match model {
                Some(model) if models.len() > 1 => format!("{model}: {reason}"),
                _ => reason,
            })?;
            opinions.push((model.map_or("judge", String::as_str), opinion));
        }
        let verdict = match &opinions[..] {
            [(_, opinion)] => single(opinion, least),
            several => majority(several, least),
        };
        Ok(match by {
            Some(by) => verdict.value(by.into_value()),
            None => verdict,
        })
    }
}

/// The opinion in the replies of one judge: one, or one for each order of two answers.
fn opinion(replies: &[&Reply]) -> Result<Opinion, String> {
    let mut opinions = Vec::new();
    for reply in replies {
        match reply {
            Reply::Opinion(opinion) => opinions.push(opinion.clone()),
            Reply::Undecided(reason) => return Err(reason.clone()),
            _ => return Err("the reply is none of a judge".to_owned()),
        }
    }
    match &opinions[..] {
        [first, second] => {
            // In the second question the answers stand the other way round.
            let (there, back) = (first.score, 1.0 - second.score);
            if (there - back).abs() <= ROUNDING {
                return Ok(first.clone());
            }
            Ok(Opinion {
                score: 0.5,
                reason: format!(
                    "a tie: the verdict depends on the order ({there} as the first, {back} as the second answer)"
                ),
                parts: Vec::new(),
            })
        }
        [one] => Ok(one.clone()),
        _ => Err("no judge was asked".to_owned()),
    }
}

fn single(opinion: &Opinion, least: f64) -> Verdict {
    let Opinion { score, reason, parts } = opinion;
    let said = format!("{score:.2}, at least {least}: {}", excerpt::plain(reason));
    Verdict {
        score: *score,
        parts: parts.clone(),
        ..Verdict::decided(*score + ROUNDING >= least, said)
    }
}

/// Passes where more than half do; where just half do, the mean decides.
fn majority(opinions: &[(&str, Opinion)], least: f64) -> Verdict {
    let count = opinions.len();
    let passing = opinions.iter().filter(|(_, it)| it.score + ROUNDING >= least).count();
    let mean = opinions.iter().map(|(_, it)| it.score).sum::<f64>() / count as f64;
    let passed = match (passing * 2).cmp(&count) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => mean + ROUNDING >= least,
        std::cmp::Ordering::Less => false,
    };
    let agree = if passing == 0 || passing == count { "" } else { ", they disagree" };
    let each: Vec<String> = opinions
        .iter()
        .map(|(model, it)| format!("{model} {:.2} ({})", it.score, excerpt::plain(&it.reason)))
        .collect();
    let reason = format!(
        "{passing} of {count} judges pass it at {least}{agree}; mean {mean:.2}: {}",
        each.join("; ")
    );
    let parts = opinions.iter().map(|(model, it)| Part {
        name: (*model).to_owned(),
        score: it.score,
        weight: 1.0,
    });
    Verdict { score: mean, parts: parts.collect(), ..Verdict::decided(passed, reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(score: f64, reason: &str) -> Reply {
        Reply::Opinion(Opinion { score, reason: reason.to_owned(), parts: Vec::new() })
    }

    #[test]
    fn two_orders_that_disagree_are_a_tie() {
        let score = |first: f64, second: f64| {
            opinion(&[&said(first, "x"), &said(second, "y")]).unwrap().score
        };
        assert!((score(1.0, 0.0) - 1.0).abs() < 1e-12, "better both times");
        assert!(score(0.0, 1.0).abs() < 1e-12, "worse both times");
        assert!((score(1.0, 1.0) - 0.5).abs() < 1e-12, "always the first");
        assert!((score(0.5, 0.0) - 0.5).abs() < 1e-12, "a tie once");
    }

    #[test]
    fn more_than_half_decide_and_the_mean_where_they_are_even() {
        let of = |scores: &[f64], least| {
            let opinions: Vec<(&str, Opinion)> = scores
                .iter()
                .map(|score| ("m", Opinion { score: *score, reason: String::new(), parts: vec![] }))
                .collect();
            majority(&opinions, least).passed
        };
        assert!(of(&[1.0, 1.0, 0.0], 0.9));
        assert!(!of(&[1.0, 0.0, 0.0], 0.1));
        assert!(of(&[1.0, 0.0], 0.5));
        assert!(!of(&[0.9, 0.0], 0.5));
    }

    #[test]
    fn criteria_are_texts_or_maps() {
        let value = serde_json::json!(["polite", {"name": "short", "description": "Is it short?", "weight": 2}]);
        let of = |name: &str, description: &str, weight| Criterion {
            name: name.to_owned(),
            description: description.to_owned(),
            weight,
        };
        assert_eq!(
            yardstick(&value).unwrap(),
            Yardstick::Criteria(vec![
                of("polite", "polite", 1.0),
                of("short", "Is it short?", 2.0)
            ])
        );
        for wrong in [
            serde_json::json!([]),
            serde_json::json!(["a", "A "]),
            serde_json::json!([{"name": "a", "wieght": 1}]),
            serde_json::json!([{"name": "a", "weight": 0}]),
            serde_json::json!([{"name": "a", "weight": -1}]),
            serde_json::json!([{"description": "a"}]),
            serde_json::json!(" "),
            serde_json::json!({"name": "a"}),
        ] {
            assert!(yardstick(&wrong).is_err(), "{wrong}");
        }
    }
}
