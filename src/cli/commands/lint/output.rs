//! How the outcome is shown: on standard output in one form, and in files in as many as are wanted.

use std::io::Write;
use std::path::Path;

use clap::ValueEnum;

use crate::cli::args::Global;
use crate::cli::error::Error;
use crate::cli::ui::Ui;
use crate::cli::{place, write};
use crate::report::json;
use crate::report::lint::statistics::Statistics;
use crate::report::lint::{Report, concise, github, gitlab, human, junit, sarif};

/// The arguments about the report.
#[derive(Debug, clap::Args)]
pub(super) struct OutputArgs {
    /// How to print the findings
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Print how often each rule was broken instead of the findings; goes with the formats human and json
    #[arg(long)]
    statistics: bool,
    /// Also write the findings to FILE, in the form that its name ends in: .sarif, .xml (JUnit), .json or .txt
    /// (concise), or in any form as FORMAT=FILE; may be repeated
    #[arg(short, long = "output", value_name = "[FORMAT=]FILE")]
    outputs: Vec<String>,
}

/// A form of the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// A line a finding
    Concise,
    /// For programs; the shape is in schemas/
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// SARIF 2.1.0
    Sarif,
    /// JUnit XML
    Junit,
}

impl OutputArgs {
    /// Refuses what cannot be done before anything is checked.
    pub(super) fn validate(&self) -> Result<(), Error> {
        if self.statistics && !matches!(self.format, Format::Human | Format::Json) {
            return Err(Error::usage("--statistics goes with --format human or json"));
        }
        self.outputs.iter().try_for_each(|output| target(output).map(|_| ()))
    }

    /// Whether findings are drawn for people.
    pub(super) fn for_people(&self) -> bool {
        self.format == Format::Human
    }

    /// Prints the report and writes the files.
    pub(super) fn show(
        &self,
        report: &Report<'_>,
        global: &Global,
        ui: &mut Ui,
    ) -> Result<(), Error> {
        self.write_files(report, global)?;
        if self.statistics {
            let statistics = Statistics::new(report);
            if self.format == Format::Json {
                json::write(ui.out(), &statistics)?;
            } else {
                statistics.write_human(ui.out())?;
                human::write_summary(ui.out(), report)?;
            }
        } else if self.format == Format::Human {
            ui.findings(report.findings)?;
            human::write_summary(ui.out(), report)?;
        } else {
            self.format.write(ui.out(), report)?;
        }
        Ok(())
    }

    /// Shows that there was nothing to check: an empty document where a program reads it, nothing where a person does.
    pub(super) fn show_nothing(
        &self,
        report: &Report<'_>,
        global: &Global,
        ui: &mut Ui,
    ) -> Result<(), Error> {
        match self.format {
            Format::Human => self.write_files(report, global),
            _ => self.show(report, global, ui),
        }
    }

    fn write_files(&self, report: &Report<'_>, global: &Global) -> Result<(), Error> {
        for output in &self.outputs {
            let (format, path) = target(output)?;
            let mut text = Vec::new();
            format.write(&mut text, report)?;
            write::replace(&place::path(global, path), &text)?;
        }
        Ok(())
    }
}

impl Format {
    fn write(self, out: &mut dyn Write, report: &Report<'_>) -> Result<(), Error> {
        match self {
            Self::Human | Self::Concise => concise::write(out, report)?,
            Self::Json => {
                json::write(out, &json::Lint::new(report.findings, report.files.len()))?;
            }
            Self::Github => github::write(out, report)?,
            Self::Gitlab => gitlab::write(out, report)?,
            Self::Sarif => sarif::write(out, report)?,
            Self::Junit => junit::write(out, report)?,
        }
        Ok(())
    }
}

/// The form and the file that an `-o` names.
fn target(output: &str) -> Result<(Format, &Path), Error> {
    if let Some((format, path)) = output.split_once('=')
        && let Ok(format) = Format::from_str(format, false)
    {
        return match format {
            Format::Human => Err(Error::usage("`-o human=…`: drawings go to terminals")
                .hint("`-o concise=FILE` writes a line a finding")),
            format => Ok((format, Path::new(path))),
        };
    }
    let path = Path::new(output);
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let format = match ending.as_str() {
        "sarif" => Format::Sarif,
        "json" if output.to_lowercase().ends_with(".sarif.json") => Format::Sarif,
        "xml" => Format::Junit,
        "json" => Format::Json,
        "txt" => Format::Concise,
        _ => {
            return Err(Error::usage(format!("`-o {output}` ends in no known format")).hint(
                "known endings: .sarif, .xml (JUnit), .json, .txt (concise); for any other form write FORMAT=FILE, such as gitlab=quality.json",
            ));
        }
    };
    Ok((format, path))
}
