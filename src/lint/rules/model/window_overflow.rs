//! M208 and M213

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::renders::{longest, texts};
use crate::lint::rule::{Check, rule};
use crate::price::{models, tokens};
use crate::project::variable::Variable;

rule! {
    /// A prompt does not fit into the window of its model, however little its variables hold.
    ///
    /// ## Why is this bad?
    ///
    /// The provider refuses each call, or cuts the conversation where nobody sees it.
    ///
    /// ## What it does
    ///
    /// It renders the prompt with the smallest values that its variables allow, and subtracts what `context.reserve` and
    /// the model's `max_output_tokens` keep free from the window. Where the vocabulary of a model is not public, a token
    /// is taken for a whole word, so that what is found is certain.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// context: {window: 100, reserve: 90}
    /// messages:
    ///   - role: user
    ///     content: Greet the customer in three short and friendly sentences, and mention the shop.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// context: {window: 100, reserve: 50}
    /// messages:
    ///   - role: user
    ///     content: Greet the customer in three short and friendly sentences, and mention the shop.
    /// ```
    WINDOW_OVERFLOW: "M208" "window-overflow" Error, Check::prompt(check)
}

rule! {
    /// A prompt does not fit into the window of its model when its variables are as long as they may be.
    ///
    /// ## Why is this bad?
    ///
    /// The longest inputs are those that nobody tries, and they are allowed: the provider refuses the call.
    ///
    /// ## What it does
    ///
    /// It adds up the text that stands there for all values and the bounds (`maxLength`, `maxItems`, `enum`) of the
    /// variables that are used, each once, and takes a token for four characters. Variables without a bound count
    /// nothing.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// context: {window: 8000, reserve: 1000}
    /// variables:
    ///   ticket: {type: string, maxLength: 40000}
    /// messages:
    ///   - {role: user, content: "<ticket>{{ ticket }}</ticket>"}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// context: {window: 8000, reserve: 1000}
    /// variables:
    ///   ticket: {type: string, maxLength: 20000}
    /// messages:
    ///   - {role: user, content: "<ticket>{{ ticket }}</ticket>"}
    /// ```
    WINDOW_MAY_OVERFLOW: "M213" "window-may-overflow" Warning, Check::prompt(check_longest)
}

/// Fewer tokens than any known model reads: shorter prompts need no look at the table.
const SMALLEST: u64 = 4096;

/// How many tokens the conversation may have, of a prompt that has at most `most`: what the prompt says itself, else what
/// its model reads.
fn room(context: &PromptContext<'_>, most: u64) -> Option<u64> {
    let limits = context.prompt.file.context.as_ref();
    let settings = context.model().ok().map(|model| &model.settings);
    if let Some(window) = limits.and_then(|limits| limits.window) {
        let reserve = limits.map_or(0, |limits| limits.reserve);
        let answer = settings.and_then(|settings| settings.max_output_tokens).unwrap_or(0);
        return Some(window.saturating_sub(reserve.max(answer)));
    }
    if most <= SMALLEST {
        return None;
    }
    models::find(settings?)?.max_input
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    // A token has at least one byte. Loops over fixed text may print more than the files have, but not much.
    let written = context.files().map(|file| file.text().len()).sum::<usize>() as u64;
    let Some(room) = room(context, written).filter(|room| written > *room) else { return };
    let Some(messages) = context.renders().and_then(|renders| renders.smallest()?.messages())
    else {
        return;
    };
    let texts: Vec<&str> = messages.iter().flat_map(|message| texts(message)).collect();
    if texts.iter().map(|text| text.len() as u64).sum::<u64>() <= room {
        return;
    }
    let model = context.model().ok().map(|model| &model.settings);
    let owned: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let (found, about) = match tokens::count(model, &owned) {
        (count, true) => (count, ""),
        (_, false) => {
            (texts.iter().map(|text| text.split_whitespace().count() as u64).sum(), "at least ")
        }
    };
    if found > room {
        findings.push(finding(
            context,
            &WINDOW_OVERFLOW,
            format!("with the shortest values the prompt has {about}{found} tokens, and there is room for {room}"),
        ));
    }
}

