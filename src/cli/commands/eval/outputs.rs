//! How the results are shown: on standard output in one form, in the files that `-o` names, and in the summary of a job of
//! GitHub Actions.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use tempfile::NamedTempFile;

use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::cli::{place, write};
use crate::eval::cell::CellRecord;
use crate::eval::plan::Plan;
use crate::eval::run::Run;
use crate::path::RepoPath;
use crate::report::annotations::Annotations;
use crate::report::csv::{Csv, Formulas};
use crate::report::evaluation::{self, Detail};
use crate::report::html::Standing;
use crate::report::junit::Junit;
use crate::report::markdown::Markdown;
use crate::report::run::{Eval, RunInfo};
use crate::report::{cells, html, json};

/// The file to which a job of GitHub Actions appends its summary.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// The arguments about results.
#[derive(Debug, clap::Args)]
pub(super) struct OutputArgs {
    /// How to print the results
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Also write the results to FILE, in the form that its name ends in: .html, .md, .json (the run with its cells),
    /// .jsonl (a cell a line), .csv or .xml (JUnit), or in any form as FORMAT=FILE; may be repeated
    #[arg(short, long = "output", value_name = "[FORMAT=]FILE")]
    outputs: Vec<String>,
    /// In CSV, leave texts as they are that a spreadsheet would compute; else `'` is put before = + - @
    #[arg(long)]
    csv_raw: bool,
    /// List every cell that did not pass, with its answer
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// For programs; the shape is in schemas/
    Json,
    /// For the comment on a pull request
    Markdown,
    /// Annotations of GitHub Actions
    Github,
}

/// What a file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum FileFormat {
    Html,
    Markdown,
    Json,
    Jsonl,
    Csv,
    Junit,
}

/// A file to write, and in which format.
pub(super) struct Output {
    path: PathBuf,
    format: FileFormat,
}

impl OutputArgs {
    /// The files that are wanted.
    pub(super) fn files(&self, global: &Global) -> Result<Vec<Output>, Error> {
        self.outputs.iter().map(|output| Output::parse(output, global)).collect()
    }

    /// Whether what is printed is read by programs.
    pub(super) fn for_programs(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether the results are drawn for people.
    pub(super) fn for_people(&self) -> bool {
        self.format == Format::Human
    }

    /// Whether the results are JSON, where they are that or drawn for people; else the name of the form.
    pub(super) fn as_json_or_text(&self) -> Result<bool, &'static str> {
        match self.format {
            Format::Human => Ok(false),
            Format::Json => Ok(true),
            Format::Markdown => Err("markdown"),
            Format::Github => Err("github"),
        }
    }

    /// How many cells that did not pass are listed.
    pub(super) fn shown_cells(&self) -> usize {
        match self.verbose {
            true => evaluation::MOST_CELLS,
            false => evaluation::SHOWN_CELLS,
        }
    }

    /// How much is said of each.
    pub(super) fn detail(&self) -> Detail {
        match self.verbose {
            true => Detail::Full,
            false => Detail::Line,
        }
    }
}

impl Output {
    /// The format is said before a `=`, else by the end of the name.
    fn parse(output: &str, global: &Global) -> Result<Self, Error> {
        if let Some((format, path)) = output.split_once('=')
            && let Ok(format) = FileFormat::from_str(format, false)
        {
            return Ok(Self { path: place::path(global, Path::new(path)), format });
        }
        let path = place::path(global, Path::new(output));
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let format = match ending.as_str() {
            "html" | "htm" => FileFormat::Html,
            "md" | "markdown" => FileFormat::Markdown,
            "jsonl" => FileFormat::Jsonl,
            "json" => FileFormat::Json,
            "csv" => FileFormat::Csv,
            "xml" => FileFormat::Junit,
            _ => {
                return Err(Error::usage(format!("`-o {output}` ends in no known format"))
                .hint("known endings: .html, .md, .json (the run with its cells), .jsonl (a cell a line), .csv, .junit.xml; for another name write FORMAT=FILE, such as markdown=comment.txt"));
            }
        };
        Ok(Self { path, format })
    }

    /// Whether it shows what was sent.
    pub(super) fn wants_messages(&self) -> bool {
        matches!(self.format, FileFormat::Html | FileFormat::Json | FileFormat::Jsonl)
    }
}

/// The files while they are written, and what is collected for standard output.
pub(super) struct Outputs<'a> {
    format: Format,
    /// The plan with the other side of a comparison, and the file of that side where it was saved.
    beside: (Option<&'a Plan>, Option<&'a [u8]>),
    open: Vec<Open>,
    markdown: Option<Markdown>,
    annotations: Option<Annotations>,
    step_summary: Option<PathBuf>,
}

