//! T299

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::renders::Inputs;
use crate::lint::rule::{Check, rule};
use crate::template::RENDER_FAILED;

rule! {
    /// A prompt cannot be rendered with one of its own examples.
    ///
    /// ## Why is this bad?
    ///
    /// The values fit the variables, and still nothing can be sent: a run or an evaluation with such values stops here.
    ///
    /// ## What it does
    ///
    /// It renders the prompt with each example whose values are right, the first hundred. What other rules say without
    /// rendering (V101, X301, P211) is not said again.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   names: {type: array, items: {type: string}}
    /// messages:
    ///   - {role: user, content: "Greet {{ names[1] }}."}
    ///   - examples: {}
    /// examples:
    ///   - {variables: {names: [Ada]}, output: Hello Ada}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   names: {type: array, items: {type: string}, minItems: 1}
    /// messages:
    ///   - {role: user, content: "Greet {{ names[0] }}."}
    ///   - examples: {}
    /// examples:
    ///   - {variables: {names: [Ada]}, output: Hello Ada}
    /// ```
    RENDER_FAILS: "T299" "render-failed" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    if prompt.file.examples.is_empty() || context.always_renders() {
        return;
    }
    if undeclared(context) {
        return;
    }
    let Some(renders) = context.renders() else { return };
    if let Err(problems) = renders.renderer() {
        let of_rendering = |problem: &&Diagnostic| {
            problem.code == RENDER_FAILED && !said_elsewhere(context, problem)
        };
        findings.extend(problems.iter().filter(of_rendering).cloned());
        return;
    }
    let document = &prompt.document;
    let mut found: Vec<Diagnostic> = Vec::new();
    for rendered in renders.examples() {
        let Inputs::Example(index) = rendered.inputs else { continue };
        for problem in rendered.problems() {
            let same = |known: &Diagnostic| {
                known.span == problem.span && known.file.path() == problem.file.path()
            };
            if found.iter().any(same) {
                continue;
            }
            let mut finding = problem.clone();
            finding.code = RENDER_FAILS.code;
            let example = Route::root().key("examples").index(index);
            finding = finding.related(&document.file, document.span(&example), "with this example");
            found.push(finding);
        }
    }
    findings.extend(found);
}

/// Whether a template uses what is not declared: V101 says so, and rendering can only fail.
pub(super) fn undeclared(context: &PromptContext<'_>) -> bool {
    let declared = &context.prompt.file.variables;
    context
        .uses
        .iter()
        .any(|used| used.path[0] != "examples" && !declared.contains_key(&used.path[0]))
}

/// Whether it is the entry or the example that is wrong and not the template: V101 and X301 say so.
fn said_elsewhere(context: &PromptContext<'_>, problem: &Diagnostic) -> bool {
    let document = &context.prompt.document;
    if !problem.related.is_empty() || problem.file.path() != document.file.path() {
        return false;
    }
    let examples = (0..context.prompt.file.examples.len())
        .map(|index| Route::root().key("examples").index(index).key("variables"));
    let inserts = (0..context.prompt.file.messages.len())
        .map(|index| Route::root().key("messages").index(index).key("insert"));
    examples.chain(inserts).filter(|route| document.node(route).is_some()).any(|route| {
        let around = document.span(&route);
        around.start <= problem.span.start && problem.span.end <= around.end
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    fn found(prompt: &str) -> Vec<String> {
        findings("T299", &[("prompts/a.yaml", prompt)])
    }

    #[test]
    fn a_place_that_fails_is_said_once_whether_the_examples_are_sent_or_not() {
        let prompt = "variables:\n  l: {type: array, items: {type: string}}\nmessages:\n  - {role: system, content: \"{{ l[1] }}\"}\n  - {role: user, content: \"{{ l[0] }}\"}\n";
        let examples = "examples:\n  - {variables: {l: []}, output: a}\n  - {variables: {l: [a]}, output: a}\n";
        let sent = prompt.replace("  - {role: user", "  - examples: {}\n  - {role: user");
        assert_eq!(
            found(&format!("{prompt}{examples}")),
            [
                "prompts/a.yaml:4:33 T299 `l[1]` is undefined",
                "prompts/a.yaml:5:31 T299 `l[0]` is undefined",
            ]
        );
        assert_eq!(
            found(&format!("{sent}{examples}")),
            ["prompts/a.yaml:6:31 T299 `l[0]` is undefined"]
        );
    }

    #[test]
    fn what_other_rules_say_is_not_said_again() {
        let examples =
            "examples: [{variables: {a: [x], b: y}, output: z}, {variables: {a: 1}, output: z}]\n";
        for head in [
            // V101: not declared.
            "variables: {a: {type: array}}\nmessages: [{role: user, content: '{{ c }}'}]\n",
            // X301: the values do not fit.
            "variables: {a: {type: array}}\nmessages: [{examples: {}}, {role: user, content: '{{ a[0] }}'}]\n",
            // T201: no template.
            "variables: {a: {type: array}, b: string}\nmessages: [{role: user, content: '{{ a[0] '}]\n",
        ] {
            assert_eq!(found(&format!("{head}{examples}")), [""; 0], "{head}");
        }
    }
}
