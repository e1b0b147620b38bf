//! Workflow commands of GitHub Actions that show what failed beside the case in its dataset.
//!
//! GitHub shows ten errors and ten warnings of a step, so the gates come first, and then as many cells as could be seen.

use std::io::{self, Write};

use super::evaluation::describe;
use super::foreign::{excerpt, line};
use super::lint::github::{data, property};
use super::run::RunInfo;
use crate::eval::cell::{CellRecord, Place, State};
use crate::eval::plan::Plan;
use crate::eval::run::{NamedGate, Run};
use crate::path::RepoPath;

/// Cells that are shown: as many annotations as a job has.
const CELLS: usize = 50;
/// Characters of a reason.
const REASON: usize = 1_000;

/// Collects the cells that did not pass, a bounded number of them.
#[derive(Debug)]
pub struct Annotations {
    /// Where the root of the project lies below the top of the repository, from which GitHub counts paths.
    prefix: RepoPath,
    cells: Vec<(State, String)>,
    more: u64,
}

impl Annotations {
    /// For a project of which the root lies here in its repository.
    pub fn new(prefix: RepoPath) -> Self {
        Self { prefix, cells: Vec::new(), more: 0 }
    }

    /// Looks at a cell.
    pub fn add(&mut self, plan: &Plan, cell: &CellRecord) {
        if matches!(cell.state, State::Pass | State::Skipped) {
            return;
        }
        if self.cells.len() == CELLS {
            self.more += 1;
            return;
        }
        let Place { column, case, .. } = cell.index.place(plan);
        let placed = &case.placed;
        let place = placed.file.position(placed.span.start);
        let path = self.prefix.join(placed.file.path());
        let title = format!("{}: {} on {}", case.id, column.prompt, column.model.label);
        let command = format!(
            "file={},line={},col={},title={}::{}",
            property(&line(path.as_str())),
            place.line,
            place.column,
            property(&excerpt(&title, 200)),
            data(&format!(
                "{}: {}",
                cell.state.as_str().replace('_', " "),
                excerpt(&cell.why(), REASON)
            ))
        );
        self.cells.push((cell.state, command));
    }

    /// Writes the commands, and nothing else.
    pub fn write(
        &self,
        out: &mut dyn Write,
        plan: &Plan,
        run: &Run,
        info: &RunInfo,
    ) -> io::Result<()> {
        for NamedGate { suite, prompt, model, gate } in run.named_gates(plan) {
            if gate.passed {
                continue;
            }
            let title = format!("gate of {suite}: {prompt} on {model}");
            let title = property(&excerpt(&title, 200));
            writeln!(out, "::error title={title}::{}", data(&excerpt(&describe(gate), REASON)))?;
        }
        for (state, command) in &self.cells {
            // Where the gates hold, a failure is news and not what stops anybody.
            let level = match state {
                State::Fail | State::Error if !info.passed => "error",
                _ => "warning",
            };
            writeln!(out, "::{level} {command}")?;
        }
        if self.more > 0 {
            writeln!(out, "::notice title=pf eval::{} more cells did not pass", self.more)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    fn written(annotations: &Annotations, passed: bool) -> String {
        let plan = testing::plan();
        let info = RunInfo { passed, ..testing::info() };
        testing::text(|out| {
            annotations.write(out, &plan, &testing::run(&plan), &info).unwrap();
        })
    }

    #[test]
    fn gates_come_first_and_each_line_is_one_command() {
        let plan = testing::plan();
        let mut annotations = Annotations::new(RepoPath::new("apps/a,b").unwrap());
        for cell in &testing::cells() {
            annotations.add(&plan, cell);
        }
        assert_eq!(
            written(&annotations, false),
            r"::error title=gate of greet%3A greet on echo/a::pass_rate is 0.5000, at least 1 wanted (n = 2, interval [0.0945, 0.9055])
::error title=gate of greet%3A greet on echo/b::pass_rate is 0.0000, at least 1 wanted (n = 0, interval [0.0000, 1.0000]); no cell was scored
::error title=gate of greet%3A greet on echo/b::errors is 1, at most 0 allowed
::error title=gate of greet%3A greet on echo/b::unscored is 1, at most 0 allowed
::error title=gate of other%3A greet on echo/echo::not_run is 1, at most 0 allowed
::error file=apps/a%2Cb/evals/greet.yaml,line=5,col=5,title=b|o<b>%3A greet on echo/a::fail: equals: =1+1</script><img src=x onerror=alert(1)><!-- `|` @org/team #12 https://evil.example www.evil.example $x$ **b** \u{202e}\u{1b}[31m ::error::x ``` 50 %25; equals: has none
::error file=apps/a%2Cb/evals/greet.yaml,line=4,col=5,title=ada%3A greet on echo/b::error: 503 from api.example, 4 times
::warning file=apps/a%2Cb/evals/greet.yaml,line=5,col=5,title=b|o<b>%3A greet on echo/b::unscored: equals: no price
::warning file=apps/a%2Cb/evals/other.yaml,line=3,col=5,title=c%3A greet on echo/echo::not run: interrupted
"
        );
        let green = written(&annotations, true);
        assert_eq!(green.lines().filter(|line| line.starts_with("::warning file=")).count(), 4);
    }

    #[test]
    fn no_more_are_written_than_are_shown() {
        let plan = testing::plan();
        let mut annotations = Annotations::new(RepoPath::root());
        let cell = &testing::cells()[1];
        for _ in 0..60 {
            annotations.add(&plan, cell);
        }
        let text = written(&annotations, false);
        assert_eq!(text.matches("::error file=").count(), CELLS);
        assert!(text.ends_with("::notice title=pf eval::10 more cells did not pass\n"), "{text}");
    }
}