/// A file while it is written. What takes its place at the end stands beside it until then.
enum Open {
    Html { path: PathBuf, file: BufWriter<NamedTempFile> },
    Markdown { path: PathBuf },
    Json { path: PathBuf, elements: BufWriter<NamedTempFile>, empty: bool },
    Jsonl { path: PathBuf, file: BufWriter<NamedTempFile> },
    Csv { path: PathBuf, csv: Box<Csv<NamedTempFile>> },
    Junit { path: PathBuf, junit: Box<Junit<NamedTempFile>> },
}

impl<'a> Outputs<'a> {
    /// Opens the files, so that a folder that cannot be written is found before anything is paid for.
    pub(super) fn open(
        outputs: Vec<Output>,
        args: &OutputArgs,
        plan: &Plan,
        prefix: &RepoPath,
    ) -> Result<Self, Error> {
        let formulas = if args.csv_raw { Formulas::Kept } else { Formulas::Defused };
        let open: Vec<Open> = outputs
            .into_iter()
            .map(|output| Open::new(output, plan, formulas))
            .collect::<Result<_, Error>>()?;
        let step_summary = environment(STEP_SUMMARY);
        let markdown = args.format == Format::Markdown
            || step_summary.is_some()
            || open.iter().any(|open| matches!(open, Open::Markdown { .. }));
        let annotations = args.format == Format::Github;
        Ok(Self {
            format: args.format,
            beside: (None, None),
            open,
            markdown: markdown.then(Markdown::default),
            annotations: annotations.then(|| Annotations::new(prefix.clone())),
            step_summary,
        })
    }

    /// With what is compared: the plan that holds both sides, and the file of the other where it is a saved run.
    pub(super) fn beside(self, whole: &'a Plan, saved: Option<&'a [u8]>) -> Self {
        Self { beside: (Some(whole), saved), ..self }
    }

    /// Hands a cell of the other side to those that show both.
    pub(super) fn rival(&mut self, cell: &CellRecord) -> Result<(), Error> {
        let (Some(whole), _) = self.beside else { return Ok(()) };
        self.open.iter_mut().try_for_each(|open| match open {
            Open::Html { path, file } => {
                html::cell(file, whole, cell).map_err(|error| cannot_write(path, &error))
            }
            _ => Ok(()),
        })
    }

    /// Hands a cell to each of them.
    pub(super) fn cell(&mut self, plan: &Plan, cell: &CellRecord) -> Result<(), Error> {
        if let Some(markdown) = &mut self.markdown {
            markdown.add(plan, cell);
        }
        if let Some(annotations) = &mut self.annotations {
            annotations.add(plan, cell);
        }
        self.open.iter_mut().try_for_each(|open| {
            open.cell(plan, cell).map_err(|error| cannot_write(open.path(), &error))
        })
    }

    /// Prints the results.
    pub(super) fn print(
        &self,
        out: &mut dyn Write,
        plan: &Plan,
        run: &Run,
        info: &RunInfo,
        summary: &Eval,
    ) -> Result<(), Error> {
        match (self.format, &self.markdown, &self.annotations) {
            (Format::Json, ..) => json::write(out, summary)?,
            (Format::Markdown, Some(markdown), _) => markdown.write(out, plan, run, info)?,
            (Format::Github, _, Some(annotations)) => annotations.write(out, plan, run, info)?,
            _ => evaluation::write(out, plan, run)?,
        }
        Ok(())
    }

    /// Completes the files.
    pub(super) fn finish(
        self,
        plan: &Plan,
        run: &Run,
        info: &RunInfo,
        summary: &Eval,
        ui: &mut Ui,
    ) -> Result<(), Error> {
        let mut markdown = Vec::new();
        if let Some(collected) = &self.markdown {
            collected.write(&mut markdown, plan, run, info)?;
        }
        let (whole, saved) = self.beside;
        let whole = whole.unwrap_or(plan);
        for open in self.open {
            let path = open.path().to_owned();
            match open {
                Open::Html { path, file } => finish_page(&path, file, whole, saved, run, summary),
                other => other.finish(summary, &markdown),
            }
            .map_err(|error| cannot_write(&path, &error))?;
        }
        if let Some(path) = &self.step_summary {
            let appended = OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)
                .and_then(|mut file| file.write_all(&markdown));
            // The summary is a courtesy of the host: without it the results stand all the same.
            if let Err(error) = appended {
                ui.warn(format!("cannot append to `{}` ({STEP_SUMMARY}): {error}", path.display()));
            }
        }
        Ok(())
    }
}

