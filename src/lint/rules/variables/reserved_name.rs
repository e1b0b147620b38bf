//! V110

use minijinja::machinery::ast::Expr;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::jinja;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::prompt::{Entry, Prompt};

rule! {
    /// A variable has a name by which templates cannot reach it, or that means something else.
    ///
    /// ## Why is this bad?
    ///
    /// `{{ user-name }}` is a subtraction, `{{ none }}` is a constant, and `loop` is the loop itself wherever one runs: the
    /// value never arrives where the author expects it.
    ///
    /// ## What it does
    ///
    /// It asks the parser of templates what the name alone means, and knows `loop`, `self` and `super`. The name `examples`
    /// is reported where the prompt has examples, which templates see by it. Conversations that are only inserted may have
    /// any name. A variable may be called `range`, `dict` or `namespace`; V103 speaks where a template calls the function
    /// that it hides.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {user-name: string}
    /// messages:
    ///   - {role: user, content: "Greet the user."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {user_name: string}
    /// messages:
    ///   - {role: user, content: "Greet {{ user_name }}."}
    /// ```
    RESERVED_NAME: "V110" "reserved-name" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    let document = &prompt.document;
    for name in prompt.file.variables.keys() {
        let Some((what, help)) = problem(prompt, name) else { continue };
        if is_inserted(prompt, name) {
            continue;
        }
        let span = document.key_span(&Route::root().key("variables").key(name));
        findings.push(RESERVED_NAME.at(&document.file, span, what).help(help));
    }
}

/// Why a template that writes the name does not get the variable, and what to do.
fn problem(prompt: &Prompt, name: &str) -> Option<(String, String)> {
    let shown = crate::diagnostic::excerpt(name, 60);
    let other = || "choose another name".to_owned();
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit());
    match name {
        "loop" => Some(("`loop` is the loop itself wherever one runs".to_owned(), other())),
        "self" => Some(("`self` stands for the blocks of the template".to_owned(), other())),
        "super" => Some(("`super` stands for the block that is extended".to_owned(), other())),
        "examples" if !prompt.file.examples.is_empty() => {
            let what = "`examples` hides the prompt's examples, which templates see by this name";
            Some((what.to_owned(), other()))
        }
        // The words that mean something in front of an operand.
        "not" | "true" | "false" | "none" | "True" | "False" | "None" => {
            Some((format!("`{name}` is a word of the template language"), other()))
        }
        _ if plain => None,
        _ => match jinja::parse_expression(name) {
            Ok(Expr::Var(e)) if e.id == name => None,
            Ok(Expr::BinOp(_)) if name.contains('-') => {
                let new = crate::diagnostic::excerpt(&name.replace('-', "_"), 60);
                let what =
                    format!("`{{{{ {shown} }}}}` is a subtraction, not the variable `{shown}`");
                Some((what, format!("call it `{new}`")))
            }
            _ => {
                let what = format!("templates cannot write the name `{shown}`");
                let help =
                    "names are made of letters, digits and `_`, and do not begin with a digit";
                Some((what, help.to_owned()))
            }
        },
    }
}

fn is_inserted(prompt: &Prompt, name: &str) -> bool {
    prompt
        .file
        .messages
        .iter()
        .any(|entry| matches!(entry, Entry::Insert(insert) if insert.insert == name))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn only_names_that_do_not_work_are_reported() {
        let yaml = "\
variables:
  user-name: string
  größe: string
  2nd: string
  a.b: string
  not: string
  in: string
  range: string
  caller: string
  examples: string
  loop: string
  chat-log: {type: messages, default: []}
messages:
  - {insert: chat-log}
  - {role: user, content: hello}
";
        assert_eq!(
            findings("V110", &[("prompts/a.yaml", yaml)]),
            [
                "prompts/a.yaml:2:3 V110 `{{ user-name }}` is a subtraction, not the variable `user-name`",
                "prompts/a.yaml:4:3 V110 templates cannot write the name `2nd`",
                "prompts/a.yaml:5:3 V110 templates cannot write the name `a.b`",
                "prompts/a.yaml:6:3 V110 `not` is a word of the template language",
                "prompts/a.yaml:11:3 V110 `loop` is the loop itself wherever one runs",
            ]
        );
    }
}
