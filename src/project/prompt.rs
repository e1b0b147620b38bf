//! The prompt file: model settings, typed variables, messages, examples, output contract, tools.

use std::sync::Arc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::variable::Variable;
use crate::document::Document;
use crate::message::{Role, Tool};
use crate::path::RepoPath;

/// The name of a prompt: its path below the prompts folder, without the extension.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(transparent)]
pub struct PromptName(pub String);

impl PromptName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for PromptName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A prompt as a project holds it: what the file says, and the file itself for places.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// Its name.
    pub name: PromptName,
    /// Its file.
    pub path: RepoPath,
    /// The parsed file, which knows where each value stands.
    pub document: Arc<Document>,
    /// What the file says.
    pub file: PromptFile,
}

/// A prompt file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "pf prompt")]
pub struct PromptFile {
    /// What the prompt is for, in a sentence.
    pub description: Option<String>,
    /// The person or team to ask.
    pub owner: Option<String>,
    /// Words to find and select it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// A word for scoping and reports.
    pub category: Option<String>,
    /// `false`: kept and linted, but refused by `run`, `eval` and labels.
    #[serde(default = "yes")]
    pub active: bool,
    /// Free data; checked against `metadata_schema` of `pf.yaml` where there is one.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// Why it should no longer be used, and what to use.
    pub deprecated: Option<Deprecated>,
    /// The model: `PROVIDER/NAME`, a profile of `pf.yaml`, or a map with parameters.
    pub model: Option<ModelChoice>,
    /// The inputs, by name.
    #[serde(default)]
    pub variables: IndexMap<String, Variable>,
    /// The conversation: messages, and places for the examples and for inserted conversations.
    #[schemars(length(min = 1))]
    pub messages: Vec<Entry>,
    /// Few-shot examples; sent where `messages` has an `examples` entry.
    #[serde(default)]
    pub examples: Vec<Example>,
    /// What the answer must be.
    pub output: Option<Output>,
    /// Tools that the model may ask for.
    #[serde(default)]
    pub tools: Vec<Tool>,
    /// The model's window, and what to shorten first when the conversation does not fit.
    pub context: Option<ContextLimits>,
}

fn yes() -> bool {
    true
}

/// Why a prompt should no longer be used.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deprecated {
    /// The prompt to use instead.
    #[serde(rename = "use")]
    pub instead: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Which model a prompt asks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ModelChoice {
    /// `PROVIDER/NAME`, or the name of a profile of `pf.yaml`.
    Name(String),
    /// A model with parameters.
    Settings(ModelMap),
}

/// A model with parameters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelMap {
    /// The provider: built in, or from `providers` of `pf.yaml`.
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
    /// Sampling seed, where the provider has one.
    pub seed: Option<i64>,
    /// Texts that end the answer.
    #[serde(default)]
    pub stop: Vec<String>,
    /// Sent to the provider as they are.
    #[serde(default)]
    pub extra: Map<String, Value>,
}

/// One entry of `messages`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Entry {
    /// A message.
    Message(MessageTemplate),
    /// The few-shot examples, as pairs of a user and an assistant message.
    Examples(ExamplesEntry),
    /// A conversation from a variable of type `messages`.
    Insert(InsertEntry),
}

/// A message whose text is a template.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageTemplate {
    /// Who speaks.
    pub role: Role,
    /// An expression; the message is left out when it is false.
    pub when: Option<String>,
    /// The text, a template, or a list of parts.
    pub content: ContentTemplate,
}

/// What a message says, before rendering.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ContentTemplate {
    /// A template.
    Text(String),
    /// Pieces of text and images.
    Parts(Vec<PartTemplate>),
}

/// One piece of a message that has several.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum PartTemplate {
    /// A template of text.
    Text(String),
    /// A template of an `https` URL, a `data:` URI or a path inside the project.
    Image(String),
}

/// Where the few-shot examples stand.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExamplesEntry {
    /// How many of them, and which.
    pub examples: ExamplesLimits,
}

/// How many of the examples are sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExamplesLimits {
    /// At most this many, from the top; all when absent.
    pub max: Option<usize>,
}

/// Where a conversation stands.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InsertEntry {
    /// A variable of type `messages`.
    pub insert: String,
    /// At most this many, the newest; all when absent.
    pub max: Option<usize>,
}

/// A few-shot example.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The inputs.
    #[serde(default)]
    pub variables: Map<String, Value>,
    /// The answer: text as it is, anything else as compact JSON.
    pub output: Value,
    /// Words to choose by.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// What the answer must be.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// Free text, or JSON.
    pub format: OutputFormat,
    /// JSON Schema of the answer.
    pub schema: Option<Map<String, Value>>,
    /// How the answer is taken out of the text, tried in order before any assertion.
    pub extract: Vec<String>,
    /// Assertions for every answer, in every suite.
    pub assert: Vec<crate::assertion::Syntax>,
    /// What `pf run` does with an answer that breaks the contract.
    pub on_invalid: Option<OnInvalid>,
}

/// The form of the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "the words say it; a doc comment would turn the schema's enum into a oneOf"
)]
pub enum OutputFormat {
    #[default]
    Text,
    Json,
}

/// What `pf run` does with an answer that breaks the contract.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnInvalid {
    /// Ask again, telling the model what was wrong, at most this often.
    #[schemars(range(max = 10))]
    pub retry: u32,
}

/// The model's window.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextLimits {
    /// Tokens that input and output may have together.
    #[schemars(range(min = 1))]
    pub window: Option<u64>,
    /// Tokens kept free for the answer.
    #[serde(default)]
    pub reserve: u64,
    /// What to shorten first: variables of type `messages`, or `examples`.
    #[serde(default)]
    pub drop: Vec<String>,
}
