//! `pf.yaml`: marks the root of a project and says where to connect.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::quantity::{Age, ByteSize};

/// The project file `pf.yaml`. Every key is optional.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The format of all pf files of this project.
    #[schemars(range(min = 1, max = 1))]
    pub format: Option<u32>,
    /// Providers that are not built in, or other limits for those that are.
    pub providers: IndexMap<String, ProviderConfig>,
    /// Model profiles: a short name for a model with its parameters, used as `model: NAME`.
    pub models: IndexMap<String, Profile>,
    /// What version numbers and labels count on.
    pub history: HistoryConfig,
    /// Where labels are read from.
    pub labels: LabelsConfig,
    /// JSON Schema of the `metadata` of every prompt.
    pub metadata_schema: Option<Map<String, Value>>,
    /// Which rules run, and where.
    pub lint: LintConfig,
    /// Defaults of `pf eval`.
    pub eval: EvalConfig,
    /// How much the local store keeps, and how long.
    pub cache: CacheConfig,
    /// Folders of the project.
    pub paths: PathsConfig,
    /// A file with prices that the built-in table lacks.
    pub prices: Option<String>,
}

/// How to reach a provider. Keys are named here and nowhere else, so a changed prompt cannot send one elsewhere.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderConfig {
    /// The wire protocol. A built-in provider has its own.
    pub protocol: Option<Protocol>,
    /// Where requests go, up to and including the version: `https://host/v1`. A built-in provider has its own.
    pub base_url: Option<String>,
    /// The region of the built-in provider `bedrock`, such as `us-east-1`.
    #[schemars(regex(pattern = r"^[a-z]{2}(-[a-z]+)+-[0-9]+$"))]
    pub region: Option<String>,
    /// The environment variable that holds the key.
    pub api_key_env: Option<String>,
    /// For `http`: the header that carries the key; without it `authorization`, with `Bearer` before the key.
    pub api_key_header: Option<String>,
    /// For `http`: where requests go below `base_url`; `{{ model }}` stands for the model's name.
    pub path: Option<String>,
    /// For `http`: the method of requests.
    pub method: Option<Method>,
    /// For `http`: the body of a request, any JSON. Its texts are templates over `messages`, `prompt`, `system`, `model`,
    /// `parameters`, `tools`, `schema` and `format`; one that is exactly one `{{ … }}` keeps its type.
    pub body: Option<Value>,
    /// For `http`: the JSONPath of the answer's text.
    pub answer: Option<String>,
    /// For `http`: the JSONPath of the reason why the model stopped.
    pub finish: Option<String>,
    /// For `http`: the JSONPath of a list of calls of tools, each with `name` and `arguments`.
    pub tool_calls: Option<String>,
    /// For `http`: where the counts of tokens stand.
    pub usage: Option<UsagePaths>,
    /// For `exec`: the program and its arguments. No shell reads them.
    pub command: Option<Vec<String>>,
    /// For `exec`: the folder in which the program runs, below the root of the project; the root when absent.
    pub cwd: Option<String>,
    /// For `exec`: the environment variables that the program sees besides `PATH` and `HOME`.
    pub env: Vec<String>,
    /// Headers sent with every request.
    pub headers: IndexMap<String, String>,
    /// A PEM file with a certificate authority to trust besides the system's.
    pub ca_file: Option<String>,
    /// Most requests in flight.
    #[schemars(range(min = 1, max = 1024))]
    pub concurrency: Option<usize>,
    /// Longest time for one request, such as `60s` or `2m`.
    #[schemars(regex(pattern = r"^[0-9]+(ms|s|m)$"))]
    pub timeout: Option<String>,
    /// Most attempts for one request, the first included.
    #[schemars(range(min = 1, max = 20))]
    pub attempts: Option<u32>,
    /// Most requests in a minute.
    #[schemars(range(min = 1))]
    pub requests_per_minute: Option<u32>,
    /// Most tokens in a minute, input and output together.
    #[schemars(range(min = 1))]
    pub tokens_per_minute: Option<u32>,
}

