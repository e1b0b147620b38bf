//! What a suite is about: its prompts and its cases, found by the names and globs that it lists.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use globset::{GlobBuilder, GlobMatcher};
use indexmap::{IndexMap, IndexSet};

use super::Project;
use super::chunks::Chunked;
use super::dataset::{self, Case, Format, PlacedCase};
use super::prompt::{Prompt, PromptName};
use super::suite::{DatasetChoice, OneOrMany, Suite};
use crate::diagnostic::{Diagnostic, RuleId, closest};
use crate::document::Route;
use crate::path::RepoPath;
use crate::snapshot::SnapshotError;

/// The rule that each name and glob of a suite matches something.
pub const MATCHES_NOTHING: RuleId = RuleId("D559");

/// The cases of a suite, in the order in which it lists them.
#[derive(Clone, Debug, Default)]
pub struct Cases {
    /// The cases.
    pub cases: CaseList,
    /// The dataset files that were read.
    pub files: Vec<RepoPath>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
}

/// Cases in order, some of which may be on disk. Those that are cost time each time that they are looked at.
#[derive(Clone, Debug, Default)]
pub struct CaseList {
    parts: Vec<Part>,
    /// Where each part ends.
    ends: Vec<usize>,
}

#[derive(Clone, Debug)]
enum Part {
    Held(Vec<PlacedCase>),
    Chunked(Arc<Chunked>),
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::Held(cases) => cases.len(),
            Self::Chunked(cases) => cases.len(),
        }
    }
}

/// Cases, each made when it is reached.
pub type CaseIter<'a> = Box<dyn Iterator<Item = PlacedCase> + 'a>;

impl<'a> IntoIterator for &'a CaseList {
    type Item = PlacedCase;
    type IntoIter = CaseIter<'a>;

    fn into_iter(self) -> CaseIter<'a> {
        self.iter()
    }
}

impl CaseList {
    fn push(&mut self, part: Part) {
        self.ends.push(self.len() + part.len());
        self.parts.push(part);
    }

    /// How many cases there are.
    pub fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place of the first case that is written in the suite itself.
    pub fn behind_datasets(&self) -> usize {
        self.parts.len().checked_sub(2).map_or(0, |last| self.ends[last])
    }

    /// Whether some of them are on disk.
    pub fn is_chunked(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Chunked(_)))
    }

    /// A case by its place. Quick for places near those of the last few calls.
    pub fn get(&self, index: usize) -> Option<PlacedCase> {
        let part = self.ends.partition_point(|end| *end <= index);
        let before = part.checked_sub(1).map_or(0, |before| self.ends[before]);
        match self.parts.get(part)? {
            Part::Held(cases) => cases.get(index - before).cloned(),
            Part::Chunked(cases) => cases.get(index - before),
        }
    }

    /// All cases in order.
    pub fn iter(&self) -> CaseIter<'_> {
        Box::new(self.parts.iter().flat_map(|part| -> CaseIter<'_> {
            match part {
                Part::Held(cases) => Box::new(cases.iter().cloned()),
                Part::Chunked(cases) => Box::new(cases.iter()),
            }
        }))
    }

    /// Why cases on disk are no longer what they were when the list was made, if that is so.
    pub fn lost(&self) -> Option<&str> {
        self.parts.iter().find_map(|part| match part {
            Part::Held(_) => None,
            Part::Chunked(cases) => cases.lost(),
        })
    }
}

/// What was read of a dataset, once for all suites that read its columns alike.
#[derive(Debug, Default)]
pub(super) struct Datasets {
    held: Mutex<BTreeMap<Reading, Arc<OnceLock<Rows>>>>,
    chunked: Mutex<BTreeMap<Reading, Arc<LargeRows>>>,
}

/// A dataset on disk, and what is wrong with it.
type LargeRows = (Arc<Chunked>, Vec<Diagnostic>);

/// A dataset, and the names of its columns.
type Reading = (RepoPath, Vec<(String, String)>);

#[derive(Debug, Default)]
struct Rows {
    cases: Vec<PlacedCase>,
    diagnostics: Vec<Diagnostic>,
}

impl Datasets {
    /// Where the rows of a dataset are, or will be when the first has read them.
    fn held(&self, reading: Reading) -> Arc<OnceLock<Rows>> {
        let mut known = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(reading).or_default())
    }

    /// The same of a large dataset. Its chunks are read side by side, and whoever waits for that may do so inside of
    /// other such work: two that come at once both read it rather than that one waits for the other.
    fn chunked(&self, reading: Reading, read: impl FnOnce() -> LargeRows) -> Arc<LargeRows> {
        let known = || self.chunked.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().get(&reading).cloned();
        found.unwrap_or_else(|| {
            let rows = Arc::new(read());
            Arc::clone(known().entry(reading).or_insert(rows))
        })
    }
}

