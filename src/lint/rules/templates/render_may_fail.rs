//! T298

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::renders::{Inputs, Rendered};
use crate::lint::rule::{Check, rule};

use super::render_failed::undeclared;

rule! {
    /// A prompt cannot be rendered when its optional variables are left out.
    ///
    /// ## Why is this bad?
    ///
    /// The variables promise callers that they may leave something out, and the template breaks the promise. Often it asks
    /// `is defined`, which is true of every declared variable: one that was not given is *none*, and none does not print.
    ///
    /// ## What it does
    ///
    /// It renders the prompt with small values for what is required and nothing else. It is quiet where such values are
    /// hard to make (a `pattern`), where an object or list does not say what is in it, and where V105 sees the use
    /// without rendering.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   name: string
    ///   title: {type: string, required: false}
    /// messages:
    ///   - {role: user, content: "Greet {% if title is defined %}{{ title }} {% endif %}{{ name }}."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   name: string
    ///   title: {type: string, required: false}
    /// messages:
    ///   - {role: user, content: "Greet {% if title %}{{ title }} {% endif %}{{ name }}."}
    /// ```
    RENDER_MAY_FAIL: "T298" "render-may-fail" Warning, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    let optional = prompt.file.variables.values().any(|variable| !variable.required());
    if !optional || context.always_renders() || undeclared(context) {
        return;
    }
    let Some(renders) = context.renders() else { return };
    let Some(rendered) = renders.modest() else { return };
    if !matches!(rendered.inputs, Inputs::Made { open: false, .. }) {
        return;
    }
    let failed: Vec<&Diagnostic> = rendered.problems().collect();
    if failed.is_empty() {
        return;
    }
    let known: Vec<&Diagnostic> = renders.examples().iter().flat_map(Rendered::problems).collect();
    for problem in failed {
        let same = |other: &&Diagnostic| {
            other.span == problem.span && other.file.path() == problem.file.path()
        };
        if known.iter().any(same) || used_unguarded(context, problem) {
            continue;
        }
        let mut finding = problem.clone().severity(RENDER_MAY_FAIL.severity);
        finding.code = RENDER_MAY_FAIL.code;
        finding.message =
            format!("when only the required variables are given, {}", finding.message);
        findings.push(finding);
    }
}

/// Whether the place is a use of an optional variable that nothing guards.
fn used_unguarded(context: &PromptContext<'_>, problem: &Diagnostic) -> bool {
    let variables = &context.prompt.file.variables;
    context.uses.iter().any(|used| {
        let optional = variables.get(&used.path[0]).is_some_and(|variable| !variable.required());
        let here = || {
            let place = context.closure.place_of(used);
            place.file.path() == problem.file.path()
                && problem.span.start <= place.span.start
                && place.span.end <= problem.span.end
        };
        optional && !used.guarded && here()
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    fn found(content: &str) -> Vec<String> {
        let prompt = format!(
            "variables:\n  name: string\n  note: {{type: string, required: false}}\n  user: {{type: object, required: false, properties: {{id: {{type: string}}}}}}\nmessages:\n  - {{role: user, content: \"{content}\"}}\n"
        );
        findings("T298", &[("prompts/a.yaml", prompt.as_str())])
    }

    #[test]
    fn none_that_a_guard_lets_through_is_found() {
        assert_eq!(
            found("{{ name }}{% if note is defined %}{{ note }}{% endif %}"),
            [
                "prompts/a.yaml:6:65 T298 when only the required variables are given, `note` is none, which does not print; test it with `if`, or write `| default(\"…\", true)`"
            ]
        );
        for content in [
            // V105 sees this one without rendering.
            "{{ note }}",
            "{% if note %}{{ note }}{% endif %}",
            "{{ note or name }}",
            "{% if user is defined and user %}{{ user.id | default('') }}{% endif %}",
        ] {
            assert_eq!(found(content), [""; 0], "{content}");
        }
    }
}
