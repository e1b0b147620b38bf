//! `pf history`

use std::io::Write;

use globset::GlobMatcher;
use jiff::Timestamp;

use super::Format;
use crate::cli::args::Global;
use crate::cli::commands::eval::inputs;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::diagnostic::{closest, counted};
use crate::project::cases;
use crate::project::quantity::Age;
use crate::report::{history, json};
use crate::snapshot::Home;
use crate::store::runs::{Found, Known, Wanted};
use crate::store::{Archive, StoreError};

/// Ids that are named where several are meant.
const NAMED: usize = 5;

/// Show past runs: when, on which commit, what they came to
///
/// Each `pf eval` leaves its numbers in the local store: verdict, commit, digests, pass rates, cost, latency and why cells
/// failed, but no answers. With RUN, one run is shown in full.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf history
  pf history --suite triage -n 5
  pf history --prompt 'support/*' --since 7d
  pf history 20260301T081500123Z            one run; the beginning of its id is enough
  pf history --format json | jq '.runs[0].commit'")]
pub(crate) struct Args {
    /// A run, by its id or how that begins
    #[arg(value_name = "RUN", conflicts_with_all = ["max", "since"])]
    run: Option<String>,
    /// At most this many runs
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    max: usize,
    #[command(flatten)]
    which: Which,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// Which runs, and what of them.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Only this suite, or those that a glob matches
    #[arg(long, value_name = "SUITE")]
    suite: Option<String>,
    /// Only this prompt, or those that a glob matches
    #[arg(long, value_name = "PROMPT")]
    prompt: Option<String>,
    /// Only this model, or those that a glob matches
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Only runs that are younger, such as 7d, 12h or 4w
    #[arg(long, value_name = "AGE")]
    since: Option<Age>,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let (id, most) = match &args.run {
        Some(id) => (Some(id.as_str()), None),
        None => (None, Some(args.max)),
    };
    let (found, known) = args.which.find(&home, id, most, ui)?;
    if let Some(id) = id {
        only_one(id, &found, &known)?;
    }
    match args.format {
        Format::Json => json::write(ui.out(), &history::History::new(&found.runs))?,
        Format::Human if id.is_some() => {
            for run in &found.runs {
                write!(ui.out(), "{}", history::one(run))?;
            }
            ui.note("`pf compare` wants the answers too, which are not kept here: `pf eval -o run.json` saves them");
        }
        Format::Human => {
            write!(ui.out(), "{}", history::list(&found.runs))?;
            if found.runs.len() as u64 + found.unreadable < known.runs && args.which.is_empty() {
                let (shown, all) = (found.runs.len(), known.runs);
                ui.note(format!("{shown} of {all} runs; -n N shows more"));
            }
        }
    }
    Ok(Exit::Success)
}

/// A beginning must say which run is meant. Runs of the same millisecond share an id, and are all meant by it.
fn only_one(id: &str, found: &Found, known: &Known) -> Result<(), Error> {
    let mut ids: Vec<&str> = found.runs.iter().map(|run| run.id.as_str()).collect();
    ids.dedup();
    if ids.len() < 2 {
        return Ok(());
    }
    let named = ids.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = if ids.len() > NAMED { ", …" } else { "" };
    let (count, all) = (ids.len(), known.runs);
    Err(Error::usage(format!("`{id}` is the beginning of {count} of {all} runs"))
        .hint(format!("these are {named}{more}")))
}

impl Which {
    fn is_empty(&self) -> bool {
        let Self { suite, prompt, model, since } = self;
        suite.is_none() && prompt.is_none() && model.is_none() && since.is_none()
    }

    /// The runs that are meant, the newest first, and what there is; an error where none is.
    pub(super) fn find(
        &self,
        home: &Home,
        id: Option<&str>,
        most: Option<usize>,
        ui: &mut Ui,
    ) -> Result<(Found, Known), Error> {
        let glob = |name: &str, pattern: Option<&String>| -> Result<Option<GlobMatcher>, Error> {
            pattern
                .map(|pattern| cases::glob(pattern))
                .transpose()
                .map_err(|error| Error::usage(format!("`--{name}` is no valid glob: {error}")))
        };
        let suite = glob("suite", self.suite.as_ref())?;
        let prompt = glob("prompt", self.prompt.as_ref())?;
        let model = glob("model", self.model.as_ref())?;
        let wanted = Wanted {
            id,
            since: self.since.map(|age| age.before(Timestamp::now())),
            suite: suite.as_ref(),
            prompt: prompt.as_ref(),
            model: model.as_ref(),
            most,
        };
        let (archive, warnings) = Archive::look(&inputs::store_folder(home)).map_err(failed)?;
        for warning in warnings {
            ui.warn(warning.to_string());
        }
        let archive = archive.ok_or_else(nothing)?;
        let known = archive.known().map_err(failed)?;
        if known.runs == 0 {
            return Err(nothing());
        }
        let found = archive.runs(&wanted).map_err(failed)?;
        if found.unreadable > 0 {
            let runs = counted(found.unreadable, "run");
            ui.warn(format!("{runs} in the local store cannot be read and are left out"));
        }
        if !found.runs.is_empty() || most == Some(0) {
            return Ok((found, known));
        }
        Err(self.nothing_found(id, &wanted, &known))
    }

    /// Why nothing was found among runs that are there.
    fn nothing_found(&self, id: Option<&str>, wanted: &Wanted<'_>, known: &Known) -> Error {
        if let Some(id) = id.filter(|id| !known.ids.iter().any(|known| known.starts_with(id))) {
            let similar = closest(id, known.ids.iter().map(String::as_str));
            return Error::nothing(format!("there is no run `{id}`")).hint(match similar {
                Some(similar) => format!("did you mean `{similar}`?"),
                None => "`pf history` lists the runs".to_owned(),
            });
        }
        let prompts: Vec<String> = known
            .prompts
            .iter()
            .flat_map(|name| [Some(name.as_str()), name.split_once('@').map(|(name, _)| name)])
            .flatten()
            .map(str::to_owned)
            .collect();
        for (what, typed, glob, names) in [
            ("suite", &self.suite, wanted.suite, &known.suites),
            ("prompt", &self.prompt, wanted.prompt, &prompts),
            ("model", &self.model, wanted.model, &known.models),
        ] {
            let (Some(typed), Some(glob)) = (typed, glob) else { continue };
            if names.iter().any(|name| glob.is_match(name)) {
                continue;
            }
            let error = Error::nothing(format!("no run knows a {what} `{typed}`"));
            return match closest(typed, names.iter().map(String::as_str)) {
                Some(similar) => error.hint(format!("did you mean `{similar}`?")),
                None => error.hint(format!("they know {}", some(names))),
            };
        }
        let newest = known.ids.first().map(|id| format!("the newest run is {id}"));
        Error::nothing("no run is what was asked for").hint_if(newest)
    }
}

/// The first of these names.
fn some(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > NAMED { format!("{shown}, …") } else { shown }
}

fn nothing() -> Error {
    Error::nothing("no run is remembered on this machine").hint(
        "`pf eval` makes one; runs with --no-cache are not kept, and those with --replay only beside others",
    )
}

#[expect(clippy::needless_pass_by_value, reason = "given to `map_err`")]
fn failed(error: StoreError) -> Error {
    Error::new(Exit::Provider, error.to_string())
}
