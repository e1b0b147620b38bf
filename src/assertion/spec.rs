//! The table of assertion types: names, values, parameters, thresholds, scores. Documentation, editors and the compiler
//! read the same one.

use std::fmt::Write as _;

use super::syntax::Fields;
use super::{
    Kind, characters, choice, command, cosine, distance, expression, json, judge, label, language,
    number, overlap, pattern, quality, refusal, run, safety, size, text, tool_call, variety,
};

/// One type of assertion.
pub struct Spec {
    /// Its name; `not-` before it inverts it.
    pub name: &'static str,
    /// What it is about.
    pub family: Family,
    /// When it passes.
    pub passes: &'static str,
    /// What `value` is.
    pub value: ValueRule,
    /// Keys of its own.
    pub parameters: &'static [Parameter],
    /// What is measured, and in which unit, where something is.
    pub raw: Option<&'static str>,
    /// How the score comes about.
    pub score: &'static str,
    /// What `threshold` means.
    pub threshold: Threshold,
    /// Reads the rest of the assertion.
    pub(super) compile: fn(&mut Fields<'_>) -> Option<Kind>,
}

impl Spec {
    /// Whether it looks at the text of the answer, and not only at the call.
    pub fn reads_text(&self) -> bool {
        self.family != Family::Run || self.name == run::TOKEN_EFFICIENCY.name
    }
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Spec").field(&self.name).finish()
    }
}

/// What a group of types is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Family {
    /// Texts and patterns in the answer.
    Text,
    /// The answer read as JSON.
    Json,
    /// Nearness to a text.
    Distance,
    /// What the answer and references have in common.
    Overlap,
    /// Numbers and computed verdicts.
    Value,
    /// Length.
    Size,
    /// What kind of text it is.
    Property,
    /// What must not be given away.
    Safety,
    /// The call.
    Run,
    /// What others are asked about it: models and commands.
    Asked,
}

impl Family {
    /// A heading for it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Json => "JSON",
            Self::Distance => "Distance",
            Self::Overlap => "Overlap with references",
            Self::Value => "Numbers and expressions",
            Self::Size => "Length",
            Self::Property => "Kind of text",
            Self::Safety => "Safety",
            Self::Run => "The call",
            Self::Asked => "Judges and commands",
        }
    }

    /// What is to be known of all its types, as paragraphs.
    fn note(self) -> &'static str {
        match self {
            Self::Overlap => OVERLAP,
            Self::Asked => ASKED,
            _ => "",
        }
    }
}

/// Whether a type takes a `value`, and what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueRule {
    /// None.
    None,
    /// It must be there.
    Required(&'static str),
    /// It may be there.
    Optional(&'static str),
}

/// A key that some types have besides the common ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameter {
    /// The key.
    pub name: &'static str,
    /// What it means, with its default.
    pub doc: &'static str,
}

/// What `threshold` means for a type.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Threshold {
    /// It has none: the type passes or fails by itself.
    None,
    /// The least score that passes, in [0, 1].
    Floor {
        /// In force when none is given.
        default: f64,
    },
    /// The greatest raw value that passes, 0 or more.
    Ceiling {
        /// In force when none is given; without one a threshold must be given.
        default: Option<f64>,
    },
}

impl Threshold {
    /// The threshold when none is given.
    pub fn default_value(self) -> Option<f64> {
        match self {
            Self::None => None,
            Self::Floor { default } => Some(default),
            Self::Ceiling { default } => default,
        }
    }
}

const BINARY: &str = "1 or 0";
const TEXT: ValueRule = ValueRule::Required("a text");
const TEXTS: ValueRule = ValueRule::Required("a list of texts");
const COUNT: ValueRule = ValueRule::Required("a whole number");
const CEILING: Threshold = Threshold::Ceiling { default: None };

