//! R613

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::lint::context::ProjectContext;
use crate::lint::copies::Block;
use crate::lint::rule::{Check, rule};

rule! {
    /// The same paragraph stands in three prompts or more.
    ///
    /// ## Why is this bad?
    ///
    /// Nobody finds all of the places when it has to change, so that prompts disagree after a while. Text that several
    /// prompts share belongs into a partial.
    ///
    /// ## What it does
    ///
    /// It looks at paragraphs of two hundred bytes and more, whatever their white space. Prompts that are copies of
    /// each other as a whole count once: `R611` and `R612` speak of them.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/answer.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Answer the question of the customer.
    ///
    ///       Be brief, be friendly, and never promise a refund. When you do not know the answer say so and name the phone
    ///       number of the service desk. When the customer is angry apologise first, and only then answer what was asked.
    /// ```
    ///
    /// ```yaml prompts/complaint.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Settle the complaint, and say what happens next.
    ///
    ///       Be brief, be friendly, and never promise a refund. When you do not know the answer say so and name the phone
    ///       number of the service desk. When the customer is angry apologise first, and only then answer what was asked.
    /// ```
    ///
    /// ```yaml prompts/refund.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Explain how the customer gets money back.
    ///
    ///       Be brief, be friendly, and never promise a refund. When you do not know the answer say so and name the phone
    ///       number of the service desk. When the customer is angry apologise first, and only then answer what was asked.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/manners.md
    /// Be brief, be friendly, and never promise a refund. When you do not know the answer say so and name the phone
    /// number of the service desk. When the customer is angry apologise first, and only then answer what was asked.
    /// ```
    ///
    /// ```yaml prompts/answer.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Answer the question of the customer.
    ///
    ///       {% include "manners.md" %}
    /// ```
    ///
    /// ```yaml prompts/complaint.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Settle the complaint, and say what happens next.
    ///
    ///       {% include "manners.md" %}
    /// ```
    ///
    /// ```yaml prompts/refund.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Explain how the customer gets money back.
    ///
    ///       {% include "manners.md" %}
    /// ```
    COPIED_BLOCK: "R613" "copied-block" Warning, Check::project(check)
}

/// Two may be a coincidence; from three on a partial is worth its file.
const FEWEST_PROMPTS: usize = 3;

/// How many of the other places are shown.
const MOST_SHOWN: usize = 5;

fn check(context: &ProjectContext<'_>, findings: &mut Vec<Diagnostic>) {
    let mut by_hash: Vec<(u64, usize, Block)> = Vec::new();
    for (index, facts) in context.prompts.iter().enumerate() {
        let blocks = facts.said.iter().flat_map(|said| said.blocks.iter());
        by_hash.extend(blocks.map(|block| (block.hash, index, *block)));
    }
    // A stable sort: the blocks of a prompt keep their order.
    by_hash.sort_by_key(|(hash, index, _)| (*hash, *index));
    let words =
        |(_, index, block): &(u64, usize, Block)| block.words(context.prompts[*index].prompt);
    // Paragraphs that stand in the same prompts are one finding, at the first of them.
    let mut shared: BTreeMap<Vec<usize>, Vec<Vec<Block>>> = BTreeMap::new();
    for group in by_hash.chunk_by(|a, b| a.0 == b.0) {
        if group.len() < FEWEST_PROMPTS {
            continue;
        }
        let mut originals = BTreeSet::new();
        let (mut prompts, mut blocks) = (Vec::new(), Vec::new());
        for copy in group.iter().filter(|copy| words(copy).eq(words(&group[0]))) {
            if originals.insert(context.copies().original(copy.1)) {
                prompts.push(copy.1);
                blocks.push(copy.2);
            }
        }
        if prompts.len() >= FEWEST_PROMPTS {
            shared.entry(prompts).or_default().push(blocks);
        }
    }
    for (prompts, paragraphs) in shared {
        let Some(first) = paragraphs.iter().min_by_key(|blocks| blocks[0].position()) else {
            continue;
        };
        let mut places = prompts.iter().zip(first).map(|(index, block)| {
            let prompt = context.prompts[*index].prompt;
            (&prompt.document.file, block.place(prompt))
        });
        let Some((file, span)) = places.next() else { continue };
        let message = match paragraphs.len() {
            1 => format!("{} prompts have this paragraph", prompts.len()),
            more => format!("{} prompts have this paragraph and {} more", prompts.len(), more - 1),
        };
        let finding = COPIED_BLOCK.at(file, span, message).help("make it a partial and include it");
        let others = places.take(MOST_SHOWN);
        findings.push(
            others.fold(finding, |finding, (file, span)| finding.related(file, span, "and here")),
        );
    }
}
