//! R691

use crate::lint::rule::{Check, rule};

rule! {
    /// A suppression does not say why.
    ///
    /// ## Why is this bad?
    ///
    /// Whoever meets it later cannot tell an accepted exception from a mistake that somebody was in a hurry to hide.
    ///
    /// ## What it does
    ///
    /// `# pf: ignore[V102] reason` at the end of a line covers what starts on that line, with all that belongs to it; on a line of its
    /// own it covers what starts on the next one. `# pf: ignore-file[V102] reason` covers the file. In a message or a partial
    /// the same stands in a Jinja comment: `{# pf: ignore[C155] reason #}`. The unsafe fix takes the comment away, so
    /// that the finding shows again.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tone: string # pf: ignore[V102]
    /// messages:
    ///   - {role: user, content: Say hello.}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tone: string # pf: ignore[V102] the next version uses it
    /// messages:
    ///   - {role: user, content: Say hello.}
    /// ```
    UNEXPLAINED_SUPPRESSION: "R691" "unexplained-suppression" Warning fix Unsafe, Check::READER
}
