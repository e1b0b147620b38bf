//! F008

use crate::lint::rule::{Check, rule};

rule! {
    /// The file cannot be read as a file of the project.
    ///
    /// ## What it does
    ///
    /// A link must lead to a file inside the root of the project. A file must be a regular one of at most 64 MiB, and
    /// without merge conflicts in the index.
    ///
    /// ## Why is this bad?
    ///
    /// What lies outside the root is not versioned with the project: it is another file on another machine, and an old
    /// version of the prompt would be rendered with the text of today. A link that leaves the project could also
    /// bring a file of the machine into a prompt.
    ///
    /// ## Example
    ///
    /// ```text
    /// prompts/tone.md -> ../../team/tone.md
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text
    /// prompts/tone.md -> shared/tone.md
    /// ```
    UNREADABLE_FILE: "F008" "unreadable-file" Error, Check::READER
}