fn check_longest(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let limited = context.prompt.file.context.as_ref().is_some_and(|c| c.window.is_some());
    if !limited && !context.prompt.file.variables.values().any(may_be_long) {
        return;
    }
    let closure = &context.closure;
    let own =
        closure.templates.iter().filter_map(|t| Some((t.text.as_str(), t.analysis.as_ref().ok()?)));
    let partials =
        closure.partials.values().filter_map(|p| Some((p.text(), p.analysis.as_ref().ok()?)));
    let mut characters = 0_u64;
    for (text, analysis) in own.chain(partials) {
        let fixed = analysis.literals.iter().filter(|literal| literal.certain);
        let fixed = fixed.map(|literal| text[literal.span.range()].chars().count() as u64);
        characters = characters.saturating_add(fixed.sum());
    }
    let mut most: Option<(&str, u64)> = None;
    for (name, variable) in &context.prompt.file.variables {
        if !context.uses.iter().any(|used| used.path[0] == *name) {
            continue;
        }
        let Some(length) = longest(&variable.json_schema()) else { continue };
        characters = characters.saturating_add(length);
        if most.is_none_or(|(_, other)| length > other) {
            most = Some((name, length));
        }
    }
    let Some((name, _)) = most else { return };
    let found = characters / 4;
    if let Some(room) = room(context, found).filter(|room| found > *room) {
        let message = format!(
            "with the longest values the prompt has about {found} tokens, and there is room for {room}"
        );
        let document = &context.prompt.document;
        let route = Route::root().key("variables").key(name);
        findings.push(
            finding(context, &WINDOW_MAY_OVERFLOW, message)
                .related(
                    &document.file,
                    document.key_span(&route),
                    format!("`{name}` may be the longest"),
                )
                .help(format!("lower the bounds of `{name}`")),
        );
    }
}

/// Whether a value may fill a window, at the first look.
fn may_be_long(variable: &Variable) -> bool {
    let bound = |key: &str| variable.keys().get(key).and_then(Value::as_u64).unwrap_or(0);
    bound("maxLength") > SMALLEST || bound("maxItems") > 0 || bound("maxProperties") > 0
}

fn finding(
    context: &PromptContext<'_>,
    rule: &crate::lint::rule::Rule,
    message: String,
) -> Diagnostic {
    let document = &context.prompt.document;
    let route = ["context", "model", "messages"]
        .iter()
        .map(|key| Route::root().key(*key))
        .find(|route| document.node(route).is_some())
        .unwrap_or_else(Route::root);
    rule.at(&document.file, document.key_span(&route), message)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn what_an_answer_needs_is_no_room() {
        let prompt = |head: &str| {
            format!(
                "{head}variables: {{x: {{type: string, maxLength: 400}}}}\nmessages:\n  - {{role: user, content: 'word {{{{ x }}}} {}'}}\n",
                "word ".repeat(30)
            )
        };
        let found = |head: &str| {
            let prompt = prompt(head);
            ["M208", "M213"]
                .map(|code| findings(code, &[("prompts/a.yaml", prompt.as_str())]))
                .concat()
        };
        assert_eq!(found(""), [""; 0]);
        assert_eq!(found("context: {window: 1000}\n"), [""; 0]);
        assert_eq!(
            found("context: {window: 100}\n"),
            [
                "prompts/a.yaml:1:1 M213 with the longest values the prompt has about 139 tokens, and there is room for 100"
            ]
        );
        assert_eq!(
            found(
                "model: {provider: x, name: y, max_output_tokens: 90}\ncontext: {window: 100, reserve: 50}\n"
            ),
            [
                "prompts/a.yaml:2:1 M208 with the shortest values the prompt has at least 31 tokens, and there is room for 10",
                "prompts/a.yaml:2:1 M213 with the longest values the prompt has about 139 tokens, and there is room for 10",
            ]
        );
    }
}
