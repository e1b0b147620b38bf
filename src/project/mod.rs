//! The definitions of a project: configuration, prompts, partials, suites and datasets, typed, with their places.
//!
//! [`Project::load`] reads any snapshot. A bad file gives diagnostics and is left out; only failing to read is an error.

pub mod cases;
mod chunks;
pub mod config;
pub mod dataset;
pub mod exchange;
pub mod judge;
pub mod model;
pub mod prices;
mod narrow;
pub mod prompt;
mod providers;
pub mod quantity;
pub mod suite;
pub mod variable;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rayon::prelude::*;
use serde::de::DeserializeOwned;

pub use self::chunks::Chunking;
pub(crate) use self::chunks::Recent;
use self::config::Config;
use self::prompt::{Prompt, PromptFile, PromptName};
use self::suite::{Suite, SuiteFile};
use crate::diagnostic::{self, Diagnostic, RuleId, closest};
use crate::document::{self, Document};
use crate::path::RepoPath;
use crate::schema::{Schema, WRONG_SHAPE};
use crate::snapshot::{SkipReason, Skipped, Snapshot, SnapshotError};
use crate::span::{SourceFile, Span};

/// The project file, at the root.
pub const CONFIG_FILE: &str = "pf.yaml";

/// The rule that each file can be read.
pub const UNREADABLE_FILE: RuleId = RuleId("F008");

static CONFIG_SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::of::<Config>);
static PROMPT_SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::of::<PromptFile>);
static SUITE_SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::of::<SuiteFile>);

/// The schemas of the files that people write, by name.
pub fn schemas() -> [(&'static str, &'static Schema); 3] {
    [("config", &CONFIG_SCHEMA), ("prompt", &PROMPT_SCHEMA), ("suite", &SUITE_SCHEMA)]
}

/// What a file of the project is, by where it lies and how it ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// `pf.yaml`.
    Config,
    /// A prompt, with its name.
    Prompt(PromptName),
    /// A text that templates include.
    Partial,
    /// A suite, with its name.
    Suite(String),
    /// Cases.
    Dataset,
}

/// All definitions of one snapshot.
#[derive(Debug)]
pub struct Project {
    /// Where the files come from.
    pub snapshot: Snapshot,
    /// `pf.yaml`; the defaults when there is none.
    pub config: Config,
    /// The parsed `pf.yaml`.
    pub config_document: Option<Arc<Document>>,
    /// Prompts whose files have the right shape.
    pub prompts: BTreeMap<PromptName, Prompt>,
    /// Prompts whose files cannot be used, for better messages than "unknown".
    pub unusable: BTreeMap<PromptName, RepoPath>,
    /// Suites whose files have the right shape.
    pub suites: BTreeMap<String, Suite>,
    /// Files that are not read because another has the same name: `a.yml` beside `a.yaml`.
    pub hidden: Vec<RepoPath>,
    /// Partials below the prompts folder, as far as they were looked for; see [`Project::all_partials`].
    pub partials: Vec<RepoPath>,
    /// What lies in the folders of prompts and suites and was left out.
    pub skipped: Vec<Skipped>,
    /// What is wrong with the files themselves.
    pub diagnostics: Vec<Diagnostic>,
    /// When and how large datasets are read in chunks.
    pub chunking: Chunking,
    /// Whether only a part was read.
    partly: bool,
    sources: Mutex<BTreeMap<RepoPath, Option<Arc<SourceFile>>>>,
    datasets: cases::Datasets,
}

