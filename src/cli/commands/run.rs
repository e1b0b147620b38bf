//! `pf run`

use std::io::{self, Write};

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;

use super::eval::inputs;
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place::{self, Selector};
use crate::cli::trust::{TrustArgs, Trusted};
use crate::cli::ui::{Stream, Ui};
use crate::cli::variables::VariableArgs;
use crate::diagnostic::counted;
use crate::digest;
use crate::eval::contract::Contract;
use crate::eval::once::{self, Attempt, End, Sources, Wanted, Watch};
use crate::eval::runner::Mode;
use crate::project::prompt::Prompt;
use crate::project::{Project, Scope, model};
use crate::provider::{Access, Provider, Shown};
use crate::report::answer::{AnswerJson, Call};
use crate::report::json;
use crate::snapshot::Home;
use crate::store::Store;
use crate::template::{self, Renderer};

/// Ask a model once: render, ask, check the answer, and ask again where the prompt says so
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf run support/triage --var ticket='Where is my refund?'
  pf run support/triage --stdin ticket < mail.txt | jq .label
  pf run support/triage@main --vars case.json --model local/qwen3
  pf run support/reply --vars case.json --stream
  pf run support/triage --vars case.json --format json

Standard output holds a valid answer or nothing: what is wrong with another one, tokens, cost and
time are on standard error. With `--format json` an answer that is not valid is printed too, and
says so. An answer that was paid for once is taken from the local store.

Exit codes: 0 a valid answer, 1 no valid answer after the last attempt, 2 bad files or usage,
3 no such prompt, 4 the provider failed, 130 interrupted.")]
pub(crate) struct Args {
    /// NAME, NAME@vN or NAME@REVISION
    selector: String,
    #[command(flatten)]
    variables: VariableArgs,
    /// Ask this model instead of the prompt's: PROVIDER/NAME or a profile
    #[arg(long, value_name = "MODEL", value_parser = NonEmptyStringValueParser::new())]
    model: Option<String>,
    /// Print text as it comes: on standard output where the prompt asks nothing of its answer, else on standard error
    #[arg(long)]
    stream: bool,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = AnswerFormat::Text)]
    format: AnswerFormat,
    /// Ask again even where the answer is stored
    #[arg(long, group = "mode")]
    refresh: bool,
    /// Neither read nor write the local store
    #[arg(long, group = "mode")]
    no_cache: bool,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum AnswerFormat {
    /// The answer after extraction, then each tool call as a line of JSON
    Text,
    /// The answer with all that is known of it; the shape is in schemas/
    Json,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let mode = match (args.refresh, args.no_cache) {
        (true, _) => Mode::Refresh,
        (_, true) => Mode::NoCache,
        _ => Mode::Cached,
    };
    let directory = place::directory(global)?;
    let home = place::home(global)?;
    let trust = args.trust.load(&home)?;
    let selector = Selector::parse(&args.selector)?;
    let snapshot = place::version(&home, &selector)?;
    let project = place::load_prompt(&snapshot, &selector.name)?;
    let prompt = place::prompt(&project, &selector.name)?;
    if !prompt.file.active {
        return Err(Error::usage(format!("the prompt `{}` says `active: false`", prompt.name))
            .hint("make it active; `pf render` shows it as it is"));
    }
    // A prompt of another version asks as it did then, but where to connect and with which key is never its to say.
    let own = match selector.which {
        Some(_) => Some(here(&home)?),
        None => None,
    };
    let own = own.as_ref().unwrap_or(&project);

    let closure = template::closure_of(&project, prompt)?;
    let unrenderable = |with: &str, findings| {
        let message = format!("the prompt `{}` cannot be rendered{with}", prompt.name);
        Error::usage(message).findings(findings)
    };
    let renderer = Renderer::new(prompt, &closure).map_err(|found| unrenderable("", found))?;
    let contract = contract(prompt)?;
    let values = args.variables.bind(prompt, &directory)?;
    let messages =
        renderer.render(&values).map_err(|found| unrenderable(" with these values", found))?;
    let config = if args.model.is_some() { &own.config } else { &project.config };
    let model = model::resolve(config, prompt.file.model.as_ref(), args.model.as_deref()).map_err(
        |error| {
            Error::usage(format!("the prompt `{}`: {error}", prompt.name)).hint_if(error.help())
        },
    )?;
    let digest = digest::content(prompt, &closure, Some(&model));
    let request = template::request(prompt, model.settings, model.prefix.as_deref(), messages);
    let prices = own.prices().map_err(|error| Error::usage(error.to_string()))?;
    let provider = provider(&home, own, &request.model.provider, &trust)?;
    let store = match (mode, provider.endpoint()) {
        (Mode::NoCache, _) | (_, None) => None,
        _ => Some(store(&home, own, ui)),
    };

    let sources = Sources { provider: &provider, store: store.as_ref(), mode, prices: &prices };
    let retries = prompt.file.output.as_ref().and_then(|output| output.on_invalid.as_ref());
    let wanted = Wanted {
        request,
        variables: values.as_map(),
        contract: &contract,
        retries: retries.map_or(0, |on_invalid| on_invalid.retry),
    };
    let stream = stream(args, &contract, ui);
    let quiet = ui.quiet();
    let mut tried = |attempt: &Attempt, left: u32| {
        if stream == Some(Stream::Err) {
            Ui::piece("\n", Stream::Err);
        }
        if left > 0 && !quiet {
            let reasons: Vec<&str> = attempt.checked.reasons().collect();
            Ui::progress_line(&format!(
                "not valid, asking again (at most {left} more): {}",
                reasons.join("; ")
            ));
        }
    };
    let shown = stream.map(|stream| {
        let shown: Box<Shown<'_>> = Box::new(move |text: &str| Ui::piece(text, stream));
        shown
    });
    let done = once::run(&sources, &wanted, &mut Watch { shown, tried: &mut tried })?;
    drop(store);
    if mode != Mode::NoCache {
        inputs::keep_limits(&home, own, ui);
    }
    if let Some(reason) = &done.unkept {
        ui.warn(format!("an answer could not be kept in the local store: {reason}"));
    }
    let shown = Printed {
        json: (args.format == AnswerFormat::Json)
            .then(|| {
                let (name, digest) = (prompt.name.as_str(), digest.to_string());
                AnswerJson::new(name, digest, &model.label, &done.attempts)
            })
            .flatten(),
        streamed: stream,
    };
    finish(&done.end, &done.attempts, &model.label, shown, ui)
}

