//! Where answers come from and go to: recordings, the local store, providers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;

use super::asking::Asking;
use super::write_file;
use crate::cli::error::{Error, Exit};
use crate::cli::trust::Trusted;
use crate::cli::ui::Ui;
use crate::diagnostic::counted;
use crate::eval::cell::{CellIndex, Origin, Place};
use crate::eval::plan::Plan;
use crate::eval::runner::{self, Answers, Cells, Judging, Mode};
use crate::path::RepoPath;
use crate::project::Project;
use crate::provider::{self, Access, Endpoint, Provider};
use crate::snapshot::Home;
use crate::store::archive::{Archive, Prune, Pruned};
use crate::store::{Recording, Replay, Store, StoreError, recordings};

/// Missing answers that are named one by one.
const SHOWN: usize = 10;

/// Everything that answers a cell.
pub(in crate::cli) struct Inputs {
    pub(in crate::cli) recordings: Vec<Replay>,
    pub(in crate::cli) providers: BTreeMap<String, Provider>,
    endpoints: BTreeMap<String, Option<Endpoint>>,
    store: Option<Store>,
    /// What judging needs besides.
    pub(in crate::cli) judging: Judging,
}

impl Inputs {
    /// Reads the recordings of the planned suites.
    pub(in crate::cli) fn load(
        home: &Home,
        project: &Project,
        base: Option<&Project>,
        plan: &Plan,
        mode: Mode,
        ui: &mut Ui,
    ) -> Result<Self, Error> {
        let mut all: Vec<Replay> = Vec::new();
        for (s, suite) in plan.suites.iter().enumerate() {
            if mode == Mode::Refresh {
                all.push(Replay::default());
                continue;
            }
            let Some(base) = base.filter(|_| s >= plan.own_suites()) else {
                let text = read_recordings(home, project, &suite.name)?;
                all.push(replay(text, &recordings_path(project, &suite.name)?)?);
                continue;
            };
            // What another version recorded, and what was recorded since of it.
            let path = recordings_path(base, &suite.name)?;
            let text =
                base.snapshot.read(&path)?.map(|text| String::from_utf8_lossy(&text).into_owned());
            let mut found = replay(text, &path)?;
            let own = plan.suites.iter().position(|own| own.name == suite.name);
            let changed = own.map_or(0, |own| found.add(&all[own]));
            if changed > 0 {
                ui.warn(format!(
                    "{} of {path} differ from those of {}: look at why before you trust the comparison",
                    counted(changed, "recorded answer"),
                    plan.rivals.label
                ));
            }
            all.push(found);
        }
        Ok(Self {
            recordings: all,
            providers: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            store: None,
            judging: Judging::default(),
        })
    }

    /// Looks for the missing answers in the local store, and makes ready to ask for the rest.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is one input of a single step of `pf eval`"
    )]
    pub(in crate::cli) fn resolve(
        &mut self,
        home: &Home,
        project: &Project,
        plan: &Plan,
        asking: Asking<'_>,
        cells: &mut Cells,
        trust: &Trusted,
        ui: &mut Ui,
    ) -> Result<(), Error> {
        let mode = asking.ask.mode();
        let wanted = called(plan, cells);
        self.judging = runner::look_for_judgements(plan, mode, cells, &self.answers());
        if wanted.is_empty() && self.judging.calls() == 0 {
            return Ok(());
        }
        if mode == Mode::Replay {
            return Err(missing(plan, cells, &self.judging, asking.models));
        }
        self.locate(project, plan, cells)?;
        if mode != Mode::NoCache {
            let (store, warnings) = open_store(home);
            for warning in warnings {
                ui.warn(warning);
            }
            let oldest = project.config.cache.max_age.map(|age| age.before(Timestamp::now()));
            let store = store.not_before(oldest);
            let damaged = runner::look_into_store(plan, mode, cells, &store, &self.endpoints)
                .map_err(|error| Error::new(Exit::Provider, error.to_string()))?;
            warn_of_damage(&damaged, ui);
            if !asking.ask.dry_run && asking.keeps && mode != Mode::Refresh {
                let of = |origin| cells.count(origin) as u64;
                store.looked(of(Origin::Stored), of(Origin::Called));
            }
            self.store = Some(store);
            self.judging = runner::look_for_judgements(plan, mode, cells, &self.answers());
        }
        if asking.ask.dry_run || !asking.keeps {
            return Ok(());
        }
        self.connect(home, project, plan, cells, trust)
    }

    /// The providers that cells and their judges are to be asked of.
    fn wanted(&self, plan: &Plan, cells: &Cells) -> BTreeSet<String> {
        let judges = self.judging.providers.iter().filter(|name| *name != "echo").cloned();
        called(plan, cells).into_iter().chain(judges).collect()
    }

    /// Finds out where the providers are that cells are to be asked of.
    pub(in crate::cli) fn locate(
        &mut self,
        project: &Project,
        plan: &Plan,
        cells: &Cells,
    ) -> Result<(), Error> {
        for name in self.wanted(plan, cells) {
            let endpoint = provider::locate(&name, &project.config.providers)
                .map_err(|error| Error::usage(error.to_string()))?;
            self.endpoints.insert(name, endpoint);
        }
        Ok(())
    }

    /// Makes ready to ask: reads and checks the keys that it takes.
    pub(in crate::cli) fn connect(
        &mut self,
        home: &Home,
        project: &Project,
        plan: &Plan,
        cells: &Cells,
        trust: &Trusted,
    ) -> Result<(), Error> {
        let root = home.root().to_owned();
        let access = Access {
            environment: &environment,
            file: &|path| read_inside(&root, path),
            trust: &trust.keys,
            exec: trust.exec(),
        };
        let asked = cells.count(Origin::Called);
        for name in self.wanted(plan, cells) {
            let provider = Provider::resolve(&name, &project.config.providers, &access).map_err(|error| {
                let hint = match asked {
                    0 => format!("{} of judges are neither recorded nor stored; --dry-run asks for none", counted(self.judging.calls() as usize, "answer")),
                    _ => format!("{asked} of {} answers are neither recorded nor stored; --dry-run asks for none", cells.len()),
                };
                Error::usage(error.to_string()).hint(hint)
            })?;
            self.providers.insert(name, provider);
        }
        Ok(())
    }

    /// What the runner reads.
    pub(in crate::cli) fn answers(&self) -> Answers<'_> {
        Answers {
            recordings: &self.recordings,
            store: self.store.as_ref(),
            endpoints: &self.endpoints,
        }
    }
}

