//! K504

use super::prefix::{CACHED_BYTES, CACHED_TOKENS, Piece, few_values, pieces};
use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// The fixed beginning of a prompt is a little shorter than what providers cache.
    ///
    /// ## Why is this bad?
    ///
    /// OpenAI and Anthropic cache a beginning of 1024 tokens and more. A prompt that lies just below pays the whole price
    /// for each request, while a few more examples would make it both better and cheaper.
    ///
    /// ## What it does
    ///
    /// It speaks where the text before the first variable or branch has 70 % of 4096 bytes and more, and less than all of them.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Orders: {% include "rules.md" %}
    ///       Parts: {% include "rules.md" %}
    ///       Repairs: {% include "rules.md" %}
    ///       Rent: {% include "rules.md" %}
    ///       Loans: {% include "rules.md" %}
    ///   - {role: user, content: "{{ ticket }}"}
    /// ```
    ///
    /// ```text prompts/rules.md
    /// - A refund is due when the parcel did not arrive within ten days, or when what arrived was broken or another thing.
    /// - Ask for the number of the order when the ticket has none; never guess it, and never take it from another ticket.
    /// - Whoever is angry gets a person: hand the ticket over when it has insults, threats, or the third complaint in a row.
    /// - Questions about invoices go to accounting, with the number of the invoice and the month that it was written for.
    /// - A ticket in a language that you do not know well goes to a person who does, with a note that says which it is.
    /// - Nothing is promised: no date, no sum, no present; what the customer will get is said by the person who decides.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Orders: {% include "rules.md" %}
    ///       Parts: {% include "rules.md" %}
    ///       Repairs: {% include "rules.md" %}
    ///       Rent: {% include "rules.md" %}
    ///       Loans: {% include "rules.md" %}
    ///       Gifts: {% include "rules.md" %}
    ///   - {role: user, content: "{{ ticket }}"}
    /// ```
    CACHE_MINIMUM: "K504" "cache-below-minimum" Info off, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let near = CACHED_BYTES * 7 / 10;
    let pieces = pieces(context, near);
    let variables = &context.prompt.file.variables;
    let stays = |piece: &&Piece<'_>| match piece {
        Piece::Fixed(_) => true,
        Piece::Print(name, _) => variables.get(*name).is_some_and(few_values),
        Piece::Maybe => false,
    };
    let fixed: usize = pieces.iter().take_while(stays).map(Piece::fixed).sum();
    // Without anything that changes, each request is the same.
    let changes = pieces.iter().any(|piece| !stays(&piece));
    if !changes || fixed < near || fixed >= CACHED_BYTES {
        return;
    }
    let document = &context.prompt.document;
    let message = format!(
        "the prompt begins with {fixed} bytes of fixed text, which is a little less than the {CACHED_TOKENS} tokens that providers cache"
    );
    findings.push(
        CACHE_MINIMUM
            .at(&document.file, document.key_span(&Route::root().key("messages")), message)
            .help("one more example makes it long enough"),
    );
}
