//! Saved runs: what `pf eval -o run.json` and `-o cells.jsonl` wrote, read back to be compared or merged.

mod each;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use self::each::each_cell;
use super::cell::{State, metric_means};
use super::compare::{Answer, Column, ColumnName, ComparisonGates, Outcome, Side, Wanted};
use super::shard::Shard;
use crate::digest::{Digest, canonical_json, sha256};
use crate::project::suite::Gates;
use crate::template::render::output_text;

/// The version of the files that are understood.
const VERSION: u64 = 1;

/// A saved run, without its answers.
#[derive(Clone, Debug, Default)]
pub struct SavedRun {
    /// The id of the run; a file of cells alone has none.
    pub id: Option<String>,
    /// `complete`, `interrupted` or `aborted`; a file of cells alone does not say.
    pub status: Option<String>,
    /// Whether only a part of the cases ran.
    pub filtered: bool,
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// Whether the files differed from that commit.
    pub dirty: Option<bool>,
    /// The part of the run that it is.
    pub shard: Option<Shard>,
    /// Its columns.
    pub side: Side,
}

/// Why a file is no saved run.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It is not the JSON of a run.
    #[error("it cannot be read as a run: {0}")]
    Json(#[from] serde_json::Error),
    /// It is something else of pf.
    #[error("it is no run but `{kind}`; `pf eval -o run.json` writes a run")]
    Kind {
        /// What it says it is.
        kind: String,
    },
    /// It is the summary of a run.
    #[error(
        "it is the summary of a run, without its cells; `pf eval -o run.json` writes a run with its cells"
    )]
    Summary,
    /// It is JSON of something else.
    #[error(
        "it is no run of pf: it says neither `kind` nor `case`; `pf eval -o run.json` writes a run"
    )]
    Foreign,
    /// A version that is not understood.
    #[error("it is written in version {found}, and this pf reads version {VERSION}")]
    Version {
        /// What it says.
        found: String,
    },
    /// No state is called so.
    #[error("case `{case}` has the state `{state}`, which pf does not know")]
    State {
        /// The case.
        case: String,
        /// What it says.
        state: String,
    },
    /// A score outside [0, 1].
    #[error("case `{case}` has the score {score}, and scores lie between 0 and 1")]
    Score {
        /// The case.
        case: String,
        /// What it says.
        score: f64,
    },
    /// Two cells are the same cell.
    #[error("case `{case}` stands twice in suite {suite} for {prompt} on {model}, repeat {repeat}")]
    Twice {
        /// The case.
        case: String,
        /// The suite.
        suite: String,
        /// The prompt.
        prompt: String,
        /// The model.
        model: String,
        /// From 1.
        repeat: u32,
    },
}

