//! F002

use crate::lint::rule::{Check, rule};

rule! {
    /// A mapping has the same key twice.
    ///
    /// ## Why is this bad?
    ///
    /// Most YAML readers silently keep the last one, so half of what the author wrote has no effect.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// description: Greets.
    /// messages:
    ///   - {role: user, content: Hello}
    /// description: Greets someone.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// description: Greets someone.
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    DUPLICATE_KEY: "F002" "duplicate-key" Error, Check::READER
}
