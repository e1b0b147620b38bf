//! Which prompts say the same as others, found without comparing each with each.
//!
//! While a prompt is checked a few numbers about its messages are remembered; the texts themselves are looked at again
//! only where these numbers agree.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::OnceLock;

use rayon::prelude::*;

use super::context::PromptFacts;
use crate::document::{Node, Route};
use crate::metric::shingle::{Shingles, Signature};
use crate::project::prompt::{ContentTemplate, Entry, PartTemplate, Prompt};
use crate::span::Span;

/// Prompts whose messages share this much of their runs of five words are near-duplicates: one word in ninety differs.
pub const NEAR: f64 = 0.9;

/// Signatures estimate; below this there is no need to look.
const WORTH_A_LOOK: f64 = NEAR - 0.1;

/// Near-duplicates have at least as many runs of five words: shorter prompts are alike by chance.
const FEWEST_SHINGLES: usize = 40;

/// How many buckets of a signature are looked at: two texts of similarity 0.9 share one with the probability
/// 1 − (1 − 0.9⁶)⁸ = 0.998.
const BUCKETS: usize = 8;

/// A block of text has at least as many bytes, white space not counted more than once.
pub const SHORTEST_BLOCK: usize = 200;

/// What is remembered of the messages of a prompt.
#[derive(Clone, Debug)]
pub struct Said {
    /// The hash of all that is sent.
    all: u64,
    /// The signature of the text of the messages, for texts of some length.
    signature: Option<Signature>,
    /// Its longer paragraphs.
    pub blocks: Box<[Block]>,
}

/// A paragraph of a message.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// The hash of its text, each run of white space counted as one blank.
    pub hash: u64,
    /// The number of the text in the prompt, see [`texts`].
    text: u32,
    /// The first byte in this text.
    start: u32,
    /// One past the last.
    end: u32,
}

/// Which prompts are copies of others, by their place in the list.
#[derive(Clone, Debug, Default)]
pub struct Copies {
    /// An earlier prompt that sends the same.
    pub same: BTreeMap<usize, usize>,
    /// An earlier prompt that says nearly the same, and how much of it.
    pub near: BTreeMap<usize, (usize, f64)>,
}

/// A text of a prompt's messages.
struct Text<'a> {
    /// The number of its entry in `messages`.
    message: usize,
    /// Its number among the parts of the message, where that has several.
    part: Option<usize>,
    says: &'a str,
}

impl Text<'_> {
    fn route(&self) -> Route {
        let content = Route::root().key("messages").index(self.message).key("content");
        match self.part {
            Some(part) => content.index(part).key("text"),
            None => content,
        }
    }
}

/// The texts of a prompt's messages.
fn texts(prompt: &Prompt) -> Vec<Text<'_>> {
    let mut found = Vec::new();
    for (message, entry) in prompt.file.messages.iter().enumerate() {
        let Entry::Message(entry) = entry else { continue };
        match &entry.content {
            ContentTemplate::Text(text) => found.push(Text { message, part: None, says: text }),
            ContentTemplate::Parts(parts) => {
                for (part, content) in parts.iter().enumerate() {
                    if let PartTemplate::Text(text) = content {
                        found.push(Text { message, part: Some(part), says: text });
                    }
                }
            }
        }
    }
    found
}

/// All texts of a prompt's messages as one.
fn joined(texts: &[Text<'_>]) -> String {
    let texts: Vec<&str> = texts.iter().map(|text| text.says).collect();
    texts.join("\n\n")
}

impl Said {
    /// Remembers what the messages of a prompt say.
    pub fn of(prompt: &Prompt) -> Self {
        let texts = texts(prompt);
        let mut all = DefaultHasher::new();
        let mut blocks = Vec::new();
        let mut length = 0;
        for (number, Text { says: text, .. }) in texts.iter().enumerate() {
            text.hash(&mut all);
            length += text.len();
            if text.len() >= SHORTEST_BLOCK {
                collect(text, number, &mut blocks);
            }
        }
        // A word has two bytes with the blank behind it, and mostly more.
        let long = length >= FEWEST_SHINGLES * 2;
        let signature = match texts.as_slice() {
            _ if !long => None,
            [only] => Signature::of(only.says),
            texts => Signature::of(&joined(texts)),
        };
        Self { all: all.finish(), signature, blocks: blocks.into() }
    }
}

impl Block {
    /// Where it stands in the prompt's file.
    pub fn place(&self, prompt: &Prompt) -> Span {
        let texts = texts(prompt);
        let Some(text) = texts.get(self.text as usize) else { return Span::at(0) };
        prompt.document.span_in_scalar(&text.route(), self.span())
    }

    /// Its words.
    pub fn words<'a>(&self, prompt: &'a Prompt) -> impl Iterator<Item = &'a str> + use<'a> {
        let text = texts(prompt).get(self.text as usize).map(|text| text.says);
        let own = text.and_then(|text| text.get(self.span().range())).unwrap_or_default();
        own.split_whitespace()
    }

    /// What orders the blocks of a prompt.
    pub fn position(&self) -> impl Ord + use<> {
        (self.text, self.start)
    }

    fn span(&self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }
}

