//! R603

mod code_owners;

use self::code_owners::CodeOwners;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::document::Route;
use crate::lint::context::ProjectContext;
use crate::lint::rule::{Check, rule};
use crate::path::RepoPath;

rule! {
    /// The owner of a prompt is not the one that `CODEOWNERS` names for its file.
    ///
    /// ## Why is this bad?
    ///
    /// The owner is who answers for the prompt, but somebody else is asked to review its changes.
    ///
    /// ## What it does
    ///
    /// It reads the first of `.github/CODEOWNERS`, `CODEOWNERS` and `docs/CODEOWNERS`, where there is one, and looks at
    /// owners that are written as there: `@person`, `@organisation/team` or an address. The last line whose pattern
    /// matches the file counts. One of several owners is enough.
    ///
    /// ## Example
    ///
    /// ```text CODEOWNERS
    /// *         @acme/everyone
    /// /prompts/ @acme/writers
    /// ```
    ///
    /// ```yaml prompts/greet.yaml
    /// owner: "@acme/support"
    /// messages:
    ///   - {role: user, content: Say hello.}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text CODEOWNERS
    /// *                   @acme/everyone
    /// /prompts/           @acme/writers
    /// /prompts/greet.yaml @acme/support
    /// ```
    OWNER: "R603" "owner-not-in-codeowners" Warning, Check::project(check)
}

/// Where GitHub looks, in this order.
const FILES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

fn check(context: &ProjectContext<'_>, findings: &mut Vec<Diagnostic>) {
    let owned = context.prompts.iter().filter_map(|facts| {
        let owner = facts.prompt.file.owner.as_deref()?;
        owner.contains('@').then_some((facts.prompt, owner))
    });
    let mut owned = owned.peekable();
    if owned.peek().is_none() {
        return;
    }
    let paths = FILES.iter().filter_map(|path| RepoPath::new(path).ok());
    let mut files = paths.filter_map(|path| context.project.source(&path).ok()?);
    let Some(file) = files.next() else { return };
    let Some(rules) = CodeOwners::parse(file.text()) else { return };
    for (prompt, owner) in owned {
        let names: Vec<&str> =
            owner.split([',', ' ']).filter(|name| name.contains('@') && name.len() > 1).collect();
        let line = rules.of(&prompt.path);
        let listed = |name: &&str| {
            line.is_some_and(|line| {
                line.owners.iter().any(|owner| owner.eq_ignore_ascii_case(name))
            })
        };
        if names.is_empty() || names.iter().any(listed) {
            continue;
        }
        let document = &prompt.document;
        let span = document.span(&Route::root().key("owner"));
        let owner = excerpt(owner, 80);
        let message = match line {
            Some(line) if !line.owners.is_empty() => {
                let owners = line.owners.iter().map(|owner| format!("`{}`", excerpt(owner, 80)));
                let owners: Vec<String> = owners.take(3).collect();
                format!("`{owner}` is not who reviews this file: {}", owners.join(", "))
            }
            _ => format!("`{owner}` owns this prompt, and nobody in `{}` its file", file.path()),
        };
        let mut finding = OWNER
            .at(&document.file, span, message)
            .help(format!("name the same in `{}`", file.path()));
        if let Some(line) = line {
            finding = finding.related(&file, line.span, "this line counts");
        }
        findings.push(finding);
    }
}