/// What is printed besides the text of the answer, or instead of it.
struct Printed {
    json: Option<AnswerJson>,
    /// Where its text stands already.
    streamed: Option<Stream>,
}

fn finish(
    end: &End,
    attempts: &[Attempt],
    model: &str,
    printed: Printed,
    ui: &mut Ui,
) -> Result<Exit, Error> {
    match end {
        End::Answered => {}
        End::Failed(reason) => return Err(Error::new(Exit::Provider, reason.clone())),
        End::Interrupted => {
            ui.note("interrupted");
            return Ok(Exit::Interrupted);
        }
    }
    let Some(last) = attempts.last() else {
        return Err(Error::new(Exit::Provider, "there is no answer"));
    };
    let valid = last.checked.is_valid();
    match printed.json {
        Some(answer) => json::write(ui.out(), &answer)?,
        _ if valid => print(last, printed.streamed == Some(Stream::Out), ui)?,
        _ => {}
    }
    summary(attempts, model, ui);
    if valid {
        return Ok(Exit::Success);
    }
    if printed.streamed.is_none() {
        ui.note(format!("the last answer:\n{}", last.answer.output.trim_end()));
    }
    let mut reasons = last.checked.reasons();
    let after = match attempts.len() {
        1 => String::new(),
        count => format!(" after {}", counted(count, "attempt")),
    };
    let first = reasons.next().unwrap_or_default();
    let error = Error::new(Exit::Findings, format!("the answer is not valid{after}: {first}"));
    Err(reasons.fold(error, |error, reason| error.hint(format!("also: {reason}"))))
}