/// How much of a project is read.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// Everything.
    All,
    /// The configuration and the prompts of these names.
    Prompts(&'a [PromptName]),
    /// At least what a check of these files looks at. Other prompts are there or not: a rule about a single prompt that
    /// needs to know of another asks [`Project::prompt_path`].
    Files(&'a BTreeSet<RepoPath>),
}

impl Project {
    /// Reads a whole project.
    pub fn load(snapshot: &Snapshot) -> Result<Self, SnapshotError> {
        Self::load_scope(snapshot, Scope::All)
    }

    /// Reads a project or a part of it.
    pub fn load_scope(snapshot: &Snapshot, scope: Scope<'_>) -> Result<Self, SnapshotError> {
        let mut project = Self {
            snapshot: snapshot.clone(),
            config: Config::default(),
            config_document: None,
            prompts: BTreeMap::new(),
            unusable: BTreeMap::new(),
            suites: BTreeMap::new(),
            hidden: Vec::new(),
            partials: Vec::new(),
            skipped: Vec::new(),
            diagnostics: Vec::new(),
            chunking: Chunking::default(),
            partly: !matches!(scope, Scope::All),
            sources: Mutex::default(),
            datasets: cases::Datasets::default(),
        };
        project.read_config()?;
        match scope {
            Scope::All => {
                let mut paths = Vec::new();
                let folders = &project.config.paths;
                for folder in [&folders.prompts, &folders.suites] {
                    let listing = snapshot.walk(&project.folder(folder))?;
                    paths.extend(listing.files);
                    project.skipped.extend(listing.skipped);
                }
                paths.sort();
                paths.dedup();
                project.read_definitions(paths)?;
                project.report_links()?;
            }
            Scope::Prompts(names) => {
                let mut paths = Vec::new();
                for name in names {
                    paths.extend(project.prompt_path(name)?);
                }
                project.read_definitions(paths)?;
            }
            Scope::Files(paths) => {
                if !project.read_around(paths)? {
                    return Self::load(snapshot);
                }
            }
        }
        diagnostic::sort(&mut project.diagnostics);
        Ok(project)
    }

    fn read_config(&mut self) -> Result<(), SnapshotError> {
        let path = RepoPath::new(CONFIG_FILE).expect("a plain name");
        let Some(bytes) = self.snapshot.read(&path)? else { return Ok(()) };
        let read: Read<Config> = read_yaml(path, bytes, &CONFIG_SCHEMA);
        self.diagnostics.extend(read.diagnostics);
        self.config_document = read.document;
        if let Some(config) = read.value {
            if let Some(document) = &self.config_document {
                self.diagnostics.extend(providers::check(&config.providers, document));
            }
            self.config = config;
        }
        Ok(())
    }

    fn read_definitions(&mut self, mut paths: Vec<RepoPath>) -> Result<(), SnapshotError> {
        paths.sort_unstable();
        let hidden = |path: &RepoPath| {
            path.extension() == Some("yml")
                && RepoPath::new(&format!("{}.yaml", path.without_extension()))
                    .is_ok_and(|other| paths.binary_search(&other).is_ok())
        };
        let (hidden, paths): (Vec<_>, Vec<_>) = paths.iter().cloned().partition(hidden);
        self.hidden.extend(hidden);
        let kinds: Vec<(RepoPath, FileKind)> =
            paths.into_iter().filter_map(|path| Some((path.clone(), self.kind(&path)?))).collect();
        let loaded: Vec<Loaded> = kinds
            .into_par_iter()
            .map(|(path, kind)| load_definition(&self.snapshot, path, kind))
            // Of several errors the first in the order of the files, whichever thread met one first.
            .collect::<Vec<_>>()
            .into_iter()
            .collect::<Result<_, SnapshotError>>()?;
        // A tree that is made of a list at once has no room to spare in its nodes.
        let (mut sources, mut prompts) = (Vec::with_capacity(loaded.len()), Vec::new());
        for loaded in loaded {
            match loaded {
                Loaded::Prompt(prompt, diagnostics) => {
                    let file = Arc::clone(&prompt.document.file);
                    sources.push((prompt.path.clone(), Some(file)));
                    self.diagnostics.extend(diagnostics);
                    prompts.push((prompt.name.clone(), *prompt));
                }
                Loaded::Suite(suite, diagnostics) => {
                    let file = Arc::clone(&suite.document.file);
                    sources.push((suite.path.clone(), Some(file)));
                    self.diagnostics.extend(diagnostics);
                    self.suites.insert(suite.name.clone(), *suite);
                }
                Loaded::Partial(path) => self.partials.push(path),
                Loaded::Unusable(name, path, diagnostics) => {
                    self.diagnostics.extend(diagnostics);
                    if let Some(name) = name {
                        self.unusable.insert(name, path);
                    }
                }
            }
        }
        self.prompts.append(&mut prompts.into_iter().collect());
        let known = self.sources.get_mut().unwrap_or_else(PoisonError::into_inner);
        known.append(&mut sources.into_iter().collect());
        Ok(())
    }

    /// Links that lead to no file of the project are findings: whoever made one wanted a file there.
    fn report_links(&mut self) -> Result<(), SnapshotError> {
        self.skipped.sort_unstable();
        self.skipped.dedup();
        let (links, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.skipped)
            .into_iter()
            .partition(|skipped| skipped.reason == SkipReason::Link);
        self.skipped = others;
        for link in links {
            let Ok(path) = RepoPath::new(&link.path) else { continue };
            if self.kind(&path).is_none() {
                continue;
            }
            self.diagnostics.push(match self.snapshot.read(&path) {
                Err(error) => unreadable(error)?,
                Ok(_) => at_top(&path, format!("`{path}` is a link to a file that is not there"))
                    .help("point it at a file of the project, or delete it"),
            });
        }
        Ok(())
    }

    /// A folder of the configuration; the root when it is no path inside the project.
    pub fn folder(&self, name: &str) -> RepoPath {
        RepoPath::new(name).unwrap_or_default()
    }

    /// What a file is to this project.
    pub fn kind(&self, path: &RepoPath) -> Option<FileKind> {
        if path.as_str() == CONFIG_FILE {
            return Some(FileKind::Config);
        }
        let paths = &self.config.paths;
        let below = |folder: &str| path.strip_prefix(&self.folder(folder)).filter(|p| !p.is_root());
        let yaml = matches!(path.extension(), Some("yaml" | "yml"));
        if let Some(rest) = below(&paths.prompts) {
            return match path.extension() {
                _ if yaml => {
                    Some(FileKind::Prompt(PromptName(rest.without_extension().to_owned())))
                }
                Some("md" | "txt" | "j2") => Some(FileKind::Partial),
                _ => None,
            };
        }
        if let Some(rest) = below(&paths.suites)
            && yaml
        {
            return Some(FileKind::Suite(rest.without_extension().to_owned()));
        }
        if below(&paths.datasets).is_some() && dataset::Format::of(path).is_some() {
            return Some(FileKind::Dataset);
        }
        None
    }

    /// The file of a prompt, if there is one.
    pub fn prompt_path(&self, name: &PromptName) -> Result<Option<RepoPath>, SnapshotError> {
        let folder = self.folder(&self.config.paths.prompts);
        for extension in ["yaml", "yml"] {
            let Ok(below) = RepoPath::new(&format!("{name}.{extension}")) else { return Ok(None) };
            let path = folder.join(&below);
            if self.snapshot.read(&path)?.is_some() {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// All partials below the prompts folder, of a project that was read in part too.
    pub fn all_partials(&self) -> Result<Cow<'_, [RepoPath]>, SnapshotError> {
        if !self.partly {
            return Ok(Cow::Borrowed(&self.partials));
        }
        let mut listed = self.snapshot.list(&self.folder(&self.config.paths.prompts))?;
        listed.retain(|path| self.kind(path) == Some(FileKind::Partial));
        Ok(Cow::Owned(listed))
    }

    /// The name of a prompt that resembles a misspelt one.
    pub fn closest_prompt(&self, name: &str) -> Option<&str> {
        closest(name, self.prompts.keys().chain(self.unusable.keys()).map(PromptName::as_str))
    }

    /// A text of the project, read once; `None` when there is no such file. Bad UTF-8 is replaced here, and
    /// whoever uses the text must look at [`document::not_utf8`].
    pub fn source(&self, path: &RepoPath) -> Result<Option<Arc<SourceFile>>, SnapshotError> {
        let lock = || self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(path) {
            return Ok(known.clone());
        }
        let file = self
            .snapshot
            .read(path)?
            .map(|bytes| SourceFile::decode(path.clone(), bytes).unwrap_or_else(|bad| bad.file));
        lock().insert(path.clone(), file.clone());
        Ok(file)
    }

    /// The text behind the name of an `include`: a path below the prompts folder.
    pub fn partial(&self, name: &str) -> Result<Option<Arc<SourceFile>>, SnapshotError> {
        let Ok(below) = RepoPath::new(name) else { return Ok(None) };
        self.source(&self.folder(&self.config.paths.prompts).join(&below))
    }
}

/// A finding in place of an error that is about a single file: the others can still be checked.
pub fn unreadable(error: SnapshotError) -> Result<Diagnostic, SnapshotError> {
    match error.file() {
        Some(path) => Ok(at_top(path, error.to_string())),
        None => Err(error),
    }
}

/// A finding about a file whose text is not known.
fn at_top(path: &RepoPath, message: String) -> Diagnostic {
    Diagnostic::new(UNREADABLE_FILE, &SourceFile::new(path.clone(), ""), Span::at(0), message)
}

/// What one file came to.
enum Loaded {
    Prompt(Box<Prompt>, Vec<Diagnostic>),
    Suite(Box<Suite>, Vec<Diagnostic>),
    Partial(RepoPath),
    Unusable(Option<PromptName>, RepoPath, Vec<Diagnostic>),
}

fn load_definition(
    snapshot: &Snapshot,
    path: RepoPath,
    kind: FileKind,
) -> Result<Loaded, SnapshotError> {
    let bytes = match &kind {
        FileKind::Prompt(_) | FileKind::Suite(_) => match snapshot.read(&path) {
            Ok(bytes) => bytes.unwrap_or_default(),
            Err(error) => {
                let name = if let FileKind::Prompt(name) = kind { Some(name) } else { None };
                return Ok(Loaded::Unusable(name, path, vec![unreadable(error)?]));
            }
        },
        FileKind::Partial => return Ok(Loaded::Partial(path)),
        FileKind::Config | FileKind::Dataset => {
            return Ok(Loaded::Unusable(None, path, Vec::new()));
        }
    };
    Ok(match kind {
        FileKind::Prompt(name) => {
            let Read { document, value, diagnostics } =
                read_yaml(path.clone(), bytes, &PROMPT_SCHEMA);
            match (document, value) {
                (Some(document), Some(file)) => {
                    Loaded::Prompt(Box::new(Prompt { name, path, document, file }), diagnostics)
                }
                _ => Loaded::Unusable(Some(name), path, diagnostics),
            }
        }
        FileKind::Suite(name) => {
            let Read { document, value, diagnostics } =
                read_yaml(path.clone(), bytes, &SUITE_SCHEMA);
            match (document, value) {
                (Some(document), Some(file)) => {
                    Loaded::Suite(Box::new(Suite { name, path, document, file }), diagnostics)
                }
                _ => Loaded::Unusable(None, path, diagnostics),
            }
        }
        FileKind::Config | FileKind::Partial | FileKind::Dataset => {
            Loaded::Unusable(None, path, Vec::new())
        }
    })
}

/// A YAML file, read as far as it goes.
struct Read<T> {
    document: Option<Arc<Document>>,
    value: Option<T>,
    diagnostics: Vec<Diagnostic>,
}

fn read_yaml<T: DeserializeOwned>(path: RepoPath, bytes: Vec<u8>, schema: &Schema) -> Read<T> {
    let file = match SourceFile::decode(path, bytes) {
        Ok(file) => file,
        Err(bad) => {
            let diagnostics = document::not_utf8(&bad.file).into_iter().collect();
            return Read { document: None, value: None, diagnostics };
        }
    };
    let (document, mut diagnostics) = document::parse(&file);
    let Some(document) = document.map(Arc::new) else {
        return Read { document: None, value: None, diagnostics };
    };
    let shape = schema.check(&document);
    let fits = shape.is_empty();
    diagnostics.extend(shape);
    let value = match fits.then(|| document.read()) {
        Some(Ok(value)) => Some(value),
        Some(Err(error)) => {
            let finding =
                Diagnostic::new(WRONG_SHAPE, &document.file, Span::at(0), error.to_string());
            diagnostics.push(finding);
            None
        }
        None => None,
    };
    Read { document: Some(document), value, diagnostics }
}

#[cfg(test)]
mod tests;
