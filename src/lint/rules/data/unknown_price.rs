//! D578

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::{Owner, SuiteContext};
use crate::lint::rule::{Check, rule};
use crate::project::model::{self, ResolvedModel};
use crate::project::prompt::Prompt;

rule! {
    /// A suite bounds what answers cost, and the price of a model is not known.
    ///
    /// ## Why is this bad?
    ///
    /// The `cost` assertion cannot be judged, after the calls were paid for; with the gate `cost_usd` nothing is asked at all.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// model: openai/our-own-fine-tune
    /// messages:
    ///   - {role: user, content: Greet Ada.}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: contains, value: Ada}]
    /// gates: {cost_usd: 1}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml pf.yaml
    /// prices: prices.yaml
    /// ```
    ///
    /// ```yaml prices.yaml
    /// openai/our-own-fine-tune: {input: 0.3, output: 1.2}
    /// ```
    UNKNOWN_PRICE: "D578" "unknown-price" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let gates = &context.suite.file.gates;
    let mut costs = context.assertions().iter().filter(|placed| {
        let counts = |assertion: &crate::assertion::Assertion| {
            assertion.spec.name == "cost" && assertion.weight > 0.0
        };
        placed.assertion().is_some_and(counts) && !matches!(placed.owner, Owner::Prompt(_))
    });
    let assertion = costs.next();
    if gates.cost_usd.is_none() && assertion.is_none() {
        return;
    }
    // That its file of prices cannot be read is what an evaluation says.
    let Ok(prices) = context.project.prices() else { return };
    let unknown = context
        .prompts
        .iter()
        .flat_map(|prompt| models(context, prompt))
        // What answers by itself costs nothing and has no price either; that is a way to try a suite out.
        .find(|model| model.settings.provider != "echo" && prices.of(&model.settings).is_none());
    let Some(model) = unknown else { return };
    let document = &context.suite.document;
    let (file, span, what) = match (gates.cost_usd, assertion) {
        (Some(_), _) | (_, None) => (
            &document.file,
            document.key_span(&Route::root().key("gates").key("cost_usd")),
            "the gate fails",
        ),
        (None, Some(placed)) => {
            (&placed.document.file, placed.span_of("type"), "no answer can be judged")
        }
    };
    findings.push(
        UNKNOWN_PRICE
            .at(file, span, format!("the price of `{}` is not known: {what}", model.settings.id()))
            .help(format!(
                "name a file of prices with `prices:` in pf.yaml, with `{}: {{input: …, output: …}}` in dollars per million tokens",
                model.settings.id()
            )),
    );
}

/// The models on which a suite asks a prompt; those that cannot be resolved are the subject of other rules.
fn models(context: &SuiteContext<'_>, prompt: &Prompt) -> Vec<ResolvedModel> {
    let config = &context.project.config;
    let own = prompt.file.model.as_ref();
    match context.suite.file.models.as_slice() {
        [] => model::resolve(config, own, None).into_iter().collect(),
        names => {
            names.iter().filter_map(|name| model::resolve(config, own, Some(name)).ok()).collect()
        }
    }
}