const fn text(
    name: &'static str,
    passes: &'static str,
    value: ValueRule,
    compile: fn(&mut Fields<'_>) -> Option<Kind>,
) -> Spec {
    Spec {
        name,
        family: Family::Text,
        passes,
        value,
        parameters: &[],
        raw: None,
        score: BINARY,
        threshold: Threshold::None,
        compile,
    }
}

const fn overlap(
    name: &'static str,
    passes: &'static str,
    raw: &'static str,
    score: &'static str,
    default: f64,
    compile: fn(&mut Fields<'_>) -> Option<Kind>,
) -> Spec {
    Spec {
        name,
        family: Family::Overlap,
        passes,
        value: ValueRule::Required("a reference, or a list of them"),
        parameters: &[],
        raw: Some(raw),
        score,
        threshold: Threshold::Floor { default },
        compile,
    }
}

const fn rouge(
    name: &'static str,
    passes: &'static str,
    compile: fn(&mut Fields<'_>) -> Option<Kind>,
) -> Spec {
    Spec {
        parameters: &[Parameter {
            name: "stem",
            doc: "true compares the stems of English words (Porter); default false",
        }],
        ..overlap(name, passes, "F", "F", 0.75, compile)
    }
}

/// All types, in the order in which they are documented.
pub static SPECS: &[Spec] = &[
    text(
        "equals",
        "the answer is exactly the text; any other value is compared with the answer read as JSON",
        ValueRule::Required("anything"),
        text::equals,
    ),
    text("iequals", "the same without regard to case", TEXT, text::iequals),
    text("contains", "the answer contains the text", TEXT, text::contains),
    text("icontains", "the same without regard to case", TEXT, text::icontains),
    text("contains-any", "the answer contains one of the texts", TEXTS, text::contains_any),
    text("icontains-any", "the same without regard to case", TEXTS, text::icontains_any),
    text("contains-all", "the answer contains each of the texts", TEXTS, text::contains_all),
    text("icontains-all", "the same without regard to case", TEXTS, text::icontains_all),
    text("starts-with", "the answer begins with the text", TEXT, text::starts_with),
    text("ends-with", "the answer ends with the text", TEXT, text::ends_with),
    text(
        "regex",
        "the pattern matches somewhere in the answer; `(?i)` ignores case, `(?s)` lets `.` match line breaks",
        ValueRule::Required(
            "a regular expression (Rust's `regex`: no look-around, no back-references)",
        ),
        pattern::regex,
    ),
    choice::CHOICE,
    Spec {
        family: Family::Json,
        ..text(
            "is-json",
            "the answer as a whole is JSON, and fits the schema where one is given",
            ValueRule::Optional("a JSON Schema"),
            json::is_json,
        )
    },
    Spec {
        family: Family::Json,
        ..text(
            "contains-json",
            "an outermost JSON object or array somewhere in the answer, in a fence or in prose, fits the schema where one is given; nothing is mended",
            ValueRule::Optional("a JSON Schema"),
            json::contains_json,
        )
    },
    Spec {
        family: Family::Json,
        ..text(
            "json-schema",
            "the answer is JSON that fits the schema (draft 2020-12 unless `$schema` names another; formats are checked, nothing is fetched)",
            ValueRule::Required("a JSON Schema"),
            json::json_schema,
        )
    },
    Spec {
        family: Family::Json,
        parameters: &[Parameter {
            name: "equals",
            doc: "the JSON value that must stand there (numbers by value); a path that can find several values yields their list",
        }],
        ..text(
            "json-path",
            "something stands at the path, and equals `equals` where that is given",
            ValueRule::Required(
                "a JSONPath (RFC 9535 without filters), such as `$.items[0].label`",
            ),
            json::json_path,
        )
    },
    Spec {
        name: "levenshtein",
        family: Family::Distance,
        passes: "the answer is at most so many edits away from the text",
        value: TEXT,
        parameters: &[],
        raw: Some("edits (inserted, deleted or replaced code points)"),
        score: BINARY,
        threshold: Threshold::Ceiling { default: Some(5.0) },
        compile: distance::levenshtein,
    },
    Spec {
        name: "similarity-ratio",
        family: Family::Distance,
        passes: "the answer is at least so similar to the text",
        value: TEXT,
        parameters: &[],
        raw: Some("the ratio"),
        score: "1 − edits / the longer length, in code points",
        threshold: Threshold::Floor { default: 0.75 },
        compile: distance::similarity_ratio,
    },
    overlap(
        "bleu",
        "runs of one to four words of the answer are in the references",
        "BLEU, 0 to 100",
        "BLEU / 100",
        0.5,
        overlap::bleu,
    ),
    rouge("rouge-1", "words are in both texts", overlap::rouge_1),
    rouge("rouge-2", "pairs of words are in both texts", overlap::rouge_2),
    rouge("rouge-l", "words are in both texts in the same order", overlap::rouge_l),
    rouge(
        "rouge-lsum",
        "the same, line by line: the order of the lines does not count",
        overlap::rouge_lsum,
    ),
    overlap(
        "chrf",
        "runs of one to six characters are in both texts",
        "chrF, 0 to 100",
        "chrF / 100 (recall counts twice)",
        0.5,
        overlap::chrf,
    ),
    overlap(
        "chrf++",
        "the same, with words and pairs of words",
        "chrF++, 0 to 100",
        "chrF++ / 100",
        0.5,
        overlap::chrf_plus_plus,
    ),
    overlap(
        "f1",
        "words are in both texts, whatever their order, case, punctuation and articles",
        "F1",
        "F1",
        0.5,
        overlap::f1,
    ),
    Spec {
        raw: None,
        threshold: Threshold::None,
        ..overlap(
            "exact-match",
            "the answer is a reference but for case, punctuation, articles and white space",
            "",
            BINARY,
            0.0,
            overlap::exact_match,
        )
    },
    Spec {
        name: "number",
        family: Family::Value,
        passes: "the last number of the answer is the last number of the value, as decimals",
        value: ValueRule::Required(
            "a number, or a text such as a worked solution, whose last number counts",
        ),
        parameters: &[
            Parameter { name: "tolerance", doc: "how far the numbers may be apart; default 0" },
            Parameter {
                name: "relative",
                doc: "the same as a share of the value; default 0. The wider of the two counts",
            },
        ],
        raw: Some("the last number of the answer"),
        score: BINARY,
        threshold: Threshold::None,
        compile: number::number,
    },
    Spec {
        name: "label",
        family: Family::Value,
        passes: "the answer is the expected label. Case does not count, nor do white space, quotes, `*`, backticks and a full stop around it. An answer that has no label, or one that `labels` does not hold, is invalid. Feeds the figures of a classification",
        value: ValueRule::Optional("the expected label; default `{{ expected }}`"),
        parameters: &[
            Parameter {
                name: "labels",
                doc: "the closed list of labels, in the order in which they are shown; default: what the cases expect",
            },
            Parameter {
                name: "path",
                doc: "where the label stands in an answer of JSON, such as `$.label`; default: the answer is the label",
            },
        ],
        raw: None,
        score: BINARY,
        threshold: Threshold::None,
        compile: label::label,
    },
    Spec {
        name: "expression",
        family: Family::Value,
        passes: "the expression is true, or a number that reaches the threshold",
        value: ValueRule::Required(
            "a Jinja expression over `output`, `expected`, `variables`, `metadata` and `json` (the answer read as JSON, none when it is not)",
        ),
        parameters: &[],
        raw: Some("the number, where it is one"),
        score: "1 or 0, or the number itself, which must lie in [0, 1]",
        threshold: Threshold::Floor { default: 1.0 },
        compile: expression::expression,
    },
    Spec {
        name: "word-count",
        family: Family::Size,
        passes: "the answer has so many words, separated by white space",
        value: ValueRule::Required("a whole number, or a map of `min` and `max`"),
        parameters: &[],
        raw: Some("words"),
        score: BINARY,
        threshold: Threshold::None,
        compile: size::word_count,
    },
    Spec {
        name: "max-length",
        family: Family::Size,
        passes: "the answer has at most so many characters",
        value: COUNT,
        parameters: &[],
        raw: Some("characters (code points)"),
        score: BINARY,
        threshold: Threshold::None,
        compile: size::max_length,
    },
    Spec {
        name: "min-length",
        family: Family::Size,
        passes: "the answer has at least so many characters",
        value: COUNT,
        parameters: &[],
        raw: Some("characters (code points)"),
        score: BINARY,
        threshold: Threshold::None,
        compile: size::min_length,
    },
    language::LANGUAGE,
    characters::SCRIPT,
    characters::PRINTABLE,
    variety::REPETITION,
    variety::LEXICAL_DIVERSITY,
    refusal::IS_REFUSAL,
    quality::QUALITY,
    safety::NO_SECRETS,
    safety::NO_PII,
    Spec {
        name: "cost",
        family: Family::Run,
        passes: "the answer cost at most so much",
        value: ValueRule::None,
        parameters: &[],
        raw: Some("US dollars"),
        score: BINARY,
        threshold: CEILING,
        compile: run::cost,
    },
    Spec {
        name: "latency",
        family: Family::Run,
        passes: "the answer took at most so long; a stored answer keeps the time that it took",
        value: ValueRule::None,
        parameters: &[],
        raw: Some("milliseconds"),
        score: BINARY,
        threshold: CEILING,
        compile: run::latency,
    },
    Spec {
        name: "tokens",
        family: Family::Run,
        passes: "the call used at most so many tokens",
        value: ValueRule::None,
        parameters: &[Parameter {
            name: "count",
            doc: "`input`, `output` or `total`; default `total`",
        }],
        raw: Some("tokens, as the provider counted them"),
        score: BINARY,
        threshold: CEILING,
        compile: run::tokens,
    },
    Spec {
        name: "finish-reason",
        family: Family::Run,
        passes: "the model stopped for this reason, whatever the case",
        value: ValueRule::Required(
            "`stop`, `length`, `content_filter`, `tool_calls` or the provider's own word",
        ),
        parameters: &[],
        raw: None,
        score: BINARY,
        threshold: Threshold::None,
        compile: run::finish_reason,
    },
    run::TOKEN_EFFICIENCY,
    tool_call::TOOL_CALL,
    judge::JUDGE,
    cosine::COSINE,
    command::EXEC,
];

/// The type of this name, without `not-`.
pub(super) fn find(name: &str) -> Option<&'static Spec> {
    SPECS.iter().find(|spec| spec.name == name)
}

/// The names of all types, each followed by its `not-` form.
pub(super) fn names() -> Vec<String> {
    SPECS.iter().flat_map(|spec| [spec.name.to_owned(), format!("not-{}", spec.name)]).collect()
}

/// The page that documents all types, in Markdown.
pub fn table_markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    let mut family = None;
    for spec in SPECS {
        if family != Some(spec.family) {
            family = Some(spec.family);
            let (title, note) = (spec.family.title(), spec.family.note());
            let _ = write!(page, "\n## {title}\n\n{note}{HEADER}");
        }
        let value = match spec.value {
            ValueRule::None => "–".to_owned(),
            ValueRule::Required(what) => what.to_owned(),
            ValueRule::Optional(what) => format!("{what} (optional)"),
        };
        let threshold = match spec.threshold {
            Threshold::None => "–".to_owned(),
            Threshold::Floor { default } => format!("floor of the score, default {default}"),
            Threshold::Ceiling { default: Some(default) } => {
                format!("ceiling of the raw value, default {default}")
            }
            Threshold::Ceiling { default: None } => "ceiling of the raw value, required".to_owned(),
        };
        let mut passes = spec.passes.to_owned();
        for parameter in spec.parameters {
            let _ = write!(passes, ". `{}`: {}", parameter.name, parameter.doc);
        }
        let raw = spec.raw.unwrap_or("–");
        let cells = [&passes, value.as_str(), raw, spec.score, &threshold];
        let cells = cells.map(|cell| cell.replace('|', "\\|")).join(" | ");
        let _ = writeln!(page, "| `{}` | {cells} |", spec.name);
    }
    page.push_str(&quality::section_markdown());
    page
}

const HEADER: &str = "\
| type | passes when | value | raw | score | threshold |
|---|---|---|---|---|---|
";

const OVERLAP: &str = "\
These numbers are those of the implementations that papers quote, to nine digits: `bleu`, `chrf` and `chrf++` of sacrebleu's
`sentence_bleu` and `sentence_chrf` (tokens `13a`, smoothing `exp`, effective order), `rouge-…` of Google's `rouge_score`, `f1` and
`exact-match` of the evaluation script of SQuAD 1.1. Of several references `bleu` takes the runs of words of all, the others the
one that is best. The mean of `bleu` over cases is not the BLEU of a corpus, which papers report.

A text in which there is nothing to count scores 0, also against another such text; so an empty answer is never good here, except
for `exact-match`, where it matches a reference without words. ROUGE counts ASCII letters and digits alone: for Chinese or
Arabic take `chrf`. Texts of more than 16 MiB, and for `rouge-l` and `rouge-lsum` such as would take many seconds
to compare (from some hundred thousand words on, or some ten thousand lines), leave the answer unscored.

";

const ASKED: &str = "\
These ask someone else about the answer. Verdicts of models and embeddings are answers like any other: kept in the local store, recorded,
replayed, asked once however many cells want them, and counted in the cost, which `judge_usage` of the outputs shows by itself.

";

const INTRODUCTION: &str = "\
# Assertions

An assertion gives an answer a score in [0, 1] and says whether it passes. It is a map with a `type` and the keys below; every
type takes `weight` (default 1; with 0 the assertion is measured and never decides) and `metric` (the name under which its scores are
averaged; default the type).

Every type that looks at the text takes `extract`: what is taken out of the answer before this assertion sees it, after the
prompt's own `output.extract`. It is one of the same steps or a list of them, tried in order: `strip-thinking`, `json`, `code`,
`after:TEXT`, `regex:PATTERN`. Where nothing is found, the assertion fails in both forms; what had to be mended is in the reason.

Each type has a `not-` form, such as `not-contains`: it passes where the other fails, and its score is 1 minus the other's.
What could not be judged (no price for `cost`, no token counts for `tokens`, an expression that fails) is *unscored* in both forms:
neither a pass nor a fail.

Texts in values, also inside lists and maps, are templates over `expected`, `output`, `variables` and `metadata`. They are
rendered once; what they insert is never rendered again. A value that is exactly one `{{ … }}` keeps its type: `{{ expected }}` is a
number where `expected` is one. The `value` of `expression` is an expression instead, without braces.

The raw value is what was measured, in its own unit; it stands beside the score in every output.
";
