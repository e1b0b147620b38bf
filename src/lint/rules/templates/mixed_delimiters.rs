//! T205

use std::sync::LazyLock;

use indexmap::IndexMap;
use regex::Regex;

use crate::diagnostic::{Diagnostic, Fix};
use crate::lint::context::{PromptContext, ProseContext};
use crate::lint::rule::{Check, rule};
use crate::project::variable::Variable;
use crate::span::Span;

rule! {
    /// A variable of the prompt stands between the braces of another template language.
    ///
    /// ## Why is this bad?
    ///
    /// Templates know `{{ name }}` only: `{name}`, `${name}`, `<%= name %>`, `[[name]]` and `%(name)s` reach the model as
    /// they stand, and the value does not.
    ///
    /// ## What it does
    ///
    /// It looks for the declared variables of the prompt, in its messages and its partials, outside of code blocks and
    /// `{% raw %}`. Braces around anything else are text.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string, shop: string}
    /// messages:
    ///   - {role: user, content: "Greet {name} of {{ shop }} and {{ name }}."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string, shop: string}
    /// messages:
    ///   - {role: user, content: "Greet {{ name }} of {{ shop }} and {{ name }}."}
    /// ```
    MIXED_DELIMITERS: "T205" "mixed-delimiters" Warning fix Unsafe, Check::prompt(check)
}

static FOREIGN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"[$#]?\{([A-Za-z_]\w*)\}|<%=\s*([A-Za-z_]\w*)\s*%>|\[\[\s*([A-Za-z_]\w*)\s*\]\]|%\(([A-Za-z_]\w*)\)s",
    )
    .expect("it is constant")
});

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let variables = &context.prompt.file.variables;
    if variables.is_empty() {
        return;
    }
    for prose in context.prose() {
        look(&prose, variables, findings);
    }
    for partial in context.closure.partials.values() {
        if let Ok(analysis) = &partial.analysis {
            let prose = ProseContext::of_partial(context.project, partial, analysis);
            look(&prose, variables, findings);
        }
    }
}

fn look(
    prose: &ProseContext<'_>,
    variables: &IndexMap<String, Variable>,
    findings: &mut Vec<Diagnostic>,
) {
    // Most texts have none of these at all.
    let bytes = prose.text.as_bytes();
    let may = |(literal, text): &(crate::template::analysis::Literal, &str)| {
        let raw = prose.text[..literal.span.start]
            .trim_end_matches(['-', '%', '}', ' '])
            .ends_with("raw");
        !raw && text.bytes().any(|byte| matches!(byte, b'{' | b'[' | b'%'))
    };
    for (literal, text) in prose.literals().filter(may) {
        for found in FOREIGN.captures_iter(text) {
            let name = found.iter().skip(1).flatten().next().map_or("", |name| name.as_str());
            if !variables.contains_key(name) {
                continue;
            }
            let all = found.get_match();
            let span = Span::new(literal.span.start + all.start(), literal.span.start + all.end());
            let beside = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied();
            let doubled = beside(span.start.checked_sub(1)) == Some(b'{')
                || beside(Some(span.end)) == Some(b'}');
            if doubled || in_code(prose.text, span.start) {
                continue;
            }
            let message =
                format!("`{}` is text; the value of `{name}` does not get there", all.as_str());
            let finding = MIXED_DELIMITERS.at(prose.file, prose.place(span), message);
            let written = format!("{{{{ {name} }}}}");
            let advice = format!("write `{written}`");
            findings.push(match prose.replace(span, &written) {
                Some(edit) => finding.fix(Fix { message: advice, edits: vec![edit], safe: false }),
                None => finding.help(advice),
            });
        }
    }
}

/// Whether a place lies between lines of three backticks, or between two backticks of its line.
fn in_code(text: &str, at: usize) -> bool {
    let before = &text[..at];
    let fences = before.lines().filter(|line| line.trim_start().starts_with("```")).count();
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    fences % 2 == 1 || line.matches('`').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    fn found(content: &str) -> Vec<String> {
        let prompt = format!(
            "variables: {{name: string}}\nmessages:\n  - role: user\n    content: |\n      {content} {{{{ name }}}}\n"
        );
        findings("T205", &[("prompts/a.yaml", prompt.as_str())])
    }

    #[test]
    fn other_dialects_are_found_for_declared_names_only() {
        for written in ["{name}", "${name}", "<%= name %>", "[[name]]", "%(name)s", "#{name}"] {
            assert_eq!(
                found(&format!("Hi {written}.")),
                [format!(
                    "prompts/a.yaml:5:10 T205 `{written}` is text; the value of `name` does not get there"
                )]
            );
        }
        for text in [
            "{other}",
            "{\"name\": 1}",
            "{ name: 1 }",
            "<name>",
            "[name]",
            "`{name}`",
            "```\n      f\"{name}\"\n      ```\n     ",
            "{% raw %}{name}{% endraw %}",
            "{% raw %}{{name}}{% endraw %}",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
