//! R692

use crate::lint::rule::{Check, rule};

rule! {
    /// A suppression suppresses nothing.
    ///
    /// ## Why is this bad?
    ///
    /// What it was written for is mended. Left alone, it hides the next mistake of the same kind.
    ///
    /// ## What it does
    ///
    /// It speaks only of rules that were all run on all that they look at: not of `V102` under `--select T`, and not of rules
    /// about suites when only a prompt is checked.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tone: string # pf: ignore[V102] the next version uses it
    /// messages:
    ///   - {role: user, content: "Say hello, {{ tone }}."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tone: string
    /// messages:
    ///   - {role: user, content: "Say hello, {{ tone }}."}
    /// ```
    UNUSED_SUPPRESSION: "R692" "unused-suppression" Warning fix Safe, Check::READER
}