/// Enough to tell what a file is.
#[derive(Deserialize)]
struct Head {
    version: Option<Value>,
    kind: Option<Value>,
    case: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct RunText {
    id: Option<String>,
    status: Option<String>,
    #[serde(default)]
    filtered: bool,
    commit: Option<String>,
    dirty: Option<bool>,
    shard: Option<Shard>,
    #[serde(default)]
    suites: Vec<SuiteText>,
    #[serde(default)]
    results: Vec<ResultText>,
    cells: Vec<CellText>,
}

#[derive(Deserialize)]
struct SuiteText {
    name: String,
    primary: Option<String>,
    #[serde(default)]
    gates: Gates,
}

/// What a pair of prompt and model came to, as far as it says what was measured.
#[derive(Deserialize)]
struct ResultText {
    suite: String,
    suite_digest: Option<Digest>,
    prompt: String,
    digest: Option<Digest>,
    dataset_digest: Option<Digest>,
    model: String,
}

#[derive(Deserialize)]
struct CellText {
    suite: String,
    prompt: String,
    digest: Option<Digest>,
    model: String,
    case: String,
    repeat: u32,
    group: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    state: String,
    score: Option<f64>,
    expected: Option<Value>,
    #[serde(default)]
    variables: Map<String, Value>,
    latency_ms: Option<f64>,
    usage: Option<UsageText>,
    #[serde(default)]
    assertions: Vec<AssertionText>,
}

#[derive(Deserialize)]
struct UsageText {
    cost_usd: Option<f64>,
}

#[derive(Deserialize)]
struct AssertionText {
    r#type: String,
    metric: String,
    score: Option<f64>,
}

/// A cell, as far as its answer is shown.
#[derive(Deserialize)]
struct AnswerText {
    suite: String,
    prompt: String,
    model: String,
    case: String,
    repeat: u32,
    output: Option<String>,
    expected: Option<Value>,
    error: Option<String>,
    #[serde(default)]
    assertions: Vec<ReasonText>,
}

#[derive(Deserialize)]
struct ReasonText {
    r#type: String,
    passed: bool,
    reason: String,
}

#[derive(Deserialize)]
struct AnswersText {
    cells: Vec<AnswerText>,
}

/// What a file holds.
enum Kind {
    Run,
    /// A cell a line.
    Cells,
}

/// Reads a saved run; `label` is what it is called in reports.
pub fn read(bytes: &[u8], label: &str) -> Result<SavedRun, SavedError> {
    match kind(bytes)? {
        Kind::Run => {
            let text: RunText = serde_json::from_slice(bytes)?;
            let suites = text.suites;
            Ok(SavedRun {
                id: text.id,
                status: text.status,
                filtered: text.filtered,
                commit: text.commit,
                dirty: text.dirty,
                shard: text.shard,
                side: side(label, columns(&suites, text.results), text.cells.into_iter().map(Ok))?,
            })
        }
        Kind::Cells => {
            let cells = serde_json::Deserializer::from_slice(bytes).into_iter();
            Ok(SavedRun { side: side(label, IndexMap::new(), cells)?, ..SavedRun::default() })
        }
    }
}

/// Reads those answers of a saved run that are wanted.
pub fn answers(
    bytes: &[u8],
    wanted: &BTreeSet<Wanted>,
) -> Result<BTreeMap<Wanted, Answer>, SavedError> {
    let mut found = BTreeMap::new();
    let mut keep = |cell: AnswerText| {
        let AnswerText { suite, prompt, model, case, repeat, .. } = cell;
        let key = Wanted { suite, prompt, model, case, repeat };
        if !wanted.contains(&key) {
            return;
        }
        let reasons = cell.assertions.iter().filter(|assertion| !assertion.passed);
        let reasons: Vec<String> = reasons
            .map(|assertion| format!("{}: {}", assertion.r#type, assertion.reason))
            .collect();
        found.insert(
            key,
            Answer {
                output: cell.output,
                why: cell.error.unwrap_or_else(|| reasons.join("; ")),
                expected: cell.expected.as_ref().map(output_text),
            },
        );
    };
    match kind(bytes)? {
        Kind::Run => {
            let text: AnswersText = serde_json::from_slice(bytes)?;
            text.cells.into_iter().for_each(&mut keep);
        }
        Kind::Cells => {
            for cell in serde_json::Deserializer::from_slice(bytes).into_iter() {
                keep(cell?);
            }
        }
    }
    Ok(found)
}

fn kind(bytes: &[u8]) -> Result<Kind, SavedError> {
    if bytes.trim_ascii().is_empty() {
        return Err(SavedError::Empty);
    }
    let first = serde_json::Deserializer::from_slice(bytes).into_iter::<Head>().next();
    let head = first.ok_or(SavedError::Empty)??;
    match (head.kind, head.version, head.case) {
        (None, None, Some(_)) => Ok(Kind::Cells),
        (Some(Value::String(kind)), version, _) => {
            if version != Some(json!(VERSION)) {
                let found = version.map_or_else(|| "none".to_owned(), |found| found.to_string());
                return Err(SavedError::Version { found });
            }
            match kind.as_str() {
                "run" => Ok(Kind::Run),
                "eval" => Err(SavedError::Summary),
                _ => Err(SavedError::Kind { kind }),
            }
        }
        _ => Err(SavedError::Foreign),
    }
}

type Columns = IndexMap<(String, String, String), Column>;

/// The columns that the summary names, still without cells.
fn columns(suites: &[SuiteText], results: Vec<ResultText>) -> Columns {
    let mut columns = Columns::new();
    for result in results {
        let suite = suites.iter().find(|suite| suite.name == result.suite);
        let key = (result.suite.clone(), result.prompt.clone(), result.model.clone());
        columns.insert(
            key,
            Column {
                name: ColumnName {
                    suite: result.suite,
                    prompt: result.prompt,
                    model: result.model,
                    digest: result.digest,
                },
                suite_digest: result.suite_digest,
                dataset_digest: result.dataset_digest,
                primary: suite.and_then(|suite| suite.primary.clone()),
                gates: suite.map(|suite| ComparisonGates::from(&suite.gates)).unwrap_or_default(),
                outcomes: Vec::new(),
            },
        );
    }
    columns
}

fn side(
    label: &str,
    mut columns: Columns,
    cells: impl Iterator<Item = Result<CellText, serde_json::Error>>,
) -> Result<Side, SavedError> {
    let mut seen: HashSet<(usize, String, u32)> = HashSet::new();
    for cell in cells {
        let cell = cell?;
        let key = (cell.suite.clone(), cell.prompt.clone(), cell.model.clone());
        let entry = columns.entry(key);
        let index = entry.index();
        let column = entry.or_insert_with(|| Column {
            name: ColumnName {
                suite: cell.suite.clone(),
                prompt: cell.prompt.clone(),
                model: cell.model.clone(),
                digest: cell.digest,
            },
            ..Column::default()
        });
        if !seen.insert((index, cell.case.clone(), cell.repeat)) {
            let CellText { case, suite, prompt, model, repeat, .. } = cell;
            return Err(SavedError::Twice { case, suite, prompt, model, repeat });
        }
        column.outcomes.push(outcome(cell)?);
    }
    Ok(Side { label: label.to_owned(), columns: columns.into_values().collect() })
}

fn outcome(cell: CellText) -> Result<Outcome, SavedError> {
    let states =
        [State::Pass, State::Fail, State::Error, State::Unscored, State::Skipped, State::NotRun];
    let Some(state) = states.into_iter().find(|state| state.as_str() == cell.state) else {
        return Err(SavedError::State { case: cell.case, state: cell.state });
    };
    let scores = cell.assertions.iter().map(|it| (it.metric.as_str(), it.score));
    let metrics: Vec<(String, f64)> =
        metric_means(scores).map(|(metric, mean)| (metric.to_owned(), mean)).collect();
    let scores = cell.score.iter().chain(metrics.iter().map(|(_, score)| score));
    if let Some(score) = scores.copied().find(|score| !(0.0..=1.0).contains(score)) {
        return Err(SavedError::Score { case: cell.case, score });
    }
    let labelled = cell.assertions.iter().any(|assertion| assertion.r#type == "label");
    let class = cell.expected.as_ref().filter(|_| labelled).map(output_text);
    let inputs = json!({"variables": cell.variables, "expected": cell.expected});
    Ok(Outcome {
        case: cell.case,
        repeat: cell.repeat,
        group: cell.group,
        tags: cell.tags,
        class,
        inputs: Some(sha256(canonical_json(&inputs))),
        state,
        score: cell.score,
        metrics,
        latency_ms: cell.latency_ms,
        cost_usd: cell.usage.and_then(|usage| usage.cost_usd),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: &str =
        r#"{"suite":"s","prompt":"p","model":"m","case":"a","repeat":1,"state":"pass","score":1}"#;

    fn run(cells: &str) -> String {
        format!(r#"{{"version":1,"kind":"run","id":"x","cells":[{cells}]}}"#)
    }

    fn refused(text: &str) -> String {
        read(text.as_bytes(), "run.json").expect_err(text).to_string()
    }

    #[test]
    fn what_is_no_run_is_refused_with_what_it_is() {
        let cases = [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("{", "it cannot be read as a run"),
            ("[]", "it cannot be read as a run"),
            ("{}", "it is no run of pf: it says neither"),
            (r#"{"version":1,"kind":"lint"}"#, "it is no run but `lint`"),
            (r#"{"version":1,"kind":"eval"}"#, "it is the summary of a run"),
            (r#"{"version":2,"kind":"run"}"#, "it is written in version 2"),
            (r#"{"kind":"run"}"#, "it is written in version none"),
        ];
        for (text, wanted) in cases {
            let found = refused(text);
            assert!(found.starts_with(wanted), "{text}: {found}");
        }
    }

    #[test]
    fn cells_that_cannot_be_are_refused_by_name() {
        let state = CELL.replace("pass", "great");
        assert_eq!(refused(&run(&state)), "case `a` has the state `great`, which pf does not know");
        let score = CELL.replace("\"score\":1", "\"score\":1.5");
        assert_eq!(refused(&score), "case `a` has the score 1.5, and scores lie between 0 and 1");
        let twice = format!("{CELL},{CELL}");
        let wanted = "case `a` stands twice in suite s for p on m, repeat 1";
        assert_eq!(refused(&run(&twice)), wanted);
        assert_eq!(refused(&twice.replace("},", "}\n")), wanted);
    }

    #[test]
    fn a_run_and_its_cells_alone_hold_the_same_outcomes() {
        let other = CELL.replace("\"a\"", "\"b\"");
        let whole = read(run(&format!("{CELL},{other}")).as_bytes(), "x").unwrap();
        let lines = read(format!("{CELL}\n{other}\n").as_bytes(), "x").unwrap();
        assert_eq!(format!("{:?}", whole.side), format!("{:?}", lines.side));
        assert_eq!((whole.id.as_deref(), lines.id), (Some("x"), None));
        assert_eq!(whole.side.columns[0].outcomes.len(), 2);
    }
}
