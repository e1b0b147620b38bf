//! Generated templates and values: what is said is true of every render, and what fails was mostly announced.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::diagnostic::RuleId;
use crate::template::Renderer;
use crate::template::types::{
    IMPOSSIBLE_COMPARISON, PRINTED_COLLECTION, TYPE_MISMATCH, UNGUARDED_OPTIONAL, UNKNOWN_PROPERTY,
};
use crate::template::values::{Binder, Origin, Values};

const TYPES: &str = r"  s: string
  s2: {type: string, minLength: 1}
  n: integer
  f: {type: number}
  b: boolean
  l: {type: array, minItems: 1, items: {type: string, minLength: 1}}
  ln: {type: array, minItems: 1, items: {type: integer}}
  lo: {type: array, minItems: 1, items: {$defs: {}, type: object, required: [p, q], additionalProperties: false, properties: {p: {type: string}, q: {type: integer}, r: {type: string}}}}
  o: {type: object, required: [p, q, t, i], additionalProperties: false, properties: {p: {type: string}, q: {type: integer}, r: {type: string}, t: {type: array, minItems: 1, items: {type: string}}, i: {type: object, required: [x], additionalProperties: false, properties: {x: {type: string}, y: {type: integer}}}}}
  e: {enum: [red, green, blue]}
  os: {type: string, required: false}
  on: {type: integer, required: false}
  ol: {type: array, minItems: 1, items: {type: string}, required: false}
  oo: {type: object, properties: {p: {type: string}}, required: false}
  u: {type: [string, integer]}
  a: {}
";

/// What is optional, one bit each.
const ALL_GIVEN: u8 = 0b111_1111;

/// Values that the schemas allow; `given` tells what of the optional ones is there.
fn values(pick: usize, given: u8) -> Map<String, Value> {
    let texts = ["abc", "", "3", "x, y"];
    let text = texts[pick % texts.len()];
    let number = [0, 1, 7][pick % 3];
    let mut inner = json!({"x": text});
    let mut object = json!({"p": text, "q": number, "t": ["one"]});
    let mut row = json!({"p": text, "q": number});
    let has = |bit: u8| given & (1 << bit) != 0;
    if has(0) {
        inner["y"] = json!(4);
    }
    if has(1) {
        object["r"] = json!(["r", "red"][pick % 2]);
    }
    if has(6) {
        row["r"] = json!("r");
    }
    object["i"] = inner;
    let choice = ["red", "green", "blue"][pick % 3];
    let union = [json!("u"), json!(2), json!("red")][pick % 3].clone();
    let any = [json!("any"), json!(5), json!(["k"]), json!({"p": "v"})][pick % 4].clone();
    let mut all = json!({
        "s": text, "s2": "word", "n": number, "f": 1.5, "b": pick.is_multiple_of(2),
        "l": ["one", "two"], "ln": [1, 2], "lo": [row], "o": object,
        "e": choice, "u": union, "a": any,
    });
    if has(2) {
        all["os"] = json!(["os", "red", ""][pick % 3]);
    }
    if has(3) {
        all["on"] = json!([2, 3][pick % 2]);
    }
    if has(4) {
        all["ol"] = json!(["k"]);
    }
    if has(5) {
        all["oo"] = json!({"p": "pp"});
    }
    all.as_object().unwrap().clone()
}

