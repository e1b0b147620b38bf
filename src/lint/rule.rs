//! A rule is data and a function. Its documentation is its doc comment: `pf rule`, docs/rules.md and the executed
//! examples all read it.

use std::sync::Arc;

use super::context::{ProjectContext, PromptContext, ProseContext, SuiteContext, TextContext};
use crate::diagnostic::{Diagnostic, RuleId, Severity};
use crate::span::{SourceFile, Span};

/// Something that is checked.
#[derive(Debug)]
pub struct Rule {
    /// Its stable code.
    pub code: RuleId,
    /// Its name, in words joined by `-`.
    pub name: &'static str,
    /// How bad a finding is.
    pub severity: Severity,
    /// What its findings offer to change.
    pub fix: FixKind,
    /// Whether it runs unless it is asked for by name.
    pub on: bool,
    /// Its documentation, as Markdown.
    pub docs: &'static str,
    /// How it is checked.
    pub check: Check,
}

/// What the findings of a rule offer to change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FixKind {
    /// Nothing: a person must decide.
    None,
    /// What cannot change a rendered byte.
    Safe,
    /// What may change what the model sees.
    Unsafe,
}

type Findings = Vec<Diagnostic>;

/// What a rule looks at. Each function is called once for each subject of its kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Check {
    /// A prompt with all that it is made of.
    pub prompt: Option<fn(&PromptContext<'_>, &mut Findings)>,
    /// A text that the model reads: the template of a message or of one of its parts, or a partial.
    pub prose: Option<fn(&ProseContext<'_>, &mut Findings)>,
    /// A suite with its prompts and cases.
    pub suite: Option<fn(&SuiteContext<'_>, &mut Findings)>,
    /// The text of any file.
    pub text: Option<fn(&TextContext<'_>, &mut Findings)>,
    /// The project as a whole, when all of it is checked.
    pub project: Option<fn(&ProjectContext<'_>, &mut Findings)>,
}

impl Check {
    /// Nothing: whoever reads the file reports it.
    pub const READER: Self =
        Self { prompt: None, prose: None, suite: None, text: None, project: None };

    /// Looks at each prompt.
    pub const fn prompt(check: fn(&PromptContext<'_>, &mut Findings)) -> Self {
        Self::READER.and_prompt(check)
    }

    /// Looks at each text that the model reads.
    pub const fn prose(check: fn(&ProseContext<'_>, &mut Findings)) -> Self {
        Self { prose: Some(check), ..Self::READER }
    }

    /// Looks at each suite.
    pub const fn suite(check: fn(&SuiteContext<'_>, &mut Findings)) -> Self {
        Self { suite: Some(check), ..Self::READER }
    }

    /// Looks at the text of each file.
    pub const fn text(check: fn(&TextContext<'_>, &mut Findings)) -> Self {
        Self::READER.and_text(check)
    }

    /// Looks at the whole project.
    pub const fn project(check: fn(&ProjectContext<'_>, &mut Findings)) -> Self {
        Self { project: Some(check), ..Self::READER }
    }

    /// And at each prompt.
    pub const fn and_prompt(self, check: fn(&PromptContext<'_>, &mut Findings)) -> Self {
        Self { prompt: Some(check), ..self }
    }

    /// And at the text of each file.
    pub const fn and_text(self, check: fn(&TextContext<'_>, &mut Findings)) -> Self {
        Self { text: Some(check), ..self }
    }
}

impl Rule {
    /// A finding of this rule.
    pub fn at(&self, file: &Arc<SourceFile>, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.code, file, span, message).severity(self.severity)
    }

    /// The first line of the documentation.
    pub fn summary(&self) -> &'static str {
        self.docs.trim().lines().next().unwrap_or_default()
    }
}

/// Declares a rule; its doc comment becomes its documentation. After the severity may stand `fix Safe` or `fix Unsafe`,
/// and `off` for a rule that runs only when it is asked for by name.
macro_rules! rule {
    (
        $(#[doc = $line:literal])+
        $rule:ident: $code:literal $name:literal $severity:ident $($word:ident)*, $check:expr
    ) => {
        $(#[doc = $line])+
        pub(crate) static $rule: $crate::lint::rule::Rule = $crate::lint::rule::Rule {
            code: $crate::diagnostic::RuleId($code),
            name: $name,
            severity: $crate::diagnostic::Severity::$severity,
            fix: $crate::lint::rule::rule!(@fix $($word)*),
            on: $crate::lint::rule::rule!(@on $($word)*),
            docs: concat!($($line, "\n"),+),
            check: $check,
        };
    };
    (@fix $(off)?) => { $crate::lint::rule::FixKind::None };
    (@fix fix $fix:ident $(off)?) => { $crate::lint::rule::FixKind::$fix };
    (@on $(fix $fix:ident)?) => { true };
    (@on $(fix $fix:ident)? off) => { false };
}
pub(crate) use rule;
