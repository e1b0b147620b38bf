//! The rules about examples, through the whole check.

use super::sent;
use crate::lint::tests::{findings, project};
use crate::project::prompt::PromptName;

/// A prompt that sends its examples, and a suite over rows of a CSV file.
fn contaminated(examples: &str, rows: &str) -> Vec<String> {
    let prompt = format!(
        "variables: {{ticket: string, tier: {{enum: [free, pro], default: free}}}}
messages: [{{examples: {{}}}}, {{role: user, content: '{{{{ tier }}}} {{{{ ticket }}}}'}}]
examples:
{examples}"
    );
    let rows = format!("id,ticket,tier\n{rows}");
    let suite =
        "prompts: [sort]\ndataset: datasets/d.csv\nassert: [{type: contains, value: refund}]\n";
    findings(
        "X305",
        &[
            ("prompts/sort.yaml", prompt.as_str()),
            ("datasets/d.csv", &rows),
            ("evals/s.yaml", suite),
        ],
    )
}

const LONG: &str = "I ordered a blue lamp three weeks ago and it has not come yet so please give me all of my money back";

#[test]
fn examples_that_are_cases_are_found() {
    let one = "  - {variables: {ticket: Where is it?}, output: x}\n";
    assert_eq!(
        contaminated(one, "a,The page is blank.,\nb,where  IS it?,free\nc,Where is it?,\n"),
        [
            "prompts/sort.yaml:4:17 X305 example 1 is the same as case `b` (and 1 more) of the suite `s`, which tests the prompt",
        ]
    );
    // Another value of another variable makes another question, and so does one word of few.
    assert_eq!(contaminated(one, "a,Where is it?,pro\nb,Where is he?,free\n"), [""; 0]);
}

#[test]
fn long_texts_are_found_when_they_are_nearly_the_same() {
    let one = format!("  - {{variables: {{ticket: {LONG}}}, output: x}}\n");
    let near = LONG.replace("please give", "kindly give");
    let nearly = |words: &str| format!("a,{LONG} {words},\n");
    assert_eq!(
        contaminated(&one, &nearly("now!")),
        [
            "prompts/sort.yaml:4:17 X305 example 1 is nearly the same as case `a` of the suite `s`, which tests the prompt",
        ]
    );
    // A word in the middle of twenty breaks five of sixteen runs.
    assert_eq!(contaminated(&one, &format!("a,{near},\n")), [""; 0]);
    assert_eq!(contaminated(&one, &format!("a,{LONG} now,pro\n")), [""; 0]);
    let form: String = (0..5).map(|n| format!("{n},{LONG} {n},\n")).collect();
    assert_eq!(contaminated(&one, &form), [""; 0]);
    assert_eq!(contaminated(&one, &format!("{form}x,{LONG},\n")).len(), 1);
}

#[test]
fn examples_that_are_not_sent_contaminate_nothing() {
    let files = |messages: &str| {
        let prompt = format!(
            "variables: {{ticket: string}}\nmessages: [{messages}]\nexamples:\n  - {{variables: {{ticket: a}}, output: x}}\n  - {{variables: {{ticket: b}}, output: x}}\n"
        );
        let suite = "prompts: [sort]\ncases: [{id: a, variables: {ticket: b}}]\nassert: [{type: contains, value: x}]\n";
        let files = [("prompts/sort.yaml", prompt.as_str()), ("evals/s.yaml", suite)];
        let project = project(&files);
        (sent(&project.prompts[&PromptName("sort".into())]), findings("X305", &files).len())
    };
    let user = "{role: user, content: '{{ ticket }}'}";
    assert_eq!(files(user), (0, 0));
    assert_eq!(files(&format!("{{examples: {{max: 1}}}}, {user}")), (1, 0));
    assert_eq!(files(&format!("{{examples: {{max: 9}}}}, {user}")), (2, 1));
    assert_eq!(files("{role: user, content: 'As in the examples: {{ ticket }}'}"), (0, 0));
    assert_eq!(
        files(
            "{role: user, content: '{% for e in examples %}{{ e.output }}{% endfor %} {{ ticket }}'}"
        ),
        (2, 1)
    );
}

