//! `pf rule`

use std::io::Write;

use super::Format;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::diagnostic::closest;
use crate::lint::rules::RULES;
use crate::report::{json, table};

/// Explain a rule
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf rule                 all rules
  pf rule V101            what it checks, why, and what to write instead
  pf rule --format json")]
pub(crate) struct Args {
    /// A code such as V101, or a name such as undeclared-variable; all rules when absent
    code: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<Exit, Error> {
    let rules: Vec<_> = match &args.code {
        None => RULES.to_vec(),
        Some(code) => {
            let found = RULES
                .iter()
                .find(|rule| rule.code.0.eq_ignore_ascii_case(code) || rule.name == code);
            vec![*found.ok_or_else(|| unknown(code))?]
        }
    };
    match (args.format, rules.as_slice()) {
        (Format::Json, rules) => json::write(ui.out(), &json::Rules::new(rules))?,
        (Format::Human, [rule]) if args.code.is_some() => {
            writeln!(ui.out(), "{}", crate::lint::rules::page(rule).trim_end())?;
        }
        (Format::Human, rules) => {
            let rows = rules.iter().map(|rule| {
                vec![
                    rule.code.to_string(),
                    rule.name.to_owned(),
                    rule.severity.as_str().to_owned(),
                    rule.summary().to_owned(),
                ]
            });
            write!(
                ui.out(),
                "{}",
                table::plain(&["code", "name", "severity", "what it finds"], rows)
            )?;
        }
    }
    Ok(Exit::Success)
}

fn unknown(code: &str) -> Error {
    let names = RULES.iter().flat_map(|rule| [rule.code.0, rule.name]);
    Error::usage(format!("there is no rule `{code}`")).hint(match closest(code, names) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => "`pf rule` lists all rules".to_owned(),
    })
}
