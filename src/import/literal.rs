//! Text that is no template, written so that a template engine prints it as it is.
//!
//! Only what Jinja would read is touched: the openings `{{`, `{%` and `{#`. On a line that has some, the stretch from the
//! first of them to the end of the last tag goes into a raw block; a text that speaks of `endraw` itself, which would end
//! the block, gets an expression that prints each opening instead.

/// What opens a tag.
const OPENINGS: [&str; 3] = ["{{", "{%", "{#"];
/// What closes one.
const CLOSINGS: [&str; 3] = ["}}", "%}", "#}"];

/// Appends text to a template, so that it renders as these bytes.
pub fn push(template: &mut String, text: &str) {
    // A brace that ends what is there and one that starts this text would open a tag together.
    if template.ends_with('{') && text.starts_with(['{', '%', '#']) {
        template.pop();
        template.push_str("{{ \"{\" }}");
    }
    for line in text.split_inclusive('\n') {
        push_line(template, line);
    }
}

/// Appends a tag, keeping it apart from a brace before it.
pub fn push_tag(template: &mut String, tag: &str) {
    if template.ends_with('{') {
        template.pop();
        template.push_str("{{ \"{\" }}");
    }
    template.push_str(tag);
}

/// The first opening of a tag, found without looking behind it: a line may have millions.
fn opening(text: &str) -> Option<usize> {
    text.as_bytes().windows(2).position(|pair| OPENINGS.iter().any(|tag| tag.as_bytes() == pair))
}

fn push_line(template: &mut String, line: &str) {
    let Some(first) = opening(line) else {
        template.push_str(line);
        return;
    };
    if line.contains("endraw") {
        let mut rest = line;
        while let Some(at) = opening(rest) {
            template.push_str(&rest[..at]);
            template.push_str(&format!("{{{{ \"{}\" }}}}", &rest[at..at + 2]));
            rest = &rest[at + 2..];
        }
        template.push_str(rest);
        return;
    }
    let body = line.trim_end_matches('\n');
    let last = OPENINGS.iter().filter_map(|tag| body.rfind(tag)).max().unwrap_or(first);
    let end = CLOSINGS
        .iter()
        .filter_map(|tag| body[last + 2..].rfind(tag))
        .max()
        .map_or(body.len(), |at| last + 2 + at + 2);
    template.push_str(&line[..first]);
    template.push_str("{% raw %}");
    template.push_str(&line[first..end]);
    template.push_str("{% endraw %}");
    template.push_str(&line[end..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::jinja;

    fn written(texts: &[&str]) -> String {
        let mut template = String::new();
        for text in texts {
            push(&mut template, text);
        }
        template
    }

    fn rendered(template: &str) -> String {
        jinja::environment().render_str(template, ()).unwrap()
    }

    #[test]
    fn only_the_tags_are_touched() {
        for (text, expected) in [
            ("plain {braces} and }} %} #}", "plain {braces} and }} %} #}"),
            ("say {{name}} twice", "say {% raw %}{{name}}{% endraw %} twice"),
            ("a {{b}} c {% d %} e\nf {", "a {% raw %}{{b}} c {% d %}{% endraw %} e\nf {"),
            ("open {{ only\nnext", "open {% raw %}{{ only{% endraw %}\nnext"),
            (
                "{% raw %}{{x}}{% endraw %}",
                "{{ \"{%\" }} raw %}{{ \"{{\" }}x}}{{ \"{%\" }} endraw %}",
            ),
            ("", ""),
        ] {
            assert_eq!(written(&[text]), expected, "{text:?}");
            assert_eq!(rendered(expected), text);
        }
    }

    #[test]
    fn pieces_do_not_open_a_tag_together() {
        assert_eq!(rendered(&written(&["a {", "{ b"])), "a {{ b");
        let mut template = written(&["{"]);
        push_tag(&mut template, "{{ 1 }}");
        push(&mut template, "}");
        assert_eq!(rendered(&template), "{1}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn any_text_renders_as_itself(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "%", "#", "-", "+", "{{", "}}", "{%", "%}", "{#", "#}", "raw", "endraw", " ", "\n",
                    "{% raw %}", "{%- endraw -%}", "\"", "x", "é",
                ]),
                0..14,
            ),
        ) {
            let text: String = pieces.concat();
            prop_assert_eq!(rendered(&written(&[text.as_str()])), text.as_str());
            prop_assert_eq!(rendered(&written(&pieces)), text);
        }
    }
}
