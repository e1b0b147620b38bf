//! M206

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::project::model;

rule! {
    /// A suite compares answers word for word that are drawn at random, each once.
    ///
    /// ## Why is this bad?
    ///
    /// With a temperature above 0 the same prompt words its answer differently from call to call. Whether one draw is
    /// equal to the expected text is partly chance, so a run that fails says little, and so does one that passes.
    ///
    /// ## What it does
    ///
    /// It looks for `equals` in a suite without `repeat`, on a model whose `temperature` is set above 0.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// model: {provider: openai, name: gpt-4o, temperature: 0.7}
    /// messages:
    ///   - {role: user, content: "Is this spam? Answer yes or no."}
    /// ```
    ///
    /// ```yaml evals/sort.yaml
    /// prompts: [sort]
    /// cases: [{id: a, expected: "yes"}]
    /// assert: [{type: equals, value: "{{ expected }}"}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/sort.yaml
    /// prompts: [sort]
    /// cases: [{id: a, expected: "yes"}]
    /// assert: [{type: equals, value: "{{ expected }}"}]
    /// repeat: 5
    /// ```
    SAMPLING_WITH_EXACT_MATCH: "M206" "sampling-with-exact-match" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let suite = &context.suite.file;
    if suite.repeat.is_some_and(|repeat| repeat > 1) {
        return;
    }
    let exact = suite.assert.iter().position(|assertion| assertion.type_text() == "equals");
    let Some(exact) = exact else { return };
    let config = &context.project.config;
    let instead: Vec<Option<&str>> = match suite.models.as_slice() {
        [] => vec![None],
        models => models.iter().map(|name| Some(name.as_str())).collect(),
    };
    for prompt in &context.prompts {
        for model in &instead {
            let Ok(resolved) = model::resolve(config, prompt.file.model.as_ref(), *model) else {
                continue;
            };
            let Some(temperature) = resolved.settings.temperature.filter(|value| *value > 0.0)
            else {
                continue;
            };
            let document = &context.suite.document;
            let message = format!(
                "`equals` judges one draw of `{}` at temperature {temperature}",
                prompt.name
            );
            let span = document.span(&Route::root().key("assert").index(exact).key("type"));
            let model = Route::root().key("model");
            findings.push(
                SAMPLING_WITH_EXACT_MATCH
                    .at(&document.file, span, message)
                    .related(
                        &prompt.document.file,
                        match prompt.document.node(&model.key("temperature")) {
                            Some(node) => node.span,
                            None => prompt.document.span(&model),
                        },
                        "the model is set here",
                    )
                    .help("set `temperature: 0`, ask each case several times with `repeat`, or compare less strictly"),
            );
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn only_a_temperature_that_is_set_counts() {
        let of = |model: &str, suite: &str| {
            let prompt = format!("model: {model}\nmessages:\n  - {{role: user, content: Hi}}\n");
            let suite = format!("prompts: [a]\ncases: [{{id: a, expected: x}}]\n{suite}\n");
            findings(
                "M206",
                &[("prompts/a.yaml", prompt.as_str()), ("evals/a.yaml", suite.as_str())],
            )
        };
        let warm = "{provider: openai, name: gpt-4o, temperature: 0.7}";
        let equals = "assert: [{type: equals, value: x}]";
        assert_eq!(
            of(warm, equals),
            ["evals/a.yaml:3:17 M206 `equals` judges one draw of `a` at temperature 0.7"]
        );
        assert_eq!(of("openai/gpt-4o", equals), [""; 0]);
        assert_eq!(of("{provider: openai, name: gpt-4o, temperature: 0}", equals), [""; 0]);
        assert_eq!(of(warm, "assert: [{type: contains, value: x}]"), [""; 0]);
        assert_eq!(of(warm, "repeat: 1\nassert: [{type: equals, value: x}]").len(), 1);
    }
}
