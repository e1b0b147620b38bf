//! Checksums against python-stdnum, and what is found in running text.

use proptest::prelude::*;

use super::national::{bsn, cnpj, codice_fiscale, cpf, dni, nhs, nir, steuer_id};
use super::*;

const VECTORS: &str = include_str!("../../../tests/fixtures/vectors/ids.tsv");

fn digits(text: &str) -> Vec<u8> {
    text.bytes().map(|byte| byte.wrapping_sub(b'0')).collect()
}

/// Whether a number is valid, by the name of its kind in the vectors.
fn is_valid(kind: &str, number: &str) -> bool {
    let all_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    match kind {
        "iban" => iban::is_valid(number),
        "ssn" => ssn::is_valid(number),
        "dni" | "nie" => dni::is_valid(number),
        "codice-fiscale" => codice_fiscale::is_valid(number),
        _ if !all_digits => false,
        "luhn" => card::luhn(&digits(number)),
        "nhs" => nhs::is_valid(&digits(number)),
        "bsn" => bsn::is_valid(&digits(number)),
        "nir" => nir::is_valid(&digits(number)),
        "steuer-id" => steuer_id::is_valid(&digits(number)),
        "cpf" => cpf::is_valid(&digits(number)),
        "cnpj" => cnpj::is_valid(&digits(number)),
        kind => panic!("no kind {kind}"),
    }
}

#[test]
fn checks_agree_with_python_stdnum() {
    let mut checked = std::collections::BTreeMap::new();
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [kind, number, valid] = fields[..] else { panic!("{line}") };
        assert_eq!(is_valid(kind, number), valid == "1", "{kind} {number}");
        *checked.entry(kind).or_insert(0) += 1;
    }
    assert_eq!(checked.len(), 12);
    assert!(checked.values().all(|count| *count == 300), "{checked:?}");
}

fn found(text: &str) -> Vec<(Kind, &str)> {
    find(text).into_iter().map(|pii| (pii.kind, &text[pii.span.range()])).collect()
}

