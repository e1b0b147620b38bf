//! S404

use super::fence::{around, fences};
use super::untrusted::{place, prints};
use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::message::Role;
use crate::template::flow::PRINTED;

rule! {
    /// An untrusted variable is printed among the prompt's own words without delimiters.
    ///
    /// ## Why is this bad?
    ///
    /// The model cannot see where the instructions end and the text of a stranger begins, and neither can a check. With
    /// delimiters the prompt can say: what stands between them is data.
    ///
    /// ## What it does
    ///
    /// Delimiters are tags (`<ticket>…</ticket>`, `[DATA]…[/DATA]`), code fences, triple quotes, lines of dashes or the
    /// like, and quotes that touch the value. `tojson` delimits too. A message that is nothing but the value is
    /// delimited by its role. System and developer messages are the subject of S403. Values that cannot say much
    /// (numbers, one of an `enum`, texts with a narrow `pattern`) are left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/triage.yaml
    /// variables: {ticket: {type: string, trust: untrusted}}
    /// messages:
    ///   - {role: user, content: "Sort this ticket. {{ ticket }} Answer with one word."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/triage.yaml
    /// variables: {ticket: {type: string, trust: untrusted}}
    /// messages:
    ///   - {role: user, content: "Sort this ticket. <ticket>{{ ticket }}</ticket> Answer with one word."}
    /// ```
    UNTRUSTED_UNFENCED: "S404" "untrusted-unfenced" Warning, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    // The fences of a message serve all its values.
    let mut known: Option<(usize, Vec<_>)> = None;
    for (flow, print, role) in prints(context) {
        let treatment = &print.treatment;
        let alone = flow.text.trim().chars().eq([PRINTED]);
        if matches!(role, Role::System | Role::Developer)
            || treatment.encoded
            || treatment.fenced
            || alone
        {
            continue;
        }
        if known.as_ref().is_none_or(|(template, _)| *template != flow.template) {
            known = Some((flow.template, fences(&flow.text)));
        }
        if known.as_ref().is_some_and(|(_, fences)| around(fences, print.offset).is_some()) {
            continue;
        }
        let message = format!(
            "nothing marks where the untrusted variable `{}` begins and ends",
            print.variable
        );
        findings.push(UNTRUSTED_UNFENCED.at(&print.file, place(context, flow, print), message).help(format!(
            "put delimiters around it, such as `<{0}>` and `</{0}>`, and say that what is between them is data",
            print.variable
        )));
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    fn of(content: &str) -> Vec<String> {
        let content = serde_json::to_string(content).unwrap();
        let prompt = format!(
            "variables: {{t: {{type: string, trust: untrusted}}, s: string}}\nmessages:\n  - {{role: user, content: {content}}}\n"
        );
        findings(
            "S404",
            &[("prompts/a.yaml", prompt.as_str()), ("prompts/p.md", "Mail: {{ t }}\n")],
        )
    }

    #[test]
    fn delimited_values_and_whole_messages_are_left_alone() {
        for content in [
            "{{ t }}",
            "\n{{ t | trim }}\n",
            "Sort: <t>{{ t }}</t>",
            "<mail>\nFrom: {{ s }}\nText: {{ t }}\n</mail>\nSort it.",
            "{\"mail\": {{ t | tojson }}}",
            "Say \"{{ t }}\".",
            "<m>{% include 'p.md' %}</m>",
            "{% set m %}<m>{{ t }}</m>{% endset %}Sort. {{ m }}",
            "{% if t %}yes{% endif %} {{ s }}",
            "{% for i in t %}<i>{{ i }}</i>{% endfor %}",
        ] {
            assert_eq!(of(content), Vec::<String>::new(), "{content}");
        }
    }

    #[test]
    fn bare_values_are_found_where_they_are_printed() {
        let message = "nothing marks where the untrusted variable `t` begins and ends";
        assert_eq!(of("Ticket: {{ t }}"), [format!("prompts/a.yaml:3:39 S404 {message}")]);
        assert_eq!(of("{% include 'p.md' %}"), [format!("prompts/p.md:1:10 S404 {message}")]);
        assert_eq!(of("{{ s }} {{ t }}").len(), 1);
    }
}
