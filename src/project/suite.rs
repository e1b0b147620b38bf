//! The suite file: which prompts, on which models, over which cases, with which assertions and gates.

use std::sync::Arc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::document::Document;
use crate::path::RepoPath;

/// A suite as a project holds it.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Its name: the path below the suites folder, without the extension.
    pub name: String,
    /// Its file.
    pub path: RepoPath,
    /// The parsed file, which knows where each value stands.
    pub document: Arc<Document>,
    /// What the file says.
    pub file: SuiteFile,
}

/// A suite file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "pf suite")]
pub struct SuiteFile {
    /// What the suite is for, in a sentence.
    pub description: Option<String>,
    /// Words to select it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The one metric that decides a comparison.
    pub primary: Option<String>,
    /// How many cases the dataset should have; said when it has fewer.
    pub target_n: Option<u64>,
    /// Names, globs or selectors of prompts.
    #[schemars(length(min = 1))]
    pub prompts: Vec<String>,
    /// Models to ask, `PROVIDER/NAME` or profiles; without it each prompt's own model.
    #[serde(default)]
    pub models: Vec<String>,
    /// Where the cases are.
    pub dataset: Option<DatasetChoice>,
    /// Cases written here.
    #[serde(default)]
    pub cases: Vec<InlineCase>,
    /// Assertions for every case.
    #[serde(default)]
    pub assert: Vec<crate::assertion::Syntax>,
    /// A cell passes when its weighted score reaches this; without it, when each assertion passes.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub threshold: Option<f64>,
    /// How often each case is asked.
    #[schemars(range(min = 1, max = 1000))]
    pub repeat: Option<u32>,
    /// What must hold for the run to pass.
    #[serde(default)]
    pub gates: Gates,
}

/// Where the cases are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DatasetChoice {
    /// A path or a glob.
    Path(String),
    /// Several paths or globs.
    Paths(Vec<String>),
    /// Paths with renamed columns or a sample.
    Full(DatasetMap),
}

impl SuiteFile {
    /// The paths and globs of its datasets.
    pub fn datasets(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match &self.dataset {
            None => (None, &[][..]),
            Some(
                DatasetChoice::Path(path)
                | DatasetChoice::Full(DatasetMap { path: OneOrMany::One(path), .. }),
            ) => (Some(path), &[][..]),
            Some(
                DatasetChoice::Paths(paths)
                | DatasetChoice::Full(DatasetMap { path: OneOrMany::Many(paths), .. }),
            ) => (None, paths.as_slice()),
        };
        one.into_iter().chain(many).map(String::as_str)
    }
}

/// Paths with renamed columns or a sample.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetMap {
    /// A path or a glob, or several.
    pub path: OneOrMany,
    /// Variable to the column that holds it.
    #[serde(default)]
    pub columns: IndexMap<String, String>,
    /// Only so many cases, chosen by the hash of `seed` and the case's identity.
    #[schemars(range(min = 1))]
    pub sample: Option<usize>,
    /// The seed of the sample.
    #[serde(default)]
    pub seed: u64,
}

/// One text or several.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// A case written in the suite file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InlineCase {
    /// Its name in reports and filters.
    pub id: Option<String>,
    /// The inputs.
    #[serde(default)]
    pub variables: Map<String, Value>,
    /// What a right answer is compared with.
    pub expected: Option<Value>,
    /// An answer already in hand: no call is made.
    pub output: Option<String>,
    /// Cases of one group are not independent.
    pub group: Option<String>,
    /// Words to select it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// How much it counts in the means of metrics and in the figures of labels. The pass rate counts each case once.
    #[schemars(range(min = 0.0))]
    pub weight: Option<f64>,
    /// A person's score of `output`, to see how far the assertions agree with people.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub human: Option<f64>,
    /// Free data.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// Assertions of this case alone, besides the suite's.
    #[serde(default)]
    pub assert: Vec<crate::assertion::Syntax>,
}

/// What must hold for a run to pass. A suite without gates has `pass_rate: 1`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Least share of passes among passes and failures, of each prompt and model.
    #[schemars(range(min = 0.0, max = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass_rate: Option<f64>,
    /// Least value of each named metric: its mean, a figure of labels such as `label.macro_f1`, or one of repeats such as `pass^3`.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub metrics: IndexMap<String, f64>,
    /// Most cells that the provider failed to answer; 0 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// Most cells that could not be scored; 0 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unscored: Option<u64>,
    /// Most cases that passed before and fail now; only with a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regressions: Option<u64>,
    /// Least difference of the primary metric from before, such as 0 or 0.02; only with a comparison.
    #[schemars(range(min = -1.0, max = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_delta: Option<f64>,
    /// How much worse than before the primary metric may be: the interval of the difference must lie above `-margin`; only with a comparison.
    #[schemars(range(min = 0.0, max = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Most dollars that the answers may cost.
    #[schemars(range(min = 0.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Gate on the bound of the interval of this confidence instead of the point.
    #[schemars(range(min = 0.5, max = 0.9999))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

impl Gates {
    /// The pass rate that a run must reach. Gates that say nothing of it but name metrics ask for none; without either,
    /// every case must pass.
    pub fn required_pass_rate(&self) -> f64 {
        let by_metrics = (!self.metrics.is_empty()).then_some(0.0);
        self.pass_rate.or(by_metrics).unwrap_or(1.0)
    }
}
