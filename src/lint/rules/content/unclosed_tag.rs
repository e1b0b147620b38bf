//! C157

mod tags;

use std::collections::{BTreeMap, BTreeSet};

use self::tags::{Kind, Tag, tags};
use super::markdown::Fences;
use crate::diagnostic::Diagnostic;
use crate::lint::context::{PromptContext, ProseContext};
use crate::lint::rule::{Check, rule};
use crate::message::Role;
use crate::span::Span;

rule! {
    /// A message opens a tag or a block of code and never closes it.
    ///
    /// ## Why is this bad?
    ///
    /// Tags tell the model where a document ends and the instructions go on. Without the end, all that follows belongs
    /// to the document.
    ///
    /// ## What it does
    ///
    /// A tag counts when it stands alone on its line and the prompt has other tags in pairs, or closes one of a similar
    /// name: a lone `<name>` is a placeholder. What is closed in another message or a partial, tags of HTML that need no
    /// end, messages of the assistant, and what a branch or an included file may close are left alone. Blocks of code
    /// are those of Markdown, between lines of three backticks.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {letter: string}
    /// messages:
    ///   - role: user
    ///     content: |
    ///       <letter>
    ///       {{ letter }}
    ///       </leter>
    ///       Answer the letter.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {letter: string}
    /// messages:
    ///   - role: user
    ///     content: |
    ///       <letter>
    ///       {{ letter }}
    ///       </letter>
    ///       Answer the letter.
    /// ```
    UNCLOSED_TAG: "C157" "unclosed-tag" Warning, Check::prompt(check)
}

/// Elements of HTML that have no end, or may go without one.
const ENDLESS: [&str; 28] = [
    "area", "base", "body", "br", "col", "dd", "dt", "embed", "head", "hr", "html", "img", "input",
    "li", "link", "meta", "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead",
    "tr", "track", "wbr",
];

/// Bytes of the longest name that is compared with others for a misspelling.
const LONGEST_NAME: usize = 64;
/// How many names are compared with each name that nothing closes.
const MOST_ORPHANS: usize = 100;

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let templates = &context.closure.templates;
    let closes = templates.iter().any(|template| template.text.contains("</"));
    let fenced = templates.iter().any(|template| template.text.contains("```"));
    if !closes && !fenced {
        return;
    }
    // What cannot be read may close anything.
    if !context.problems.is_empty() || !context.closure.missing.is_empty() {
        return;
    }
    for prose in context.prose().filter(|prose| prose.role != Some(Role::Assistant)) {
        open_block(&prose, findings);
    }
    if closes {
        open_tags(context, findings);
    }
}

fn open_block(context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    let text = context.text;
    let Some(fence) = Fences::of(text).open() else { return };
    let line_end = text[fence.start..].find('\n').map_or(text.len(), |at| fence.start + at);
    let last = text[line_end..].trim().is_empty();
    // Some close a block at the end of a line that has other words: then the number of fences is even.
    let odd = text.split("```").count().is_multiple_of(2);
    let certain =
        context.literals().all(|(literal, piece)| literal.certain || !piece.contains("```"));
    if odd && certain && !last && context.analysis.includes.is_empty() {
        findings.push(
            UNCLOSED_TAG
                .at(context.file, context.place(fence), "this block of code does not end")
                .help("close it with a line of the same backticks"),
        );
    }
}

/// How often tags of a name are opened and closed in a prompt.
#[derive(Clone, Copy, Default)]
struct Count {
    opened: usize,
    closed: usize,
}

fn open_tags(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let texts: Vec<(ProseContext<'_>, Vec<Tag<'_>>)> = context
        .prose()
        .map(|prose| (tags(prose.text, prose.literals()), prose))
        .map(|(tags, prose)| (prose, tags))
        .collect();
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    let partials = context.closure.partials.values();
    let in_partials: Vec<Vec<Tag<'_>>> = partials
        .filter_map(|partial| {
            let analysis = partial.analysis.as_ref().ok()?;
            let text = partial.text();
            let literals = analysis.literals.iter().map(|l| (*l, &text[l.span.range()]));
            Some(tags(text, literals))
        })
        .collect();
    for tag in texts.iter().flat_map(|(_, tags)| tags).chain(in_partials.iter().flatten()) {
        let count = counts.entry(tag.name).or_default();
        match tag.kind {
            Kind::Open => count.opened += 1,
            Kind::Close => count.closed += 1,
        }
    }
    let pairs = counts.values().any(|count| count.opened > 0 && count.closed > 0);
    let orphans = counts.iter().filter(|(_, count)| count.opened == 0).map(|(name, _)| *name);
    let orphans: Vec<&str> =
        orphans.filter(|name| name.len() <= LONGEST_NAME).take(MOST_ORPHANS).collect();
    for (prose, tags) in &texts {
        if prose.role == Some(Role::Assistant) {
            continue;
        }
        let mut by_name: BTreeMap<&str, Vec<&Tag<'_>>> = BTreeMap::new();
        for tag in tags {
            by_name.entry(tag.name).or_default().push(tag);
        }
        let mut said = BTreeSet::new();
        for tag in tags.iter().filter(|tag| tag.alone && tag.kind == Kind::Open) {
            let Count { opened, closed } = counts[tag.name];
            let last = prose.text[tag.span.end..].trim_start().is_empty();
            if closed >= opened || last || ENDLESS.contains(&tag.name) {
                continue;
            }
            let name = tag.name;
            if closed == 0 {
                let similar = similar(name, &orphans);
                if similar.is_none() && !pairs {
                    continue;
                }
                let message = format!("nothing closes the tag `<{name}>`");
                let mut finding = report(prose, tag.span, message);
                finding = match similar {
                    Some(similar) => {
                        finding.help(format!("`</{similar}>` closes a tag that is not open"))
                    }
                    None => finding.help(format!("add `</{name}>` where it ends")),
                };
                findings.push(finding);
            } else if said.insert(name) {
                let own = &by_name[name];
                if !is_plain(prose, own) {
                    continue;
                }
                let Some(open) = unmatched(own) else { continue };
                let times = |count: usize| match count {
                    1 => "once".to_owned(),
                    many => format!("{many} times"),
                };
                let message = format!(
                    "the tag `<{name}>` is opened {} and closed {}",
                    times(opened),
                    times(closed)
                );
                findings.push(
                    report(prose, open.span, message)
                        .help(format!("add `</{name}>` where it ends")),
                );
            }
        }
    }
}

fn report(prose: &ProseContext<'_>, span: Span, message: String) -> Diagnostic {
    UNCLOSED_TAG.at(prose.file, prose.place(span), message)
}

/// A tag that is closed and never opened, and whose name may be this one misspelt.
fn similar<'a>(name: &str, orphans: &[&'a str]) -> Option<&'a str> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    orphans.iter().copied().find(|orphan| strsim::osa_distance(orphan, name) <= 2)
}

/// Whether the tags of a name can be counted: all stand alone on their lines, in this text, outside of branches.
fn is_plain(prose: &ProseContext<'_>, own: &[&Tag<'_>]) -> bool {
    prose.analysis.includes.is_empty() && own.iter().all(|tag| tag.alone && tag.certain)
}

/// Of the tags of a name, the one that is open when the next is opened, or at the end.
fn unmatched<'t, 'a>(own: &[&'t Tag<'a>]) -> Option<&'t Tag<'a>> {
    let mut open: Vec<&Tag<'_>> = Vec::new();
    for tag in own {
        match tag.kind {
            Kind::Open => open.push(tag),
            Kind::Close => drop(open.pop()),
        }
    }
    open.pop()
}