/// The answer as another program wants it: its text, then what the model wants of tools.
fn print(attempt: &Attempt, streamed: bool, ui: &mut Ui) -> Result<(), Error> {
    let text = &attempt.checked.output;
    if !streamed {
        ui.foreign(text)?;
    }
    if !text.is_empty() && !text.ends_with('\n') {
        ui.foreign("\n")?;
    }
    for call in &attempt.answer.tool_calls {
        serde_json::to_writer(&mut *ui.out(), &Call::new(call)).map_err(io::Error::from)?;
        writeln!(ui.out())?;
    }
    Ok(())
}

/// Tokens, cost and time, and what to know about the last answer.
fn summary(attempts: &[Attempt], model: &str, ui: &mut Ui) {
    let usages = || attempts.iter().filter_map(|attempt| attempt.answer.usage);
    let mut parts = Vec::new();
    if usages().next().is_some() {
        let input: u64 = usages().map(|usage| usage.input_tokens).sum();
        let output: u64 = usages().map(|usage| usage.output_tokens).sum();
        parts.push(format!("{input} tokens in, {output} out"));
    }
    if let Some(cost) = attempts.iter().map(|attempt| attempt.cost_usd).sum::<Option<f64>>() {
        parts.push(format!("${cost:.6}"));
    }
    let latencies: Vec<f64> =
        attempts.iter().filter_map(|attempt| attempt.answer.latency_ms).collect();
    if !latencies.is_empty() {
        parts.push(format!("{:.0} ms", latencies.iter().sum::<f64>()));
    }
    if attempts.len() > 1 {
        parts.push(counted(attempts.len(), "attempt"));
    }
    match attempts.iter().filter(|attempt| attempt.origin.cached()).count() {
        0 => {}
        all if all == attempts.len() => parts.push("from the local store".to_owned()),
        some => parts.push(format!("{some} from the local store")),
    }
    if !parts.is_empty() {
        ui.note(format!("{model}: {}", parts.join(", ")));
    }
    let Some(last) = attempts.last() else { return };
    if let Some(repaired) = &last.checked.repaired {
        ui.warn(format!("the answer was mended to be read: {repaired}"));
    }
    match last.answer.finish.as_deref() {
        Some("length") => ui.warn("the answer was cut: it reached the limit of output tokens"),
        Some("content_filter") => ui.warn("the answer was cut by the provider's filter"),
        _ => {}
    }
}

/// Where text goes as it comes. An answer that must be checked first is only shown aside: standard output holds what is
/// valid, and nothing else.
fn stream(args: &Args, contract: &Contract, ui: &Ui) -> Option<Stream> {
    match args.stream {
        true if contract.is_empty() && args.format == AnswerFormat::Text => Some(Stream::Out),
        true if !ui.quiet() => Some(Stream::Err),
        _ => None,
    }
}

fn contract(prompt: &Prompt) -> Result<Contract, Error> {
    Contract::of(prompt).map_err(|problems| {
        let mut problems =
            problems.into_iter().map(|(route, message)| format!("{route}: {message}"));
        let first = problems.next().unwrap_or_default();
        let error = Error::usage(format!(
            "{}: the output cannot be held to its contract: {first}",
            prompt.path
        ));
        problems.fold(error, |error, problem| error.hint(format!("also: {problem}")))
    })
}

/// The configuration of the worktree.
fn here(home: &Home) -> Result<Project, Error> {
    let project = Project::load_scope(&home.worktree(), Scope::Prompts(&[]))?;
    place::configured(&project)?;
    Ok(project)
}

fn provider(home: &Home, own: &Project, name: &str, trust: &Trusted) -> Result<Provider, Error> {
    let root = home.root().to_owned();
    let access = Access {
        environment: &inputs::environment,
        file: &|path| inputs::read_inside(&root, path),
        trust: &trust.keys,
        exec: trust.exec(),
    };
    Provider::resolve(name, &own.config.providers, &access)
        .map_err(|error| Error::usage(error.to_string()))
}

fn store(home: &Home, own: &Project, ui: &mut Ui) -> Store {
    let (store, warnings) = inputs::open_store(home);
    for warning in warnings {
        ui.warn(warning);
    }
    store.not_before(own.config.cache.max_age.map(|age| age.before(Timestamp::now())))
}
