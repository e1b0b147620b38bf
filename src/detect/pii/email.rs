//! E-mail addresses of people.

use super::{Kind, Pii};
use crate::span::Span;

/// Mailboxes of roles: the addresses of an office, which prompts give out on purpose.
const ROLES: [&str; 72] = [
    "abuse",
    "accounting",
    "accounts",
    "admin",
    "administrator",
    "api",
    "billing",
    "booking",
    "bookings",
    "bot",
    "care",
    "careers",
    "coc",
    "compliance",
    "contact",
    "customer",
    "customers",
    "customerservice",
    "dev",
    "developers",
    "dpo",
    "enquiries",
    "enquiry",
    "events",
    "feedback",
    "finance",
    "git",
    "hello",
    "help",
    "helpdesk",
    "hr",
    "info",
    "inquiries",
    "invoices",
    "it",
    "jobs",
    "legal",
    "mail",
    "marketing",
    "media",
    "moderation",
    "mods",
    "newsletter",
    "notifications",
    "office",
    "opensource",
    "orders",
    "oss",
    "partners",
    "payments",
    "postmaster",
    "press",
    "privacy",
    "reception",
    "recruiting",
    "refunds",
    "report",
    "reports",
    "reservations",
    "returns",
    "sales",
    "secure",
    "security",
    "service",
    "shop",
    "store",
    "subscriptions",
    "support",
    "talent",
    "team",
    "tickets",
    "webmaster",
];
/// Mailboxes of nobody.
const NOBODY: [&str; 26] = [
    "no-reply",
    "noreply",
    "do-not-reply",
    "donotreply",
    "user",
    "username",
    "name",
    "your.name",
    "yourname",
    "your-name",
    "you",
    "your",
    "email",
    "someone",
    "somebody",
    "test",
    "tester",
    "foo",
    "bar",
    "abc",
    "xyz",
    "john.doe",
    "johndoe",
    "jane.doe",
    "janedoe",
    "firstname.lastname",
];
/// Domains that stand for one.
const NO_DOMAINS: [&str; 24] = [
    "domain",
    "yourdomain",
    "your-domain",
    "mydomain",
    "company",
    "yourcompany",
    "your-company",
    "mycompany",
    "email",
    "youremail",
    "mail",
    "test",
    "site",
    "website",
    "yoursite",
    "foo",
    "bar",
    "foobar",
    "acme",
    "abc",
    "xyz",
    "example",
    "sample",
    "placeholder",
];
/// Top-level domains that are reserved (RFC 2606, RFC 6761), and endings of files, such as those of `icon@2x.png`.
const NO_TOPS: [&str; 22] = [
    "example",
    "test",
    "invalid",
    "localhost",
    "local",
    "internal",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "pdf",
    "js",
    "ts",
    "css",
    "json",
    "yaml",
    "yml",
    "md",
    "py",
    "html",
];

pub(super) fn find(text: &str, found: &mut Vec<Pii>) {
    let mut from = 0;
    while let Some(ahead) = text[from..].find('@') {
        let at = from + ahead;
        let address = address(text, from, at);
        from = address.map_or(at + 1, |span| span.end);
        found.extend(address.map(|span| Pii { span, kind: Kind::Email }));
    }
}

/// The address around an `@`; no byte before `floor` belongs to it.
fn address(text: &str, floor: usize, at: usize) -> Option<Span> {
    const LONGEST: usize = 64;
    let bytes = text.as_bytes();
    let of_local = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(*byte);
    let local = bytes[floor..at].iter().rev().take(LONGEST + 1).take_while(of_local).count();
    let of_domain = |byte: &&u8| byte.is_ascii_alphanumeric() || b".-".contains(*byte);
    let domain = bytes[at + 1..].iter().take(256).take_while(of_domain).count();
    let (start, end) = (at - local, at + 1 + domain);
    let whole = &text[start..at];
    let trimmed = whole.trim_start_matches(['.', '-', '%', '+', '_']);
    let start = at - trimmed.len();
    let domain = text[at + 1..end].trim_end_matches(['.', '-']);
    let end = at + 1 + domain.len();
    let next = text[end..].chars().next();
    let touches = |c: Option<char>| {
        c.is_some_and(|c| !c.is_ascii() && c.is_alphanumeric() || matches!(c, '@'))
    };
    let named = is_person(trimmed) && is_domain(domain);
    let alone = !touches(text[..start].chars().next_back()) && !touches(next);
    (local <= LONGEST && named && alone && !in_url(&text[floor..start]))
        .then(|| Span::new(start, end))
}

/// Whether what stands before an address makes it the credentials of a URL, or a path in one.
fn in_url(before: &str) -> bool {
    const LONGEST: usize = 256;
    let before = &before[before.ceil_char_boundary(before.len().saturating_sub(LONGEST))..];
    let word =
        before.rsplit([' ', '\n', '\t', '"', '\'', '<', '(', ',']).next().unwrap_or_default();
    before.ends_with('/') || (word.contains("://") && !word.contains('?'))
}

fn is_person(local: &str) -> bool {
    let lower = local.to_ascii_lowercase();
    let letters = lower.bytes().filter(u8::is_ascii_alphabetic).count();
    let first = lower.split(['+', '-', '_', '.']).next().unwrap_or_default();
    letters >= 2
        && !local.contains("..")
        && !local.contains('%')
        && !ROLES.contains(&first)
        && !NOBODY.contains(&lower.trim_end_matches(|c: char| c.is_ascii_digit()))
}

fn is_domain(domain: &str) -> bool {
    let lower = domain.to_ascii_lowercase();
    let Some((rest, top)) = lower.rsplit_once('.') else { return false };
    let labels_fit = rest.split('.').all(|label| {
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    });
    let stands_for_one = rest.split('.').any(|label| NO_DOMAINS.contains(&label));
    labels_fit
        && (2..=24).contains(&top.len())
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !NO_TOPS.contains(&top)
        && !stands_for_one
}