impl Open {
    fn new(
        Output { path, format }: Output,
        plan: &Plan,
        formulas: Formulas,
    ) -> Result<Self, Error> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        if !folder.is_dir() {
            return Err(Error::usage(format!(
                "`-o {}`: there is no folder `{}`",
                path.display(),
                folder.display()
            )));
        }
        if path.is_dir() {
            return Err(Error::usage(format!("`-o {}` is a folder", path.display())));
        }
        Self::begin(&path, format, plan, formulas).map_err(|error| cannot_write(&path, &error))
    }

    fn begin(path: &Path, format: FileFormat, plan: &Plan, formulas: Formulas) -> io::Result<Self> {
        let path = path.to_owned();
        Ok(match format {
            FileFormat::Html => {
                let mut file = BufWriter::new(write::beside(&path)?);
                html::begin(&mut file)?;
                Self::Html { path, file }
            }
            FileFormat::Markdown => Self::Markdown { path },
            FileFormat::Json => {
                let elements = BufWriter::new(write::beside(&path)?);
                Self::Json { path, elements, empty: true }
            }
            FileFormat::Jsonl => {
                let file = BufWriter::new(write::beside(&path)?);
                Self::Jsonl { path, file }
            }
            FileFormat::Csv => {
                let csv = Csv::begin(write::beside(&path)?, plan, formulas)?;
                Self::Csv { path, csv: Box::new(csv) }
            }
            FileFormat::Junit => {
                let junit = Box::new(Junit::new(write::beside(&path)?));
                Self::Junit { path, junit }
            }
        })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Html { path, .. }
            | Self::Markdown { path }
            | Self::Json { path, .. }
            | Self::Jsonl { path, .. }
            | Self::Csv { path, .. }
            | Self::Junit { path, .. } => path,
        }
    }

    fn cell(&mut self, plan: &Plan, cell: &CellRecord) -> io::Result<()> {
        match self {
            Self::Html { file, .. } => html::cell(file, plan, cell)?,
            Self::Markdown { .. } => {}
            Self::Json { elements, empty, .. } => {
                cells::write_element(elements, plan, cell, *empty)?;
                *empty = false;
            }
            Self::Jsonl { file, .. } => cells::write(file, plan, cell)?,
            Self::Csv { csv, .. } => csv.add(plan, cell)?,
            Self::Junit { junit, .. } => junit.add(plan, cell)?,
        }
        Ok(())
    }

    fn finish(self, summary: &Eval, markdown: &[u8]) -> io::Result<()> {
        let (path, file) = match self {
            Self::Json { path, elements, .. } => {
                let mut elements = elements.into_inner().map_err(io::IntoInnerError::into_error)?;
                elements.rewind()?;
                let mut file = BufWriter::new(write::beside(&path)?);
                cells::write_run(&mut file, summary.clone(), &mut elements)?;
                (path, file)
            }
            Self::Html { path, file } | Self::Jsonl { path, file } => (path, file),
            Self::Csv { path, csv } => (path, BufWriter::new(csv.finish()?)),
            Self::Markdown { path } => {
                let mut file = BufWriter::new(write::beside(&path)?);
                file.write_all(markdown)?;
                (path, file)
            }
            Self::Junit { path, junit } => {
                let mut file = BufWriter::new(write::beside(&path)?);
                junit.write(&mut file)?;
                (path, file)
            }
        };
        write::persist(file, &path)
    }
}

/// Completes a page: with the cells of the saved run that was compared with, where there is one.
fn finish_page(
    path: &Path,
    mut file: BufWriter<NamedTempFile>,
    whole: &Plan,
    saved: Option<&[u8]>,
    run: &Run,
    summary: &Eval,
) -> io::Result<()> {
    let mut columns = html::Columns::of_plan(whole);
    let compared = run.versus.as_ref().and_then(|versus| versus.comparison.as_ref());
    if let (Some(saved), Some(comparison)) = (saved, compared) {
        columns = columns.beside(comparison);
        html::write_saved_cells(&mut file, &columns, Standing::Before, saved)?;
    }
    html::end(&mut file, &columns, run, summary)?;
    write::persist(file, path)
}

#[expect(
    clippy::disallowed_methods,
    reason = "where a job of GitHub Actions says its summary goes"
)]
fn environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    Error::new(Exit::Provider, format!("cannot write `{}`: {error}", path.display()))
}
