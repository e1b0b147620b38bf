//! The other side of a comparison within one run: prompts of another version, on the cases of a plan.
//!
//! The other side stands in suites of its own behind those of the plan, so that whoever looks at the first suites sees the
//! plan as it is without any comparison. Cases, assertions and repeats are those of the plan; prompt, partials and model
//! profile are those of the other side. Prompts that are the same there are not asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::plan::{self, Column, Parts, Plan, PlanError, SuitePlan};
use crate::digest::{self, Digest};
use crate::project::prompt::{Prompt, PromptName};
use crate::project::{Project, model};

/// The place of a pair of prompt and model: its suite in the plan, and its column there.
pub type ColumnPlace = (usize, usize);

/// What stands against what in a plan.
#[derive(Clone, Debug, Default)]
pub struct Rivals {
    /// What the other side is called, such as `main`; empty where nothing is compared.
    pub label: String,
    /// By the place of a column of the other side, the column of the plan that it stands against.
    pub against: BTreeMap<ColumnPlace, ColumnPlace>,
    /// Shuffles the cases by this seed, so that any of them stand for all.
    pub shuffled: Option<u64>,
    /// Columns of the plan that are the same on the other side.
    pub unchanged: Vec<ColumnPlace>,
    /// Columns of the plan whose prompt is not there on the other side.
    pub new: Vec<ColumnPlace>,
    /// Columns of the plan that name a version themselves.
    pub pinned: Vec<ColumnPlace>,
}

impl Rivals {
    /// Whether a column belongs to the other side.
    pub fn holds(&self, place: ColumnPlace) -> bool {
        self.against.contains_key(&place)
    }

    /// Whether anything stands against anything.
    pub fn is_empty(&self) -> bool {
        self.against.is_empty()
    }

    /// By the place of a column of the plan, the one that stands against it.
    pub fn by_own(&self) -> BTreeMap<ColumnPlace, ColumnPlace> {
        self.against.iter().map(|(rival, own)| (*own, *rival)).collect()
    }
}

/// Another version of the project to compare with.
pub struct Version<'a> {
    /// The project as it is there.
    pub project: &'a Project,
    /// What it is called.
    pub label: &'a str,
    /// What prompts were called there, by the names that they have now.
    pub renamed: &'a BTreeMap<PromptName, PromptName>,
}

/// The plan with its prompts in another version behind it.
pub fn against(own: &Project, plan: &Plan, version: &Version<'_>) -> Result<Plan, PlanError> {
    let mut rivals = Rivals { label: version.label.to_owned(), ..Rivals::default() };
    let mut suites = Vec::new();
    for (s, suite) in plan.suites.iter().enumerate() {
        let mut columns = Vec::new();
        let mut places = Vec::new();
        for (c, column) in suite.columns.iter().enumerate() {
            if column.is_pinned() {
                rivals.pinned.push((s, c));
                continue;
            }
            let name = version.renamed.get(&column.name).unwrap_or(&column.name);
            let Some(prompt) = version.project.prompts.get(name) else {
                rivals.new.push((s, c));
                continue;
            };
            let rival = in_version(own, version, prompt, column)?;
            if rival.digest == column.digest {
                rivals.unchanged.push((s, c));
                continue;
            }
            places.push((s, c));
            columns.push(rival);
        }
        if columns.is_empty() {
            continue;
        }
        let place = plan.suites.len() + suites.len();
        rivals
            .against
            .extend(places.into_iter().enumerate().map(|(column, own)| ((place, column), own)));
        suites.push(Arc::new(suite.beside(columns, |column| places_of(&rivals, place, column))));
    }
    Ok(plan.beside(suites, rivals))
}

/// Where a case stands among shuffled ones: those of a group one after the other.
pub fn rank(seed: u64, group: Option<&str>, id: &str) -> [Digest; 2] {
    [group.unwrap_or(id), id].map(|text| digest::sha256(format!("{seed}\0{text}").as_bytes()))
}

/// A plan with the columns of another one behind it, both of the same suite and cases: each against the one on the same
/// model, or the only one against the only one.
pub fn between(plan: &Plan, other: &Plan, label: &str) -> Plan {
    let mut rivals = Rivals { label: label.to_owned(), ..Rivals::default() };
    let mut suites = Vec::new();
    for (s, suite) in plan.suites.iter().enumerate() {
        let Some(there) = other.suites.iter().find(|there| there.name == suite.name) else {
            continue;
        };
        let alone = suite.columns.len() == 1 && there.columns.len() == 1;
        let place = plan.suites.len() + suites.len();
        for (r, rival) in there.columns.iter().enumerate() {
            let own =
                suite.columns.iter().position(|own| alone || own.model.label == rival.model.label);
            rivals.against.extend(own.map(|own| ((place, r), (s, own))));
        }
        suites.push(Arc::clone(there));
    }
    plan.beside(suites, rivals)
}

fn places_of(rivals: &Rivals, suite: usize, column: usize) -> usize {
    rivals.against[&(suite, column)].1
}

/// A column as another version has it. A model that the suite names is the profile of that version, where it has one.
fn in_version(
    own: &Project,
    version: &Version<'_>,
    prompt: &Prompt,
    column: &Column,
) -> Result<Column, PlanError> {
    let label = format!("{}@{}", prompt.name, version.label);
    let given = column.given_model.as_deref();
    let theirs = model::resolve(&version.project.config, prompt.file.model.as_ref(), given).is_ok();
    let config = if theirs { version.project } else { own };
    let parts = Parts::of(version.project, prompt)?;
    plan::column(config, version.project, prompt, &label, given, &parts, |_| {
        column.assertions.clone()
    })
}

impl Plan {
    /// This plan with more suites behind its own.
    fn beside(&self, suites: Vec<Arc<SuitePlan>>, rivals: Rivals) -> Self {
        Self {
            suites: self.suites.iter().cloned().chain(suites).collect(),
            warnings: Vec::new(),
            filtered: self.filtered,
            prices: self.prices.clone(),
            bench: Arc::clone(&self.bench),
            rivals,
        }
    }

    /// How many of the suites are not those of the other side.
    pub fn own_suites(&self) -> usize {
        self.rivals.against.keys().map(|(suite, _)| *suite).min().unwrap_or(self.suites.len())
    }
}

impl SuitePlan {
    /// The same cases with other columns, each in the place of one of this suite.
    fn beside(&self, columns: Vec<Column>, place_of: impl Fn(usize) -> usize) -> Self {
        let left_out: BTreeSet<(usize, usize)> = (0..columns.len())
            .flat_map(|column| {
                let own = place_of(column);
                let of_own = self.left_out.range((own, 0)..=(own, usize::MAX));
                of_own.map(move |(_, case)| (column, *case))
            })
            .collect();
        Self {
            name: self.name.clone(),
            digest: self.digest,
            dataset_digest: self.dataset_digest,
            cases: self.cases.clone(),
            columns,
            repeat: self.repeat,
            threshold: self.threshold,
            gates: self.gates.clone(),
            primary: self.primary.clone(),
            target_n: self.target_n,
            all_ids: Vec::new(),
            left_out,
        }
    }
}

impl Column {
    /// Whether the suite names a version of the prompt.
    fn is_pinned(&self) -> bool {
        self.prompt != self.name.as_str()
    }
}
