//! Runs: something short, written again and again without a break.

/// The longest unit that is looked for, in code points.
const LONGEST_UNIT: usize = 64;

/// The fewest code points of a run; below it stand numbers such as 1000000 and rules such as `-----`.
const SHORTEST_RUN: usize = 20;

/// The length in code points of the longest run of three or more copies of one unit of up to 64 code points, such as the
/// `ha ha ha …` of a model that does not find an end; the last copy may be cut. 0 when there is none of 20 code points.
///
/// Takes time in proportion to the length of the text: one pass for each length of a unit.
pub fn longest_run(text: &str) -> usize {
    let characters: Vec<char> = text.chars().collect();
    let mut longest = 0;
    for unit in 1..=LONGEST_UNIT.min(characters.len() / 3) {
        let mut same = 0;
        for (a, b) in characters.iter().zip(&characters[unit..]) {
            same = if a == b { same + 1 } else { 0 };
            // What equals the unit before it, twice over, is the second and the third copy.
            if same >= 2 * unit {
                longest = longest.max(same + unit);
            }
        }
    }
    if longest < SHORTEST_RUN { 0 } else { longest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_three_copies_and_twenty_characters() {
        for (text, longest) in [
            ("", 0),
            ("1000000", 0),
            ("-------------------", 0),
            ("--------------------", 20),
            (&"ha ".repeat(10), 30),
            (&format!("So: {}hah", "ha ".repeat(10)), 33),
            (&"a sentence of some length. ".repeat(2), 0),
            (&"a sentence of some length. ".repeat(3), 81),
            (&"👍🏽".repeat(12), 24),
            (&"とても".repeat(8), 24),
            ("Nothing here is said again, and so there is no run at all.", 0),
        ] {
            assert_eq!(longest_run(text), longest, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_takes_no_time() {
        let text = "ab".repeat(100_000);
        assert_eq!(longest_run(&text), 200_000);
    }
}
