//! Versions: where along the first-parent history a prompt became another one.
//!
//! A version is a change of either digest of a prompt. The history is walked once, newest first; a commit that leaves the
//! prompts folder and `pf.yaml` alone costs a look at two tree entries, and only a commit that touches a file that the
//! prompt is made of is read. What versions came to in evaluations lies in [`notes`].

pub mod notes;

use crate::digest::{self, Digest};
use crate::path::RepoPath;
use crate::project::model;
use crate::project::prompt::PromptName;
use crate::project::{CONFIG_FILE, Project, Scope};
use crate::snapshot::{CommitInfo, Fingerprint, Home, Snapshot, SnapshotError};
use crate::template;

/// One version of a prompt.
#[derive(Clone, Debug)]
pub struct Version {
    /// From 1, oldest first; none in a shallow clone, whose beginning is not known.
    pub number: Option<usize>,
    /// The commit that made it.
    pub commit: CommitInfo,
    /// The hash of what reaches the model.
    pub digest: Digest,
    /// The hash of what callers and consumers rely on.
    pub contract: Digest,
    /// The name that it had then.
    pub name: PromptName,
    /// The file that it stood in then.
    pub path: RepoPath,
    /// The number of an older version with the same digests, when this one goes back to it.
    pub same_as: Option<usize>,
}

/// The versions of prompts that are there at `revision`, newest first, in the order of `names`.
pub fn versions(
    home: &Home,
    revision: &str,
    names: &[PromptName],
) -> Result<Vec<Vec<Version>>, SnapshotError> {
    let shallow = home.is_shallow()?;
    let mut tracks: Vec<Track> = names.iter().map(|name| Track::new(name.clone())).collect();
    let mut newer: Option<(Snapshot, Surroundings)> = None;
    for commit in home.first_parent_history(revision)? {
        let commit = commit?;
        let around = Surroundings::of(&commit, newer.as_ref().map(|(_, around)| around))?;
        let unchanged = newer.as_ref().is_some_and(|(_, newer)| newer.prints == around.prints);
        for track in &mut tracks {
            if !unchanged {
                track.look(
                    home,
                    &commit,
                    newer.as_ref().map(|(snapshot, _)| snapshot),
                    &around.folder,
                )?;
            }
            track.reach(&commit);
        }
        newer = Some((commit, around));
    }
    Ok(tracks.into_iter().map(|track| track.finish(shallow)).collect())
}

/// What tells without reading any file that a commit left all prompts alone.
struct Surroundings {
    folder: RepoPath,
    prints: [Option<Fingerprint>; 2],
}

impl Surroundings {
    fn of(commit: &Snapshot, newer: Option<&Self>) -> Result<Self, SnapshotError> {
        let config = commit.fingerprint(&RepoPath::new(CONFIG_FILE).expect("a plain name"))?;
        let folder = match newer {
            Some(newer) if newer.prints[0] == config => newer.folder.clone(),
            _ => {
                let project = Project::load_scope(commit, Scope::Prompts(&[]))?;
                project.folder(&project.config.paths.prompts)
            }
        };
        Ok(Self { prints: [config, commit.fingerprint(&folder)?], folder })
    }
}

/// What a prompt is at a commit.
enum State {
    /// Not there.
    Absent,
    /// There, but not usable: no version, and no end of the one before.
    Broken { path: RepoPath },
    /// A prompt.
    There { digest: Digest, contract: Digest, path: RepoPath },
}

/// Commits in a row at which a prompt is the same.
struct Stretch {
    state: State,
    name: PromptName,
    /// The files that the state rests on, to see that an older commit leaves them alone.
    files: Vec<(RepoPath, Option<Fingerprint>)>,
    /// The commit that began it, as far as is known.
    oldest: Snapshot,
}

/// A prompt that is followed through the history, newest commit first.
struct Track {
    name: PromptName,
    stretches: Vec<Stretch>,
}

impl Track {
    fn new(name: PromptName) -> Self {
        Self { name, stretches: Vec::new() }
    }

    /// The newest stretch goes back to `commit` too.
    fn reach(&mut self, commit: &Snapshot) {
        if let Some(stretch) = self.stretches.last_mut() {
            stretch.oldest = commit.clone();
        }
    }

