//! D550

use crate::lint::rule::{Check, rule};

rule! {
    /// A dataset cannot be read.
    ///
    /// ## Why is this bad?
    ///
    /// The cases behind the place are not evaluated. This covers rows with more or fewer cells than the header, quotation
    /// marks that are never closed, lines that are no JSON, columns that are named twice, and values of the wrong type in
    /// the columns that mean something (`id`, `expected`, `output`, `group`, `tags`, `weight`, `human`, `metadata.*`).
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string}
    /// messages:
    ///   - {role: user, content: "Greet {{ name }}."}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// dataset: datasets/greet.csv
    /// assert: [{type: contains, value: Hello}]
    /// ```
    ///
    /// ```csv datasets/greet.csv
    /// id,name
    /// a,Lovelace, Ada
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```csv datasets/greet.csv
    /// id,name
    /// a,"Lovelace, Ada"
    /// ```
    UNREADABLE_DATASET: "D550" "unreadable-dataset" Error, Check::READER
}
