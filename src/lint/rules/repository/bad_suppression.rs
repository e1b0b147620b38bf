//! R693

use crate::lint::rule::{Check, rule};

rule! {
    /// A suppression cannot be read.
    ///
    /// ## Why is this bad?
    ///
    /// It looks as if something were accepted, and nothing is: it names no rule, or one that does not exist.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// description: Greets. # pf: ignore[unused-variable] the next version uses it
    /// messages:
    ///   - {role: user, content: Say hello.}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// description: Greets.
    /// messages:
    ///   - {role: user, content: Say hello.}
    /// ```
    BAD_SUPPRESSION: "R693" "bad-suppression" Warning, Check::READER
}