    /// Begins a stretch at `commit` unless it leaves alone what the last one rests on.
    fn look(
        &mut self,
        home: &Home,
        commit: &Snapshot,
        newer: Option<&Snapshot>,
        folder: &RepoPath,
    ) -> Result<(), SnapshotError> {
        if let Some(stretch) = self.stretches.last() {
            let mut untouched = true;
            for (path, print) in &stretch.files {
                untouched = untouched && commit.fingerprint(path)? == *print;
            }
            if untouched {
                return Ok(());
            }
        }
        let (mut state, mut files) = read(commit, &self.name, folder)?;
        if let (State::Absent, Some(newer), Some(path)) = (&state, newer, self.path()) {
            let renamed = home.renames(commit, newer)?.into_iter().find(|(_, new)| new == path);
            if let Some((old, _)) = renamed
                && let Some(below) = old.strip_prefix(folder)
            {
                self.name = PromptName(below.without_extension().to_owned());
                (state, files) = read(commit, &self.name, folder)?;
            }
        }
        let name = self.name.clone();
        self.stretches.push(Stretch { state, name, files, oldest: commit.clone() });
        Ok(())
    }

    /// The file at the commit that was looked at last.
    fn path(&self) -> Option<&RepoPath> {
        match &self.stretches.last()?.state {
            State::Absent => None,
            State::Broken { path } | State::There { path, .. } => Some(path),
        }
    }

    fn finish(self, shallow: bool) -> Vec<Version> {
        let mut versions: Vec<Version> = Vec::new();
        let mut current: Option<(Digest, Digest)> = None;
        for stretch in self.stretches.into_iter().rev() {
            let (digest, contract, path) = match stretch.state {
                State::There { digest, contract, path } => (digest, contract, path),
                State::Absent => {
                    current = None;
                    continue;
                }
                State::Broken { .. } => continue,
            };
            if current == Some((digest, contract)) {
                continue;
            }
            current = Some((digest, contract));
            let Some(commit) = stretch.oldest.commit().cloned() else { continue };
            let same_as = versions
                .iter()
                .find(|version| (version.digest, version.contract) == (digest, contract))
                .and_then(|version| version.number);
            let number = (!shallow).then_some(versions.len() + 1);
            versions.push(Version {
                number,
                commit,
                digest,
                contract,
                name: stretch.name,
                path,
                same_as,
            });
        }
        versions.reverse();
        versions
    }
}

type Files = Vec<(RepoPath, Option<Fingerprint>)>;

fn read(
    commit: &Snapshot,
    name: &PromptName,
    folder: &RepoPath,
) -> Result<(State, Files), SnapshotError> {
    let mut files: Vec<RepoPath> = vec![RepoPath::new(CONFIG_FILE).expect("a plain name")];
    for extension in ["yaml", "yml"] {
        files.extend(
            RepoPath::new(&format!("{name}.{extension}")).ok().map(|path| folder.join(&path)),
        );
    }
    let project = Project::load_scope(commit, Scope::Prompts(std::slice::from_ref(name)))?;
    let state = match (project.prompts.get(name), project.unusable.get(name)) {
        (Some(prompt), _) => {
            let closure = template::closure_of(&project, prompt)?;
            files.extend(closure.partials.values().map(|partial| partial.file.path().clone()));
            // A partial that is not there yet may come.
            files.extend(closure.missing.iter().filter_map(|missing| {
                RepoPath::new(&missing.name).ok().map(|below| folder.join(&below))
            }));
            let model = model::resolve(&project.config, prompt.file.model.as_ref(), None).ok();
            State::There {
                digest: digest::content(prompt, &closure, model.as_ref()),
                contract: digest::contract(prompt),
                path: prompt.path.clone(),
            }
        }
        (None, Some(path)) => State::Broken { path: path.clone() },
        (None, None) => State::Absent,
    };
    let mut prints = Vec::with_capacity(files.len());
    for path in files {
        let print = commit.fingerprint(&path)?;
        prints.push((path, print));
    }
    Ok((state, prints))
}