/// The paragraphs of a text that are long enough: what stands between blank lines.
fn collect(text: &str, number: usize, blocks: &mut Vec<Block>) {
    let mut hash = Hash(START);
    let mut length = 0;
    let mut start = 0;
    let mut end = 0;
    let mut close = |hash: Hash, length: usize, start: usize, end: usize| {
        let numbers = (u32::try_from(number), u32::try_from(start), u32::try_from(end));
        if let (Ok(text), Ok(start), Ok(end)) = numbers
            && length >= SHORTEST_BLOCK
        {
            blocks.push(Block { hash: hash.0, text, start, end });
        }
    };
    // Line breaks since the last word, or 1 for other white space.
    let mut breaks = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' => breaks += 1,
            b' ' | b'\t' | b'\r' => {}
            _ => {
                if breaks >= 2 || length == 0 {
                    close(hash, length, start, end);
                    (hash, length, start) = (Hash(START), 0, at);
                } else if end < at {
                    hash.add(b' ');
                    length += 1;
                }
                hash.add(byte);
                length += 1;
                end = at + 1;
                breaks = 0;
            }
        }
    }
    close(hash, length, start, end);
}

impl Copies {
    /// Looks for prompts that are copies of earlier ones. Prompts that are on their way out are left alone: their copies
    /// replace them.
    pub fn among(prompts: &[PromptFacts<'_>]) -> Self {
        let mut copies = Self::default();
        let alive: Vec<(usize, &Prompt, &Said)> = prompts
            .iter()
            .enumerate()
            .filter(|(_, facts)| facts.prompt.file.active && facts.prompt.file.deprecated.is_none())
            .filter_map(|(index, facts)| Some((index, facts.prompt, facts.said.as_ref()?)))
            .collect();
        let mut by_hash: Vec<(u64, usize)> =
            alive.iter().map(|(index, _, said)| (said.all, *index)).collect();
        by_hash.sort_unstable();
        for group in by_hash.chunk_by(|a, b| a.0 == b.0) {
            for (position, (_, index)) in group.iter().enumerate().skip(1) {
                let prompt = prompts[*index].prompt;
                let before = group[..position].iter().take(MOST_COMPARED).map(|(_, other)| *other);
                let mut before =
                    before.filter(|other| sends_the_same(prompts[*other].prompt, prompt));
                if let Some(other) = before.next() {
                    copies.same.insert(*index, other);
                }
            }
        }
        let mut by_bucket: Vec<(u64, usize)> = Vec::new();
        for (index, _, said) in &alive {
            let buckets = said.signature.iter().flat_map(Signature::buckets).take(BUCKETS);
            by_bucket.extend(buckets.map(|bucket| (bucket, *index)));
        }
        by_bucket.sort_unstable();
        // Each is compared with the first of a family of copies, and with the one before.
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for group in by_bucket.chunk_by(|a, b| a.0 == b.0) {
            for (position, (_, index)) in group.iter().enumerate().skip(1) {
                if !copies.same.contains_key(index) {
                    pairs.push((*index, group[0].1));
                    pairs.push((*index, group[position - 1].1));
                }
            }
        }
        // For each the candidates in the order of the buckets, of which the first that is alike counts.
        pairs.sort_by_key(|(index, _)| *index);
        let shingled = Shingled::of_shared(&pairs);
        let candidates: Vec<&[(usize, usize)]> = pairs.chunk_by(|a, b| a.0 == b.0).collect();
        let near = candidates.into_par_iter().filter_map(|candidates| {
            let mut looked_at = Vec::new();
            let own = OnceCell::new();
            candidates.iter().find_map(|&(index, other)| {
                if looked_at.contains(&other) {
                    return None;
                }
                looked_at.push(other);
                Some((index, (other, shingled.resemblance(prompts, other, (index, &own))?)))
            })
        });
        copies.near = near.collect::<Vec<_>>().into_iter().collect();
        copies
    }

    /// The first of the prompts that a prompt is a copy of; itself when it is none.
    pub fn original(&self, index: usize) -> usize {
        let mut index = index;
        // Each step leads to an earlier one.
        while let Some(earlier) =
            self.same.get(&index).or_else(|| self.near.get(&index).map(|(other, _)| other))
        {
            index = *earlier;
        }
        index
    }
}

/// How many prompts of the same messages a prompt is compared with for its other settings.
const MOST_COMPARED: usize = 8;

/// Whether two prompts differ in nothing that is sent to a model or asked of its answer.
fn sends_the_same(a: &Prompt, b: &Prompt) -> bool {
    const SENT: [&str; 7] =
        ["messages", "model", "variables", "examples", "output", "tools", "context"];
    let value = |prompt: &Prompt, key: &str| {
        prompt.document.root.entry(key).map(|entry| Node::to_json(&entry.value))
    };
    SENT.iter().all(|key| value(a, key) == value(b, key))
}

/// The shingles of prompts that several others are compared with, made when they are first needed.
struct Shingled(HashMap<usize, OnceLock<Shingles>>);

impl Shingled {
    fn of_shared(pairs: &[(usize, usize)]) -> Self {
        let mut counts: HashMap<usize, usize> = HashMap::new();
        for (_, other) in pairs {
            *counts.entry(*other).or_default() += 1;
        }
        counts.retain(|_, count| *count > 2 * BUCKETS);
        Self(counts.into_keys().map(|index| (index, OnceLock::new())).collect())
    }

