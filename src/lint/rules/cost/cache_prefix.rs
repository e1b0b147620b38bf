//! K503

use super::prefix::{CACHED_BYTES, Piece, pieces, volatile};
use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A variable that changes with each request stands before a long fixed text.
    ///
    /// ## Why is this bad?
    ///
    /// Providers keep the beginning that requests share and charge a tenth to a half of the price for it. What stands
    /// behind the first difference is read and paid for anew each time.
    ///
    /// ## What it does
    ///
    /// It measures the text that is there for all values, 4096 bytes (about 1024 tokens) at least. Variables that change
    /// are those with `trust: untrusted`, those of the last user message, and moments such as `now` or `request_id`; one
    /// with an `enum` has its few beginnings cached.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// variables:
    ///   ticket: {type: string, trust: untrusted}
    /// messages:
    ///   - role: system
    ///     content: |
    ///       <ticket>{{ ticket }}</ticket>
    ///       Orders: {% include "rules.md" %}
    ///       Parts: {% include "rules.md" %}
    ///       Repairs: {% include "rules.md" %}
    ///       Rent: {% include "rules.md" %}
    ///       Loans: {% include "rules.md" %}
    ///       Gifts: {% include "rules.md" %}
    ///       Other: {% include "rules.md" %}
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
    /// variables:
    ///   ticket: {type: string, trust: untrusted}
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Orders: {% include "rules.md" %}
    ///       Parts: {% include "rules.md" %}
    ///       Repairs: {% include "rules.md" %}
    ///       Rent: {% include "rules.md" %}
    ///       Loans: {% include "rules.md" %}
    ///       Gifts: {% include "rules.md" %}
    ///       Other: {% include "rules.md" %}
    ///   - {role: user, content: '<ticket>{{ ticket }}</ticket>'}
    /// ```
    CACHE_PREFIX: "K503" "cache-prefix-broken" Info, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let pieces = pieces(context, CACHED_BYTES);
    let mut behind: usize = pieces.iter().map(Piece::fixed).sum();
    for piece in &pieces {
        behind -= piece.fixed();
        if behind < CACHED_BYTES {
            return;
        }
        if let Piece::Print(name, printed) = piece
            && volatile(context, name)
        {
            let place = printed.place(&context.closure);
            let message = format!(
                "`{name}` changes with each request and stands before {behind} bytes of fixed text, which a provider cannot cache"
            );
            findings.push(CACHE_PREFIX.at(&place.file, place.span, message).help(
                "move it behind the fixed text, for example into the last message of the user",
            ));
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    fn found(content: &str, variables: &str) -> Vec<String> {
        let content = content.replace("LONG", &"All of this stays the same. ".repeat(160));
        let prompt = format!(
            "variables: {{{variables}}}\nmessages:\n  - {{role: system, content: '{content}'}}\n  - {{role: user, content: 'About {{{{ asked }}}}'}}\n"
        );
        findings("K503", &[("prompts/a.yaml", prompt.as_str())])
    }

    #[test]
    fn only_what_changes_before_what_stays_is_found() {
        let untrusted = "asked: string, x: {type: string, trust: untrusted}";
        let says = |name: &str| {
            vec![format!(
                "prompts/a.yaml:3:33 K503 `{name}` changes with each request and stands before 4487 bytes of fixed text, which a provider cannot cache"
            )]
        };
        assert_eq!(found("{{ x }} LONG", untrusted), says("x"));
        assert_eq!(found("{{ asked }} LONG", "asked: string"), says("asked"));
        let quiet: [(&str, &str); 6] = [
            ("LONG {{ x }}", untrusted),
            ("{{ x }} short", untrusted),
            ("{{ x }} LONG", "asked: string, x: string"),
            ("{{ x }} LONG", "asked: string, x: {enum: [a, b], trust: untrusted}"),
            ("{{ x }} {% if asked %}LONG{% endif %}", untrusted),
            ("{% if x %}a{% endif %} LONG", untrusted),
        ];
        for (content, variables) in quiet {
            assert_eq!(found(content, variables), [""; 0], "{content}");
        }
    }
}