/// Expressions without branches, so that each part of them runs.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "s", "s2", "n", "f", "b", "l", "ln", "lo", "o", "e", "os", "on", "ol", "oo", "u", "a",
        "o.p", "o.q", "o.r", "o.t", "o.i", "o.i.x", "o.i.y", "o.zz", "o['p']", "o['zz']", "l[0]",
        "lo[0]", "lo[0].p", "lo[0].r", "lo[0].zz", "s.zz", "l.zz", "n.zz", "n[0]", "oo.p", "'lit'",
        "3", "1.5", "true",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(3, 12, 2, |inner| {
        let operators =
            vec!["+", "-", "*", "~", "/", "//", "%", "**", "==", "!=", "<", ">=", "in", "not in"];
        let filters = vec![
            "length",
            "upper",
            "list",
            "first",
            "last",
            "join",
            "join(', ')",
            "string",
            "default('d')",
            "default('d', true)",
            "d(3)",
            "reverse",
            "sort",
            "trim",
            "title",
            "replace('a', 'b')",
            "split",
            "lines",
            "abs",
            "round",
            "int(0)",
            "float(0)",
            "items",
            "dictsort",
            "tojson",
            "map(attribute='p')",
            "map('upper')",
            "map('length')",
            "select",
            "selectattr('q')",
            "unique",
            "batch(2)",
            "max",
            "indent",
            "e",
            "urlencode",
            "bool",
            "count",
            "capitalize",
            "pprint",
            "safe",
            "groupby('p')",
            "attr('p')",
        ];
        let methods = vec![
            "upper()",
            "strip()",
            "split()",
            "keys()",
            "items()",
            "get('p')",
            "get('zz')",
            "get('r', 'd')",
            "count('a')",
            "append(1)",
            "zz()",
            "startswith('a')",
            "values()",
            "splitlines()",
            "find('a')",
        ];
        let tests = vec![
            "string",
            "none",
            "defined",
            "number",
            "mapping",
            "sequence",
            "startingwith('a')",
            "even",
        ];
        prop_oneof![
            (inner.clone(), prop::sample::select(operators), inner.clone())
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (inner.clone(), prop::sample::select(filters)).prop_map(|(a, f)| format!("({a})|{f}")),
            (inner.clone(), prop::sample::select(methods)).prop_map(|(a, m)| format!("({a}).{m}")),
            (inner.clone(), prop::sample::select(tests)).prop_map(|(a, t)| format!("({a} is {t})")),
            inner.clone().prop_map(|a| format!("(-{a})")),
            inner.clone().prop_map(|a| format!("({a})[1:]")),
            inner.prop_map(|a| format!("({a})[0]")),
        ]
    })
}

/// Conditions over paths, as people write them.
fn atom() -> impl Strategy<Value = String> {
    let path = || {
        prop::sample::select(vec![
            "s", "n", "b", "l", "e", "os", "on", "ol", "oo", "u", "a", "o.r", "o.i.y", "o.p",
            "oo.p",
        ])
    };
    prop_oneof![
        path().prop_map(str::to_owned),
        (
            path(),
            prop::sample::select(vec![
                "defined",
                "none",
                "string",
                "number",
                "undefined",
                "sequence",
                "mapping"
            ])
        )
            .prop_map(|(p, t)| format!("{p} is {t}")),
        (path(), prop::sample::select(vec!["defined", "none", "string"]))
            .prop_map(|(p, t)| format!("{p} is not {t}")),
        (
            path(),
            prop::sample::select(vec!["==", "!="]),
            prop::sample::select(vec!["'red'", "'gren'", "3", "none", "''"])
        )
            .prop_map(|(p, op, v)| format!("{p} {op} {v}")),
        prop::sample::select(vec!["e", "os", "u"]).prop_map(|p| format!("{p} in ['red', 'green']")),
        prop::sample::select(vec!["e", "os", "u"])
            .prop_map(|p| format!("{p} not in ['red', none]")),
        path().prop_map(|p| format!("{p} | default(false)")),
        prop::sample::select(vec!["'r' in o", "'zz' in o", "os|length", "os|trim"])
            .prop_map(str::to_owned),
    ]
}

