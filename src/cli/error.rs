//! Errors as people see them: what is wrong, what to do, and the exit code that scripts see.

use std::io;
use std::process::ExitCode;

use crate::diagnostic::Diagnostic;
use crate::snapshot::SnapshotError;

/// How a command ended. The numbers are a promise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// All well.
    Success = 0,
    /// Findings, a failed gate, or `--deny`.
    Findings = 1,
    /// Bad usage, bad configuration or bad input.
    Usage = 2,
    /// Nothing to do: no file, no case, an empty filter.
    Nothing = 3,
    /// A provider or the machine failed beyond what the gates allow.
    Provider = 4,
    /// The cost limit was reached.
    Cost = 5,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
    hints: Vec<String>,
    findings: Vec<Diagnostic>,
    broken_pipe: bool,
}

impl Error {
    /// Bad usage, configuration or input.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Nothing to do.
    pub fn nothing(message: impl Into<String>) -> Self {
        Self::new(Exit::Nothing, message)
    }

    /// Any other way to end.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hints: Vec::new(),
            findings: Vec::new(),
            broken_pipe: false,
        }
    }

    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds what to do, where something is known.
    pub fn hint_if(self, hint: Option<impl Into<String>>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// Adds findings at places of files, shown before the message.
    pub fn findings(mut self, findings: Vec<Diagnostic>) -> Self {
        self.findings = findings;
        self
    }

    /// The exit code that it stands for.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether it only says that nobody reads our output any more.
    pub fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }

    pub(super) fn parts(self) -> (String, Vec<String>, Vec<Diagnostic>) {
        (self.message, self.hints, self.findings)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        let broken_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        Self { broken_pipe, ..Self::new(Exit::Provider, format!("cannot write: {error}")) }
    }
}

impl From<SnapshotError> for Error {
    fn from(error: SnapshotError) -> Self {
        Self::usage(error.to_string())
    }
}
