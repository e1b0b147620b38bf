//! The plan: every cell of a run, known before anything is paid for.

mod choice;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::choice::{Chosen, choose};
use super::bench::Bench;
use super::cases::{Identity, PlannedCases};
use super::rivals::Rivals;
use super::shard::Shard;
use crate::assertion::{Assertion, Extract};
use crate::diagnostic::Diagnostic;
use crate::digest::{self, Digest};
use crate::lint::context::SuiteContext;
use crate::message::Request;
use crate::price::Prices;
use crate::project::cases;
use crate::project::dataset::PlacedCase;
use crate::project::model::{self, ModelError, ResolvedModel};
use crate::project::prices::PricesError;
use crate::project::prompt::{Prompt, PromptName};
use crate::project::suite::{Gates, Suite};
use crate::project::{FileKind, Project};
use crate::snapshot::SnapshotError;
use crate::template::{self, Binder, Origin, Renderer, Values};

/// What the command line selects and overrides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection<'a> {
    /// Suites by name or glob; all when empty.
    pub suites: &'a [String],
    /// Cases by id or glob; all when empty.
    pub cases: &'a [String],
    /// Cases that have one of these tags; all when empty.
    pub tags: &'a [String],
    /// Of these cases the ones of this part; all when none.
    pub shard: Option<Shard>,
    /// Models to ask instead of those of the suite; those of the suite when empty.
    pub models: &'a [String],
    /// Prompts to run instead of those of the suite: names or selectors; those of the suite when empty.
    pub prompts: &'a [String],
    /// The pass rate that replaces the gate of each suite.
    pub threshold: Option<f64>,
    /// How often each case is asked, instead of what the suite says.
    pub repeat: Option<u32>,
}

