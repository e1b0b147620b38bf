//! M203

use super::asked::{Asked, each_model};
use crate::diagnostic::Diagnostic;
use crate::lint::rule::rule;
use crate::price::models::{Life, as_of};

rule! {
    /// A prompt, suite or profile asks a model that its vendor has shut down.
    ///
    /// ## Why is this bad?
    ///
    /// Each call fails.
    ///
    /// ## What it does
    ///
    /// The dates are those that vendors publish, in a table that is built into pf; what counts as past is the day on
    /// which that table was made, so that the same files give the same findings on every day. A date that was published
    /// for a dated name is not taken for the date of an alias. Providers with an address of their own are left alone
    /// unless it is the vendor's. It is no error, since recorded answers of such a model can still be evaluated.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// model: openai/gpt-4-32k
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// model: openai/gpt-5.6-sol
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    RETIRED_MODEL: "M203" "retired-model" Warning,
    each_model!(check and suites)
}

fn check(asked: &Asked<'_>) -> Option<Diagnostic> {
    let model = asked.facts()?;
    let Life::Ended(day) = model.life() else { return None };
    let message = format!("`{}` was shut down on {day}", model.id);
    let finding = RETIRED_MODEL.at(asked.file(), asked.span(&["name"]), message);
    Some(match model.successor() {
        Some(successor) => finding.help(format!("its vendor recommends `{successor}`")),
        None => finding.help(format!("choose another model; pf knows those of {}", as_of())),
    })
}
