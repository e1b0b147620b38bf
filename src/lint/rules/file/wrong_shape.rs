//! F003

use crate::lint::rule::{Check, rule};

rule! {
    /// A file has a key that pf does not know, lacks one that it needs, or has a value of the wrong type.
    ///
    /// ## Why is this bad?
    ///
    /// An unknown key is most often a misspelt one. Ignoring it would turn a typing error into a prompt that quietly
    /// behaves otherwise than its author thinks. The shapes are those of the published schemas (`pf schema`).
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// mesages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    WRONG_SHAPE: "F003" "schema-violation" Error fix Safe, Check::READER
}
