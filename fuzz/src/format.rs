//! A formatted file is its own formatted text, and says what it said.

use pf::digest;
use pf::document::{self, Document};
use pf::format::{self as formatter, Kind, messages_stay};
use pf::project::Project;
use pf::snapshot::Snapshot;
use pf::span::SourceFile;
use pf::template::{self, Partials};

use super::{decode, load, path, renders};

/// A file as a prompt, a suite and `pf.yaml`: it is refused, or its formatted text is settled, with equal values and comments,
/// and for a prompt equal digests and messages.
pub fn format(data: &[u8]) {
    for (name, kind) in
        [("prompts/p.yaml", Kind::Prompt), ("evals/s.yaml", Kind::Suite), ("pf.yaml", Kind::Config)]
    {
        let file = decode(name, data);
        let Ok(formatted) = formatter::format(&file, kind) else { continue };
        let text = formatted.text().to_owned();
        let after = SourceFile::new(path(name), text.as_str());
        let again = formatter::format(&after, kind).expect("what was formatted can be");
        assert_eq!(text, again.text(), "{:?} is not settled", file.text());
        let before = document::parse(&file).0.expect("it was formatted");
        let after = document::parse(&after).0.expect("it was formatted");
        assert_eq!(before.to_json(), after.to_json(), "{text:?}");
        assert_eq!(comments(&before), comments(&after), "{text:?}");
        if kind == Kind::Prompt {
            let [before, after] = [data, text.as_bytes()]
                .map(|text| load(&Snapshot::memory([(path(name), text.to_vec())])));
            if messages_stay(&before, &Partials::of(&before), formatted).is_ok() {
                assert_eq!(said(&before), said(&after), "{text:?}");
            }
        }
    }
}

fn comments(document: &Document) -> Vec<&str> {
    let mut texts: Vec<&str> =
        document.comments.iter().map(|comment| comment.text.trim_end()).collect();
    texts.sort_unstable();
    texts
}

/// The digests and the messages of the prompts.
fn said(project: &Project) -> Vec<impl PartialEq + std::fmt::Debug + use<>> {
    project
        .prompts
        .values()
        .map(|prompt| {
            let closure = template::closure_of(project, prompt).expect("memory is always readable");
            let digests = [digest::content(prompt, &closure, None), digest::contract(prompt)];
            (digests, renders(project, prompt))
        })
        .collect()
}