/// A file of recordings.
fn replay(text: Option<String>, path: &RepoPath) -> Result<Replay, Error> {
    match text {
        Some(text) => {
            Replay::parse(&text).map_err(|error| Error::usage(format!("{path}: {error}")))
        }
        None => Ok(Replay::default()),
    }
}

/// The providers that cells without an answer need.
fn called(plan: &Plan, cells: &Cells) -> Vec<String> {
    let called = cells.iter().filter(|cell| cell.origin == Origin::Called);
    let columns: BTreeSet<(usize, usize)> =
        called.map(|cell| (cell.index.suite, cell.index.column)).collect();
    let mut names: Vec<String> = columns
        .into_iter()
        .map(|(suite, column)| &plan.suites[suite].columns[column].model.settings.provider)
        .cloned()
        .collect();
    names.sort();
    names.dedup();
    names
}

fn missing(plan: &Plan, cells: &Cells, judging: &Judging, models: &[String]) -> Error {
    let missing = || cells.iter().filter(|cell| cell.origin == Origin::Called);
    let unanswered = cells.count(Origin::Called);
    let of_judges = judging.missing.len();
    let what = match (unanswered, of_judges) {
        (0, judges) => format!("{} of judges", counted(judges, "answer")),
        (some, 0) => format!("{some} of {} answers", cells.len()),
        (some, judges) => format!("{some} of {} answers, and {judges} of judges,", cells.len()),
    };
    let are = if unanswered == 0 && of_judges == 1 { "is" } else { "are" };
    let message = format!("{what} {are} not recorded, and --replay asks nobody");
    let mut error = Error::new(Exit::Provider, message);
    for cell in missing().take(SHOWN) {
        error = error.hint(format!("missing: {}", path(plan, cell.index)));
    }
    let judges: BTreeSet<(CellIndex, &String)> =
        judging.missing.values().map(|(index, model)| (*index, model)).collect();
    for (index, model) in judges.iter().take(SHOWN.saturating_sub(unanswered)) {
        error = error.hint(format!("missing: the judge {model} of {}", path(plan, *index)));
    }
    let all = unanswered + judges.len();
    if all > SHOWN {
        error = error.hint(format!("and {} more", all - SHOWN));
    }
    let mut words = vec!["pf eval"];
    let suites: BTreeSet<&str> = missing()
        .map(|cell| cell.index)
        .chain(judging.missing.values().map(|(index, _)| *index))
        .map(|index| plan.suites[index.suite].name.as_str())
        .collect();
    words.extend(suites);
    words.extend(models.iter().flat_map(|model| ["--model", model]));
    error.hint(format!("`{} --record` asks for them and records them", words.join(" ")))
}

/// A cell as people find it.
fn path(plan: &Plan, index: CellIndex) -> String {
    let Place { suite, column, case, .. } = index.place(plan);
    format!("{} / {} on {} / {}", suite.name, column.prompt, column.model.label, case.id)
}

#[expect(clippy::disallowed_methods, reason = "the one place where the command line reads keys")]
pub(in crate::cli) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a certificate that pf.yaml names; snapshots hold text of the project"
)]
pub(in crate::cli) fn read_inside(root: &std::path::Path, path: &str) -> std::io::Result<Vec<u8>> {
    let inside = RepoPath::new(path).map_err(std::io::Error::other)?;
    std::fs::read(root.join(inside.as_str()))
}

