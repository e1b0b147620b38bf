//! The arguments about asking models, which all commands that run cells share.

use crate::eval::runner::Mode;
use crate::project::Project;

/// Where answers come from, how fast they are asked for, and what they may cost.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AskArgs {
    /// How often each case is asked
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(in crate::cli) repeat: Option<u32>,
    /// Most calls under way for one model
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    concurrency: Option<u64>,
    /// Keep all answers in recordings/
    #[arg(long, group = "mode")]
    record: bool,
    /// Use recordings alone; a missing answer is an error
    #[arg(long, group = "mode")]
    replay: bool,
    /// Ask for every answer again
    #[arg(long, group = "mode")]
    refresh: bool,
    /// Neither read nor write the local store
    #[arg(long, group = "mode")]
    no_cache: bool,
    /// Say what would be asked and what it would cost, and ask nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Spend at most so many US dollars: what would cost more is not asked
    #[arg(long, value_name = "USD", value_parser = dollars, allow_negative_numbers = true)]
    pub(in crate::cli) max_cost: Option<f64>,
}

/// What a command wants of answers.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Asking<'a> {
    pub(in crate::cli) ask: &'a AskArgs,
    /// Whether new answers are kept.
    pub(in crate::cli) keeps: bool,
    /// Models of the command line, for the command that an error names.
    pub(in crate::cli) models: &'a [String],
}

impl AskArgs {
    /// Which answers are read and kept.
    pub(in crate::cli) fn mode(&self) -> Mode {
        match (self.record, self.replay, self.refresh, self.no_cache) {
            (true, ..) => Mode::Record,
            (_, true, ..) => Mode::Replay,
            (_, _, true, _) => Mode::Refresh,
            (.., true) => Mode::NoCache,
            _ => Mode::Cached,
        }
    }

    /// Most calls under way for one model.
    pub(in crate::cli) fn concurrency(&self, project: &Project) -> usize {
        let wanted = self.concurrency.map(|n| n as usize).or(project.config.eval.concurrency);
        wanted.unwrap_or(crate::provider::DEFAULT_CONCURRENCY)
    }
}

fn dollars(text: &str) -> Result<f64, String> {
    match text.strip_prefix('$').unwrap_or(text).parse::<f64>() {
        Ok(value) if value >= 0.0 && value.is_finite() => Ok(value),
        _ => Err("it is an amount of US dollars, such as 0.50".to_owned()),
    }
}
