//! The proof of a conversion: the new files are read and rendered as pf does it, and compared with the source.

use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::{Expected, Imported};
use crate::diagnostic::{Diagnostic, excerpt};
use crate::path::RepoPath;
use crate::project::Project;
use crate::project::dataset::UNREADABLE_DATASET;
use crate::project::prompt::{ContentTemplate, Entry, Prompt};
use crate::snapshot::{Snapshot, SnapshotError};
use crate::span::{SourceFile, Span};
use crate::template::values::Origin;
use crate::template::{self, Partials};

/// Characters of a text that a difference shows.
const SHOWN: usize = 40;

/// The prompts whose files do not say what the source says, by their place in `prompts`, each with the reason, shown at
/// its place in the source.
pub fn prove(
    file: &Arc<SourceFile>,
    prompts: &[Imported],
) -> Result<Vec<(usize, Diagnostic)>, SnapshotError> {
    let place =
        |imported: &Imported| RepoPath::new(&format!("prompts/{}.yaml", imported.name)).ok();
    let files = prompts
        .iter()
        .filter_map(|imported| Some((place(imported)?, imported.yaml.clone().into_bytes())));
    let project = Project::load(&Snapshot::memory(files))?;
    let partials = Partials::of(&project);
    let differences: Vec<Option<(usize, Diagnostic)>> = prompts
        .par_iter()
        .enumerate()
        .map(|(index, imported)| {
            let Some(why) = difference(&project, &partials, imported)? else { return Ok(None) };
            let line = file.line(file.position(imported.span.start).line).unwrap_or_default();
            let end = line.end.min(imported.span.end);
            let message = format!("`{}` would not say what the source says: {why}", imported.name);
            let span = Span::new(imported.span.start, end);
            Ok(Some((index, Diagnostic::new(UNREADABLE_DATASET, file, span, message))))
        })
        .collect::<Result<_, SnapshotError>>()?;
    Ok(differences.into_iter().flatten().collect())
}

fn difference(
    project: &Project,
    partials: &Partials<'_>,
    imported: &Imported,
) -> Result<Option<String>, SnapshotError> {
    let Some(prompt) = project.prompts.get(&imported.name) else {
        let path = project.unusable.get(&imported.name);
        let finding = project.diagnostics.iter().find(|d| Some(d.file.path()) == path);
        return Ok(Some(finding.map_or_else(
            || "the file is not found under its name".to_owned(),
            |finding| format!("the file cannot be used: {}", finding.message),
        )));
    };
    if let Some(key) = fact(prompt, imported) {
        return Ok(Some(format!("`{key}` differs")));
    }
    let mut rendered = Vec::new();
    if imported.source.messages.iter().any(|(_, text)| matches!(text, Expected::Render(_))) {
        let closure = partials.closure(prompt)?;
        let given: Map<String, Value> = imported
            .source
            .given
            .iter()
            .map(|(name, text)| (name.clone(), Value::String(text.clone())))
            .collect();
        match template::render::render(prompt, &closure, &given, Origin::Typed) {
            Ok(messages) => rendered = messages,
            Err(findings) => {
                let why = findings.into_iter().next().map(|finding| finding.message);
                return Ok(Some(format!("it does not render: {}", why.unwrap_or_default())));
            }
        }
    }
    let mut entries = prompt.file.messages.iter();
    let mut rendered = rendered.into_iter();
    for (role, expected) in &imported.source.messages {
        let entry = entries.next();
        let (found_role, found, expected) = match (expected, entry) {
            (Expected::Template(expected), Some(Entry::Message(message))) => {
                let ContentTemplate::Text(text) = &message.content else {
                    return Ok(Some("a message has parts".to_owned()));
                };
                (message.role, text.clone(), expected)
            }
            (Expected::Render(expected), Some(_)) => match rendered.next() {
                Some(message) => (message.role, message.content.text(), expected),
                None => return Ok(Some(format!("the {role} message is missing"))),
            },
            _ => return Ok(Some(format!("the {role} message is missing"))),
        };
        if found_role != *role || found != *expected {
            return Ok(Some(first_difference(&found, expected)));
        }
    }
    match entries.next().is_some() || rendered.next().is_some() {
        true => Ok(Some("there are more messages".to_owned())),
        false => Ok(None),
    }
}

/// A key beside the messages that says something else.
fn fact(prompt: &Prompt, imported: &Imported) -> Option<&'static str> {
    let (file, source) = (&prompt.file, &imported.source);
    let metadata: Map<String, Value> = source
        .metadata
        .iter()
        .map(|(key, text)| (key.clone(), Value::String(text.clone())))
        .collect();
    let names = file.variables.keys().eq(source.variables.keys());
    [
        ("description", file.description == source.description),
        ("owner", file.owner == source.owner),
        ("tags", file.tags == source.tags),
        ("metadata", file.metadata == metadata),
        ("variables", names),
    ]
    .into_iter()
    .find_map(|(key, equal)| (!equal).then_some(key))
}

fn first_difference(found: &str, expected: &str) -> String {
    let same = found.chars().zip(expected.chars()).take_while(|(a, b)| a == b).count();
    let from = |text: &str| excerpt(&text.chars().skip(same).collect::<String>(), SHOWN);
    format!("from character {} on `{}` instead of `{}`", same + 1, from(found), from(expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::csv::{Columns, Options, Texts, convert};

    fn imported(cell: &str) -> (Arc<SourceFile>, Vec<Imported>) {
        let text = format!("act,prompt\nA,\"{}\"\n", cell.replace('"', "\"\""));
        let file = SourceFile::new(RepoPath::new("a.csv").unwrap(), text);
        let options = Options {
            separator: b',',
            columns: Columns {
                name: "act".into(),
                user: Some("prompt".into()),
                ..Columns::default()
            },
            texts: Texts::Literal,
            model: None,
            folder: None,
        };
        let prompts = convert(&file, &options).unwrap().prompts;
        (file, prompts)
    }

    fn why(file: &Arc<SourceFile>, prompts: &[Imported]) -> Vec<String> {
        prove(file, prompts).unwrap().into_iter().map(|(_, finding)| finding.message).collect()
    }

    #[test]
    fn what_differs_is_named_and_what_does_not_is_silent() {
        let (file, prompts) = imported("Say {{ this }}\n  twice.");
        assert_eq!(why(&file, &prompts), Vec::<String>::new());
        for (from, to, expected) in [
            ("twice", "thrice", "from character 19 on `hrice.` instead of `wice.`"),
            (
                "{% raw %}{{ this }}{% endraw %}",
                "{{ this }}",
                "it does not render: `this` is undefined",
            ),
            ("messages:", "owner: x\nmessages:", "`owner` differs"),
            ("messages:", "messages", "the file cannot be used: "),
            (
                "messages:\n",
                "messages:\n  - {role: user, content: x}\n",
                "from character 1 on `x` instead of `Say ",
            ),
        ] {
            let mut changed = prompts.clone();
            changed[0].yaml = prompts[0].yaml.replace(from, to);
            let said = why(&file, &changed);
            assert_eq!(said.len(), 1, "{to}");
            let start = format!("`a` would not say what the source says: {expected}");
            assert!(said[0].starts_with(&start), "{said:?}");
        }
    }

    #[test]
    fn a_message_too_many_is_a_difference() {
        let (file, mut prompts) = imported("Hi");
        prompts[0].yaml += "  - {role: user, content: x}\n";
        assert_eq!(
            why(&file, &prompts),
            ["`a` would not say what the source says: there are more messages"]
        );
    }
}
