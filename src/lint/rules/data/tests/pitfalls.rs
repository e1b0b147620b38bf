//! The pitfalls of evaluation files that users of other tools have fallen into, one executed case each.

use super::*;

/// Rows for [`GREET`] and a suite over them.
fn greet(rows: &str, rest: &str) -> Vec<String> {
    let suite = format!("prompts: [greet]\ndataset: datasets/greet.csv\n{rest}");
    found(&[GREET, ("datasets/greet.csv", rows), ("evals/greet.yaml", &suite)])
}

/// The finding on a type of assertion that does not exist.
fn no_type(name: &str) -> String {
    let words = 2 * crate::assertion::SPECS.len();
    format!("evals/greet.yaml:3:17 F003 `{name}` is none of the {words} words that it may be")
}

const CONTAINS: &str = "assert: [{type: contains, value: '{{ variables.name }}'}]\n";

#[test]
fn assertions_among_the_variables() {
    let suite = "prompts: [greet]
cases:
  - {id: a, variables: {name: Ada, assert: [{type: contains, value: Ada}], expected: Ada}}
assert: [{type: contains, value: Ada}]
";
    assert_eq!(
        found(&[GREET, ("evals/greet.yaml", suite)]),
        [
            "evals/greet.yaml:3:5 D573 `assert` of case `a` stands among its variables, where it means nothing",
            "evals/greet.yaml:3:5 D573 `expected` of case `a` stands among its variables, where it means nothing",
        ]
    );
    let rows = "{\"id\": \"a\", \"vars\": {\"name\": \"Ada\"}, \"assert\": []}\n";
    assert_eq!(
        found(&[
            GREET,
            ("datasets/greet.jsonl", rows),
            (
                "evals/greet.yaml",
                "prompts: [greet]\ndataset: datasets/greet.jsonl\nassert: [{type: contains, value: Ada}]\n"
            ),
        ]),
        [
            "datasets/greet.jsonl:1:1 D551 case `a` does not fit the prompt `greet`: variable `name`: it is required and was not given",
            "datasets/greet.jsonl:1:1 D573 `assert` is a column of case `a`, where it asserts nothing",
            "datasets/greet.jsonl:1:1 D573 the column `vars` of case `a` is one variable, not several",
        ]
    );
}

#[test]
fn unknown_assertions_and_keys() {
    assert_eq!(
        greet("id,name\na,Ada\n", "assert: [{type: contain, value: Ada}]\n"),
        [no_type("contain")]
    );
    assert_eq!(
        advice(&[
            GREET,
            (
                "evals/greet.yaml",
                "prompts: [greet]\ncases: [{id: a, variables: {name: Ada}}]\nassert: [{type: contain, value: Ada}]\n"
            ),
        ]),
        ["did you mean `contains`?"]
    );
    assert_eq!(
        greet("id,name\na,Ada\n", "asserts: [{type: contains, value: Ada}]\n"),
        ["evals/greet.yaml:3:1 F003 unknown key `asserts`"]
    );
}

#[test]
fn variables_without_a_column_and_columns_without_a_variable() {
    assert_eq!(
        greet("id,nmae\na,Ada\n", "assert: [{type: contains, value: Ada}]\n"),
        [
            "datasets/greet.csv:2:1 D551 case `a` does not fit the prompt `greet`: variable `name`: it is required and was not given",
            "datasets/greet.csv:2:1 D553 the column `nmae` (1 case) is no variable of the prompt `greet` and no assertion uses it",
        ]
    );
}

#[test]
fn templates_in_a_cell() {
    assert_eq!(
        greet("id,name\na,{{ env.HOME }}\n", CONTAINS),
        ["datasets/greet.csv:2:1 D554 `name` of case `a` has template syntax: `{{ env.HOME }}`"]
    );
}

#[test]
fn cases_without_assertions() {
    assert_eq!(
        greet("id,name\na,Ada\n", ""),
        ["evals/greet.yaml:1:1 D560 the suite has no assertions: nothing would be judged"]
    );
}

#[test]
fn weights_of_zero_and_forgiving_thresholds() {
    assert_eq!(
        greet(
            "id,name\na,Ada\n",
            "assert: [{type: contains, value: '{{ variables.name }}', weight: 0}]\n"
        ),
        [
            "evals/greet.yaml:3:66 D566 all assertions of the suite have weight 0: no answer can pass"
        ]
    );
    assert_eq!(
        greet("id,name\na,Ada\n", &format!("{CONTAINS}threshold: 0\n")),
        ["evals/greet.yaml:4:12 D566 with a threshold of 0 every answer passes"]
    );
    let near =
        "assert: [{type: similarity-ratio, value: 'Hi {{ variables.name }}', threshold: 0.9}]\n";
    assert_eq!(
        greet("id,name\na,Ada\n", &format!("{near}threshold: 0.5\n")),
        [
            "evals/greet.yaml:4:12 D566 the threshold 0.5 of the suite forgives what its one assertion fails below 0.9"
        ]
    );
    assert_eq!(greet("id,name\na,Ada\n", &format!("{near}threshold: 0.9\n")), [""; 0]);
    assert_eq!(greet("id,name\na,Ada\n", &format!("{CONTAINS}threshold: 0.5\n")), [""; 0]);
}

