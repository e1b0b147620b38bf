//! X305

use std::collections::HashMap;

use super::inputs::{Inputs, Likeness};
use super::sent;
use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::metric::shingle::{NEAR, Shingles};
use crate::project::dataset::PlacedCase;
use crate::project::prompt::Prompt;

rule! {
    /// A few-shot example is also a case of a suite that tests the prompt.
    ///
    /// ## Why is this bad?
    ///
    /// The model is shown the answer and then asked for it. The case passes whatever the prompt is worth, so the pass rate
    /// is higher than it will be on real inputs.
    ///
    /// ## What it does
    ///
    /// It compares the declared variables of the examples that are sent with those of each case, defaults included, without
    /// regard to case and spacing. Texts of eight words and more also count when they are near-duplicates: four fifths
    /// of their runs of five words are the same. Where an example is nearly like more than three cases, the inputs share
    /// a form and nothing is reported.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - examples: {}
    ///   - {role: user, content: "Sort this: {{ ticket }}"}
    /// examples:
    ///   - {variables: {ticket: Where is my refund?}, output: refund}
    /// ```
    ///
    /// ```yaml evals/sort.yaml
    /// prompts: [sort]
    /// dataset: datasets/sort.csv
    /// assert: [{type: equals, value: "{{ expected }}"}]
    /// ```
    ///
    /// ```csv datasets/sort.csv
    /// id,ticket,expected
    /// a,where is my refund?,refund
    /// b,The page is blank.,bug
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```csv datasets/sort.csv
    /// id,ticket,expected
    /// b,The page is blank.,bug
    /// ```
    CONTAMINATION: "X305" "contamination" Warning, Check::suite(check)
}

/// Cases that an example is nearly like; beyond, all inputs have one form.
const MOST_NEAR: usize = 3;

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    for prompt in &context.prompts {
        let looked_at = sent(prompt).min(MOST_EXAMPLES);
        let examples: Vec<Inputs> = prompt.file.examples[..looked_at]
            .iter()
            .map(|example| Inputs::of(prompt, &example.variables))
            .collect();
        if examples.iter().all(Inputs::is_empty) || context.cases.cases.is_empty() {
            continue;
        }
        let index = Index::of(&examples);
        let mut hits: Vec<Hits<'_>> = Vec::new();
        hits.resize_with(examples.len(), Hits::default);
        for placed in &context.cases.cases {
            index.look_up(prompt, placed, |example, likeness| match likeness {
                Likeness::Same => hits[example].same.push(placed),
                Likeness::Near => hits[example].near.push(placed),
            });
        }
        for (number, hits) in hits.iter().enumerate() {
            findings.extend(finding(context, prompt, number, hits));
        }
    }
}

/// Examples that are looked at; more would make each of very many cases cost too much.
const MOST_EXAMPLES: usize = 100;

/// The cases that are like an example.
#[derive(Default)]
struct Hits<'a> {
    same: Vec<&'a PlacedCase>,
    near: Vec<&'a PlacedCase>,
}

fn finding(
    context: &SuiteContext<'_>,
    prompt: &Prompt,
    example: usize,
    hits: &Hits<'_>,
) -> Option<Diagnostic> {
    let (word, cases) = match (hits.same.as_slice(), hits.near.as_slice()) {
        ([], near) if near.len() > MOST_NEAR => return None,
        ([], near) => ("nearly ", near),
        (same, _) => ("", same),
    };
    let (first, rest) = cases.split_first()?;
    let others =
        if rest.is_empty() { String::new() } else { format!(" (and {} more)", rest.len()) };
    let document = &prompt.document;
    let route = Route::root().key("examples").index(example);
    let place = match document.node(&route.key("variables")) {
        Some(_) => document.span(&route.key("variables")),
        None => document.span(&route),
    };
    Some(
        CONTAMINATION
            .at(
                &document.file,
                place,
                format!(
                    "example {} is {word}the same as case `{}`{others} of the suite `{}`, which tests the prompt",
                    example + 1,
                    context.identity(first),
                    context.suite.name
                ),
            )
            .related(&first.file, first.span, "the case")
            .help("take the case out of the dataset, or show another example"),
    )
}

/// The examples of a prompt by what they have in common with cases: few examples, and perhaps very many cases, each of
/// which is read once and compared with the examples that it meets here alone.
struct Index<'a> {
    examples: &'a [Inputs],
    /// Examples of short texts, by all their values.
    short: HashMap<String, Vec<usize>>,
    /// Examples with a long text, by the place of the variable and a shingle of it.
    long: HashMap<(usize, u64), Vec<usize>>,
    /// The places of these variables.
    places: Vec<usize>,
}

impl<'a> Index<'a> {
    fn of(examples: &'a [Inputs]) -> Self {
        let mut index =
            Self { examples, short: HashMap::new(), long: HashMap::new(), places: Vec::new() };
        for (number, inputs) in examples.iter().enumerate().filter(|(_, inputs)| !inputs.is_empty())
        {
            match inputs.longest() {
                None => index.short.entry(inputs.joined()).or_default().push(number),
                Some((place, shingles)) => {
                    for shingle in shingles.iter() {
                        index.long.entry((place, shingle)).or_default().push(number);
                    }
                    index.places.push(place);
                }
            }
        }
        index.places.sort_unstable();
        index.places.dedup();
        index
    }

    fn look_up(
        &self,
        prompt: &Prompt,
        placed: &PlacedCase,
        mut visit: impl FnMut(usize, Likeness),
    ) {
        let inputs = Inputs::of(prompt, &placed.case.variables);
        if !self.short.is_empty() {
            for number in self.short.get(&inputs.joined()).into_iter().flatten() {
                visit(*number, Likeness::Same);
            }
        }
        for place in &self.places {
            let Some(shingles) = inputs.shingles(*place) else { continue };
            for number in self.candidates(*place, shingles) {
                if let Some(likeness) = self.examples[number].likeness(&inputs) {
                    visit(number, likeness);
                }
            }
        }
    }

    /// The examples that share enough shingles at this place to be near-duplicates, in their order.
    fn candidates(&self, place: usize, shingles: &Shingles) -> Vec<usize> {
        let mut common = vec![0; self.examples.len()];
        for shingle in shingles.iter() {
            for number in self.long.get(&(place, shingle)).into_iter().flatten() {
                common[*number] += 1;
            }
        }
        let enough = NEAR * shingles.len() as f64;
        let common = common.into_iter().enumerate();
        common.filter(|(_, count)| f64::from(*count) >= enough).map(|(number, _)| number).collect()
    }
}