/// A wire protocol that pf speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "the words say it; a doc comment would turn the schema's enum into a oneOf"
)]
pub enum Protocol {
    Openai,
    OpenaiResponses,
    Anthropic,
    Gemini,
    Bedrock,
    Ollama,
    Http,
    Exec,
    Echo,
}

impl Protocol {
    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::OpenaiResponses => "openai-responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Bedrock => "bedrock",
            Self::Ollama => "ollama",
            Self::Http => "http",
            Self::Exec => "exec",
            Self::Echo => "echo",
        }
    }
}

/// How a request is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(
    missing_docs,
    reason = "the words say it; a doc comment would turn the schema's enum into a oneOf"
)]
pub enum Method {
    #[default]
    Post,
    Put,
}

impl Method {
    /// The word in files and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// Where an answer says how many tokens it took, as JSONPaths.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsagePaths {
    /// Tokens read, cached ones included.
    pub input: String,
    /// Tokens written, reasoning included.
    pub output: String,
    /// Those of the input that were cached.
    pub cached: Option<String>,
    /// Those of the output that were reasoning.
    pub reasoning: Option<String>,
}

impl UsagePaths {
    /// Each key with its path.
    pub(super) fn paths(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("input", Some(&self.input)),
            ("output", Some(&self.output)),
            ("cached", self.cached.as_deref()),
            ("reasoning", self.reasoning.as_deref()),
        ]
    }
}

/// A model with its parameters under a short name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The provider: built in, or from `providers`.
    pub provider: String,
    /// The model's name, as the provider knows it.
    pub name: String,
    /// Sampling temperature.
    #[schemars(range(min = 0.0))]
    pub temperature: Option<f64>,
    /// Nucleus sampling mass.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub top_p: Option<f64>,
    /// Longest answer, in tokens.
    #[schemars(range(min = 1))]
    pub max_output_tokens: Option<u64>,
    /// Sampling seed.
    pub seed: Option<i64>,
    /// Texts that end the answer.
    pub stop: Option<Vec<String>>,
    /// Sent to the provider as they are.
    pub extra: Option<Map<String, Value>>,
    /// Put before the last user message: a model's quirk that should stay out of prompts.
    pub prefix: Option<String>,
}

/// What version numbers count on.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryConfig {
    /// A branch or other revision; `HEAD` when absent.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
}

/// Where labels are read from.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LabelsConfig {
    /// A branch or other revision; that of `history` when absent.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
}

/// Which lint rules run.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LintConfig {
    /// Codes or their beginnings, `ALL` for every rule; when absent, all that are on by default.
    pub select: Option<Vec<String>>,
    /// More of them, besides those that `select` names or that are on by default.
    pub extend_select: Vec<String>,
    /// Codes or their beginnings that do not run.
    pub ignore: Vec<String>,
    /// Glob of files to the codes that do not run on them.
    pub per_path: IndexMap<String, Vec<String>>,
    /// Most tokens of a rendered prompt (K501); no limit when absent or 0.
    pub max_tokens: Option<u64>,
}

/// Defaults of `pf eval`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvalConfig {
    /// Most requests in flight.
    #[schemars(range(min = 1, max = 1024))]
    pub concurrency: Option<usize>,
}

/// How much the local store keeps, and how long. Recordings are not touched by it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// Answers that are older are asked for again, such as `90d`; no answer is too old when absent.
    pub max_age: Option<Age>,
    /// The oldest answers go at the end of a run when they and their requests take more, such as `2GiB`; no limit when
    /// absent.
    pub max_bytes: Option<ByteSize>,
}

/// Folders of the project, relative to its root.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PathsConfig {
    /// Prompts and partials.
    pub prompts: String,
    /// Suites.
    pub suites: String,
    /// Datasets.
    pub datasets: String,
    /// Recordings.
    pub recordings: String,
    /// Labels.
    pub labels: String,
}

impl Default for PathsConfig {
    fn default() -> Self {
        Self {
            prompts: "prompts".into(),
            suites: "evals".into(),
            datasets: "datasets".into(),
            recordings: "recordings".into(),
            labels: "labels".into(),
        }
    }
}