#[test]
fn a_judge_that_nobody_names_is_none() {
    let judge = |keys: &str| {
        let suite = format!("assert: [{{type: judge, threshold: 0.5, {keys}}}]\n");
        greet("id,name\na,Ada\n", &suite)
    };
    assert_eq!(
        judge("value: Is it polite?"),
        [
            "evals/greet.yaml:3:17 D558 `judge` names no model, and pf.yaml has no profile `judge`: no judge is ever guessed"
        ]
    );
    assert_eq!(judge("value: Is it polite?, model: openai/gpt-5.2"), [""; 0]);
    assert_eq!(judge("prompt: judges/coherence, model: openai/gpt-5.2"), [""; 0]);
}

#[test]
fn negative_assertions_alone() {
    let negative = "assert: [{type: not-contains, value: sorry}, {type: max-length, value: 99}]\n";
    assert_eq!(
        greet("id,name\na,Ada\n", negative),
        [
            "evals/greet.yaml:3:1 D565 an empty answer passes: no assertion says what an answer must be"
        ]
    );
}

/// A stored answer keeps the time and the tokens of its call, so that such gates mean something with a cache. An answer
/// that the dataset brings along has neither.
#[test]
fn assertions_on_calls_that_are_never_made() {
    assert_eq!(
        greet(
            "id,name,output\na,Ada,Hello Ada\nb,Alan,Hello Alan\nc,Grace,\n",
            "assert: [{type: contains, value: '{{ variables.name }}'}, {type: latency, threshold: 100}]\n"
        ),
        [
            "evals/greet.yaml:3:66 D567 `latency` cannot be judged for case `a` and 1 more: the answer is given, so that there is no call",
        ]
    );
    assert_eq!(
        greet(
            "id,name\na,Ada\n",
            "assert: [{type: contains, value: '{{ variables.name }}'}, {type: latency, threshold: 100}]\n"
        ),
        [""; 0]
    );
}

#[test]
fn json_in_csv_that_is_not_quoted() {
    let prompt = (
        "prompts/greet.yaml",
        "variables: {who: {type: object}}\nmessages: [{role: user, content: '{{ who.name }}'}]\n",
    );
    let suite = (
        "evals/greet.yaml",
        "prompts: [greet]\ndataset: datasets/greet.csv\nassert: [{type: contains, value: Ada}]\n",
    );
    let files = |rows| [prompt, suite, ("datasets/greet.csv", rows)];
    let ragged = files("id,who\na,{\"name\": \"Ada\", \"age\": 36}\n");
    assert_eq!(
        found(&ragged),
        ["datasets/greet.csv:2:1 D550 the row has 3 cells, the header has 2"]
    );
    assert_eq!(
        advice(&ragged),
        [
            "a cell of JSON must be quoted, and each quote inside written twice: \"{\"\"a\"\": 1, \"\"b\"\": 2}\""
        ]
    );
    let half = files("id,who\na,\"{\"name\": \"Ada\"}\"\n");
    assert_eq!(
        found(&half),
        [
            "datasets/greet.csv:2:1 D551 case `a` does not fit the prompt `greet`: variable `who`: \"{name\\\": \\\"Ada\\\"}\\\"\" is not of type \"object\"",
        ]
    );
    assert_eq!(
        advice(&half),
        [
            "the cell is no JSON (key must be a string at character 2); inside a quoted cell each quote is written twice: \"{\"\"a\"\": 1}\"",
        ]
    );
    assert_eq!(found(&files("id,who\na,\"{\"\"name\"\": \"\"Ada\"\"}\"\n")), [""; 0]);
}

#[test]
fn duplicate_ids_and_duplicate_rows() {
    assert_eq!(
        greet("id,name\na,Ada\na,Alan\n", CONTAINS),
        ["datasets/greet.csv:3:1 D552 a second case is called `a`"]
    );
    assert_eq!(
        greet("id,name\na,Ada\nb,Ada\n", CONTAINS),
        ["datasets/greet.csv:3:1 D574 case `b` has the same variables as `a`"]
    );
    assert_eq!(
        greet(
            "id,name,expected\na,Ada,x\nb,Ada,y\n",
            "assert: [{type: contains, value: '{{ expected }}'}]\n"
        ),
        [
            "datasets/greet.csv:3:1 D574 cases `a` and `b` have the same variables and expect different answers"
        ]
    );
    assert_eq!(greet("id,name,output\na,Ada,x\nb,Ada,y\n", CONTAINS), [""; 0]);
}