/// Whether a text of a suite is a glob rather than a name.
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// A glob as in `.gitignore`: `*` stays inside a folder, `**` does not.
pub fn glob(pattern: &str) -> Result<GlobMatcher, String> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| error.kind().to_string())
}

/// The prompts of this snapshot that an entry of a suite's `prompts` names, in their order. Selectors with `@` are not
/// resolved here: they speak of other snapshots.
pub fn prompts_matching<'a>(project: &'a Project, entry: &str) -> Result<Vec<&'a Prompt>, String> {
    if !is_glob(entry) {
        return Ok(project.prompts.get(&PromptName(entry.to_owned())).into_iter().collect());
    }
    let glob = glob(entry)?;
    Ok(project.prompts.values().filter(|prompt| glob.is_match(prompt.name.as_str())).collect())
}

/// The prompts of a suite that stand in the suite's own snapshot.
pub fn prompts<'a>(project: &'a Project, suite: &Suite) -> Vec<&'a Prompt> {
    let mut found: IndexMap<&PromptName, &Prompt> = IndexMap::new();
    for entry in &suite.file.prompts {
        for prompt in prompts_matching(project, entry).unwrap_or_default() {
            found.insert(&prompt.name, prompt);
        }
    }
    found.into_values().collect()
}

/// The dataset files of a suite, each once, in the order in which it lists them.
pub fn files(project: &Project, suite: &Suite) -> Result<Vec<RepoPath>, SnapshotError> {
    find_files(project, suite, &mut Vec::new())
}

/// Reads the cases of a suite: its datasets, then those written in the suite itself.
pub fn load(project: &Project, suite: &Suite) -> Result<Cases, SnapshotError> {
    let mut cases = Cases::default();
    cases.files = find_files(project, suite, &mut cases.diagnostics)?;
    let no_columns = IndexMap::new();
    let columns = match &suite.file.dataset {
        Some(DatasetChoice::Full(map)) => &map.columns,
        _ => &no_columns,
    };
    for path in cases.files.clone() {
        read_dataset(project, &path, columns, &mut cases)?;
    }
    let inline = suite.file.cases.iter().enumerate().map(|(index, inline)| PlacedCase {
        case: Arc::new(Case::from(inline)),
        file: Arc::clone(&suite.document.file),
        span: dataset::inline_span(&suite.document, index),
    });
    cases.cases.push(Part::Held(inline.collect()));
    Ok(cases)
}

fn find_files(
    project: &Project,
    suite: &Suite,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<RepoPath>, SnapshotError> {
    let base = Route::root().key("dataset");
    let entries: Vec<(&str, Route)> = match &suite.file.dataset {
        None => Vec::new(),
        Some(DatasetChoice::Path(path)) => vec![(path, base)],
        Some(DatasetChoice::Paths(paths)) => numbered(paths, &base),
        Some(DatasetChoice::Full(map)) => {
            let base = base.key("path");
            match &map.path {
                OneOrMany::One(path) => vec![(path.as_str(), base)],
                OneOrMany::Many(paths) => numbered(paths, &base),
            }
        }
    };
    let mut files = IndexSet::new();
    for (entry, route) in entries {
        files.extend(dataset_paths(project, suite, entry, &route, diagnostics)?);
    }
    Ok(files.into_iter().collect())
}

fn numbered<'a>(paths: &'a [String], base: &Route) -> Vec<(&'a str, Route)> {
    paths.iter().enumerate().map(|(index, path)| (path.as_str(), base.index(index))).collect()
}

