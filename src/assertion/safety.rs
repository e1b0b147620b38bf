//! What an answer must not give away: keys, passwords, personal data.

use serde_json::Value;

use super::spec::{Family, Spec, Threshold, ValueRule};
use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, Subject, Verdict, excerpt, text};
use crate::detect::{pii, secret};
use crate::diagnostic::closest;
use crate::span::Span;

pub(super) const NO_SECRETS: Spec = Spec {
    name: "no-secrets",
    family: Family::Safety,
    passes: "the answer holds no key, token or password: what the rule S401 of `pf lint` finds, by the shapes of vendors' keys, checksums and randomness. The reason says what stands where and never shows it. An empty answer passes",
    value: ValueRule::Optional(
        "a vendor or kind of that rule, such as `OpenAI`, or a list of them; default all",
    ),
    parameters: &[],
    raw: Some("secrets"),
    score: "1 or 0",
    threshold: Threshold::None,
    compile: no_secrets,
};

pub(super) const NO_PII: Spec = Spec {
    name: "no-pii",
    family: Family::Safety,
    passes: "the answer holds no personal data: what the rule S402 of `pf lint` finds, with checksums. Names of people are not looked for. The reason says what stands where and never shows it. An empty answer passes",
    value: ValueRule::Optional(
        "`card`, `iban`, `ssn`, `email`, `phone`, `nhs-number`, `bsn`, `nir`, `steuer-id`, `dni`, `codice-fiscale`, `cpf`, `cnpj`, or a list of them; default all",
    ),
    parameters: &[],
    raw: Some("pieces of personal data"),
    score: "1 or 0",
    threshold: Threshold::None,
    compile: no_pii,
};

/// A search for what must not be there.
#[derive(Clone, Debug)]
pub struct Safety {
    search: Search,
    /// Names of kinds; all without it.
    only: Option<Operand<Vec<String>>>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Search {
    Secrets,
    Pii,
}

fn no_secrets(fields: &mut Fields<'_>) -> Option<Kind> {
    safety(fields, Search::Secrets, |value| kinds(value, &secret::vendors()))
}

fn no_pii(fields: &mut Fields<'_>) -> Option<Kind> {
    safety(fields, Search::Pii, |value| kinds(value, &pii::Kind::ALL.map(pii::Kind::name)))
}

fn safety(
    fields: &mut Fields<'_>,
    search: Search,
    prepare: fn(&Value) -> Result<Vec<String>, Problem>,
) -> Option<Kind> {
    let only = if fields.has("value") { Some(fields.operand("value", prepare)?) } else { None };
    Some(Kind::Safety(Safety { search, only }))
}

fn kinds(value: &Value, known: &[&'static str]) -> Result<Vec<String>, Problem> {
    let mut kinds = Vec::new();
    for (index, name) in text::one_or_more(value)?.iter().enumerate() {
        let kind =
            known.iter().find(|known| known.eq_ignore_ascii_case(name)).ok_or_else(|| {
                let problem =
                    Problem::new(format!("{} is nothing that is looked for", excerpt::quote(name)));
                let problem = match closest(name, known.iter().copied()) {
                    Some(best) => problem.help(format!("did you mean `{best}`?")),
                    None => problem.help(format!("there are {}", known.join(", "))),
                };
                match value {
                    Value::Array(_) => problem.under(&index.to_string()),
                    _ => problem,
                }
            })?;
        kinds.push((*kind).to_owned());
    }
    Ok(kinds)
}

impl Safety {
    pub(super) fn score(&self, subject: &Subject<'_>) -> Result<Verdict, String> {
        let only = self.only.as_ref().map(|only| only.resolve(subject)).transpose()?;
        let wanted = |name: &str| {
            only.as_ref().is_none_or(|only| only.iter().any(|kind| kind.as_str() == name))
        };
        let found: Vec<(&str, Span)> = match self.search {
            Search::Secrets => secret::find(subject.output)
                .into_iter()
                .map(|secret| (secret.vendor, secret.span))
                .filter(|(vendor, _)| wanted(vendor))
                .collect(),
            Search::Pii => pii::find(subject.output)
                .into_iter()
                .filter(|pii| wanted(pii.kind.name()))
                .map(|pii| (pii.kind.noun(), pii.span))
                .collect(),
        };
        let what = match self.search {
            Search::Secrets => "secret",
            Search::Pii => "personal data",
        };
        let verdict = Verdict::decided(found.is_empty(), reason(subject.output, what, &found))
            .raw(found.len() as f64);
        Ok(match only {
            Some(only) => verdict.value(only.into_value()),
            None => verdict,
        })
    }
}

/// The most places that a reason names.
const MOST_PLACES: usize = 3;

/// Where what stands: never the text itself.
fn reason(text: &str, what: &str, found: &[(&str, Span)]) -> String {
    if found.is_empty() {
        return format!("holds no {what}");
    }
    let mut places = Vec::new();
    for (name, span) in found.iter().take(MOST_PLACES) {
        let before = &text[..span.start];
        let line = before.matches('\n').count() + 1;
        let column = before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1;
        let length = text[span.range()].chars().count();
        places.push(format!("{name} at {line}:{column} ({length} characters)"));
    }
    if found.len() > MOST_PLACES {
        places.push(format!("{} more", found.len() - MOST_PLACES));
    }
    format!("holds {what}: {}", places.join(", "))
}
