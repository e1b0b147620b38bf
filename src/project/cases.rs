//! What a suite is about: its prompts and its cases, found by the names and globs that it lists.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use globset::{GlobBuilder, GlobMatcher};
use indexmap::{IndexMap, IndexSet};

use super::Project;
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
    pub cases: Vec<PlacedCase>,
    /// The dataset files that were read.
    pub files: Vec<RepoPath>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
}

/// What was read of a dataset, once for all suites that read its columns alike.
#[derive(Debug, Default)]
pub(super) struct Datasets(Mutex<BTreeMap<Reading, Arc<OnceLock<Rows>>>>);

/// A dataset, and the names of its columns.
type Reading = (RepoPath, Vec<(String, String)>);

#[derive(Debug, Default)]
struct Rows {
    cases: Vec<PlacedCase>,
    diagnostics: Vec<Diagnostic>,
}

impl Datasets {
    /// Where the rows of a dataset are, or will be when the first has read them.
    fn get(&self, path: &RepoPath, columns: &IndexMap<String, String>) -> Arc<OnceLock<Rows>> {
        let columns = columns.iter().map(|(to, from)| (to.clone(), from.clone())).collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry((path.clone(), columns)).or_default())
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
    for (index, inline) in suite.file.cases.iter().enumerate() {
        cases.cases.push(PlacedCase {
            case: Arc::new(Case::from(inline)),
            file: Arc::clone(&suite.document.file),
            span: dataset::inline_span(&suite.document, index),
        });
    }
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
    if project.source(&path)?.is_none() {
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

fn read_dataset(
    project: &Project,
    path: &RepoPath,
    columns: &IndexMap<String, String>,
    cases: &mut Cases,
) -> Result<(), SnapshotError> {
    let (Some(file), Some(format)) = (project.source(path)?, Format::of(path)) else {
        return Ok(());
    };
    if let Some(finding) = crate::document::not_utf8(&file) {
        cases.diagnostics.push(finding);
        return Ok(());
    }
    let rows = project.datasets.get(path, columns);
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
    cases.cases.extend_from_slice(&rows.cases);
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
        assert!(Arc::ptr_eq(&a.cases[0].case, &b.cases[0].case));
        assert!(!Arc::ptr_eq(&a.cases[0].case, &c.cases[0].case));
        assert_eq!(c.cases[0].case.variables["question"], "x");
        assert_eq!(
            [a, b, c].map(|cases| (cases.cases.len(), cases.diagnostics.len())),
            [(1, 1); 3]
        );
    }
}
