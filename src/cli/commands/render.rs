//! `pf render`

use std::io::Write;

use clap::ValueEnum;

use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place::{self, Selector};
use crate::cli::ui::Ui;
use crate::cli::variables::VariableArgs;
use crate::message::{Content, Message, Part};
use crate::project::Project;
use crate::project::config::Protocol;
use crate::project::model;
use crate::project::prompt::Prompt;
use crate::provider::{self, Wire};
use crate::report::foreign::escape;
use crate::report::json::{self, Render, Tokens, TracedMessage, TracedPiece};
use crate::template::trace::Piece;
use crate::template::{self, PieceSource, Renderer, Tracer, Values};

/// Render a prompt: the messages that a model would get
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf render support/triage --var ticket='Where is my refund?'
  pf render support/triage --vars case.json --trace
  pf render support/triage@main~2 --var ticket=Hi       an old version, with its old partials
  pf render support/triage --var ticket=Hi --format openai | curl … -d @-")]
pub(crate) struct Args {
    /// NAME, NAME@vN or NAME@REVISION
    selector: String,
    #[command(flatten)]
    variables: VariableArgs,
    /// How to print the messages
    #[arg(long, value_enum, default_value_t = RenderFormat::Text)]
    format: RenderFormat,
    /// Say where each piece comes from
    #[arg(long)]
    trace: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum RenderFormat {
    /// For people
    Text,
    /// For programs; the shape is in schemas/
    Json,
    /// The body of a request to OpenAI's chat completions
    Openai,
    /// The body of a request to OpenAI's responses
    OpenaiResponses,
    /// The body of a request to Anthropic's messages
    Anthropic,
    /// The body of a request to Google's generateContent
    Gemini,
    /// The body of a request to Bedrock's Converse
    Bedrock,
    /// The body of a request to Ollama's chat
    Ollama,
}

impl RenderFormat {
    /// The wire protocol that it shows.
    fn protocol(self) -> Option<Protocol> {
        match self {
            Self::Text | Self::Json => None,
            Self::Openai => Some(Protocol::Openai),
            Self::OpenaiResponses => Some(Protocol::OpenaiResponses),
            Self::Anthropic => Some(Protocol::Anthropic),
            Self::Gemini => Some(Protocol::Gemini),
            Self::Bedrock => Some(Protocol::Bedrock),
            Self::Ollama => Some(Protocol::Ollama),
        }
    }
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let directory = place::directory(global)?;
    let home = place::home(global)?;
    let selector = Selector::parse(&args.selector)?;
    let snapshot = place::version(&home, &selector)?;
    let project = place::load_prompt(&snapshot, &selector.name)?;
    let prompt = place::prompt(&project, &selector.name)?;
    if let Some(protocol) = args.format.protocol().filter(|_| args.trace) {
        let name = protocol.name();
        return Err(Error::usage(format!("--trace does not go with --format {name}"))
            .hint("use --format text or json"));
    }
    let closure = template::closure_of(&project, prompt)?;
    let renderer = Renderer::new(prompt, &closure).map_err(|findings| {
        Error::usage(format!("the prompt `{}` cannot be rendered", prompt.name)).findings(findings)
    })?;
    let values = args.variables.bind(prompt, &directory)?;
    let messages = renderer.render(&values).map_err(|findings| {
        Error::usage(format!("the prompt `{}` cannot be rendered with these values", prompt.name))
            .findings(findings)
    })?;
    let trace = args.trace.then(|| traced(prompt, &closure, &values)).transpose()?;
    let model = match prompt.file.model.as_ref() {
        Some(choice) => {
            Some(model::resolve(&project.config, Some(choice), None).map_err(|error| {
                Error::usage(format!("the prompt `{}`: {error}", prompt.name)).hint_if(error.help())
            })?)
        }
        None => None,
    };
    match args.format {
        RenderFormat::Text => match trace {
            Some(trace) => write_trace(&trace, ui)?,
            None => write_text(&messages, ui)?,
        },
        RenderFormat::Json => {
            let rendered =
                render_json(&project, prompt, &closure, model.as_ref(), &messages, trace);
            json::write(ui.out(), &rendered)?;
        }
        format => {
            let model = model.ok_or_else(|| {
                Error::usage(format!(
                    "the prompt `{}` names no model, which a request needs",
                    prompt.name
                ))
                .hint("add `model: PROVIDER/NAME` to the prompt")
            })?;
            let wire = wire(format, &model.settings.provider, &project)?;
            let request =
                template::request(prompt, model.settings, model.prefix.as_deref(), messages);
            let body =
                wire.request_body(&request).map_err(|error| Error::usage(error.to_string()))?;
            json::write(ui.out(), &body)?;
        }
    }
    Ok(Exit::Success)
}

/// The protocol of a format, as the model's provider speaks it where it speaks that one, else as the vendor does.
fn wire(format: RenderFormat, provider: &str, project: &Project) -> Result<Wire, Error> {
    let protocol = format.protocol().unwrap_or(Protocol::Openai);
    let endpoint = provider::locate(provider, &project.config.providers).ok().flatten();
    let spoken = endpoint.and_then(|endpoint| Wire::new(protocol, &endpoint));
    spoken
        .or_else(|| Wire::of_vendor(protocol))
        .ok_or_else(|| Error::usage(format!("`{}` is on no wire", protocol.name())))
}

fn write_text(messages: &[Message], ui: &mut Ui) -> Result<(), Error> {
    for (index, message) in messages.iter().enumerate() {
        if index > 0 {
            writeln!(ui.out())?;
        }
        writeln!(ui.out(), "[{}]", message.role)?;
        match &message.content {
            Content::Text(text) => write_block(text, ui)?,
            Content::Parts(parts) => {
                for part in parts {
                    match part {
                        Part::Text(text) => write_block(text, ui)?,
                        Part::Image(url) => writeln!(ui.out(), "(image {})", escape(url))?,
                    }
                }
            }
        }
        for call in &message.tool_calls {
            writeln!(
                ui.out(),
                "(asks for the tool {} with {})",
                escape(&call.name),
                call.arguments
            )?;
        }
    }
    Ok(())
}

fn write_block(text: &str, ui: &mut Ui) -> Result<(), Error> {
    let text = escape(text);
    write!(ui.out(), "{text}")?;
    if !text.ends_with('\n') {
        writeln!(ui.out())?;
    }
    Ok(())
}

fn traced(
    prompt: &Prompt,
    closure: &template::Closure,
    values: &Values,
) -> Result<Vec<TracedMessage>, Error> {
    let failed = |findings| Error::usage("the trace failed").findings(findings);
    let trace =
        Tracer::new(prompt, closure).and_then(|tracer| tracer.trace(values)).map_err(failed)?;
    Ok(trace
        .into_iter()
        .map(|traced| TracedMessage {
            role: traced.message.role.to_string(),
            pieces: traced.parts.into_iter().flatten().map(piece).collect(),
        })
        .collect())
}

fn piece(piece: Piece) -> TracedPiece {
    let (source, what, place) = match piece.source {
        PieceSource::Literal { file, line } => ("literal", None, Some((file, line))),
        PieceSource::Variable { expression, file, line } => {
            ("variable", Some(expression), Some((file, line)))
        }
        PieceSource::Partial { file, line } => ("partial", None, Some((file, line))),
        PieceSource::Example { index } => ("example", Some(format!("{}", index + 1)), None),
        PieceSource::Inserted { variable, index } => {
            ("inserted", Some(format!("{variable}[{index}]")), None)
        }
    };
    TracedPiece {
        text: piece.text,
        source: source.to_owned(),
        what,
        path: place.as_ref().map(|(file, _)| file.to_string()),
        line: place.map(|(_, line)| line),
    }
}

/// One line for each piece: where it comes from, then its text.
fn write_trace(trace: &[TracedMessage], ui: &mut Ui) -> Result<(), Error> {
    for (index, message) in trace.iter().enumerate() {
        if index > 0 {
            writeln!(ui.out())?;
        }
        writeln!(ui.out(), "[{}]", message.role)?;
        for piece in &message.pieces {
            let place = match (&piece.path, piece.line) {
                (Some(path), Some(line)) => format!("{path}:{line}"),
                (Some(path), None) => path.clone(),
                _ => String::new(),
            };
            let what = piece.what.as_deref().map(|what| format!(" {what}")).unwrap_or_default();
            let from = format!("{}{what}", piece.source);
            let text = serde_json::to_string(&piece.text).unwrap_or_default();
            writeln!(ui.out(), "  {:<28} {:<34} {}", escape(&from), place, escape(&text))?;
        }
    }
    Ok(())
}

fn render_json(
    project: &Project,
    prompt: &Prompt,
    closure: &template::Closure,
    model: Option<&model::ResolvedModel>,
    messages: &[Message],
    trace: Option<Vec<TracedMessage>>,
) -> Render {
    let text: Vec<String> = messages.iter().map(|message| message.content.text()).collect();
    let (count, exact) = crate::price::tokens::count(model.map(|model| &model.settings), &text);
    Render {
        version: json::VERSION,
        kind: "render",
        name: prompt.name.to_string(),
        digest: json::digest_of(project, prompt, closure).to_string(),
        model: model.map(|model| serde_json::json!(model.settings)),
        messages: messages.iter().map(|message| serde_json::json!(message)).collect(),
        tools: prompt.file.tools.clone(),
        tokens: Tokens { count, exact },
        trace,
    }
}
