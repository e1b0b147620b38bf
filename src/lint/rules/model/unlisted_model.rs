//! M210

use super::asked::{Asked, each_model};
use crate::diagnostic::Diagnostic;
use crate::lint::rule::rule;
use crate::price::resembling;

rule! {
    /// The name of a model looks like a misspelling of one that its vendor has.
    ///
    /// ## Why is this bad?
    ///
    /// The vendor does not know the model, and each call fails.
    ///
    /// ## What it does
    ///
    /// Vendors bring out models faster than a table can follow, so a name that pf does not know is no finding as such.
    /// Reported are the right words with other separators or in another order, and one misspelt word; never another
    /// number. Providers with an address of their own are left alone unless it is the vendor's.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// model: openai/gpt-4o-mni
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// model: openai/gpt-4o-mini
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    UNLISTED_MODEL: "M210" "unlisted-model" Warning,
    each_model!(check and suites)
}

fn check(asked: &Asked<'_>) -> Option<Diagnostic> {
    let vendor = asked.vendor?;
    if asked.facts().is_some() {
        return None;
    }
    let meant = resembling::meant(vendor.name, &asked.settings.name)?;
    let message = format!("`{}` is no model of `{}`", asked.settings.name, vendor.name);
    Some(
        UNLISTED_MODEL
            .at(asked.file(), asked.span(&["name"]), message)
            .help(format!("did you mean `{}/{meant}`?", asked.settings.provider)),
    )
}
