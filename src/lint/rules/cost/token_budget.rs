//! K501

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::renders::{Inputs, Rendered, texts};
use crate::lint::rule::{Check, rule};
use crate::message::Message;
use crate::price::tokens;

rule! {
    /// A prompt has more tokens than `lint.max_tokens` of `pf.yaml` allows.
    ///
    /// ## Why is this bad?
    ///
    /// Each call pays for the whole prompt and waits for it, and a prompt grows a sentence at a time until somebody looks.
    ///
    /// ## What it does
    ///
    /// Nothing unless `pf.yaml` sets `lint: {max_tokens: N}`. It renders the prompt with its examples and with the
    /// smallest values that its variables allow, and takes the longest. A token has at least one byte, so most prompts
    /// need no counting. For OpenAI's models the count is exact, else a token is taken for four bytes; what a provider
    /// adds around messages, and tools, are not counted.
    ///
    /// ## Example
    ///
    /// ```yaml pf.yaml
    /// lint: {max_tokens: 10}
    /// ```
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: system, content: "You are a very polite person who greets people in many nice words every day."}
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: system, content: "You greet people warmly."}
    ///   - {role: user, content: Hello}
    /// ```
    TOKEN_BUDGET: "K501" "token-budget" Warning, Check::prompt(check)
}

/// Renders that are counted: the longest ones in bytes.
const COUNTED: usize = 3;

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(budget) = context.project.config.lint.max_tokens.filter(|tokens| *tokens > 0) else {
        return;
    };
    let Some(renders) = context.renders() else { return };
    let all = renders.examples().iter().chain(renders.smallest());
    let mut long: Vec<(u64, &Rendered, Vec<&Message>)> = all
        .filter_map(|rendered| {
            let messages = rendered.messages()?;
            let bytes = messages.iter().flat_map(|m| texts(m)).map(|text| text.len() as u64).sum();
            (bytes > budget).then_some((bytes, rendered, messages))
        })
        .collect();
    long.sort_by_key(|(bytes, ..)| std::cmp::Reverse(*bytes));
    let model = context.model().ok().map(|model| &model.settings);
    let count = |texts: Vec<String>| tokens::count(model, &texts);
    let counted = long.iter().take(COUNTED).map(|(_, rendered, messages)| {
        let texts = messages.iter().flat_map(|message| texts(message)).map(str::to_owned);
        (count(texts.collect()), rendered, messages)
    });
    let longest = counted.reduce(|most, next| if next.0.0 > most.0.0 { next } else { most });
    let Some(((found, exact), rendered, messages)) = longest else { return };
    if found <= budget {
        return;
    }
    let document = &context.prompt.document;
    let about = if exact { "" } else { "about " };
    let mut finding = TOKEN_BUDGET.at(
        &document.file,
        document.key_span(&Route::root().key("messages")),
        format!(
            "the prompt has {about}{found} tokens, more than the {budget} of `lint.max_tokens`"
        ),
    );
    if let Inputs::Example(index) = rendered.inputs {
        let example = document.span(&Route::root().key("examples").index(index));
        finding = finding.related(&document.file, example, "counted with this example");
    }
    let sizes = messages
        .iter()
        .map(|message| (count(texts(message).map(str::to_owned).collect()).0, message.role));
    if let Some((size, role)) = sizes.max_by_key(|(size, _)| *size)
        && messages.len() > 1
    {
        finding = finding
            .help(format!("the longest message is one of the {role} with {about}{size} tokens"));
    }
    findings.push(finding);
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn tokens_are_counted_where_bytes_do_not_decide() {
        let prompt = |model: &str| {
            format!(
                "model: {model}\nvariables: {{x: string}}\nmessages:\n  - {{role: user, content: 'Tell me about {{{{ x }}}} please'}}\nexamples:\n  - {{variables: {{x: {}}}, output: y}}\n",
                "word ".repeat(20)
            )
        };
        let config = |tokens: u64| format!("lint: {{max_tokens: {tokens}}}\n");
        let found = |model: &str, tokens: u64| {
            let (config, prompt) = (config(tokens), prompt(model));
            findings("K501", &[("pf.yaml", config.as_str()), ("prompts/a.yaml", prompt.as_str())])
        };
        assert_eq!(
            found("openai/gpt-4o", 10),
            [
                "prompts/a.yaml:3:1 K501 the prompt has 24 tokens, more than the 10 of `lint.max_tokens`"
            ]
        );
        assert_eq!(
            found("other/model", 10),
            [
                "prompts/a.yaml:3:1 K501 the prompt has about 30 tokens, more than the 10 of `lint.max_tokens`"
            ]
        );
        assert_eq!(found("openai/gpt-4o", 24), [""; 0]);
        assert_eq!(found("openai/gpt-4o", 0), [""; 0]);
    }
}
