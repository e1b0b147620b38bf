//! N102

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// The name of a prompt has a character that does not travel.
    ///
    /// ## What it does
    ///
    /// The name of a prompt is its path below the prompts folder, without the extension. It may have lower-case letters,
    /// digits, `-`, `_`, `.` and `/`, and each part starts with a letter or a digit.
    ///
    /// ## Why is this bad?
    ///
    /// Names go into URLs, selectors, file systems that ignore case, and other registries. `@` separates a name from a
    /// version.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/Support Reply.yaml
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/support-reply.yaml
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ```yaml -prompts/Support Reply.yaml
    /// ```
    BAD_NAME: "N102" "bad-name" Warning, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let name = context.prompt.name.as_str();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_./".contains(c);
    let bad: String = name.chars().filter(|c| !allowed(*c)).collect();
    let part = name.split('/').find(|part| !part.starts_with(|c: char| c.is_ascii_alphanumeric()));
    let message = match (bad.as_str(), part) {
        ("", None) => return,
        ("", Some(part)) => {
            format!("the part `{part}` of the name `{name}` does not start with a letter or digit")
        }
        (bad, _) => format!("the name `{name}` has characters that do not travel: `{bad}`"),
    };
    let suggestion: String =
        name.to_lowercase().chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    findings.push(
        BAD_NAME
            .at(&context.prompt.document.file, Span::at(0), message)
            .help(format!("rename the file to `{suggestion}`")),
    );
}