#[test]
fn personal_data_are_found_in_running_text() {
    for (text, kind, data) in [
        ("Pay with 4539 1488 0343 6467, please.", Kind::Card, "4539 1488 0343 6467"),
        ("2 times 2 4539 1488 0343 6467", Kind::Card, "4539 1488 0343 6467"),
        ("card=5425233430109903", Kind::Card, ""),
        ("card: 5425233430109903", Kind::Card, "5425233430109903"),
        ("amex 3742-454554-00126", Kind::Card, "3742-454554-00126"),
        ("IBAN GB94 BARC 1020 1530 0934 59.", Kind::Iban, "GB94 BARC 1020 1530 0934 59"),
        ("to DE02120300000000202051 today", Kind::Iban, "DE02120300000000202051"),
        ("her SSN is 536-90-4399.", Kind::Ssn, "536-90-4399"),
        ("\"ssn\": \"536904399\"", Kind::Ssn, "536904399"),
        ("mail lena.fischer+x@gmx.de!", Kind::Email, "lena.fischer+x@gmx.de"),
        ("<mailto:Ada.L@cam.ac.uk>", Kind::Email, "Ada.L@cam.ac.uk"),
        ("call +49 30 9018 2074 now", Kind::Phone, "+49 30 9018 2074"),
        ("call (415) 867-2609.", Kind::Phone, "(415) 867-2609"),
        ("fax 415-867-2609", Kind::Phone, "415-867-2609"),
        ("+1.415.867.2609", Kind::Phone, "+1.415.867.2609"),
        ("Tel.: 030 9018 2074", Kind::Phone, "030 9018 2074"),
        ("NHS number 401 023 2137", Kind::NhsNumber, "401 023 2137"),
        ("BSN: 123456782", Kind::Bsn, "123456782"),
        ("numéro de sécu : 2 95 10 99 126 111 93", Kind::Nir, "2 95 10 99 126 111 93"),
        ("Steuer-ID 36 574 261 809", Kind::SteuerId, "36 574 261 809"),
        ("DNI 54362315K", Kind::Dni, "54362315K"),
        ("su NIE es X-2482300W?", Kind::Dni, ""),
        ("su NIE es X2482300W?", Kind::Dni, "X2482300W"),
        ("CF RCCMNL83S18D969H.", Kind::CodiceFiscale, "RCCMNL83S18D969H"),
        ("o CPF 390.533.447-05", Kind::Cpf, "390.533.447-05"),
        ("390.533.447-05", Kind::Cpf, "390.533.447-05"),
        ("CNPJ 16.727.230/0001-97", Kind::Cnpj, "16.727.230/0001-97"),
    ] {
        let expected = if data.is_empty() { Vec::new() } else { vec![(kind, data)] };
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn what_is_reserved_made_up_or_something_else_is_left_alone() {
    for text in [
        // Cards and accounts that documentation prints.
        "4111 1111 1111 1111",
        "4242424242424242",
        "5555-5555-5555-4444",
        "378282246310005",
        "DE89 3704 0044 0532 0130 00",
        "GB82 WEST 1234 5698 7654 32",
        // Numbers that were never given out.
        "078-05-1120",
        "123-45-6789",
        "000-12-3456",
        "987-65-4320",
        "111-11-1111",
        // Addresses of nobody, of offices and of machines.
        "ada@example.com",
        "a.b@mail.example.org",
        "noreply@acme.io",
        "support@northwind.com",
        "git@github.com:acme/shop.git",
        "user@gmail.com",
        "john.doe@gmail.com",
        "icon@2x.png",
        "pkg@1.2.3",
        "https://medium.com/@someone",
        "postgres://app:secretly@db.acme.io/x",
        "@user",
        "a@b",
        "x@y.test",
        "sales-emea@northwind.com",
        // Numbers of fiction, of hotlines and of no telephone.
        "+1 212 555 0147",
        "(212) 555-0147",
        "800-867-2609",
        "+44 7700 900123",
        "123-456-7890",
        "234-567-8901",
        "+1234567890",
        "+12024-11-20",
        "+70000-2-18",
        "1-2-3",
        "10 000 000",
        "2024-11-20",
        "2024-11-20 10:30:00",
        "192.168.100.200",
        "v1.20.300",
        "3.14159265358979",
        "0.4539148803436467",
        "$4,539,148,803",
        "4539148803436460",
        "id 4539148803436461",
        "1 000 000 000",
        "100-200-3000 units",
        "555-867-5309",
        "978-3-16-148410-0",
        "12/31/2024 - 01/02/2025",
        "ABCDEFGHI/123456789",
        "#415-867-2609",
        "12 34 56 78 90",
        "401 023 2137",
        "123456782",
        "12345678Z",
        "the sum 15 + 27 + 36 = 78 and 78 * 12 = 936, so 936 - 36 = 900",
        "5,000,000 1,000,000",
        "0b8e5ed5-6e1a-4a6b-9d5c-415867260912",
        "f47ac10b58cc4372a5670e02b2c3d479",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

fn with_luhn(mut body: Vec<u8>) -> Vec<u8> {
    body.push(0);
    let last = body.len() - 1;
    body[last] = (0..10)
        .find(|digit| {
            body[last] = *digit;
            card::luhn(&body)
        })
        .unwrap();
    body
}

proptest! {
    #[test]
    fn one_wrong_digit_never_passes_luhn_or_mod_97(
        body in prop::collection::vec(0_u8..10, 12..18), place in 0_usize..12, by in 1_u8..10,
        account in "[0-9]{18}", at in 4_usize..22,
    ) {
        let mut digits = with_luhn(body);
        prop_assert!(card::luhn(&digits));
        digits[place] = (digits[place] + by) % 10;
        prop_assert!(!card::luhn(&digits));
        let sum = account.bytes().chain("131400".bytes()).fold(0_u32, |n, b| (n * 10 + u32::from(b - b'0')) % 97);
        let mut iban = format!("DE{:02}{account}", 98 - sum);
        prop_assert!(iban::is_valid(&iban));
        let changed = (iban.as_bytes()[at] - b'0' + by) % 10;
        iban.replace_range(at..=at, &changed.to_string());
        prop_assert!(!iban::is_valid(&iban));
    }

    #[test]
    fn no_text_makes_it_panic_or_overlap(
        pieces in prop::collection::vec(prop_oneof!["[0-9]{1,20}", "[ ./()+@-]{1,2}", "[A-Z]{1,6}", "tel|nhs|dni|é|🙂|ẞ", ".{0,3}"], 0..20),
    ) {
        let text = pieces.concat();
        let found = find(&text);
        for pii in &found {
            prop_assert!(text.get(pii.span.range()).is_some_and(|data| !data.is_empty()));
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
    }
}

#[test]
fn each_kind_is_listed_once() {
    assert!(Kind::ALL.windows(2).all(|pair| pair[0] < pair[1]));
}
