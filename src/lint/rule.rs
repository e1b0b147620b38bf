//! A rule is data and a function. Its documentation is its doc comment: `pf rule`, docs/rules.md and the executed
//! examples all read it.

use std::sync::Arc;

use super::context::{PromptContext, SuiteContext, TextContext};
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
    /// Its documentation, as Markdown.
    pub docs: &'static str,
    /// How it is checked.
    pub check: Check,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// A file while it is read: the reader itself reports it.
    Reader,
    /// A prompt with all that it is made of.
    Prompt(fn(&PromptContext<'_>, &mut Vec<Diagnostic>)),
    /// A suite with its prompts and cases.
    Suite(fn(&SuiteContext<'_>, &mut Vec<Diagnostic>)),
    /// The text of any file.
    Text(fn(&TextContext<'_>, &mut Vec<Diagnostic>)),
    /// A prompt, and each partial also by itself.
    PromptAndText(
        fn(&PromptContext<'_>, &mut Vec<Diagnostic>),
        fn(&TextContext<'_>, &mut Vec<Diagnostic>),
    ),
    /// A suite, and each prompt also by itself.
    SuiteAndPrompt(
        fn(&SuiteContext<'_>, &mut Vec<Diagnostic>),
        fn(&PromptContext<'_>, &mut Vec<Diagnostic>),
    ),
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

/// Declares a rule; its doc comment becomes its documentation.
macro_rules! rule {
    ($(#[doc = $line:literal])+ $rule:ident: $code:literal $name:literal $severity:ident, $check:expr) => {
        $(#[doc = $line])+
        pub(crate) static $rule: $crate::lint::rule::Rule = $crate::lint::rule::Rule {
            code: $crate::diagnostic::RuleId($code),
            name: $name,
            severity: $crate::diagnostic::Severity::$severity,
            docs: concat!($($line, "\n"),+),
            check: $check,
        };
    };
}
pub(crate) use rule;
