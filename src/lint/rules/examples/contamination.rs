//! X305

use std::collections::HashMap;

use super::inputs::{self, Inputs, Likeness};
use super::sent;
use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::metric::shingle::{self, NEAR};
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
        let mut index = Index::of(prompt, &examples);
        let mut hits: Vec<Hits> = Vec::new();
        hits.resize_with(examples.len(), Hits::default);
        for placed in &context.cases.cases {
            index.look_up(&placed, |example, likeness| match likeness {
                Likeness::Same => hits[example].same.add(&placed),
                Likeness::Near => hits[example].near.add(&placed),
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
struct Hits {
    same: Alike,
    near: Alike,
}

/// The first of some cases, and how many there are.
#[derive(Default)]
struct Alike {
    first: Option<PlacedCase>,
    count: usize,
}

impl Alike {
    fn add(&mut self, placed: &PlacedCase) {
        self.first.get_or_insert_with(|| placed.clone());
        self.count += 1;
    }
}

fn finding(
    context: &SuiteContext<'_>,
    prompt: &Prompt,
    example: usize,
    hits: &Hits,
) -> Option<Diagnostic> {
    let (word, cases) = match (&hits.same, &hits.near) {
        (Alike { count: 0, .. }, near) if near.count > MOST_NEAR => return None,
        (Alike { count: 0, .. }, near) => ("nearly ", near),
        (same, _) => ("", same),
    };
    let first = cases.first.as_ref()?;
    let others = match cases.count {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
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
/// which is read once, without a copy, and compared with the examples that it meets here alone.
struct Index<'a> {
    prompt: &'a Prompt,
    examples: &'a [Inputs],
    /// Examples of short texts, by the hash of all their values.
    short: HashMap<u64, Vec<usize>>,
    /// Examples with a long text, by the place of the variable and a shingle of it.
    long: HashMap<(usize, u64), Vec<usize>>,
    /// For these examples: the place of the variable, and how many shingles a near-duplicate has in common with it.
    wanted: Vec<Option<(usize, usize)>>,
    /// How many shingles the present case has in common with each example.
    common: Vec<usize>,
}

impl<'a> Index<'a> {
    fn of(prompt: &'a Prompt, examples: &'a [Inputs]) -> Self {
        let mut index = Self {
            prompt,
            examples,
            short: HashMap::new(),
            long: HashMap::new(),
            wanted: vec![None; examples.len()],
            common: vec![0; examples.len()],
        };
        for (number, inputs) in examples.iter().enumerate().filter(|(_, inputs)| !inputs.is_empty())
        {
            match inputs.longest() {
                None => index.short.entry(inputs.hash()).or_default().push(number),
                Some((place, shingles)) => {
                    for shingle in shingles.iter() {
                        index.long.entry((place, shingle)).or_default().push(number);
                    }
                    let least = (NEAR * shingles.len() as f64).ceil() as usize;
                    index.wanted[number] = Some((place, least));
                }
            }
        }
        index
    }

    fn look_up(&mut self, placed: &PlacedCase, mut visit: impl FnMut(usize, Likeness)) {
        let given = &placed.case.variables;
        let mut candidates = Vec::new();
        if !self.short.is_empty() {
            let hash = inputs::hash(self.prompt, given);
            candidates.extend(self.short.get(&hash).into_iter().flatten());
        }
        if !self.long.is_empty() {
            self.common.fill(0);
            for (place, text) in inputs::texts(self.prompt, given).enumerate() {
                if self.wanted.iter().flatten().any(|(wanted, _)| *wanted == place) {
                    shingle::for_each(&text, |shingle| {
                        for number in self.long.get(&(place, shingle)).into_iter().flatten() {
                            self.common[*number] += 1;
                        }
                    });
                }
            }
            let met = self.wanted.iter().zip(&self.common).enumerate();
            candidates.extend(met.filter_map(|(number, (wanted, common))| {
                wanted.is_some_and(|(_, least)| *common >= least).then_some(number)
            }));
        }
        if candidates.is_empty() {
            return;
        }
        let inputs = Inputs::of(self.prompt, given);
        for number in candidates {
            if let Some(likeness) = self.examples[number].likeness(&inputs) {
                visit(number, likeness);
            }
        }
    }
}