/// What one rule says of a prompt with these examples and this schema.
fn of_prompt(code: &str, examples: &str, schema: &str) -> Vec<String> {
    let prompt = format!(
        "variables: {{ticket: {{type: string, default: ''}}}}\nmessages: [{{examples: {{}}}}, {{role: user, content: '{{{{ ticket }}}}'}}]\nexamples:\n{examples}output: {{schema: {schema}}}\n"
    );
    findings(code, &[("prompts/p.yaml", &prompt)])
}

#[test]
fn duplicate_examples_are_told_from_contradictions() {
    let examples = "  - {variables: {ticket: a}, output: x}
  - {variables: {ticket: b}, output: x}
  - {variables: {ticket: A}, output: x}
  - {variables: {ticket: ' b'}, output: y}
  - {output: style one}
  - {output: style two}
  - {output: style two}
";
    assert_eq!(
        of_prompt("X303", examples, "{}"),
        [
            "prompts/p.yaml:6:5 X303 example 3 is the same as example 1",
            "prompts/p.yaml:7:5 X303 example 4 has the input of example 2 and another output",
        ]
    );
}

#[test]
fn near_duplicates_with_another_output_show_where_the_line_lies() {
    let pair = |a: &str, b: &str| {
        of_prompt(
            "X307",
            &format!(
                "  - {{variables: {{ticket: {LONG} now}}, output: {a}}}\n  - {{variables: {{ticket: {LONG} soon}}, output: {b}}}\n"
            ),
            "{}",
        )
    };
    assert_eq!(
        pair("x", "x"),
        ["prompts/p.yaml:5:5 X307 example 2 is nearly the same as example 1"]
    );
    assert_eq!(pair("x", "y"), [""; 0]);
}

#[test]
fn labels_are_counted_by_property() {
    let examples = |labels: &[&str]| -> String {
        labels
            .iter()
            .enumerate()
            .map(|(n, label)| format!("  - {{variables: {{ticket: t{n}}}, output: {label}}}\n"))
            .collect()
    };
    let of = |labels: &[&str], schema: &str| of_prompt("X304", &examples(labels), schema);
    let flat = "{enum: [a, b, c]}";
    assert_eq!(
        of(&["a", "a", "a", "a", "a", "b"], flat),
        ["prompts/p.yaml:3:1 X304 5 of 6 examples have `a`"]
    );
    assert_eq!(
        of(&["a", "a", "b", "b", "a"], flat),
        ["prompts/p.yaml:3:1 X304 no example has `c`"]
    );
    assert_eq!(of(&["a", "a", "a", "a", "b"], "{enum: [a, b]}"), [""; 0]);
    assert_eq!(of(&["a", "a", "a", "a"], flat), [""; 0]);
    assert_eq!(of(&["a", "b", "a", "b", "a"], "{enum: [a, b, c, d, e, f]}"), [""; 0]);
    let nested = "{properties: {label: {enum: [a, b]}, note: {type: string}}}";
    assert_eq!(
        of(
            &["{label: a}", "'{\"label\": \"a\"}'", "{label: a}", "{label: a}", "{label: a}"],
            nested
        ),
        ["prompts/p.yaml:3:1 X304 5 of 5 examples have `a` as `label`"]
    );
}

#[test]
fn examples_behind_the_limit_are_out_of_reach() {
    let of = |entries: &str| {
        let prompt = format!(
            "variables: {{t: string}}\nmessages: [{entries}{{role: user, content: '{{{{ t }}}}'}}]\nexamples:\n  - {{variables: {{t: a}}, output: x}}\n  - {{variables: {{t: b}}, output: x}}\n"
        );
        findings("X311", &[("prompts/p.yaml", &prompt)])
    };
    assert_eq!(
        of("{examples: {max: 1}}, "),
        ["prompts/p.yaml:2:29 X311 1 of 2 examples are never sent"]
    );
    assert_eq!(
        of("{examples: {max: 0}}, "),
        ["prompts/p.yaml:2:29 X311 2 of 2 examples are never sent"]
    );
    assert_eq!(of("{examples: {max: 1}}, {examples: {}}, "), [""; 0]);
    assert_eq!(of("{examples: {max: 2}}, "), [""; 0]);
    assert_eq!(
        of("{role: system, content: '{{ examples | length }}'}, {examples: {max: 1}}, "),
        [""; 0]
    );
    assert_eq!(of(""), [""; 0]);
}
