//! F001

use crate::lint::rule::{Check, rule};

rule! {
    /// The file is not YAML.
    ///
    /// ## Why is this bad?
    ///
    /// A file that cannot be read cannot be checked, rendered or evaluated. Besides syntax, this covers bytes that are
    /// not UTF-8, a second document in the file, aliases that stand for more than 10,000 values, values that nest deeper
    /// than 128, and numbers that JSON cannot hold.
    ///
    /// A common cause is an unquoted template: `{{` opens a mapping in YAML.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string}
    /// messages:
    ///   - role: user
    ///     content: {{ name }}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string}
    /// messages:
    ///   - role: user
    ///     content: "{{ name }}"
    /// ```
    INVALID_YAML: "F001" "invalid-yaml" Error, Check::READER
}
