//! D571

use crate::diagnostic::{Diagnostic, counted};
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A suite has fewer cases than its own `target_n`.
    ///
    /// ## Why is this bad?
    ///
    /// Its author worked out how many cases the question takes. With fewer, small differences are not found, and a result
    /// of "no difference" means little.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Greet Ada.}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// target_n: 400
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: contains, value: Ada}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: contains, value: Ada}]
    /// ```
    BELOW_TARGET: "D571" "below-target" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let (all, run) = (context.cases.cases.len() as u64, context.size() as u64);
    let Some(target) = context.suite.file.target_n.filter(|target| run > 0 && run < *target) else {
        return;
    };
    let document = &context.suite.document;
    let message = match all >= target {
        true => format!("`sample` takes {run} of {all} cases, and `target_n` asks for {target}"),
        false => {
            format!("the suite has {}, and `target_n` asks for {target}", counted(all, "case"))
        }
    };
    let span = document.span(&Route::root().key("target_n"));
    findings.push(BELOW_TARGET.at(&document.file, span, message));
}
