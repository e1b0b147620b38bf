//! Addresses in Markdown, and addresses of bare machines.

use std::net::Ipv4Addr;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::span::Span;

/// An address in a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Address {
    /// The bytes of the address.
    pub span: Span,
    /// What is remarkable.
    pub kind: AddressKind,
}

/// What an address is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressKind {
    /// The source of an image: whoever shows the text fetches it unasked.
    Image,
    /// The target of a link.
    Link,
    /// A URL whose host is a public IPv4 address.
    Machine,
}

static STARTS: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(["](", "://"]).expect("two constant words"));

/// Sources of images and targets of links in Markdown, and URLs of public IPv4 addresses. An address may hold template
/// expressions, blanks in them included.
pub fn find(text: &str) -> impl Iterator<Item = Address> + '_ {
    STARTS.find_iter(text).filter_map(move |found| match found.pattern().as_usize() {
        0 => markdown(text, found.start()),
        _ => machine(text, found.start()),
    })
}

/// Bytes of the longest address, and of the longest label before it, that are read: a text of brackets alone must not
/// cost the square of its length.
const LONGEST: usize = 2000;

/// The address between the brackets that follow `]`.
fn markdown(text: &str, close: usize) -> Option<Address> {
    let start = close + 2;
    let mut depth = 0_usize;
    let mut end = None;
    let bytes = text.as_bytes();
    let mut at = start;
    while at < bytes.len().min(start + LONGEST) {
        match &bytes[at..] {
            [b'{', b'{', ..] => {
                // Brackets and blanks in an expression are its own.
                let rest = &bytes[at..bytes.len().min(start + LONGEST)];
                at += rest.windows(2).position(|pair| pair == b"}}")? + 2;
                continue;
            }
            [b'(', ..] => depth += 1,
            [b')', ..] if depth == 0 => {
                end = Some(at);
                break;
            }
            [b')', ..] => depth -= 1,
            [b' ' | b'\n' | b'\t', ..] => {
                end = Some(at);
                break;
            }
            _ => {}
        }
        at += 1;
    }
    let label = bytes[..close].iter().rev().take(LONGEST).take_while(|byte| **byte != b'\n');
    let open = close - 1 - label.into_iter().position(|byte| *byte == b'[')?;
    let kind = if bytes[..open].ends_with(b"!") { AddressKind::Image } else { AddressKind::Link };
    Some(Address { span: Span::new(start, end?), kind })
}

/// The URL of a public machine around `://`.
fn machine(text: &str, colon: usize) -> Option<Address> {
    let scheme = text[..colon].bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    let host = &text[colon + 3..];
    let end = host.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(host.len());
    let address: Ipv4Addr = host[..end].parse().ok()?;
    let foreign = !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_unspecified()
        || address.is_broadcast());
    let after = host[end..].chars().next();
    let whole = after.is_none_or(|c| !(c.is_alphanumeric() || c == '-'));
    (foreign && whole && scheme > 0).then(|| Address {
        span: Span::new(colon - scheme, colon + 3 + end),
        kind: AddressKind::Machine,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(AddressKind, &str)> {
        find(text).map(|address| (address.kind, &text[address.span.range()])).collect()
    }

    #[test]
    fn addresses_are_found_whole() {
        assert_eq!(
            found("![x](https://a.io/p?q={{ secret | e }}) [y](https://a.io/(b)) [z](/c \"t\")"),
            [
                (AddressKind::Image, "https://a.io/p?q={{ secret | e }}"),
                (AddressKind::Link, "https://a.io/(b)"),
                (AddressKind::Link, "/c"),
            ]
        );
        assert_eq!(
            found("see http://93.184.216.34:8080/x."),
            [(AddressKind::Machine, "http://93.184.216.34")]
        );
    }

    #[test]
    fn broken_ones_and_machines_at_home_are_not() {
        for text in [
            "[x](unclosed",
            "a](b)",
            "http://127.0.0.1:80",
            "http://10.0.0.1",
            "http://192.0.2.7/",
            "http://1.2.3.4.example.com",
            "v1.2.3.4",
            "[x]({{ open",
            "http://169.254.169.254/latest",
            "://8.8.8.8",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
