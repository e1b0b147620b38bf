//! `pf eval --against`: what the run is compared with, and what came of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use crate::cli::args::Global;
use crate::cli::commands::compare::{cannot_compare, load_run};
use crate::cli::error::Error;
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::diagnostic::counted;
use crate::eval::compare::{Answer, ColumnName, Comparison, Options, Side, Sides, Wanted, compare};
use crate::eval::plan::{Column, Plan};
use crate::eval::rivals::{self, Version};
use crate::eval::run::{ColumnResult, Run, Versus};
use crate::eval::saved::{self, SavedRun};
use crate::eval::touched;
use crate::path::RepoPath;
use crate::project::Project;
use crate::project::prompt::PromptName;
use crate::snapshot::{Home, Snapshot};

/// The arguments about what is compared.
#[derive(Debug, clap::Args)]
pub(super) struct AgainstArgs {
    /// Compare with another version on the same cases: REV, or REV... for where the branch left it; or with RUN.json, a saved run
    #[arg(long, value_name = "REV|RUN")]
    against: Option<String>,
    /// Only suites that differ from REV, or with REV... from where the branch left it: in their file, cases, recordings, prompts,
    /// partials, judges or model profiles
    #[arg(long, value_name = "REV")]
    changed: Option<String>,
}

/// What a run is compared with.
pub(super) enum Base {
    /// The project at a revision.
    Version(Box<Revision>),
    /// A saved run, its bytes, and its name.
    Saved(Box<SavedRun>, Vec<u8>, String),
}

/// The project at a revision.
pub(super) struct Revision {
    project: Project,
    label: String,
    renamed: BTreeMap<PromptName, PromptName>,
}

impl AgainstArgs {
    /// The suites that a change touches, of those that were named; `None` where all that were named are meant.
    pub(super) fn touched(
        &self,
        home: &Home,
        project: &Project,
        ui: &mut Ui,
    ) -> Result<Option<BTreeSet<String>>, Error> {
        let Some(revision) = &self.changed else { return Ok(None) };
        let snapshot = place::base(home, revision)?;
        let base = Project::load(&snapshot)?;
        place::configured(&base)?;
        let changed: BTreeSet<RepoPath> = home.changed_paths(&snapshot)?.into_iter().collect();
        let touched = touched::touched(project, &base, &changed)?;
        let all = project.suites.len();
        if touched.len() < all {
            ui.note(format!(
                "{} of {} differ from {revision}",
                touched.len(),
                counted(all, "suite")
            ));
        }
        Ok(Some(touched))
    }

    /// Reads what the run is compared with.
    pub(super) fn load(
        &self,
        global: &Global,
        home: &Home,
        project: &Project,
        ui: &mut Ui,
    ) -> Result<Option<Base>, Error> {
        let Some(text) = &self.against else { return Ok(None) };
        let path = place::path(global, Path::new(text));
        if path.is_file() && home.commit(text).is_err() {
            let (bytes, run) = load_run(&path, Path::new(text), ui)?;
            return Ok(Some(Base::Saved(Box::new(run), bytes, text.clone())));
        }
        let snapshot = place::base(home, text)?;
        let base = Project::load(&snapshot)?;
        place::configured(&base)?;
        let renamed = renamed(home, project, &base, &snapshot)?;
        let label = label(text, &snapshot);
        Ok(Some(Base::Version(Box::new(Revision { project: base, label, renamed }))))
    }
}

/// What a version is called: as it was typed, or the commit where that says nothing of it.
fn label(text: &str, snapshot: &Snapshot) -> String {
    let name = text.strip_suffix("...").unwrap_or(text);
    match snapshot.commit() {
        Some(commit) if commit.id.starts_with(name) => commit.short_id().to_owned(),
        // Where a branch left another one is neither of the two names.
        Some(commit) if text.ends_with("...") => commit.short_id().to_owned(),
        _ => name.to_owned(),
    }
}

/// The names in `base` of prompts that have another one now.
fn renamed(
    home: &Home,
    project: &Project,
    base: &Project,
    snapshot: &Snapshot,
) -> Result<BTreeMap<PromptName, PromptName>, Error> {
    if project.prompts.keys().all(|name| base.prompts.contains_key(name)) {
        return Ok(BTreeMap::new());
    }
    let name = |project: &Project, path: &RepoPath| {
        let folder = project.folder(&project.config.paths.prompts);
        let below = path.strip_prefix(&folder)?;
        Some(PromptName(below.without_extension().to_owned()))
    };
    let pairs = home.renames(snapshot, &home.commit("HEAD")?)?;
    let names = pairs.iter().filter_map(|(old, new)| Some((name(project, new)?, name(base, old)?)));
    Ok(names.filter(|(new, _)| !base.prompts.contains_key(new)).collect())
}

impl Base {
    /// The plan with the other side behind it; `None` where nothing of it is run again. A saved run that has nothing in
    /// common with the plan is found here, before anything is asked.
    pub(super) fn plan(&self, project: &Project, plan: &Plan) -> Result<Option<Plan>, Error> {
        let revision = match self {
            Self::Version(revision) => revision,
            Self::Saved(saved, ..) => return overlap(saved, plan).map(|()| None),
        };
        let Revision { project: base, label, renamed } = &**revision;
        let version = Version { project: base, label, renamed };
        rivals::against(project, plan, &version).map(Some).map_err(super::plan_error)
    }

