//! Whether the providers of `pf.yaml` say what their protocols need: found when the file is read, with its place.

use indexmap::IndexMap;

use super::config::{Protocol, ProviderConfig};
use super::exchange::Exchange;
use crate::diagnostic::Diagnostic;
use crate::document::{Document, Route};
use crate::schema::WRONG_SHAPE;

/// What is wrong with the providers.
pub(super) fn check(
    providers: &IndexMap<String, ProviderConfig>,
    document: &Document,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (name, config) in providers {
        let root = Route::root().key("providers").key(name);
        let is_http = config.protocol == Some(Protocol::Http);
        let is_exec = config.protocol == Some(Protocol::Exec);
        for (key, protocol) in misplaced(config, is_http, is_exec) {
            let message = format!("`{key}` is for `protocol: {protocol}`");
            let place = document.key_span(&root.key(key));
            findings.push(Diagnostic::new(WRONG_SHAPE, &document.file, place, message));
        }
        if is_exec {
            let empty = config.command.as_ref().is_none_or(|command| {
                command.first().is_none_or(|program| program.trim().is_empty())
            });
            if empty {
                let place = document.key_span(&root);
                let message = format!("provider `{name}` has no `command`");
                findings.push(
                    Diagnostic::new(WRONG_SHAPE, &document.file, place, message)
                        .help("a list of the program and its arguments, such as `command: [python3, answer.py]`"),
                );
            }
        }
        if !is_http {
            continue;
        }
        for problem in Exchange::compile(config).err().unwrap_or_default() {
            let route: Route =
                [&root, &problem.route].into_iter().flat_map(Route::segments).cloned().collect();
            let place = match problem.span {
                Some(span) => document.span_in_scalar(&route, span),
                None => document.span(&route),
            };
            let finding = Diagnostic::new(WRONG_SHAPE, &document.file, place, problem.message);
            findings.push(match problem.help {
                Some(help) => finding.help(help),
                None => finding,
            });
        }
    }
    findings
}

/// Keys that mean nothing to the protocol, with the one that they are for.
fn misplaced(
    config: &ProviderConfig,
    is_http: bool,
    is_exec: bool,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_http = [
        ("api_key_header", config.api_key_header.is_some()),
        ("path", config.path.is_some()),
        ("method", config.method.is_some()),
        ("body", config.body.is_some()),
        ("answer", config.answer.is_some()),
        ("finish", config.finish.is_some()),
        ("tool_calls", config.tool_calls.is_some()),
        ("usage", config.usage.is_some()),
    ];
    let of_exec = [
        ("command", config.command.is_some()),
        ("cwd", config.cwd.is_some()),
        ("env", !config.env.is_empty()),
    ];
    let http = of_http.into_iter().filter(move |(_, set)| *set && !is_http);
    let exec = of_exec.into_iter().filter(move |(_, set)| *set && !is_exec);
    http.map(|(key, _)| (key, "http")).chain(exec.map(|(key, _)| (key, "exec")))
}
