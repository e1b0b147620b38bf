//! Fixing ends, and what is fixed says the same.

use pf::diagnostic::Diagnostic;
use pf::document;
use pf::lint::fix::{Apply, Fixed, fix as mend};
use pf::lint::{Options, RuleSelection};
use pf::project::Project;
use pf::span::SourceFile;

use super::{all_inside, load, project_of, renders};

/// The files of a project as for `lint`, with every rule on: fixing ends with nothing left to fix, leaves files that can be
/// read, and safe fixes leave every message as it was.
pub fn fix(data: &[u8]) {
    let project = project_of(data);
    let (fixed, after) = mended(&project, Apply::Safe);
    for (name, before) in &project.prompts {
        let said = renders(&project, before);
        let says = after.prompts.get(name).map(|prompt| renders(&after, prompt));
        for (index, messages) in said.iter().enumerate() {
            // What could not be rendered may be mended.
            assert!(
                messages.is_none()
                    || says.as_ref().and_then(|says| says.get(index)) == Some(messages),
                "{name}: {messages:?} became {:?} by {:?}",
                says.as_ref().and_then(|says| says.get(index)),
                fixed.files
            );
        }
    }
    mended(&project, Apply::All);
}

fn mended(project: &Project, apply: Apply) -> (Fixed, Project) {
    let selection =
        RuleSelection { select: Some(vec!["ALL".to_owned()]), ..RuleSelection::default() };
    let run = |project: &Project| {
        mend(project, Options::default(), &selection, apply).expect("memory is always readable")
    };
    let fixed = run(project);
    all_inside(&fixed.checked.findings);
    fixed.checked.findings.iter().for_each(apart);
    for (path, file) in &fixed.files {
        assert_ne!(file.before, file.after, "{path} changes");
        if path.as_str().ends_with(".yaml") {
            let (document, findings) =
                document::parse(&SourceFile::new(path.clone(), file.after.as_str()));
            assert!(document.is_some() && findings.is_empty(), "{file:?} became {findings:?}");
        }
    }
    let changed = fixed.files.iter().map(|(path, file)| (path.clone(), file.after.clone().into()));
    let after = load(&project.snapshot.clone().with_files(changed).expect("memory is readable"));
    let again = run(&after);
    assert!(again.files.is_empty(), "{:?} is fixed again: {:?}", fixed.files, again.files);
    // What was mended is gone: whatever can still be mended was refused.
    let refused = |finding: &Diagnostic| {
        fixed.refused.iter().any(|refused| {
            refused.finding.code == finding.code && refused.finding.message == finding.message
        })
    };
    for finding in &fixed.checked.findings {
        let open = finding
            .fix
            .as_ref()
            .is_some_and(|fix| !fix.edits.is_empty() && (fix.safe || apply == Apply::All));
        assert!(!open || refused(finding), "left: {finding:?}");
    }
    (fixed, after)
}

/// The edits of a fix do not meet.
fn apart(finding: &Diagnostic) {
    let mut spans: Vec<_> =
        finding.fix.iter().flat_map(|fix| fix.edits.iter().map(|(span, _)| *span)).collect();
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    assert!(spans.is_sorted_by(|a, b| a.end <= b.start), "{finding:?}");
}