    /// The project of the other version, where there is one.
    pub(super) fn project(&self) -> Option<&Project> {
        match self {
            Self::Version(revision) => Some(&revision.project),
            Self::Saved(..) => None,
        }
    }

    /// The file of the saved run, where it is one.
    pub(super) fn saved(&self) -> Option<&[u8]> {
        match self {
            Self::Version(_) => None,
            Self::Saved(_, bytes, _) => Some(bytes),
        }
    }

    /// Collects what is compared.
    pub(super) fn sides<'a>(&self, whole: &'a Plan) -> Sides<'a> {
        match self {
            Self::Version(_) => Sides::of_rivals(whole),
            Self::Saved(..) => Sides::of_all(whole),
        }
    }

    /// Compares what was collected, and puts what the suites ask of it beside the other gates.
    pub(super) fn compare(
        &self,
        plan: &Plan,
        whole: &Plan,
        mut sides: Sides<'_>,
        run: &mut Run,
    ) -> Result<(), Error> {
        let held = sides.answers();
        let rivals = &whole.rivals;
        let unusable = rivals.unusable.iter().map(|(place, _)| *place);
        let unusable = unusable.chain(sides.unanswered()).collect();
        let [mut before, after] = sides.take("this version");
        let mut versus = Versus {
            label: rivals.label.clone(),
            unchanged: rivals.unchanged.clone(),
            new: rivals.new.clone(),
            unusable,
            comparison: None,
        };
        let [mut of_before, of_after] = held;
        if let Self::Saved(saved, _, name) = self {
            before = Side { label: name.clone(), ..saved.side.clone() };
            versus.label.clone_from(name);
        }
        let versus = run.versus.insert(versus);
        if !before.columns.is_empty() && !after.columns.is_empty() {
            let mut comparison =
                compare(&before, &after, &Options::default()).map_err(cannot_compare)?;
            if let Self::Saved(_, bytes, name) = self {
                let [wanted, _] = comparison.wanted();
                of_before = saved::answers(bytes, &wanted)
                    .map_err(|error| Error::usage(format!("`{name}` cannot be read: {error}")))?;
            }
            let of =
                |answers: BTreeMap<Wanted, Answer>| move |key: &Wanted| answers.get(key).cloned();
            comparison.fill(of(of_before), of(of_after));
            let comparison = versus.comparison.insert(comparison);
            add_gates(plan, comparison, &mut run.results);
        }
        Ok(())
    }
}

/// Refuses a saved run without a cell that the plan has too.
fn overlap(saved: &SavedRun, plan: &Plan) -> Result<(), Error> {
    let own = |name: &ColumnName| {
        plan.suites.iter().find(|suite| {
            let same =
                |column: &Column| column.prompt == name.prompt && column.model.label == name.model;
            suite.name == name.suite && suite.columns.iter().any(same)
        })
    };
    let mut columns =
        saved.side.columns.iter().filter_map(|column| Some((column, own(&column.name)?)));
    let common = columns.any(|(column, suite)| {
        let cases: HashSet<&str> = column.outcomes.iter().map(|it| it.case.as_str()).collect();
        suite.cases.iter().any(|case| cases.contains(case.id.as_str()))
    });
    match common {
        true => Ok(()),
        false => Err(Error::nothing(format!(
            "`{}` has nothing in common with this run: no case of the same suite, prompt and model",
            saved.side.label
        ))
        .hint("runs of other names are compared with `pf compare`, which is told what stands against what")),
    }
}

/// The gates of a comparison are gates of the column that was compared.
fn add_gates(plan: &Plan, comparison: &Comparison, results: &mut [ColumnResult]) {
    for (column, gate) in comparison.gates() {
        let result = results.iter_mut().find(|result| {
            let suite = &plan.suites[result.suite];
            let own = &suite.columns[result.column];
            suite.name == column.after.suite
                && own.prompt == column.after.prompt
                && own.model.label == column.after.model
        });
        if let Some(result) = result {
            result.gates.push(gate.clone());
        }
    }
}

/// What will be compared, before anything is asked.
pub(super) fn announce(whole: &Plan, ui: &mut Ui) {
    let rivals = &whole.rivals;
    if rivals.label.is_empty() {
        return;
    }
    let label = &rivals.label;
    let named = |places: &[(usize, usize)]| {
        let mut names: Vec<&str> = places
            .iter()
            .map(|(suite, column)| whole.suites[*suite].columns[*column].prompt.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    };
    let changed: Vec<(usize, usize)> = rivals.against.values().copied().collect();
    match changed.is_empty() {
        true if rivals.new.is_empty() && rivals.unusable.is_empty() => {
            ui.note(format!("no prompt of these suites differs from {label}"));
        }
        true => {}
        false => ui.note(format!("against {label}: {}", named(&changed))),
    }
    if !rivals.new.is_empty() {
        ui.note(format!("not in {label}, so with nothing to compare: {}", named(&rivals.new)));
    }
    for ((suite, column), why) in &rivals.unusable {
        let prompt = &whole.suites[*suite].columns[*column].prompt;
        ui.warn(format!(
            "{prompt} cannot be asked as it is in {label}, so it is not compared: {why}"
        ));
    }
    if !rivals.unchanged.is_empty() && !changed.is_empty() {
        ui.note(format!("the same in {label}: {}", named(&rivals.unchanged)));
    }
}