fn conditions() -> impl Strategy<Value = String> {
    atom().prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

/// What stands around the hole `@`.
fn around<C: Strategy<Value = String> + 'static>(
    condition: impl Fn() -> C,
    most: usize,
) -> impl Strategy<Value = String> {
    let one = prop_oneof![
        condition().prop_map(|c| format!("{{% if {c} %}}@{{% endif %}}")),
        condition().prop_map(|c| format!("{{% if {c} %}}{{% else %}}@{{% endif %}}")),
        (condition(), condition())
            .prop_map(|(c, d)| format!("{{% if {c} %}}{{% elif {d} %}}@{{% endif %}}")),
        condition().prop_map(|c| format!(
            "{{% for k in [1] %}}{{% if {c} %}}{{% continue %}}{{% endif %}}@{{% endfor %}}"
        )),
        (prop::sample::select(vec!["lo", "l", "ln"]), prop::sample::select(vec!["k", "s", "o"]))
            .prop_map(|(l, k)| format!("{{% for {k} in {l} %}}@{{% endfor %}}")),
        condition().prop_map(|c| format!("{{% for k in lo if {c} %}}@{{% endfor %}}")),
        (prop::sample::select(vec!["s", "o", "os", "new"]), expression())
            .prop_map(|(name, e)| format!("{{% set {name} = {e} %}}@")),
        (condition(), expression())
            .prop_map(|(c, e)| format!("{{% if {c} %}}{{% set os = {e} %}}{{% endif %}}@")),
        (prop::sample::select(vec!["s", "new"]), expression())
            .prop_map(|(name, e)| format!("{{% with {name} = {e} %}}@{{% endwith %}}")),
        Just("{% macro m(s, o=3) %}@{% endmacro %}{{ m(n) }}".to_owned()),
        Just("{% macro m(s) %}{{ s }}{% endmacro %}@".to_owned()),
        Just("{% include 'part' %}@".to_owned()),
        Just("@".to_owned()),
    ];
    prop::collection::vec(one, 0..=most)
        .prop_map(|parts| parts.iter().fold("@".to_owned(), |all, part| all.replace('@', part)))
}

const PARTIALS: [(&str, &str); 1] = [("part", "{% set on = 'text' %}{{ e }}")];

/// One template: what is said of it, and how it renders with each set of values.
struct Tried {
    said: Vec<(RuleId, String)>,
    renders: Vec<Result<String, String>>,
}

fn tried(template: &str, values: &[Values]) -> Option<Tried> {
    let content = serde_json::to_string(template).unwrap();
    let prompt =
        prompt(&format!("variables:\n{TYPES}messages:\n  - role: user\n    content: {content}\n"));
    let (closure, trees) = closed_with_trees(&prompt, &PARTIALS);
    let renderer = Renderer::new(&prompt, &closure).ok()?;
    let said = infer(&prompt, &closure, &trees);
    let renders = values.iter().map(|values| match renderer.render(values) {
        Ok(messages) => {
            Ok(serde_json::to_value(&messages[0]).unwrap()["content"].as_str().unwrap().to_owned())
        }
        Err(problems) => Err(problems[0].message.clone()),
    });
    let renders = renders.collect();
    Some(Tried { said: said.iter().map(|d| (d.code, d.message.clone())).collect(), renders })
}

fn bound(all: impl IntoIterator<Item = (usize, u8)>) -> Vec<Values> {
    let prompt = prompt(&format!("variables:\n{TYPES}messages:\n  - {{role: user, content: x}}\n"));
    let binder = Binder::new(&prompt);
    all.into_iter()
        .map(|(pick, given)| binder.bind(&values(pick, given), Origin::Typed).unwrap())
        .collect()
}

/// All that is optional is there, and then none of it, by turns.
static ALL_OR_NONE: LazyLock<Vec<Values>> =
    LazyLock::new(|| bound((0..6).flat_map(|pick| [(pick, ALL_GIVEN), (pick, 0)])));

/// Each choice of what is there.
static EACH_CHOICE: LazyLock<Vec<Values>> = LazyLock::new(|| {
    bound((0..3).flat_map(|pick| (0..=ALL_GIVEN).map(move |given| (pick, given))))
});

