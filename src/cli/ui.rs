//! The terminal: the only code that prints.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use super::args::Global;
use super::error::Error;
use crate::diagnostic::Diagnostic;
use crate::report::foreign::escape;
use crate::report::{finding, patch};

/// Columns to which pictures of source lines are cut.
const WIDTH: usize = 140;

/// One of the two streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Results.
    Out,
    /// Everything else.
    Err,
}

/// Where results and notes go.
pub struct Ui {
    out: io::BufWriter<AutoStream<io::Stdout>>,
    err: AutoStream<io::Stderr>,
    quiet: bool,
}

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default();

impl Ui {
    /// A terminal as the arguments and the environment want it.
    pub fn new(global: &Global) -> Self {
        let choice = match global.color {
            clap::ColorChoice::Auto => ColorChoice::Auto,
            clap::ColorChoice::Always => ColorChoice::Always,
            clap::ColorChoice::Never => ColorChoice::Never,
        };
        Self {
            out: io::BufWriter::new(AutoStream::new(io::stdout(), choice)),
            err: AutoStream::new(io::stderr(), choice),
            quiet: global.quiet,
        }
    }

    /// Results: what a pipe gets.
    pub fn out(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// Sends the results on their way; each command ends with it.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Results that another program reads byte for byte: what looks like a colour in them stays.
    pub fn verbatim(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.flush()?;
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Prints text that others wrote: as it is for another program, and without effect on a terminal.
    pub fn foreign(&mut self, text: &str) -> io::Result<()> {
        match io::stdout().is_terminal() {
            true => write!(self.out, "{}", escape(text)),
            false => self.verbatim(text.as_bytes()),
        }
    }

    /// Prints a piece of such text at once, while a command waits for the next one. Whoever does not read any more is
    /// found out when the command ends.
    pub fn piece(text: &str, stream: Stream) {
        let shown = |terminal: bool| if terminal { escape(text) } else { Cow::Borrowed(text) };
        let _ = match stream {
            Stream::Out => {
                let text = shown(io::stdout().is_terminal());
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush())
            }
            // What stands on standard error is for people, and a log may end on a terminal.
            Stream::Err => io::stderr().lock().write_all(shown(true).as_bytes()),
        };
    }

    /// Prints a patch: as it is for another program, and drawn for a person.
    pub fn patch(&mut self, patch: &str) -> io::Result<()> {
        let coloured = self.out.get_ref().current_choice() != ColorChoice::Never;
        match coloured || io::stdout().is_terminal() {
            true => patch::write_for_people(&mut self.out, patch),
            false => self.verbatim(patch.as_bytes()),
        }
    }

    /// Prints findings as results.
    pub fn findings(&mut self, findings: &[Diagnostic]) -> io::Result<()> {
        finding::write_all(&mut self.out, findings, finding::Style { width: WIDTH })
    }

    /// Prints findings beside the results.
    pub fn findings_aside(&mut self, findings: &[Diagnostic]) {
        let _ = self.out.flush();
        let _ = finding::write_all(&mut self.err, findings, finding::Style { width: WIDTH });
    }

    /// Whether notes and progress are unwanted.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// Whether someone watches, so that a progress bar makes sense.
    pub fn watched(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// A line beside the results; dropped under `--quiet`.
    pub fn note(&mut self, text: impl AsRef<str>) {
        if !self.quiet {
            let _ = self.out.flush();
            let _ = writeln!(self.err, "{}", escape(text.as_ref()));
        }
    }

    /// A line about a run that goes on, for those who read a log instead of a terminal.
    #[expect(
        clippy::print_stderr,
        reason = "called from inside a run, which borrows everything else"
    )]
    pub fn progress_line(text: &str) {
        eprintln!("{}", escape(text));
    }

    /// Something that may be wrong.
    pub fn warn(&mut self, text: impl AsRef<str>) {
        let _ = self.out.flush();
        let _ = writeln!(self.err, "{YELLOW}warning{YELLOW:#}: {}", escape(text.as_ref()));
    }

    /// Why a command ends, with what to do.
    pub fn error(&mut self, error: Error) {
        let _ = self.out.flush();
        let (message, hints, findings) = error.parts();
        self.findings_aside(&findings);
        let _ = writeln!(self.err, "{RED}error{RED:#}: {}", escape(&message));
        for hint in hints {
            let _ = writeln!(self.err, "{CYAN}hint{CYAN:#}: {}", escape(&hint));
        }
    }
}
