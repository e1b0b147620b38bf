//! N109

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::project::prompt::PromptName;

rule! {
    /// A suite names a prompt that is no longer in use.
    ///
    /// ## Why is this bad?
    ///
    /// An inactive prompt is refused by `pf eval`, and with it the suite. A suite that measures a deprecated prompt but not
    /// the one that replaces it guards what goes away, and leaves alone what comes.
    ///
    /// ## What it does
    ///
    /// It looks at prompts that the suite names in full. Those that a glob finds are left alone, and so is a deprecated
    /// prompt whose successor some suite measures, or that has none.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// active: false
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{}]
    /// assert: [{type: contains, value: hello}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    RETIRED_PROMPT: "N109" "retired-prompt" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let (project, suite) = (context.project, context.suite);
    for (index, entry) in suite.file.prompts.iter().enumerate() {
        let Some(prompt) = project.prompts.get(&PromptName(entry.clone())) else { continue };
        let instead = prompt.file.deprecated.as_ref().and_then(|d| d.instead.as_ref());
        let measured = |name: &String| {
            let key = PromptName(name.clone());
            !project.prompts.contains_key(&key)
                || project.suites.values().any(|suite| suite.file.prompts.contains(name))
                || context.prompts.iter().any(|prompt| prompt.name == key)
        };
        let message = match instead {
            _ if !prompt.file.active => format!("the prompt `{entry}` is not active"),
            Some(name) if !measured(name) => {
                format!("the prompt `{entry}` is deprecated, and no suite measures `{name}`")
            }
            _ => continue,
        };
        let document = &suite.document;
        let span = document.span(&Route::root().key("prompts").index(index));
        let finding = RETIRED_PROMPT.at(&document.file, span, message);
        findings.push(match instead {
            Some(name) => finding.help(format!("measure `{name}`")),
            None => finding.help("make it active, or take it out of the suite"),
        });
    }
}
