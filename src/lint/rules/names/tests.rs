//! What the examples of the rules do not show.

use crate::lint::tests::graded;

const HELLO: &str = "messages: [{role: user, content: hello}]\n";

#[test]
fn files_that_nobody_reads_are_found() {
    assert_eq!(
        graded("N106", &[("pf.yml", "lint: {}\n"), ("prompts/a.yml", HELLO)]),
        ["pf.yml:1:1 error `pf.yml` is not read"]
    );
    let suite = "prompts: [a]\ncases: [{}]\n";
    assert_eq!(
        graded("N106", &[("evals/s.yml", suite), ("evals/s.yaml", suite), ("prompts/a.yml", "{")]),
        ["evals/s.yml:1:1 error `evals/s.yaml` has the same name"]
    );
    assert_eq!(
        graded("N106", &[("prompts/a.yml", "{"), ("prompts/a.yaml", HELLO)]),
        ["prompts/a.yml:1:1 error `prompts/a.yaml` has the same name"]
    );
}

#[test]
fn partials_collide_as_well() {
    assert_eq!(
        graded("N107", &[("prompts/é.md", "x"), ("prompts/É.md", "y"), ("prompts/B.md", "z")]),
        ["prompts/é.md:1:1 error `prompts/É.md` differs by upper and lower case only"]
    );
    assert_eq!(
        graded("N107", &[("prompts/A/x.md", ""), ("prompts/a/y.md", "")]),
        Vec::<String>::new()
    );
}

#[test]
fn successors_exist_and_do_not_lead_back() {
    let to = |name: &str| format!("deprecated: {{use: {name}}}\n{HELLO}");
    let pair = |first: &str, second: &str| {
        graded("N108", &[("prompts/a.yaml", first), ("prompts/b.yaml", second)])
    };
    assert_eq!(pair(&to("b"), HELLO), Vec::<String>::new());
    assert_eq!(pair(&to("b"), "{"), Vec::<String>::new());
    assert_eq!(
        pair(&to("a"), &to("zebra")),
        [
            "prompts/a.yaml:1:19 error `a` is to be replaced by itself",
            "prompts/b.yaml:1:19 error there is no prompt `zebra`",
        ]
    );
    assert_eq!(
        pair(&to("b"), &to("a")),
        [
            "prompts/a.yaml:1:19 error `b` is deprecated in favour of `a`",
            "prompts/b.yaml:1:19 error `a` is deprecated in favour of `b`",
        ]
    );
}

#[test]
fn deprecated_prompts_may_be_measured_beside_their_successors() {
    let old = format!("deprecated: {{use: new}}\n{HELLO}");
    let with = |prompts: &str| {
        let suite = format!("prompts: {prompts}\ncases: [{{}}]\n");
        let files = [
            ("prompts/old.yaml", old.as_str()),
            ("prompts/new.yaml", HELLO),
            ("evals/s.yaml", &suite),
        ];
        graded("N109", &files)
    };
    let said =
        ["evals/s.yaml:1:11 warning the prompt `old` is deprecated, and no suite measures `new`"];
    assert_eq!(with("[old]"), said);
    assert_eq!(with("[old, new]"), Vec::<String>::new());
    assert_eq!(with("[old, 'n*']"), Vec::<String>::new());
    assert_eq!(with("['*']"), Vec::<String>::new());
}