    /// The share of the runs of words that two prompts have in common, when it makes them near-duplicates. Those of `b`
    /// are kept for the next.
    fn resemblance(
        &self,
        prompts: &[PromptFacts<'_>],
        a: usize,
        (b, of_b): (usize, &OnceCell<Shingles>),
    ) -> Option<f64> {
        let signature = |index: usize| prompts[index].said.as_ref()?.signature;
        if signature(a)?.similarity(&signature(b)?) < WORTH_A_LOOK {
            return None;
        }
        let of = |index: usize| Shingles::of(&joined(&texts(prompts[index].prompt)));
        let b = of_b.get_or_init(|| of(b));
        let (share, shorter) = match self.0.get(&a) {
            Some(shared) => likeness(shared.get_or_init(|| of(a)), b),
            None => likeness(&of(a), b),
        };
        (share >= NEAR && shorter >= FEWEST_SHINGLES).then_some(share)
    }
}

/// The share of what two texts have in common, and the shingles of the shorter one.
fn likeness(a: &Shingles, b: &Shingles) -> (f64, usize) {
    (a.jaccard(b), a.len().min(b.len()))
}

/// The start of FNV-1a.
const START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: equal texts have equal hashes, on every machine. Texts of equal hashes are compared.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str) -> Vec<(&str, u64)> {
        let mut blocks = Vec::new();
        collect(text, 0, &mut blocks);
        blocks.iter().map(|block| (&text[block.span().range()], block.hash)).collect()
    }

    #[test]
    fn blocks_stand_between_blank_lines() {
        let long = "some words é ".repeat(20);
        let long = long.trim();
        let text = format!("short\n\n{long}\n \n\n{}\n", long.replace("é some", "é\n\tsome"));
        let found = blocks(&text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, long);
        assert_eq!(found[0].1, found[1].1);
        assert_eq!(blocks(&"x".repeat(SHORTEST_BLOCK - 1)), []);
        assert_eq!(blocks(&"x".repeat(SHORTEST_BLOCK)).len(), 1);
        assert_eq!(blocks(""), []);
    }
}