/// Each case compiles two prompts and renders them with all values.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases / 2, failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(config())]

    /// A statement of which an error is said fails whenever it is reached.
    #[test]
    fn what_is_called_an_error_fails(around in around(conditions, 2), expression in expression()) {
        let values = &ALL_OR_NONE;
        let with = around.replace('@', &format!("[{{{{ {expression} }}}}]"));
        let probe = around.replace('@', "[REACHED]");
        let (Some(with), Some(probe)) = (tried(&with, values), tried(&probe, values)) else { return Ok(()) };
        let is_error = |(code, _): &&(RuleId, String)| *code == TYPE_MISMATCH || *code == UNKNOWN_PROPERTY;
        // What is wrong with the surroundings is no news.
        if probe.said.iter().any(|said| is_error(&said)) {
            return Ok(());
        }
        if let Some(error) = with.said.iter().find(is_error) {
            for (number, (render, probe)) in with.renders.iter().zip(&probe.renders).enumerate() {
                let given = number % 2 == 0;
                // An error is about values that are there.
                if given && probe.as_ref().is_ok_and(|text| text.contains("REACHED")) {
                    prop_assert!(render.is_err(), "{error:?} but {render:?}");
                }
            }
        }
        let printed = |tried: &Tried| {
            tried.said.iter().any(|(code, text)| *code == PRINTED_COLLECTION && text.contains("is printed"))
        };
        if printed(&with) && !printed(&probe) {
            for (render, probe) in with.renders.iter().zip(&probe.renders).step_by(2) {
                if let (Ok(text), Ok(probe)) = (render, probe) && probe.contains("REACHED") {
                    let shown = ["[[", "[{", "[("].iter().any(|start| text.contains(start));
                    prop_assert!(shown, "{:?} but {text:?}", with.said);
                }
            }
        }
    }

    /// What may be absent fails, or prints `None`, for some of the values.
    #[test]
    fn what_is_called_unguarded_goes_wrong_for_someone(around in around(atom, 1), path in prop::sample::select(vec![
        "os", "on", "ol|length", "o.r", "o.i.y", "oo.p", "os ~ 'x'", "os|upper", "lo[0].r", "os|default('d')", "o.r|default('d')", "on + 1",
    ])) {
        let values = &EACH_CHOICE;
        let with = around.replace('@', &format!("[{{{{ {path} }}}}]"));
        let probe = around.replace('@', "[REACHED]");
        let (Some(with), Some(probe)) = (tried(&with, values), tried(&probe, values)) else { return Ok(()) };
        // Both outcomes of that condition would have to be among the values.
        if around.contains("set os") {
            return Ok(());
        }
        let says = |tried: &Tried| tried.said.iter().any(|(code, _)| *code == UNGUARDED_OPTIONAL);
        let reached = |probe: &Result<String, String>| probe.as_ref().is_ok_and(|text| text.contains("REACHED"));
        let wrong = with.renders.iter().zip(&probe.renders).any(|(render, probe)| {
            reached(probe) && render.as_ref().map_or(true, |text| text.to_lowercase().contains("none"))
        });
        // Surroundings that fail by themselves let only those values through that do not.
        if says(&with) && !says(&probe) && probe.renders.iter().any(reached) {
            prop_assert!(wrong, "{:?} but nothing goes wrong", with.said);
        }
    }

    /// A comparison that is called impossible has one outcome.
    #[test]
    fn what_is_called_impossible_is(left in expression(), op in prop::sample::select(vec!["==", "!=", "<", ">", "in", "not in"]), right in expression()) {
        let values = &ALL_OR_NONE;
        let bare = format!("{{{{ ({left}) ~ ({right}) }}}}");
        let template = format!("{{{{ ({left}) {op} ({right}) }}}}");
        let (Some(with), Some(bare)) = (tried(&template, values), tried(&bare, values)) else { return Ok(()) };
        let says = |tried: &Tried| tried.said.iter().any(|(code, _)| *code == IMPOSSIBLE_COMPARISON);
        if says(&with) && !says(&bare) {
            let mut outcomes: Vec<&String> = with.renders.iter().step_by(2).flatten().collect();
            outcomes.dedup();
            prop_assert!(outcomes.len() < 2, "{:?} but {outcomes:?}", with.said);
        }
    }
}

/// Of the renders that fail because of a value's type, how many were announced.
#[test]
fn most_failures_are_announced() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let values = bound([(0, ALL_GIVEN), (3, 0)]);
    let (mut failed, mut announced) = (0, 0);
    let mut missed = Vec::new();
    for _ in 0..1500 {
        let expression = expression().new_tree(&mut runner).unwrap().current();
        let template = format!("{{{{ {expression} }}}}");
        let Some(tried) = tried(&template, &values) else { continue };
        if let Some(error) = tried.renders.iter().find_map(|render| render.as_ref().err()) {
            failed += 1;
            let says = tried.said.iter().any(|(code, _)| {
                [TYPE_MISMATCH, UNKNOWN_PROPERTY, UNGUARDED_OPTIONAL].contains(code)
            });
            if says { announced += 1 } else { missed.push((template, error.clone())) }
        }
    }
    println!("{announced} of {failed} failures were announced");
    for (template, error) in missed.iter().take(60) {
        println!("{template}   {error}");
    }
    assert!(announced * 10 >= failed * 8, "{announced} of {failed}");
}
