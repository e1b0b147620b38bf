//! P214

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::path::RepoPath;
use crate::span::Span;
use crate::template::Closure;
use crate::template::analysis::Analysis;

rule! {
    /// Partials include one another more than eight deep.
    ///
    /// ## Why is this bad?
    ///
    /// Nobody sees any more what the model reads without rendering the prompt, and rendering stops with an error at
    /// twenty.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: 'Greet. {% include "1.md" %}'}
    /// ```
    ///
    /// ```text prompts/1.md
    /// {% include "2.md" %}
    /// ```
    ///
    /// ```text prompts/2.md
    /// {% include "3.md" %}
    /// ```
    ///
    /// ```text prompts/3.md
    /// {% include "4.md" %}
    /// ```
    ///
    /// ```text prompts/4.md
    /// {% include "5.md" %}
    /// ```
    ///
    /// ```text prompts/5.md
    /// {% include "6.md" %}
    /// ```
    ///
    /// ```text prompts/6.md
    /// {% include "7.md" %}
    /// ```
    ///
    /// ```text prompts/7.md
    /// {% include "8.md" %}
    /// ```
    ///
    /// ```text prompts/8.md
    /// {% include "9.md" %}
    /// ```
    ///
    /// ```text prompts/9.md
    /// Be brief.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/1.md
    /// {% include "9.md" %}
    /// ```
    INCLUDE_DEPTH: "P214" "include-depth" Warning, Check::prompt(check)
}

/// How deep partials may include one another.
const DEEPEST: usize = 8;

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let closure = &context.closure;
    if closure.partials.len() <= DEEPEST || !closure.cycles.is_empty() {
        return;
    }
    let below = depths(closure);
    let deepest = |analysis: &Analysis| -> Option<(usize, String, Span)> {
        let targets = analysis.includes.iter().filter_map(|include| {
            let key = RepoPath::new(include.name.as_deref()?).ok()?.as_str().to_owned();
            Some((*below.get(key.as_str())?, key, include.span))
        });
        // The first of those that are equally deep.
        targets.reduce(|best, next| if next.0 > best.0 { next } else { best })
    };
    for template in &closure.templates {
        let Ok(analysis) = &template.analysis else { continue };
        let Some((depth, first, span)) = deepest(analysis) else { continue };
        if depth <= DEEPEST {
            continue;
        }
        let place = closure.place(&template.route, span);
        let message = format!("partials are included {depth} deep from here, more than {DEEPEST}");
        let mut finding = INCLUDE_DEPTH
            .at(&place.file, place.span, message)
            .help("put what belongs together into one file, or include it from the prompt");
        let mut next = first;
        while let Some(partial) = closure.partials.get(&next)
            && let Ok(analysis) = &partial.analysis
            && let Some((_, name, span)) = deepest(analysis)
        {
            finding = finding.related(&partial.file, span, format!("`{name}` is included here"));
            next = name;
        }
        findings.push(finding);
    }
}

/// For each partial the length of the longest chain that it begins, itself counted. There are no cycles.
fn depths(closure: &Closure) -> BTreeMap<&str, usize> {
    let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
    for start in closure.partials.keys() {
        let mut way: Vec<&str> = vec![start];
        while let Some(name) = way.last().copied() {
            if depths.contains_key(name) {
                way.pop();
                continue;
            }
            let includes = closure.partials[name].analysis.iter().flat_map(|a| &a.includes);
            let targets = includes.filter_map(|include| {
                let key = RepoPath::new(include.name.as_deref()?).ok()?;
                closure.partials.get_key_value(key.as_str()).map(|(key, _)| key.as_str())
            });
            let mut depth = 1;
            let before = way.len();
            for target in targets {
                match depths.get(target) {
                    Some(below) => depth = depth.max(below + 1),
                    None => way.push(target),
                }
            }
            if way.len() == before {
                depths.insert(name, depth);
                way.pop();
            }
        }
    }
    depths
}
