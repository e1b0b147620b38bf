//! M211

use super::asked::{Asked, each_model};
use crate::diagnostic::Diagnostic;
use crate::lint::rule::rule;
use crate::price::models::Life;

rule! {
    /// A prompt, suite or profile asks a model that its vendor is going to shut down.
    ///
    /// ## Why is this bad?
    ///
    /// From that day on each call fails. Another model gives other answers, so the change wants an evaluation, and that
    /// wants time.
    ///
    /// ## What it does
    ///
    /// It says what vendors have announced, by a table that is built into pf; see M203.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// model: openai/gpt-4.1-2025-04-14
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// model: openai/gpt-6-luna
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    RETIRING_MODEL: "M211" "retiring-model" Warning,
    each_model!(check and suites)
}

fn check(asked: &Asked<'_>) -> Option<Diagnostic> {
    let model = asked.facts()?;
    let Life::Ending(day) = model.life() else { return None };
    let message = format!("`{}` will be shut down on {day}", model.id);
    let finding = RETIRING_MODEL.at(asked.file(), asked.span(&["name"]), message);
    Some(match model.successor() {
        Some(successor) => finding.help(format!(
            "its vendor recommends `{successor}`; `pf ab` compares the two on your cases"
        )),
        None => finding,
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn a_profile_is_reported_once_and_where_it_stands() {
        let prompt = "model: old\nmessages:\n  - {role: user, content: Hello}\n";
        assert_eq!(
            findings(
                "M211",
                &[
                    ("pf.yaml", "models:\n  old: {provider: openai, name: gpt-4.1-2025-04-14}\n"),
                    ("prompts/a.yaml", prompt),
                    ("prompts/b.yaml", prompt),
                ]
            ),
            ["pf.yaml:2:33 M211 `openai/gpt-4.1-2025-04-14` will be shut down on 2027-01-14"]
        );
    }

    #[test]
    fn a_gateway_may_serve_what_its_vendor_does_not() {
        let prompt =
            "model: openai/gpt-4.1-2025-04-14\nmessages:\n  - {role: user, content: Hello}\n";
        let own = "providers: {openai: {base_url: 'http://127.0.0.1:4000/v1'}}\n";
        assert_eq!(findings("M211", &[("pf.yaml", own), ("prompts/a.yaml", prompt)]), [""; 0]);
        assert_eq!(
            findings("M211", &[("prompts/a.yaml", prompt)]),
            ["prompts/a.yaml:1:8 M211 `openai/gpt-4.1-2025-04-14` will be shut down on 2027-01-14"]
        );
    }

    #[test]
    fn the_date_of_a_snapshot_is_not_that_of_the_alias() {
        let prompt = "model: openai/gpt-4.1\nmessages:\n  - {role: user, content: Hello}\n";
        assert_eq!(findings("M211", &[("prompts/a.yaml", prompt)]), [""; 0]);
    }
}
