//! S402

use std::collections::BTreeMap;

use crate::detect::pii::{self, Kind, Pii};
use crate::diagnostic::Diagnostic;
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};
use crate::project::FileKind;

rule! {
    /// A prompt, an example or a dataset has personal data.
    ///
    /// ## Why is this bad?
    ///
    /// What is in a prompt or a dataset is sent to a provider, stands in its logs and in everyone's clone, and stays in
    /// the history. Laws on data protection ask for a reason to hold data of a person; a test seldom is one.
    ///
    /// ## What it does
    ///
    /// It looks for payment cards, IBANs, US social security numbers, e-mail addresses, telephone numbers, and national
    /// ids of Brazil, France, Germany, Italy, the Netherlands, Spain and the United Kingdom. Checksums must be right; ids
    /// whose form says little must stand next to a word that names them. Numbers and addresses that are reserved for
    /// documentation and tests are left alone, as are those of offices (`support@…`, toll-free numbers). Names of people
    /// are not looked for, nor IP addresses.
    ///
    /// In a prompt and a suite it looks at what the model or an assertion sees, not at comments, `owner` or `metadata`. A
    /// dataset has one finding for each kind, at its first place, with the count.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/refund.yaml
    /// messages:
    ///   - {role: system, content: "Send refunds above 500 EUR to lena.fischer@northwind.com."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/refund.yaml
    /// messages:
    ///   - {role: system, content: "Send refunds above 500 EUR to refunds@example.com."}
    /// ```
    PII: "S402" "personal-data" Warning, Check::text(check)
}

/// Keys of prompts and suites below which stands what a model or an assertion sees.
const SEEN: [&str; 7] = ["messages", "examples", "tools", "variables", "output", "cases", "assert"];

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    let found = match context.kind {
        FileKind::Config => return,
        _ => pii::find(context.file.text()),
    };
    match context.kind {
        FileKind::Dataset => of_dataset(context, &found, findings),
        FileKind::Partial => findings.extend(found.iter().map(|pii| one(context, *pii))),
        _ => {
            let seen =
                |pii: &&Pii| context.top_key(pii.span.start).is_some_and(|key| SEEN.contains(&key));
            findings.extend(found.iter().filter(seen).map(|pii| one(context, *pii)));
        }
    }
}

fn one(context: &TextContext<'_>, pii: Pii) -> Diagnostic {
    let message = format!("this looks like {}", with_article(pii.kind));
    PII.at(context.file, pii.span, message).secret().help(instead(pii.kind))
}

fn of_dataset(context: &TextContext<'_>, found: &[Pii], findings: &mut Vec<Diagnostic>) {
    let mut kinds: BTreeMap<Kind, (Pii, usize)> = BTreeMap::new();
    for pii in found {
        kinds.entry(pii.kind).or_insert((*pii, 0)).1 += 1;
    }
    findings.extend(kinds.into_values().map(|(first, count)| match count {
        1 => one(context, first),
        count => {
            let message = format!(
                "this looks like {}, the first of {count} in this file",
                with_article(first.kind)
            );
            PII.at(context.file, first.span, message).secret().help(instead(first.kind))
        }
    }));
}

fn with_article(kind: Kind) -> String {
    let noun = kind.noun();
    let article = match kind {
        Kind::Email | Kind::NhsNumber | Kind::CodiceFiscale => "an",
        _ => "a",
    };
    format!("{article} {noun}")
}

/// What to write in its place.
fn instead(kind: Kind) -> &'static str {
    match kind {
        Kind::Email => "use an address of example.com, which belongs to nobody",
        Kind::Phone => "use a number of fiction, such as +1 212 555 0147",
        Kind::Card => "use a number for tests, such as 4111 1111 1111 1111",
        _ => "use one that is made up and printed in documentation, or a variable",
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn only_what_a_model_or_an_assertion_sees_is_looked_at() {
        let prompt = "owner: lena.fischer@gmx.de\nmetadata: {by: lena.fischer@gmx.de}\n# lena.fischer@gmx.de\nmessages:\n  # lena.fischer@gmx.de\n  - {role: user, content: Write to lena.fischer@gmx.de}\nexamples:\n  - {output: 415-867-2609}\n";
        assert_eq!(
            findings(
                "S402",
                &[("prompts/a.yaml", prompt), ("prompts/p.md", "Ask otto.kern@gmx.de\n")]
            ),
            [
                "prompts/a.yaml:6:36 S402 this looks like an e-mail address",
                "prompts/a.yaml:8:14 S402 this looks like a telephone number",
                "prompts/p.md:1:5 S402 this looks like an e-mail address",
            ]
        );
    }

    #[test]
    fn a_dataset_has_one_finding_for_each_kind() {
        let prompt = "variables: {q: string}\nmessages:\n  - {role: user, content: '{{ q }}'}\n";
        let suite = "prompts: [a]\ndataset: datasets/d.csv\nassert: [{type: contains, value: x}]\n";
        let rows = "q\nfrom a.b@gmx.de\nfrom c.d@gmx.de\ncall 415-867-2609\n";
        assert_eq!(
            findings(
                "S402",
                &[("prompts/a.yaml", prompt), ("evals/a.yaml", suite), ("datasets/d.csv", rows)]
            ),
            [
                "datasets/d.csv:2:6 S402 this looks like an e-mail address, the first of 2 in this file",
                "datasets/d.csv:4:6 S402 this looks like a telephone number",
            ]
        );
    }
}
