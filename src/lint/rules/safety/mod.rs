//! S: secrets, personal data, text from strangers.

mod exfiltration;
mod fence;
mod fence_collision;
mod override_phrase;
mod pii;
mod role_marker;
mod secret;
mod texts;
mod tool_description;
mod untrusted;
mod untrusted_in_system;
mod untrusted_unfenced;

use crate::lint::rule::Rule;

/// The rules of this family, by code.
pub(super) static RULES: &[&Rule] = &[
    &secret::SECRET,
    &pii::PII,
    &untrusted_in_system::UNTRUSTED_IN_SYSTEM,
    &untrusted_unfenced::UNTRUSTED_UNFENCED,
    &fence_collision::FENCE_COLLISION,
    &role_marker::ROLE_MARKER,
    &exfiltration::EXFILTRATION,
    &override_phrase::OVERRIDE_PHRASE,
    &tool_description::TOOL_DESCRIPTION,
];

#[cfg(test)]
mod tests {
    use crate::diagnostic::Diagnostic;
    use crate::lint::{Options, RuleSelection, check};
    use crate::path::RepoPath;
    use crate::project::Project;
    use crate::snapshot::Snapshot;

    /// What a rule finds in some files.
    pub(super) fn findings(code: &str, files: &[(&str, &str)]) -> Vec<Diagnostic> {
        let files = files
            .iter()
            .map(|(path, text)| (RepoPath::new(path).unwrap(), text.as_bytes().to_vec()));
        let project = Project::load(&Snapshot::memory(files)).unwrap();
        let selection =
            RuleSelection { select: Some(vec![code.to_owned()]), ..RuleSelection::default() };
        let mut found = check(&project, Options::default(), &selection).unwrap().findings;
        found.retain(|finding| finding.code.0 == code);
        found
    }

    /// The same as lines of text.
    pub(super) fn said(code: &str, files: &[(&str, &str)]) -> Vec<String> {
        let line = |d: &Diagnostic| format!("{}:{} {}", d.file.path(), d.start(), d.message);
        findings(code, files).iter().map(line).collect()
    }
}
