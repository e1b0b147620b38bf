//! V105

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A template uses a value that may be absent without asking first.
    ///
    /// ## Why is this bad?
    ///
    /// A variable with `required: false` and no default is none when the caller does not give it. None does not print, so
    /// rendering fails for exactly those callers; put together with other text it becomes `None`, which the model reads.
    ///
    /// ## What it does
    ///
    /// It looks at optional variables, at types that allow null, and at properties that the schema of an object does not name
    /// under `required` (where it names any). `{% if x %}`, `x is not none`, `x and …`, `x or …`, `… if x else …`, a comparison
    /// with a value, `when` of the message and `default("…", true)` count as asking. `x is defined` does not ask whether a
    /// variable is none: a declared variable is always defined. For a missing property it is the other way round: `{% if
    /// user.nick %}` itself fails, and `{% if user.nick is defined %}` is right. `--unsafe-fixes` adds `true` to a `default`
    /// that would let none through.
    ///
    /// ## Example
    ///
    /// `default` alone stands in for what is undefined, which a declared variable never is.
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tone: {type: string, required: false}
    /// messages:
    ///   - {role: user, content: "Say hello in a {{ tone | default('warm') }} tone."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   tone: {type: string, required: false}
    /// messages:
    ///   - {role: user, content: "Say hello in a {{ tone | default('warm', true) }} tone."}
    /// ```
    ///
    /// or `{% if tone %}in a {{ tone }} tone{% endif %}`, or a `default` of the variable.
    OPTIONAL_USED_UNGUARDED: "V105" "optional-used-unguarded" Warning fix Unsafe, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    context.report_typed(&OPTIONAL_USED_UNGUARDED, findings);
}
