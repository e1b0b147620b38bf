//! Base64 inside tokens.

use serde_json::Value;

/// Decodes base64, in the usual or the URL alphabet, without padding; `None` where it is none.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        buffer = (buffer << 6 | u32::from(digit)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
    }
    Some(bytes)
}

/// Whether a text of three parts is a signed JSON Web Token that someone could use: its header names an algorithm, and
/// it is neither the token of jwt.io nor one for anonymous access, which is public by design.
pub(super) fn json_web_token(token: &str) -> bool {
    let mut parts = token
        .split('.')
        .map(|part| serde_json::from_slice::<Value>(&base64(part)?).ok().filter(Value::is_object));
    let (Some(Some(header)), Some(Some(claims))) = (parts.next(), parts.next()) else {
        return false;
    };
    let says = |claim: &str, text: &str| claims.get(claim).and_then(Value::as_str) == Some(text);
    header.get("alg").and_then(Value::as_str).is_some_and(|algorithm| algorithm != "none")
        && !says("name", "John Doe")
        && !says("sub", "1234567890")
        && !says("role", "anon")
}

/// Whether the first part of a Discord token is a number in base64: the id of the bot.
pub(super) fn discord_bot(token: &str) -> bool {
    let id = token.split('.').next().and_then(base64);
    id.is_some_and(|id| (17..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_decodes_both_alphabets_and_refuses_others() {
        assert_eq!(base64("Zm9vYmFy"), Some(b"foobar".to_vec()));
        assert_eq!(base64("Zm8"), Some(b"fo".to_vec()));
        assert_eq!(base64("-_8"), Some(vec![0xFB, 0xFF]));
        assert_eq!(base64("+/8"), base64("-_8"));
        assert_eq!(base64("a b"), None);
    }

    #[test]
    fn tokens_for_show_are_no_secrets() {
        let head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
        let john = "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ";
        // {"sub":"u-81","role":"admin"} and {"sub":"u-81","role":"anon"}
        let admin = "eyJzdWIiOiJ1LTgxIiwicm9sZSI6ImFkbWluIn0";
        let anon = "eyJzdWIiOiJ1LTgxIiwicm9sZSI6ImFub24ifQ";
        assert!(json_web_token(&format!("{head}.{admin}.sig")));
        for (head, claims) in
            [(head, john), (head, anon), ("eyJhbGciOiJub25lIn0", admin), ("e30", "e30"), ("x", "y")]
        {
            assert!(!json_web_token(&format!("{head}.{claims}.sig")), "{claims}");
        }
    }
}
