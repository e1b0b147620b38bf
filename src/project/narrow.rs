//! The part of a project that a few files depend on: who checks one prompt of ten thousand waits for that one.

use std::collections::BTreeSet;

use super::prompt::PromptName;
use super::suite::Suite;
use super::{FileKind, Project, cases};
use crate::path::RepoPath;
use crate::snapshot::SnapshotError;

impl Project {
    /// Reads what a check of these files looks at: the prompts among them, all suites, and the prompts of those suites
    /// that name one of the files. Partials are read by whoever asks for them.
    ///
    /// `false` when that cannot be told without reading everything, as for a partial, which any prompt may include.
    /// Prompts that include the *prompt* file of another are not looked for.
    pub(super) fn read_around(
        &mut self,
        paths: &BTreeSet<RepoPath>,
    ) -> Result<bool, SnapshotError> {
        let prompts = self.folder(&self.config.paths.prompts);
        let mut wanted = Wanted::default();
        let mut files = BTreeSet::new();
        for path in paths {
            match self.kind(path) {
                Some(FileKind::Prompt(name)) => {
                    if !self.add_prompt(&name, path, &mut files)? {
                        return Ok(false);
                    }
                    wanted.names.insert(name);
                }
                Some(FileKind::Suite(_)) => {}
                Some(FileKind::Config | FileKind::Partial) => return Ok(false),
                Some(FileKind::Dataset) | None => {
                    // A folder stands for the files in it, which are here too.
                    let folder = paths.iter().any(|other| other != path && other.starts_with(path));
                    if path.starts_with(&prompts) && !folder {
                        return Ok(false);
                    }
                    wanted.others.insert(path);
                }
            }
        }
        let listing = self.snapshot.walk(&self.folder(&self.config.paths.suites))?;
        let suites = listing.files.into_iter();
        let suites = suites.filter(|path| matches!(self.kind(path), Some(FileKind::Suite(_))));
        self.read_definitions(suites.collect())?;
        self.skipped.extend(listing.skipped);

        let mut globs = Vec::new();
        for suite in self.suites.values() {
            if !paths.contains(&suite.path) && !wanted.any_of(suite) {
                continue;
            }
            for entry in &suite.file.prompts {
                if cases::is_glob(entry) {
                    globs.extend(cases::glob(entry));
                    continue;
                }
                let name = PromptName(entry.clone());
                // Whoever says that there is none suggests another, of all that there are.
                let found = match self.prompt_path(&name)? {
                    Some(path) => self.add_prompt(&name, &path, &mut files)?,
                    None => entry.contains('@'),
                };
                if !found {
                    return Ok(false);
                }
            }
        }
        if !globs.is_empty() {
            let listed = self.snapshot.list(&prompts)?;
            files.extend(listed.into_iter().filter(|path| match self.kind(path) {
                Some(FileKind::Prompt(name)) => globs.iter().any(|g| g.is_match(name.as_str())),
                _ => false,
            }));
        }
        self.read_definitions(files.into_iter().collect())?;
        self.report_links()?;
        Ok(true)
    }

    /// Adds the files of a prompt; `false` when a listing of all prompts would not have this one.
    fn add_prompt(
        &self,
        name: &PromptName,
        path: &RepoPath,
        files: &mut BTreeSet<RepoPath>,
    ) -> Result<bool, SnapshotError> {
        let folder = self.folder(&self.config.paths.prompts);
        if !self.snapshot.lists(&folder, path)? {
            return Ok(false);
        }
        files.insert(path.clone());
        // Two files may have one name, with either extension.
        for extension in ["yaml", "yml"] {
            let Ok(below) = RepoPath::new(&format!("{name}.{extension}")) else { continue };
            let twin = folder.join(&below);
            if twin != *path && self.snapshot.lists(&folder, &twin)? {
                files.insert(twin);
            }
        }
        Ok(true)
    }
}

/// The files that are checked, by what suites know of them.
#[derive(Default)]
struct Wanted<'a> {
    names: BTreeSet<PromptName>,
    others: BTreeSet<&'a RepoPath>,
}

impl Wanted<'_> {
    /// Whether a suite names one of them as a prompt or a dataset, or may do so.
    fn any_of(&self, suite: &Suite) -> bool {
        let fits = |entry: &str, text: &str| match cases::is_glob(entry) {
            true => cases::glob(entry).is_ok_and(|glob| glob.is_match(text)),
            false => entry == text,
        };
        let prompt = |entry: &String| self.names.iter().any(|name| fits(entry, name.as_str()));
        let dataset = |entry: &str| {
            let path = RepoPath::new(entry);
            self.others.iter().any(|other| {
                fits(entry, other.as_str()) || path.as_ref().is_ok_and(|path| path == *other)
            })
        };
        suite.file.prompts.iter().any(prompt) || suite.file.datasets().any(dataset)
    }
}
