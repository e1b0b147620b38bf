//! Keys, tokens and passwords.
//!
//! A secret is a long run of characters without blanks, and ordinary text has few of those. So the search looks at every
//! sixteenth byte, and reads on only where a run of sixteen may lie around it; vendors' shapes, names such as
//! `api_key:` before the run, and checksums then decide. A regex is compiled when its first keyword is met.

mod assignment;
mod checksum;
mod connection;
mod encoding;
mod random;
mod shapes;

use crate::span::Span;

/// A secret and where it stands. What it says is not here, so that it cannot be shown by mistake.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Secret {
    /// The bytes of the text.
    pub span: Span,
    /// What it opens: a vendor, or what it is.
    pub vendor: &'static str,
    /// How sure this is.
    pub certainty: Certainty,
}

/// How sure a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Certainty {
    /// It stands where a secret stands, and looks random.
    Likely,
    /// It has a shape that only secrets have.
    Shape,
    /// A checksum or its inner structure proves it.
    Proven,
}

/// The shortest run of characters that is looked at.
const SHORTEST: usize = 16;
/// How far from an access key id the secret that belongs to it is looked for, in bytes.
const PAIR_DISTANCE: usize = 300;

/// The secrets of a text, in order and without overlaps.
pub fn find(text: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    let mut pairs = Pairs::default();
    for run in runs(text) {
        in_run(text, run, &mut pairs, &mut found);
    }
    pairs.report(&mut found);
    found.sort_by_key(|secret| (secret.span, secret.vendor));
    found.dedup_by(|b, a| b.span.start < a.span.end);
    found
}

/// The vendors and kinds that [`find`] knows, in alphabetical order.
pub fn vendors() -> Vec<&'static str> {
    let mut vendors: Vec<&str> = shapes::vendors()
        .chain(assignment::vendors())
        .chain(["private key", connection::VENDOR])
        .collect();
    vendors.sort_by_key(|vendor| vendor.to_lowercase());
    vendors.dedup();
    vendors
}

fn in_run(text: &str, run: Span, pairs: &mut Pairs, found: &mut Vec<Secret>) {
    let before = found.len();
    shapes::find(text, run, found);
    if found.len() > before {
        let ids = found[before..].iter().filter(|secret| secret.vendor == shapes::AWS);
        pairs.ids.extend(ids.map(|secret| secret.span));
        return;
    }
    let secret = private_key(text, run)
        .or_else(|| connection::find(text, run))
        .or_else(|| assignment::find(text, run));
    match secret {
        Some(secret) => found.push(secret),
        None => pairs.add_candidate(text, run),
    }
}

/// Runs of at least [`SHORTEST`] characters of keys.
fn runs(text: &str) -> impl Iterator<Item = Span> {
    let bytes = text.as_bytes();
    let mut at = SHORTEST - 1;
    let mut floor = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            if !of_key(bytes[at]) {
                at += SHORTEST;
                continue;
            }
            let before = bytes[floor..at].iter().rev().take_while(|byte| of_key(**byte)).count();
            let after = bytes[at..].iter().take_while(|byte| of_key(**byte)).count();
            let run = Span::new(at - before, at + after);
            floor = run.end;
            at = run.end + SHORTEST;
            if run.end - run.start >= SHORTEST {
                return Some(run);
            }
        }
        None
    })
}

/// Whether a byte occurs in keys, tokens, and addresses with passwords in them.
fn of_key(byte: u8) -> bool {
    const OF_KEY: [bool; 256] = {
        let mut table = [false; 256];
        let others = b"_-+/=.~:@!#$%&*?^";
        let mut at = 0;
        while at < others.len() {
            table[others[at] as usize] = true;
            at += 1;
        }
        let mut byte = 0;
        while byte < 128 {
            table[byte] = table[byte] || (byte as u8).is_ascii_alphanumeric();
            byte += 1;
        }
        table
    };
    OF_KEY[usize::from(byte)]
}

/// A private key in PEM form whose first line of data is the run.
fn private_key(text: &str, run: Span) -> Option<Secret> {
    const HEAD_END: &str = "PRIVATE KEY-----";
    const LONGEST: usize = 16_384;
    if run.end - run.start < 40 {
        return None;
    }
    // In a quoted text the line break is an escape, whose letter belongs to the run.
    let before = text[..run.start].trim_end_matches(['\\', 'r', 'n', ' ', '\t', '\n']);
    let head = before.strip_suffix(HEAD_END)?;
    let start = head.rfind("-----BEGIN").filter(|start| head.len() - start < 40)?;
    let data = text[run.range()].trim_start_matches('n');
    if random::entropy(data) < 4.0 || random::is_placeholder(data) {
        return None;
    }
    let limit = text.floor_char_boundary(run.end + LONGEST);
    let end = text[run.end..limit].find("-----END").map_or(run.end, |end| run.end + end);
    Some(Secret {
        span: Span::new(start, end),
        vendor: "private key",
        certainty: Certainty::Proven,
    })
}

/// Ids of AWS keys, and what may be the secrets that belong to them: forty random characters say nothing by themselves.
#[derive(Default)]
struct Pairs {
    ids: Vec<Span>,
    candidates: Vec<Span>,
}

impl Pairs {
    fn add_candidate(&mut self, text: &str, run: Span) {
        let candidate = assignment::value_in(text, run).unwrap_or(run);
        let value = &text[candidate.range()];
        let of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        if value.len() == 40 && value.bytes().all(of_base64) && random::looks_random(value) {
            self.candidates.push(candidate);
        }
    }

    fn report(self, found: &mut Vec<Secret>) {
        for id in self.ids {
            let from = self.candidates.partition_point(|c| c.end + PAIR_DISTANCE < id.start);
            let near = self.candidates[from..]
                .iter()
                .take_while(|c| c.start <= id.end + PAIR_DISTANCE)
                .take(2);
            found.extend(near.map(|span| Secret {
                span: *span,
                vendor: shapes::AWS,
                certainty: Certainty::Shape,
            }));
        }
    }
}

#[cfg(test)]
mod tests;