/// The files of one entry of `dataset`, relative to the root.
fn dataset_paths(
    project: &Project,
    suite: &Suite,
    entry: &str,
    route: &Route,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<RepoPath>, SnapshotError> {
    let document = &suite.document;
    let problem = |message: String| {
        Diagnostic::new(MATCHES_NOTHING, &document.file, document.span(route), message)
    };
    if is_glob(entry) {
        let matcher = match glob(entry) {
            Ok(matcher) => matcher,
            Err(error) => {
                diagnostics.push(problem(format!("`{entry}` is no valid glob: {error}")));
                return Ok(Vec::new());
            }
        };
        let fixed =
            entry.split('/').take_while(|part| !is_glob(part)).collect::<Vec<_>>().join("/");
        let folder = RepoPath::new(&fixed).unwrap_or_default();
        let found: Vec<RepoPath> = project
            .snapshot
            .list(&folder)?
            .into_iter()
            .filter(|path| matcher.is_match(path.as_str()) && Format::of(path).is_some())
            .collect();
        if found.is_empty() {
            diagnostics.push(problem(format!("no dataset matches `{entry}`")));
        }
        return Ok(found);
    }
    let path = match RepoPath::new(entry) {
        Ok(path) => path,
        Err(error) => {
            diagnostics.push(problem(error.to_string()));
            return Ok(Vec::new());
        }
    };
    if Format::of(&path).is_none() {
        diagnostics.push(
            problem(format!("`{entry}` is no dataset"))
                .help("name it .csv, .jsonl, .json or .yaml"),
        );
        return Ok(Vec::new());
    }
    if large(project, &path)?.is_none() && project.source(&path)?.is_none() {
        let around = project.snapshot.list(&path.parent())?;
        let similar = closest(entry, around.iter().map(RepoPath::as_str));
        let finding = problem(format!("there is no file `{entry}`"));
        diagnostics.push(match similar {
            Some(similar) => finding.help(format!("did you mean `{similar}`?")),
            None => finding.help("paths are relative to the root of the project"),
        });
        return Ok(Vec::new());
    }
    Ok(vec![path])
}

/// The file of a dataset that is not held in memory. JSON and YAML are, for their rows have no ends of their own.
fn large(project: &Project, path: &RepoPath) -> Result<Option<File>, SnapshotError> {
    match Format::of(path) {
        Some(Format::Csv | Format::Jsonl) => {
            project.snapshot.open_large(path, project.chunking.from)
        }
        _ => Ok(None),
    }
}

fn read_dataset(
    project: &Project,
    path: &RepoPath,
    columns: &IndexMap<String, String>,
    cases: &mut Cases,
) -> Result<(), SnapshotError> {
    let Some(format) = Format::of(path) else { return Ok(()) };
    let renamed = columns.iter().map(|(to, from)| (to.clone(), from.clone())).collect();
    let reading = (path.clone(), renamed);
    if let Some(file) = large(project, path)? {
        let rows = project.datasets.chunked(reading, || {
            let (rows, found) = Chunked::read(path, file, format, columns, project.chunking);
            (Arc::new(rows), found)
        });
        cases.cases.push(Part::Chunked(Arc::clone(&rows.0)));
        cases.diagnostics.extend_from_slice(&rows.1);
        return Ok(());
    }
    let Some(file) = project.source(path)? else { return Ok(()) };
    if let Some(finding) = crate::document::not_utf8(&file) {
        cases.diagnostics.push(finding);
        return Ok(());
    }
    let rows = project.datasets.held(reading);
    let rows = rows.get_or_init(|| {
        let mut read = Rows::default();
        let mut found = Vec::new();
        read.diagnostics = dataset::for_each_row(&file, format, &mut |row| {
            let span = row.span;
            match dataset::case(&file, row, format == Format::Csv, columns) {
                Ok(case) => read.cases.push(PlacedCase {
                    case: Arc::new(case),
                    file: Arc::clone(&file),
                    span,
                }),
                Err(diagnostic) => found.push(*diagnostic),
            }
        });
        read.diagnostics.extend(found);
        read
    });
    cases.cases.push(Part::Held(rows.cases.clone()));
    cases.diagnostics.extend_from_slice(&rows.diagnostics);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;

    #[test]
    fn suites_that_read_a_dataset_alike_share_its_cases() {
        let suite = |columns: &str| {
            format!("prompts: [a]\ndataset: {{path: datasets/d.csv{columns}}}\nassert: []\n")
        };
        let files = [
            ("datasets/d.csv", "id,q\n1,x\n2,y,z\n".to_owned()),
            ("evals/a.yaml", suite("")),
            ("evals/b.yaml", suite(", sample: 1")),
            ("evals/c.yaml", suite(", columns: {question: q}")),
        ];
        let files = files.map(|(path, text)| (RepoPath::new(path).unwrap(), text.into_bytes()));
        let project = Project::load(&Snapshot::memory(files)).unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| load(&project, &project.suites[name]).unwrap());
        let first = |cases: &Cases| cases.cases.get(0).unwrap().case;
        assert!(Arc::ptr_eq(&first(&a), &first(&b)));
        assert!(!Arc::ptr_eq(&first(&a), &first(&c)));
        assert_eq!(first(&c).variables["question"], "x");
        assert_eq!(
            [a, b, c].map(|cases| (cases.cases.len(), cases.diagnostics.len())),
            [(1, 1); 3]
        );
    }
}