impl Selection<'_> {
    /// Whether only the cases that the user names run.
    pub fn filters_cases(&self) -> bool {
        !self.cases.is_empty() || !self.tags.is_empty()
    }
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A name, id or glob that the user typed matches nothing.
    #[error("{message}")]
    Nothing {
        /// What matches nothing.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// A model that nobody knows.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// The files of a suite are wrong.
    #[error("the files of this evaluation have errors")]
    Findings(Vec<Diagnostic>),
    /// A file cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

impl From<PricesError> for PlanError {
    fn from(error: PricesError) -> Self {
        match error {
            PricesError::Wrong { .. } => Self::Usage { message: error.to_string(), help: None },
            PricesError::Findings(findings) => Self::Findings(findings),
            PricesError::Snapshot(error) => error.into(),
        }
    }
}

/// All cells of a run: suite by suite, in each column by column, in each case by case, in each repeat by repeat.
pub struct Plan {
    /// The suites, by name; behind them those of the other side of a comparison, see [`super::rivals`].
    pub suites: Vec<Arc<SuitePlan>>,
    /// What to know about the files that does not stop the run.
    pub warnings: Vec<Diagnostic>,
    /// Whether only the cases that the user names run.
    pub filtered: bool,
    /// The part of the cases that runs, where a run is cut into several.
    pub shard: Option<Shard>,
    /// What models cost.
    pub prices: Prices,
    /// Whom its assertions ask.
    pub bench: Arc<Bench>,
    /// What stands against what, where versions are compared.
    pub rivals: Rivals,
}

/// One suite of a plan.
pub struct SuitePlan {
    /// Its name.
    pub name: String,
    /// Hash of its assertions, thresholds and repeats.
    pub digest: Digest,
    /// Hash of its cases.
    pub dataset_digest: Digest,
    /// The cases that run, in the order of the files.
    pub cases: PlannedCases,
    /// How many cases run in all shards together.
    pub selected: usize,
    /// Pairs of prompt and model.
    pub columns: Vec<Column>,
    /// How often each case is asked.
    pub repeat: u32,
    /// The pass mark of a cell on its weighted score.
    pub threshold: Option<f64>,
    /// What must hold.
    pub gates: Gates,
    /// The metric that decides a comparison, where the suite names one.
    pub primary: Option<String>,
    /// The number of cases that the suite wants, where it says one.
    pub target_n: Option<u64>,
    /// The ids of all its cases, for suggestions; empty unless some were asked for by id.
    pub(super) all_ids: Vec<String>,
    /// Pairs of column and case that do not run.
    pub(super) left_out: BTreeSet<(usize, usize)>,
}

impl SuitePlan {
    /// Whether a case runs in a column.
    pub fn runs(&self, column: usize, case: usize) -> bool {
        !self.left_out.contains(&(column, case))
    }
}

/// A case with its identity.
pub struct PlannedCase {
    /// Its id, else the hash of its variables.
    pub id: String,
    /// The case and its place.
    pub placed: PlacedCase,
    /// Assertions of this case alone.
    pub assertions: Vec<Assertion>,
}

impl Plan {
    /// Why cases on disk are no longer what they were when they were planned, if that is so.
    pub fn lost(&self) -> Option<&str> {
        self.suites.iter().find_map(|suite| suite.cases.lost())
    }
}

impl PlannedCase {
    /// How much it counts in the means of metrics.
    pub fn weight(&self) -> f64 {
        self.placed.case.weight.unwrap_or(1.0)
    }
}

/// A prompt on a model.
pub struct Column {
    /// The name of the prompt alone.
    pub name: PromptName,
    /// The model as suite or command line give it; none where it is the prompt's own.
    pub given_model: Option<String>,
    /// The prompt as the suite names it: a name or a selector.
    pub prompt: String,
    /// The content digest of the prompt on this model.
    pub digest: Digest,
    /// The content digest of the prompt on its own model, by which its versions are known.
    pub version: Digest,
    /// The model.
    pub model: ResolvedModel,
    /// Assertions of the suite and of the prompt's own output contract.
    pub assertions: Vec<Assertion>,
    /// How the answer is taken out of the text.
    pub extract: Option<Extract>,
    source: Arc<Prompt>,
    binder: Arc<Binder>,
    renderer: Arc<Renderer>,
}

/// What is sent for a cell, with the inputs as bound.
pub struct Asked {
    /// The inputs.
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// The request.
    pub request: Request,
}

impl Column {
    /// The tools that the prompt declares.
    pub fn tools(&self) -> &[crate::message::Tool] {
        &self.source.file.tools
    }

    /// The values of a case for the variables of the prompt.
    pub fn values(&self, case: &PlannedCase) -> Result<Values, Vec<Diagnostic>> {
        let placed = &case.placed;
        let origin = if placed.case.textual { Origin::Text } else { Origin::Typed };
        let declared: serde_json::Map<_, _> = placed
            .case
            .variables
            .iter()
            .filter(|(name, _)| self.source.file.variables.contains_key(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        self.binder.bind(&declared, origin).map_err(|problems| {
            problems
                .into_iter()
                .map(|problem| {
                    let mut finding = Diagnostic::new(
                        crate::lint::rules::DATASET_ROW.code,
                        &placed.file,
                        placed.span,
                        format!("case `{}`: {problem}", case.id),
                    );
                    finding.help = problem.help;
                    finding
                })
                .collect()
        })
    }

    /// Binds and renders a case.
    pub fn ask(&self, case: &PlannedCase) -> Result<Asked, Vec<Diagnostic>> {
        let values = self.values(case)?;
        let messages = self.renderer.render(&values)?;
        let request = template::request(
            &self.source,
            self.model.settings.clone(),
            self.model.prefix.as_deref(),
            messages,
        );
        Ok(Asked { variables: values.as_map().clone(), request })
    }
}

/// Plans the selected suites.
///
/// `version` reads the project of another version, for selectors such as `support/triage@main` in a suite.
pub fn plan(
    project: &Project,
    selection: Selection<'_>,
    version: &mut dyn FnMut(&str) -> Result<Arc<Project>, PlanError>,
) -> Result<Plan, PlanError> {
    let suites = select_suites(project, selection.suites)?;
    let mut plan = Plan {
        suites: Vec::new(),
        warnings: Vec::new(),
        filtered: selection.filters_cases(),
        shard: selection.shard,
        prices: project.prices()?,
        bench: Arc::default(),
        rivals: Rivals::default(),
    };
    let mut bench = Bench::default();
    let mut errors = Vec::new();
    for suite in suites {
        let context = SuiteContext::load(project, suite)?;
        let findings = crate::lint::check_suite(&context)?;
        let (wrong, rest): (Vec<_>, Vec<_>) =
            findings.into_iter().partition(|d| d.severity == crate::diagnostic::Severity::Error);
        plan.warnings.extend(rest);
        if !wrong.is_empty() {
            errors.extend(wrong);
            continue;
        }
        let mut suite = plan_suite(&context, selection, version)?;
        let judges = bench.add(project, &suite)?;
        suite.digest = digest::judged_by(suite.digest, &judges);
        plan.suites.push(Arc::new(suite));
    }
    plan.bench = Arc::new(bench);
    if !errors.is_empty() {
        crate::diagnostic::sort(&mut errors);
        return Err(PlanError::Findings(errors));
    }
    crate::diagnostic::sort(&mut plan.warnings);
    if plan.suites.iter().all(|suite| suite.selected == 0) {
        return Err(no_cases(&plan, selection));
    }
    unmatched_ids(&plan, selection)?;
    if plan.filtered {
        // A suite that the filter empties was not asked for; one that is empty by itself must not pass unseen.
        plan.suites.retain(|suite| suite.selected > 0);
    }
    Ok(plan)
}

fn select_suites<'a>(project: &'a Project, names: &[String]) -> Result<Vec<&'a Suite>, PlanError> {
    // A broken suite must not vanish from a run of all suites, nor be called unknown; of others the run does not care.
    let named = |suite: &str, path: &str| {
        names.is_empty()
            || names.iter().any(|name| {
                name == suite
                    || name == path
                    || (cases::is_glob(name)
                        && cases::glob(name).is_ok_and(|glob| glob.is_match(suite)))
            })
    };
    let broken: Vec<Diagnostic> = project
        .diagnostics
        .iter()
        .filter(|d| d.severity == crate::diagnostic::Severity::Error)
        .filter(|d| match project.kind(d.file.path()) {
            Some(FileKind::Config) => true,
            Some(FileKind::Suite(suite)) => named(&suite, d.file.path().as_str()),
            _ => false,
        })
        .cloned()
        .collect();
    if !broken.is_empty() {
        return Err(PlanError::Findings(broken));
    }
    if names.is_empty() {
        if project.suites.is_empty() {
            return Err(PlanError::Nothing {
                message: format!("there is no suite below `{}/`", project.config.paths.suites),
                help: Some("`pf init` writes one to start from".to_owned()),
            });
        }
        return Ok(project.suites.values().collect());
    }
    let mut found: Vec<&Suite> = Vec::new();
    for name in names {
        let before = found.len();
        if cases::is_glob(name) {
            let glob = cases::glob(name).map_err(|error| PlanError::Usage {
                message: format!("`{name}` is no valid glob: {error}"),
                help: None,
            })?;
            found.extend(project.suites.values().filter(|suite| glob.is_match(&suite.name)));
        } else {
            // A path to the file is as good as the name.
            found.extend(
                project
                    .suites
                    .values()
                    .filter(|suite| suite.name == *name || suite.path.as_str() == name),
            );
        }
        if found.len() == before {
            let similar =
                crate::diagnostic::closest(name, project.suites.keys().map(String::as_str));
            return Err(PlanError::Nothing {
                message: format!("there is no suite `{name}`"),
                help: Some(match similar {
                    Some(similar) => format!("did you mean `{similar}`?"),
                    None if project.suites.is_empty() => {
                        format!("there is none below `{}/`", project.config.paths.suites)
                    }
                    None => format!(
                        "suites: {}",
                        project.suites.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
                    ),
                }),
            });
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|suite| seen.insert(&suite.name));
    Ok(found)
}

fn plan_suite(
    context: &SuiteContext<'_>,
    selection: Selection<'_>,
    version: &mut dyn FnMut(&str) -> Result<Arc<Project>, PlanError>,
) -> Result<SuitePlan, PlanError> {
    let suite = context.suite;
    let identity =
        Identity { declared: context.declared().iter().map(|name| (*name).to_owned()).collect() };
    let Chosen { kept, selected, all_ids, dataset_digest } = choose(context, selection, &identity)?;
    let cases = PlannedCases::new(&context.cases.cases, kept, identity);
    let compile = |syntaxes: &[crate::assertion::Syntax]| -> Vec<Assertion> {
        // The rules have refused what does not compile.
        syntaxes.iter().filter_map(|syntax| syntax.compile().ok()).collect()
    };
    let mut columns = Vec::new();
    let entries =
        if selection.prompts.is_empty() { &suite.file.prompts[..] } else { selection.prompts };
    for entry in entries {
        let other;
        let (project, prompts): (&Project, Vec<&Prompt>) = match entry.split_once('@') {
            Some((name, which)) => {
                other = version(which)?;
                let prompts = cases::prompts_matching(&other, name).unwrap_or_default();
                if prompts.is_empty() {
                    return Err(PlanError::Nothing {
                        message: format!(
                            "the suite `{}` names `{entry}`, which is not there",
                            suite.name
                        ),
                        help: None,
                    });
                }
                (&other, prompts)
            }
            None => (
                context.project,
                cases::prompts_matching(context.project, entry).unwrap_or_default(),
            ),
        };
        for prompt in prompts {
            let label = match entry.split_once('@') {
                Some((_, which)) => format!("{}@{which}", prompt.name),
                None => prompt.name.to_string(),
            };
            let models: Vec<Option<&str>> = match (selection.models, suite.file.models.as_slice()) {
                ([], []) => vec![None],
                ([], own) => own.iter().map(|name| Some(name.as_str())).collect(),
                (given, _) => given.iter().map(|name| Some(name.as_str())).collect(),
            };
            let parts = Parts::of(project, prompt)?;
            for model in models {
                columns.push(column(
                    context.project,
                    project,
                    prompt,
                    &label,
                    model,
                    &parts,
                    |own| {
                        let mut all = compile(&suite.file.assert);
                        all.extend(compile(own));
                        all
                    },
                )?);
            }
        }
    }
    let mut seen = BTreeSet::new();
    columns.retain(|column| seen.insert((column.prompt.clone(), column.model.label.clone())));
    let mut gates = suite.file.gates.clone();
    if selection.threshold.is_some() {
        gates.pass_rate = selection.threshold;
    }
    let repeat = selection.repeat.or(suite.file.repeat).unwrap_or(1);
    Ok(SuitePlan {
        name: suite.name.clone(),
        digest: digest::suite(&suite.document.to_json(), repeat),
        dataset_digest,
        cases,
        selected,
        columns,
        repeat,
        threshold: suite.file.threshold,
        gates,
        primary: suite.file.primary.clone(),
        target_n: suite.file.target_n,
        all_ids,
        left_out: BTreeSet::new(),
    })
}

/// What all models of a prompt share.
pub(super) struct Parts {
    source: Arc<Prompt>,
    closure: template::Closure,
    binder: Arc<Binder>,
    renderer: Arc<Renderer>,
}

impl Parts {
    pub(super) fn of(project: &Project, prompt: &Prompt) -> Result<Self, PlanError> {
        let closure = template::closure_of(project, prompt)?;
        let renderer = Renderer::new(prompt, &closure).map_err(PlanError::Findings)?;
        Ok(Self {
            source: Arc::new(prompt.clone()),
            closure,
            binder: Arc::new(Binder::new(prompt)),
            renderer: Arc::new(renderer),
        })
    }
}

/// The models of a run are those of its own configuration, also for a prompt of another version; a prompt's own profile
/// is that of its version.
pub(super) fn column(
    own: &Project,
    project: &Project,
    prompt: &Prompt,
    label: &str,
    model: Option<&str>,
    parts: &Parts,
    assertions: impl Fn(&[crate::assertion::Syntax]) -> Vec<Assertion>,
) -> Result<Column, PlanError> {
    let config = if model.is_some() { &own.config } else { &project.config };
    let given_model = model.map(str::to_owned);
    let model = model::resolve(config, prompt.file.model.as_ref(), model).map_err(
        |error: ModelError| PlanError::Usage {
            message: format!("the prompt `{label}`: {error}"),
            help: error.help(),
        },
    )?;
    if !prompt.file.active {
        return Err(PlanError::Usage {
            message: format!("the prompt `{label}` says `active: false`"),
            help: Some("drop it from the suite, or make it active".to_owned()),
        });
    }
    let default_model = model::resolve(&project.config, prompt.file.model.as_ref(), None).ok();
    let output = prompt.file.output.as_ref();
    let extract = output
        .filter(|output| !output.extract.is_empty())
        .and_then(|output| Extract::compile(&output.extract).ok());
    Ok(Column {
        name: prompt.name.clone(),
        given_model,
        prompt: label.to_owned(),
        digest: digest::content(prompt, &parts.closure, Some(&model)),
        version: digest::content(prompt, &parts.closure, default_model.as_ref()),
        assertions: assertions(output.map_or(&[], |output| &output.assert)),
        extract,
        model,
        source: Arc::clone(&parts.source),
        binder: Arc::clone(&parts.binder),
        renderer: Arc::clone(&parts.renderer),
    })
}

fn no_cases(plan: &Plan, selection: Selection<'_>) -> PlanError {
    let names: Vec<&str> = plan.suites.iter().map(|suite| suite.name.as_str()).collect();
    let names = names.join(", ");
    let (message, help) = match (selection.cases, selection.tags) {
        ([], []) => (format!("no case to run: the datasets of {names} have no rows"), None),
        (ids, []) => {
            let similar = ids.iter().find_map(|id| closest_id(plan, id));
            let help = match similar {
                Some(similar) => format!("did you mean `{similar}`?"),
                None => {
                    "ids are those of the dataset's `id` column; globs such as 'refund-*' work too"
                        .to_owned()
                }
            };
            (format!("no case of {names} is called {}", quoted(ids)), Some(help))
        }
        ([], tags) => (format!("no case of {names} has the tag {}", quoted(tags)), None),
        (ids, tags) => (
            format!(
                "no case of {names} is called {} and has the tag {}",
                quoted(ids),
                quoted(tags)
            ),
            None,
        ),
    };
    PlanError::Nothing { message, help }
}

/// Each id that the user typed must match: of two, one must not hide that the other is misspelt. Whether a case of another
/// shard is there, that shard says.
fn unmatched_ids(plan: &Plan, selection: Selection<'_>) -> Result<(), PlanError> {
    if selection.cases.is_empty() {
        return Ok(());
    }
    let mut missing: BTreeSet<&str> = selection.cases.iter().map(String::as_str).collect();
    for case in plan.suites.iter().flat_map(|suite| suite.cases.iter()) {
        missing.remove(case.id.as_str());
    }
    let here = |id: &String| selection.shard.is_none_or(|shard| shard.holds(id));
    for wanted in selection.cases.iter().filter(|id| !cases::is_glob(id) && here(id)) {
        if missing.contains(wanted.as_str()) {
            let similar = closest_id(plan, wanted);
            return Err(PlanError::Nothing {
                message: format!("no selected case is called `{wanted}`"),
                help: similar.map(|similar| format!("did you mean `{similar}`?")),
            });
        }
    }
    Ok(())
}

fn closest_id<'a>(plan: &'a Plan, wanted: &str) -> Option<&'a str> {
    let ids = plan.suites.iter().flat_map(|suite| &suite.all_ids).map(String::as_str);
    crate::diagnostic::closest(wanted, ids)
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(" or ")
}
