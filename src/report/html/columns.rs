//! The columns of a page, by whose numbers its rows name them.

use serde::Serialize;

use crate::eval::compare::{ColumnName, Comparison};
use crate::eval::plan::Plan;

/// A prompt on a model in a suite.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct Column {
    suite: String,
    prompt: String,
    model: String,
    /// The number of the column that it stands against, where it is of the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<usize>,
}

impl Column {
    fn named(name: &ColumnName, against: Option<usize>) -> Self {
        let ColumnName { suite, prompt, model, .. } = name.clone();
        Self { suite, prompt, model, against }
    }

    fn is(&self, name: &ColumnName) -> bool {
        self.suite == name.suite && self.prompt == name.prompt && self.model == name.model
    }
}

/// On which side of a comparison a column is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// What is compared with.
    Before,
    /// What the page is about.
    After,
}

/// All columns of a page: those that it is about, and behind them those that stand against them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct Columns(Vec<Column>);

impl Columns {
    /// Those of a plan, and of the other side that it holds.
    pub fn of_plan(plan: &Plan) -> Self {
        let each = plan.suites.iter().enumerate().flat_map(|(s, suite)| {
            suite.columns.iter().enumerate().map(move |(c, column)| Column {
                suite: suite.name.clone(),
                prompt: column.prompt.clone(),
                model: column.model.label.clone(),
                against: plan.rivals.against.get(&(s, c)).map(|own| number(plan, *own)),
            })
        });
        Self(each.collect())
    }

    /// Those of a saved run.
    pub(super) fn of_names<'a>(names: impl Iterator<Item = &'a ColumnName>) -> Self {
        Self(names.map(|name| Column::named(name, None)).collect())
    }

    /// These, and behind them those of a saved run that were compared with them.
    pub fn beside(mut self, comparison: &Comparison) -> Self {
        for pair in &comparison.columns {
            let own = self.0.iter().position(|own| own.against.is_none() && own.is(&pair.after));
            self.0.extend(own.map(|own| Column::named(&pair.before, Some(own))));
        }
        self
    }

    /// The number of the one of this name.
    pub(super) fn number(&self, standing: Standing, name: &ColumnName) -> Option<usize> {
        self.0.iter().position(|column| {
            column.against.is_some() == (standing == Standing::Before) && column.is(name)
        })
    }
}

/// The number of a column of a plan.
pub(super) fn number(plan: &Plan, (suite, column): (usize, usize)) -> usize {
    plan.suites[..suite].iter().map(|suite| suite.columns.len()).sum::<usize>() + column
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::eval::plan::{self, Selection};
    use crate::eval::rivals::{self, Version};
    use crate::path::RepoPath;
    use crate::project::Project;
    use crate::snapshot::Snapshot;

    fn project(text: &str) -> Project {
        let prompt =
            |text: &str| format!("model: echo/a\nmessages: [{{role: user, content: {text}}}]\n");
        let files = [
            ("pf.yaml", String::new()),
            ("prompts/same.yaml", prompt("Hello")),
            ("prompts/say.yaml", prompt(text)),
            (
                "evals/say.yaml",
                "prompts: [same, say]\ncases: [{id: c}]\nassert: [{type: contains, value: l}]\n"
                    .to_owned(),
            ),
        ];
        let files = files.map(|(path, text)| (RepoPath::new(path).unwrap(), text.into_bytes()));
        Project::load(&Snapshot::memory(files)).unwrap()
    }

    #[test]
    fn the_other_side_stands_behind_and_says_what_it_is_against() {
        let (own, base) = (project("Hello now"), project("Hello then"));
        let plan =
            plan::plan(&own, Selection::default(), &mut |_| unreachable!("no other version"));
        let renamed = BTreeMap::new();
        let version = Version { project: &base, label: "main", renamed: &renamed };
        let whole = rivals::against(&own, &plan.unwrap(), &version).unwrap();
        assert_eq!(
            serde_json::to_value(Columns::of_plan(&whole)).unwrap(),
            json!([
                {"suite": "say", "prompt": "same", "model": "echo/a"},
                {"suite": "say", "prompt": "say", "model": "echo/a"},
                {"suite": "say", "prompt": "say@main", "model": "echo/a", "against": 1},
            ])
        );
        assert_eq!(number(&whole, (1, 0)), 2);
    }

    #[test]
    fn a_name_may_stand_on_both_sides() {
        let name = |model: &str| ColumnName {
            suite: "s".to_owned(),
            prompt: "p".to_owned(),
            model: model.to_owned(),
            digest: None,
        };
        let column = |against| Column::named(&name("x"), against);
        let columns = Columns(vec![Column::named(&name("y"), None), column(None), column(Some(0))]);
        assert_eq!(columns.number(Standing::After, &name("x")), Some(1));
        assert_eq!(columns.number(Standing::Before, &name("x")), Some(2));
        assert_eq!(columns.number(Standing::Before, &name("y")), None);
    }
}