fn warn_of_damage(damaged: &[StoreError], ui: &mut Ui) {
    let Some(first) = damaged.first() else { return };
    let more = match damaged.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    ui.warn(format!("{first}{more}: what is damaged is not used but asked for again; `pf cache verify` shows all"));
}

/// Takes the oldest answers away where `pf.yaml` limits the store, and says so.
pub(in crate::cli) fn keep_limits(home: &Home, project: &Project, ui: &mut Ui) {
    let limits = &project.config.cache;
    if (limits.max_age.is_none() && limits.max_bytes.is_none()) || !store_folder(home).is_dir() {
        return;
    }
    let prune = Prune {
        before: limits.max_age.map(|age| age.before(Timestamp::now())),
        max_bytes: limits.max_bytes.map(|bytes| bytes.0),
        ..Prune::default()
    };
    let pruned = Archive::open(&store_folder(home)).and_then(|(archive, _)| match archive {
        Some(mut archive) => archive.prune(prune, false),
        None => Ok(Pruned::default()),
    });
    match pruned {
        Ok(Pruned { gone, .. }) if gone.cells > 0 => ui.note(format!(
            "the limits in pf.yaml took {} old answer{} from the local store",
            gone.cells,
            if gone.cells == 1 { "" } else { "s" }
        )),
        Ok(_) => {}
        Err(error) => ui.warn(error.to_string()),
    }
}

/// Whether anyone could have put something into the local store, for git tracks it.
pub(super) fn is_tracked(home: &Home) -> bool {
    let folder = RepoPath::new(".pf").expect("a plain name");
    home.has_git()
        && home.index().and_then(|index| index.list(&folder)).is_ok_and(|files| !files.is_empty())
}

/// Opens the local store, unless someone else may have filled it.
pub(in crate::cli) fn open_store(home: &Home) -> (Store, Vec<String>) {
    if is_tracked(home) {
        let warning = "git tracks files below `.pf/`, so anyone could have put answers there: the local store is not used; `git rm -r --cached .pf` mends it";
        return (Store::in_memory(), vec![warning.to_owned()]);
    }
    let (store, warnings) = Store::open(&store_folder(home));
    (store, warnings.iter().map(ToString::to_string).collect())
}

/// `.pf` at the root of the project; of the main worktree, where this one is linked to it; in the git directory of a bare
/// repository.
pub(in crate::cli) fn store_folder(home: &Home) -> PathBuf {
    let own = home.root().join(".pf");
    let Some(common) = home.git_dir_common() else { return own };
    match common.parent() {
        Some(main) if common.ends_with(".git") => main.join(home.prefix().as_str()).join(".pf"),
        _ if home.root().starts_with(common) => common.join("pf"),
        _ => own,
    }
}

/// The file of a suite's recordings.
pub(in crate::cli) fn recordings_path(project: &Project, suite: &str) -> Result<RepoPath, Error> {
    let below = RepoPath::new(&format!("{suite}.jsonl"))
        .map_err(|error| Error::usage(error.to_string()))?;
    Ok(project.folder(&project.config.paths.recordings).join(&below))
}

/// The text of a suite's recordings.
pub(in crate::cli) fn read_recordings(
    home: &Home,
    project: &Project,
    suite: &str,
) -> Result<Option<String>, Error> {
    let path = recordings_path(project, suite)?;
    let Some(bytes) = home.worktree().read(&path)? else { return Ok(None) };
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| Error::usage(format!("{path} is not UTF-8 text")))
}

/// Merges new answers into the recordings of their suites.
pub(in crate::cli) fn record(
    home: &Home,
    project: &Project,
    plan: &Plan,
    new: Vec<(usize, Recording)>,
    ui: &mut Ui,
) -> Result<(), Error> {
    let mut by_suite: BTreeMap<usize, Vec<Recording>> = BTreeMap::new();
    for (suite, recording) in new {
        by_suite.entry(suite).or_default().push(recording);
    }
    for (suite, new) in by_suite {
        let name = &plan.suites[suite].name;
        let count = new.len();
        let path = merge(home, project, name, new)?;
        ui.note(format!("recorded {} in {path}", counted(count, "answer")));
    }
    Ok(())
}

/// Adds answers to a suite's recordings; those of an old one with the same key are replaced.
pub(in crate::cli) fn merge(
    home: &Home,
    project: &Project,
    suite: &str,
    new: Vec<Recording>,
) -> Result<RepoPath, Error> {
    let path = recordings_path(project, suite)?;
    let old = match read_recordings(home, project, suite)? {
        Some(text) => {
            recordings::parse(&text).map_err(|error| Error::usage(format!("{path}: {error}")))?
        }
        None => Vec::new(),
    };
    let merged = recordings::merge(old, new);
    write_file(&home.root().join(path.as_str()), recordings::write(&merged).as_bytes())?;
    Ok(path)
}
