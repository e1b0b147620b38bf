//! Checksums inside tokens.

/// CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |state, byte| {
        (0..8).fold(state ^ u32::from(*byte), |state, _| {
            if state & 1 == 1 { (state >> 1) ^ 0xEDB8_8320 } else { state >> 1 }
        })
    })
}

/// Whether the last six characters of a token are the CRC-32 of what lies between its prefix and them, in base 62 with
/// the digits before the capitals: GitHub's scheme, which npm uses too
/// (<https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>).
pub(super) fn github(token: &str) -> bool {
    let Some((_, body)) = token.split_once('_') else { return false };
    let Some(split) = body.len().checked_sub(6) else { return false };
    let (Some(drawn), Some(sum)) = (body.get(..split), body.get(split..)) else { return false };
    let sum = sum.bytes().try_fold(0_u64, |sum, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        Some(sum * 62 + u64::from(digit))
    });
    sum == Some(u64::from(crc32(drawn.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_of_the_check_string_is_the_published_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn revoked_tokens_have_the_right_checksum_and_altered_ones_have_not() {
        for (drawn, sum) in [
            ("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17"),
            ("adE7dp8rHP6gUTuPwxLTZjZdtya3sV", "0UQzQM"),
            ("H3xbiBdlzffNx7Y56iNsPw3joObj7U", "2nO29h"),
        ] {
            assert!(github(&format!("ghp_{drawn}{sum}")), "{drawn}");
            assert!(!github(&format!("ghp_{}{sum}", drawn.to_lowercase())), "{drawn}");
        }
        for text in ["", "ghp_", "ghp_abc", "ghp_é12345", "none"] {
            assert!(!github(text), "{text}");
        }
    }
}
