//! Addresses with a password in them: `postgres://user:password@host`.

use super::{Certainty, Secret, random};
use crate::span::Span;

/// What such a password is called.
pub(super) const VENDOR: &str = "password in an address";
/// Passwords that stand for one, and those of containers on a developer's own machine.
const NO_PASSWORDS: [&str; 22] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "pw",
    "secret",
    "changeme",
    "postgres",
    "mysql",
    "root",
    "admin",
    "user",
    "guest",
    "test",
    "mypassword",
    "my_password",
    "mysecretpassword",
    "hunter2",
    "p4ssw0rd",
    "token",
    "api_key",
    "key",
];
/// Hosts that lead nowhere or stay on this machine.
const NO_HOSTS: [&str; 8] =
    ["localhost", "127.0.0.1", "0.0.0.0", "host", "hostname", "db", "server", "example"];

/// The password of the first address in a run.
pub(super) fn find(text: &str, run: Span) -> Option<Secret> {
    let run_text = &text[run.range()];
    let scheme_end = run_text.find("://")?;
    let scheme_length =
        run_text[..scheme_end].bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
    if scheme_length < 2 {
        return None;
    }
    let rest = &run_text[scheme_end + 3..];
    // A password may hold `@` and `/` only when they are encoded.
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let (credentials, host) = authority.rsplit_once('@')?;
    let (user, password) = credentials.split_once(':')?;
    let start = run.start + scheme_end + 3 + user.len() + 1;
    (is_password(password, user) && is_host(host)).then(|| Secret {
        span: Span::new(start, start + password.len()),
        vendor: VENDOR,
        certainty: Certainty::Shape,
    })
}

fn is_password(password: &str, user: &str) -> bool {
    let lower = password.to_ascii_lowercase();
    let marks = ['$', '%', '*', '.'];
    // `$PASSWORD`, `%PASSWORD%`, `***` and `...` stand for a password.
    let stands_for_one = password.starts_with(marks)
        && password.ends_with(|c: char| marks.contains(&c) || c.is_ascii_uppercase() || c == '_')
        || password.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    password.len() >= 6
        && !lower.eq_ignore_ascii_case(user)
        && !NO_PASSWORDS.contains(&lower.as_str())
        && !stands_for_one
        && !random::is_placeholder(password)
        && random::entropy(password) >= 2.0
}

fn is_host(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let reserved = [
        "example.com",
        "example.org",
        "example.net",
        ".example",
        ".test",
        ".invalid",
        ".localhost",
    ];
    !name.is_empty()
        && !NO_HOSTS.contains(&name.as_str())
        && !reserved.iter().any(|end| name.ends_with(end))
        && !name.starts_with(['$', '%'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(text: &str) -> Option<&str> {
        find(text, Span::new(0, text.len())).map(|secret| &text[secret.span.range()])
    }

    #[test]
    fn passwords_in_addresses_are_found() {
        for (text, password) in [
            ("postgres://billing:tR7vQz2LmX@db.acme.io:5432/app", "tR7vQz2LmX"),
            ("DATABASE_URL=mysql://app:s3cr3t-Blue@10.2.0.4/shop", "s3cr3t-Blue"),
            ("mongodb+srv://u1:wK2pL9aa@cluster0.ab1cd.mongodb.net", "wK2pL9aa"),
            ("redis://:b7Qw9LzX3@cache.acme.io:6379/0", "b7Qw9LzX3"),
        ] {
            assert_eq!(passwords(text), Some(password), "{text}");
        }
    }

    #[test]
    fn addresses_without_a_real_password_are_not() {
        for text in [
            "postgres://user:password@db.acme.io/app",
            "postgres://postgres:postgres@db.acme.io/app",
            "postgres://app:tR7vQz2LmX@localhost/app",
            "postgres://app:tR7vQz2LmX@db.example.com/app",
            "postgres://app:$DB_PASSWORD@db.acme.io/app",
            "postgres://app:DB_PASSWORD@db.acme.io/app",
            "postgres://app:******@db.acme.io/app",
            "https://acme.io/a:b@c",
            "https://medium.com/@someone/a-long-title-1",
            "ssh://git@github.com/acme/shop.git",
            "see:also@there://nothing",
        ] {
            assert_eq!(passwords(text), None, "{text}");
        }
    }
}
