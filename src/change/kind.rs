//! The words for changes: what changed, who notices, and whether it breaks them.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::text::TextDiff;
use crate::diagnostic::closest;

/// One change between two versions of a prompt.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// What changed.
    pub kind: ChangeKind,
    /// Who notices.
    pub classes: Vec<Class>,
    /// Whether it breaks one of them.
    pub breaking: Breaking,
    /// Where: `messages[1]`, `variables.tier`, the path of a partial. Indexes are those after the change, except for what
    /// was removed.
    pub location: String,
    /// What happened there, as a phrase.
    pub message: String,
    /// What was there.
    pub before: Option<Value>,
    /// What is there now.
    pub after: Option<Value>,
    /// The difference of two texts, word by word.
    pub text: Option<TextDiff>,
}

impl Change {
    pub(super) fn new(
        kind: ChangeKind,
        classes: &[Class],
        breaking: Breaking,
        location: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            classes: classes.to_vec(),
            breaking,
            location: location.into(),
            message: message.into(),
            before: None,
            after: None,
            text: None,
        }
    }

    /// A change of what the model sees or how it is asked: whether answers stay good, only an evaluation can tell.
    pub(super) fn model(
        kind: ChangeKind,
        location: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(kind, &[Class::Model], Breaking::Unknown, location, message)
    }

    pub(super) fn values(
        mut self,
        before: impl Into<Option<Value>>,
        after: impl Into<Option<Value>>,
    ) -> Self {
        self.before = before.into();
        self.after = after.into();
        self
    }

    pub(super) fn texts(mut self, before: &str, after: &str) -> Self {
        self.before = Some(before.into());
        self.after = Some(after.into());
        self.text = Some(TextDiff::of(before, after));
        self
    }
}

/// Whether a change breaks those who notice it. What is not proved harmless is never said to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Breaking {
    /// It does not.
    No,
    /// Not decided.
    Unknown,
    /// It does.
    Yes,
}

/// Who notices a change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// The code that renders or runs the prompt and gives it values.
    Caller,
    /// The code that reads the answer or runs the tools.
    Consumer,
    /// The model: what it is given changes.
    Model,
    /// Whoever pays.
    Cost,
    /// People who read or find the prompt.
    Docs,
}

impl Class {
    /// All of them, in the order of their weight.
    pub const ALL: [Self; 5] = [Self::Caller, Self::Consumer, Self::Model, Self::Cost, Self::Docs];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Consumer => "consumer",
            Self::Model => "model",
            Self::Cost => "cost",
            Self::Docs => "docs",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no class of change.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{text}` is no class of change{}: the classes are caller, consumer, model, cost, docs",
    .suggestion.map(|class| format!(", did you mean `{class}`?")).unwrap_or_default()
)]
pub struct UnknownClass {
    text: String,
    suggestion: Option<Class>,
}

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(text: &str) -> Result<Self, UnknownClass> {
        let named = |name: &str| Self::ALL.into_iter().find(|class| class.as_str() == name);
        named(text).ok_or_else(|| UnknownClass {
            text: crate::diagnostic::excerpt(text, 40),
            suggestion: closest(text, Self::ALL.map(Self::as_str)).and_then(named),
        })
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $code:literal,)+) => {
        /// What changed. The codes are stable: scripts select by them.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum ChangeKind { $($(#[doc = $doc])+ $kind,)+ }

        impl ChangeKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)+ }
            }
        }
    };
}

kinds! {
    /// A prompt is new.
    PromptAdded = "prompt-added",
    /// A prompt is gone.
    PromptRemoved = "prompt-removed",
    /// A prompt has another name.
    PromptRenamed = "prompt-renamed",
    /// Provider or name of the model.
    Model = "model",
    /// A parameter of the model.
    ModelParameter = "model-parameter",
    /// A variable is new.
    VariableAdded = "variable-added",
    /// A variable is gone.
    VariableRemoved = "variable-removed",
    /// Which values a variable accepts.
    VariableType = "variable-type",
    /// The value when none is given.
    VariableDefault = "variable-default",
    /// Whether a variable must be given.
    VariableRequired = "variable-required",
    /// Whether a variable's text is trusted.
    VariableTrust = "variable-trust",
    /// What people read about a variable.
    VariableDescription = "variable-description",
    /// A message, or a place for examples or a conversation, is new.
    MessageAdded = "message-added",
    /// A message, or a place for examples or a conversation, is gone.
    MessageRemoved = "message-removed",
    /// A message stands elsewhere.
    MessageMoved = "message-moved",
    /// Who speaks.
    MessageRole = "message-role",
    /// What is said.
    MessageText = "message-text",
    /// When a message is sent.
    MessageWhen = "message-when",
    /// How many examples or messages are put in.
    MessageLimit = "message-limit",
    /// A file that templates include has another text.
    PartialText = "partial-text",
    /// A file is included that was not.
    PartialAdded = "partial-added",
    /// A file is no longer included.
    PartialRemoved = "partial-removed",
    /// An example is new.
    ExampleAdded = "example-added",
    /// An example is gone.
    ExampleRemoved = "example-removed",
    /// An example stands elsewhere.
    ExampleMoved = "example-moved",
    /// The inputs or the output of an example.
    ExampleChanged = "example-changed",
    /// Text or JSON.
    OutputFormat = "output-format",
    /// Which answers the schema accepts, or what the model is told by it.
    OutputSchema = "output-schema",
    /// How the answer is taken out of the text.
    OutputExtract = "output-extract",
    /// What every answer is checked for.
    OutputAssert = "output-assert",
    /// How often an invalid answer is asked for again.
    OutputRetry = "output-retry",
    /// A tool is new.
    ToolAdded = "tool-added",
    /// A tool is gone.
    ToolRemoved = "tool-removed",
    /// The description or the parameters of a tool.
    ToolChanged = "tool-changed",
    /// The order of the tools.
    ToolMoved = "tool-moved",
    /// The order of keys where the model sees it.
    KeyOrder = "key-order",
    /// The window, and what is dropped when the conversation does not fit.
    Context = "context",
    /// Whether the prompt may be used.
    Active = "active",
    /// Whether the prompt should still be used.
    Deprecated = "deprecated",
    /// What the prompt is for.
    Description = "description",
    /// Owner, tags, category and free metadata.
    Metadata = "metadata",
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kebab_case_and_differ() {
        let mut codes: Vec<&str> = ChangeKind::ALL.iter().map(|kind| kind.code()).collect();
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn a_misspelt_class_is_answered_with_the_list() {
        for class in Class::ALL {
            assert_eq!(class.as_str().parse(), Ok(class));
        }
        assert_eq!(
            "callers".parse::<Class>().unwrap_err().to_string(),
            "`callers` is no class of change, did you mean `caller`?: the classes are caller, consumer, model, cost, docs"
        );
        assert_eq!(
            "x\u{1b}".parse::<Class>().unwrap_err().to_string(),
            "`x\\u{1b}` is no class of change: the classes are caller, consumer, model, cost, docs"
        );
    }
}
