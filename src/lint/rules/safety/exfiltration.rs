//! S407

use crate::detect::phrase::address::{self, AddressKind};
use crate::diagnostic::{Diagnostic, excerpt};
use crate::lint::context::ProseContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A text has an address that can carry data away.
    ///
    /// ## Why is this bad?
    ///
    /// A model repeats what its prompt shows it. An image in Markdown whose address holds a value is fetched, with the value,
    /// as soon as someone looks at the answer; a link sends it with a click. That is how data leave a chat unseen.
    ///
    /// ## What it does
    ///
    /// It reports images in Markdown with a template expression in their address, links with one behind the `?`, `data:`
    /// and `javascript:` targets of links, and URLs of public IP addresses. An address that is one expression as a whole is
    /// left alone, as are parts of a message of type `image`, which the provider fetches.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/report.yaml
    /// variables: {customer: string}
    /// messages:
    ///   - role: user
    ///     content: "Begin with ![logo](https://cdn.acme.io/logo.png?for={{ customer }})."
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/report.yaml
    /// variables: {customer: string}
    /// messages:
    ///   - role: user
    ///     content: "Begin with ![logo](https://cdn.acme.io/logo.png). Write for {{ customer }}."
    /// ```
    EXFILTRATION: "S407" "exfiltration-pattern" Warning, Check::prose(check)
}

fn check(context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    for found in address::find(context.text) {
        let text = &context.text[found.span.range()];
        let in_text =
            context.literals().any(|(literal, _)| literal.span.contains(found.span.start));
        let expression = text.find("{{").filter(|at| *at > 0);
        let in_query = expression.is_some_and(|at| text[..at].contains('?'));
        let acts = text.starts_with("javascript:")
            || (text.starts_with("data:") && !text.starts_with("data:image/"));
        let (message, help) = match found.kind {
            _ if !in_text => continue,
            AddressKind::Machine => (
                format!("`{}` is the address of a bare machine", excerpt(text, 60)),
                "use a host name: nobody can see whose machine this is, or will be",
            ),
            AddressKind::Image if expression.is_some() => (
                "the address of this image holds a value, which is sent to its host when the answer is shown".to_owned(),
                "keep values out of addresses that the model may repeat",
            ),
            AddressKind::Link if in_query => (
                "the query of this link holds a value, which is sent to its host".to_owned(),
                "keep values out of addresses that the model may repeat",
            ),
            AddressKind::Link if acts => (
                "this link does not lead to a page: it holds what a browser runs or shows".to_owned(),
                "link to an https address",
            ),
            _ => continue,
        };
        findings.push(EXFILTRATION.at(context.file, context.place(found.span), message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn only_addresses_that_carry_values_or_hide_their_host_are_found() {
        let text = "![a](https://x.io/{{ v }}.png)\n[b](https://x.io/s?q={{ v }})\n[c](https://x.io/{{ v }})\n[d]({{ v }}) ![e]({{ v }})\nhttp://93.184.216.34/x\n[f](data:text/html,x) ![g](data:image/png;base64,xx)\n![h](https://x.io/h.png)\n{# http://93.184.216.34/y #}\n";
        assert_eq!(
            findings("S407", &[("prompts/p.md", text)]),
            [
                "prompts/p.md:1:6 S407 the address of this image holds a value, which is sent to its host when the answer is shown",
                "prompts/p.md:2:5 S407 the query of this link holds a value, which is sent to its host",
                "prompts/p.md:5:1 S407 `http://93.184.216.34` is the address of a bare machine",
                "prompts/p.md:6:5 S407 this link does not lead to a page: it holds what a browser runs or shows",
            ]
        );
    }
}
