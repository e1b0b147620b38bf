//! Variables of a prompt, as the command line gives them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::error::Error;
use super::place;
use crate::path::RepoPath;
use crate::project::prompt::Prompt;
use crate::span::SourceFile;
use crate::template::{Binder, Origin, ValueProblem, Values};

/// Where the values of a prompt's variables come from. What is named later wins over files.
#[derive(Debug, clap::Args)]
pub(super) struct VariableArgs {
    /// A variable; text is converted to the declared type where nothing is lost
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// A JSON or YAML file with variables; `-` reads standard input
    #[arg(long = "vars", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Take the text of this variable from standard input, without its last line break
    #[arg(long = "stdin", value_name = "NAME")]
    piped: Option<String>,
}

impl VariableArgs {
    /// The values for a prompt. Relative files lie below `directory`, else below the current folder.
    pub(super) fn bind(&self, prompt: &Prompt, directory: &Path) -> Result<Values, Error> {
        let piped = self.piped()?;
        let mut given = Map::new();
        for file in &self.files {
            given.extend(read_variables(file, directory)?);
        }
        let mut texts: BTreeMap<&str, &str> = BTreeMap::new();
        for entry in &self.variables {
            let Some((name, value)) = entry.split_once('=') else {
                return Err(Error::usage(format!("`--var {entry}` is not of the form NAME=VALUE")));
            };
            if texts.insert(name, value).is_some() {
                return Err(Error::usage(format!("`--var {name}=…` is given twice")));
            }
        }
        if let Some((name, text)) = &piped
            && texts.insert(name, text).is_some()
        {
            return Err(Error::usage(format!("`{name}` is given by both --var and --stdin")));
        }
        let origin =
            |name: &str| if texts.contains_key(name) { Origin::Text } else { Origin::Typed };
        given.extend(texts.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        Binder::new(prompt)
            .bind_each(&given, &origin)
            .map_err(|problems| refused(prompt, &problems))
    }

    /// The variable that standard input is for, and its text.
    fn piped(&self) -> Result<Option<(&str, String)>, Error> {
        let Some(name) = &self.piped else { return Ok(None) };
        if self.files.iter().any(|file| file.to_str() == Some("-")) {
            return Err(Error::usage("--stdin and `--vars -` both read standard input"));
        }
        let file = SourceFile::decode(RepoPath::default(), place::standard_input()?)
            .map_err(|_| Error::usage("standard input is not UTF-8 text"))?;
        let text = file.text();
        Ok(Some((name, text.strip_suffix('\n').unwrap_or(text).to_owned())))
    }
}

fn refused(prompt: &Prompt, problems: &[ValueProblem]) -> Error {
    let of = format!("the prompt `{}` cannot be rendered", prompt.name);
    let (first, rest) = problems
        .split_first()
        .map_or((of.clone(), &[][..]), |(first, rest)| (format!("{of}: {first}"), rest));
    let mut error = Error::usage(first);
    for help in problems.first().into_iter().flat_map(|problem| &problem.help) {
        error = error.hint(help.clone());
    }
    for problem in rest {
        let help = problem.help.first().map(|help| format!(" ({help})")).unwrap_or_default();
        error = error.hint(format!("also: {problem}{help}"));
    }
    error
}

#[expect(clippy::disallowed_methods, reason = "a file of the command line, which may lie anywhere")]
fn read_variables(file: &Path, directory: &Path) -> Result<Map<String, Value>, Error> {
    let name = file.display();
    let bytes = match file.to_str() {
        Some("-") => place::standard_input()?,
        _ => std::fs::read(directory.join(file))
            .or_else(|_| std::fs::read(file))
            .map_err(|error| Error::usage(format!("`--vars {name}`: {error}")))?,
    };
    let path =
        RepoPath::new(&file.file_name().unwrap_or_default().to_string_lossy()).unwrap_or_default();
    let text = SourceFile::decode(path, bytes)
        .map_err(|_| Error::usage(format!("`--vars {name}` is not UTF-8 text")))?;
    let (document, findings) = crate::document::parse(&text);
    let Some(document) = document.filter(|_| findings.is_empty()) else {
        return Err(
            Error::usage(format!("`--vars {name}` is neither JSON nor YAML")).findings(findings)
        );
    };
    match document.to_json() {
        Value::Object(map) => Ok(map),
        other => Err(Error::usage(format!(
            "`--vars {name}` must hold a map from variable to value, not {}",
            crate::schema::type_of(&other)
        ))),
    }
}
