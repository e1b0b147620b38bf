//! M205

use super::asked::{Asked, each_model};
use crate::diagnostic::Diagnostic;
use crate::lint::rule::rule;

rule! {
    /// A parameter has a value that the model cannot have.
    ///
    /// ## Why is this bad?
    ///
    /// The vendor refuses the request, or takes the nearest value that it allows.
    ///
    /// ## What it does
    ///
    /// It knows the highest `temperature` and the longest `stop` of large vendors, and the most tokens that their models
    /// write.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// model: {provider: anthropic, name: claude-haiku-4-5-20251001, temperature: 1.5}
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// model: {provider: anthropic, name: claude-haiku-4-5-20251001, temperature: 1}
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    PARAMETER_OUT_OF_RANGE: "M205" "parameter-out-of-range" Error,
    each_model!(check)
}

fn check(asked: &Asked<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let Some(vendor) = asked.vendor else { return findings };
    let settings = &asked.settings;
    let at = |key: &str, message: String| {
        PARAMETER_OUT_OF_RANGE.at(asked.file(), asked.span(&[key]), message)
    };
    if let (Some(value), Some((most, source))) = (settings.temperature, vendor.temperature)
        && value > most
    {
        let message = format!("`temperature` is {value}; `{}` takes at most {most}", vendor.name);
        findings.push(at("temperature", message).help(format!("see {source}")));
    }
    if let Some(most) = vendor.stops
        && settings.stop.len() > most
    {
        let count = settings.stop.len();
        let message = format!("`stop` has {count} entries; `{}` takes at most {most}", vendor.name);
        findings.push(at("stop", message));
    }
    if vendor.limits
        && let Some(value) = settings.max_output_tokens
        && let Some(most) = asked.facts().and_then(|facts| facts.max_output)
        && value > most
    {
        let message =
            format!("`max_output_tokens` is {value}; `{}` writes at most {most}", settings.id());
        findings.push(at("max_output_tokens", message));
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn bounds_belong_to_the_range() {
        let of = |model: &str| {
            let prompt = format!("model: {model}\nmessages:\n  - {{role: user, content: Hello}}\n");
            findings("M205", &[("prompts/a.yaml", prompt.as_str())])
        };
        assert_eq!(of("{provider: openai, name: gpt-4o, temperature: 2}"), [""; 0]);
        assert_eq!(of("{provider: gateway, name: gpt-4o, temperature: 9}"), [""; 0]);
        assert_eq!(
            of(
                "{provider: openai, name: gpt-4o, temperature: 2.5, max_output_tokens: 16385, stop: [a, b, c, d, e]}"
            ),
            [
                "prompts/a.yaml:1:41 M205 `temperature` is 2.5; `openai` takes at most 2",
                "prompts/a.yaml:1:59 M205 `max_output_tokens` is 16385; `openai/gpt-4o` writes at most 16384",
                "prompts/a.yaml:1:85 M205 `stop` has 5 entries; `openai` takes at most 4",
            ]
        );
    }
}