/// A list stays one value; where the variable is no list, the row does not fit.
#[test]
fn lists_are_not_expanded() {
    let rows = "{\"id\": \"a\", \"name\": [\"Ada\", \"Alan\"]}\n";
    assert_eq!(
        found(&[
            GREET,
            ("datasets/greet.jsonl", rows),
            (
                "evals/greet.yaml",
                "prompts: [greet]\ndataset: datasets/greet.jsonl\nassert: [{type: contains, value: Ada}]\n"
            ),
        ]),
        [
            "datasets/greet.jsonl:1:1 D551 case `a` does not fit the prompt `greet`: variable `name`: [\"Ada\",\"Alan\"] is not of type \"string\"",
        ]
    );
}

#[test]
fn nearness_without_a_threshold() {
    assert_eq!(
        greet(
            "id,name\na,Ada\n",
            "assert: [{type: similarity-ratio, value: 'Hi {{ variables.name }}'}, {type: not-levenshtein, value: Hi}]\n"
        ),
        [
            "evals/greet.yaml:3:17 D570 `similarity-ratio` has no `threshold`: a score of 0.75 passes by default",
            "evals/greet.yaml:3:77 D570 `not-levenshtein` has no `threshold`: at most 5 edits fails by default",
        ]
    );
}

#[test]
fn models_that_move_under_a_gate() {
    let suite = format!(
        "prompts: [greet]\nmodels: [openai/gpt-4o]\ngates: {{pass_rate: 1}}\ncases: [{{id: a, variables: {{name: Ada}}}}]\n{CONTAINS}"
    );
    let codes = found(&[GREET, ("evals/greet.yaml", &suite)]);
    assert_eq!(codes.len(), 1, "{codes:?}");
    assert!(codes[0].starts_with("evals/greet.yaml:2:10 M202 "), "{codes:?}");
}

#[test]
fn secrets_in_data() {
    let key = format!("sk-proj-{}", "aB3dE5gH7jK9mN1pQ3sT5vW7".repeat(2));
    let findings = greet(&format!("id,name\na,{key}\n"), CONTAINS);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("datasets/greet.csv:2:3 S401 "), "{findings:?}");
    assert!(!findings[0].contains(&key));
}

#[test]
fn datasets_that_change_with_their_prompt() {
    let files = [
        GREET,
        ("datasets/greet.csv", "id,name\na,Ada\n"),
        (
            "evals/greet.yaml",
            &format!("prompts: [greet]\ndataset: datasets/greet.csv\n{CONTAINS}") as &str,
        ),
    ];
    let project = project(&files);
    let said = |paths: &[&str]| {
        let change = paths.iter().map(|path| RepoPath::new(path).unwrap()).collect();
        let options = Options { paths: Some(&change), change: Some(&change), ..Options::default() };
        show(&project, options)
    };
    assert_eq!(
        said(&["prompts/greet.yaml", "datasets/greet.csv"]),
        [
            "prompts/greet.yaml:2:1 D572 `greet` changes together with `datasets/greet.csv`, which suite `greet` measures it with",
        ]
    );
    assert_eq!(said(&["prompts/greet.yaml"]), [""; 0]);
    assert_eq!(said(&["datasets/greet.csv"]), [""; 0]);
    assert_eq!(said(&["prompts/greet.yaml", "datasets/greet.csv", "evals/greet.yaml"]), [""; 0]);
    assert_eq!(found(&files), [""; 0]);
}

#[test]
fn globs_that_match_nothing() {
    let suite = format!("prompts: ['great*']\ndataset: 'datasets/*.csv'\n{CONTAINS}");
    assert_eq!(
        found(&[GREET, ("evals/greet.yaml", &suite)]),
        [
            "evals/greet.yaml:1:11 D559 no prompt matches `great*`",
            "evals/greet.yaml:2:10 D559 no dataset matches `datasets/*.csv`",
        ]
    );
}

#[test]
fn patterns_that_match_everything_or_nothing() {
    assert_eq!(
        greet(
            "id,name\na,Ada\n",
            "assert: [{type: regex, value: '(Hi)?'}, {type: not-regex, value: '$sorry'}, {type: regex, value: '$x'}]\n"
        ),
        [
            "evals/greet.yaml:3:31 D557 the assertion `regex` passes whatever the answer is: `(Hi)?` matches every text, the empty one included",
            "evals/greet.yaml:3:66 D557 the assertion `not-regex` passes whatever the answer is: `$sorry` matches no text",
            "evals/greet.yaml:3:98 D576 the assertion `regex` passes for no answer: `$x` matches no text",
        ]
    );
}
