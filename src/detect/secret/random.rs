//! Whether a text looks as if a machine had drawn it.

/// Shannon entropy of the bytes of a text, in bits per byte.
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

/// Whether a text says that it stands for something else, or is too regular to be drawn.
pub(super) fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 20] = [
        "example",
        "xxxx",
        "your",
        "placeholder",
        "dummy",
        "sample",
        "changeme",
        "change-me",
        "redacted",
        "insert",
        "replace",
        "notreal",
        "not-a-real",
        "123456789",
        "987654321",
        "abcdef123",
        "abcdefgh",
        "qwerty",
        "deadbeef",
        "0123456",
    ];
    let lower = text.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word)) || longest_repeat(text.as_bytes()) >= 6
}

/// Whether a value without a shape of its own looks drawn: long, of many different characters, with digits between
/// letters. Names, paths and sentences joined by dashes do not.
pub(super) fn looks_random(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    if digits < 3 || letters < 3 || value.len() < 16 {
        return false;
    }
    let hexadecimal = value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let needed = if hexadecimal { 3.0 } else { 3.5 };
    entropy(value) >= needed && changes(value) * 4 >= value.len() && !is_placeholder(value)
}

/// How often the kind of character changes: digit, capital, small letter, other.
fn changes(value: &str) -> usize {
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        b'a'..=b'z' => 2,
        _ => 3,
    };
    let bytes = value.as_bytes();
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    // Dashes between words change the kind twice and say nothing.
    pairs.filter(|(a, b)| kind(**a) != kind(**b) && kind(**a) != 3 && kind(**b) != 3).count()
}

/// The length of the longest run of one character.
fn longest_repeat(bytes: &[u8]) -> usize {
    let mut longest = 0;
    let mut run = 0;
    let mut previous = None;
    for byte in bytes {
        run = if previous == Some(byte) { run + 1 } else { 1 };
        previous = Some(byte);
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_texts_look_random_and_written_ones_do_not() {
        for text in
            ["9f86d081884c7d659a2feaa0c55ad015", "aZ3kQ9xT1vB7nM5cR2wY", "kX8+pL2/vN4qW7zT1sD9"]
        {
            assert!(looks_random(text), "{text}");
        }
        for text in [
            "correct-horse-battery-staple-2024",
            "prompts/support/triage-v2.yaml",
            "2024-01-01T00:00:00.000Z",
            "gpt-4o-mini-2024-07-18",
            "00000000000000000000000000000000",
            "thequickbrownfoxjumps1234",
            "3.141592653589793238462643383",
        ] {
            assert!(!looks_random(text), "{text}");
        }
    }

    #[test]
    fn entropy_of_known_distributions_is_exact() {
        assert_eq!((entropy("aaaa"), entropy("abab"), entropy("abcd")), (0.0, 1.0, 2.0));
        assert!(entropy("").abs() < f64::EPSILON);
    }
}
