//! The characters of the answer: their script, and whether they can be shown.

use serde_json::Value;

use super::spec::{Family, Spec, Threshold, ValueRule};
use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, ROUNDING, Subject, Verdict, excerpt, text};
use crate::diagnostic::closest;
use crate::metric::script::{self, Scripts};

pub(super) const SCRIPT: Spec = Spec {
    name: "script",
    family: Family::Property,
    passes: "enough of the letters belong to the script, or to one of them. Digits, marks, emoji and the letters of formulas are not counted; unscored without letters",
    value: ValueRule::Required(
        "the name of a Unicode script or its ISO 15924 code, such as `Latin`, `Cyrl`, `Han`, `Japanese` (Han and kana) or `Korean` (Hangul and Han), or a list of them",
    ),
    parameters: &[],
    raw: Some("letters of other scripts"),
    score: "letters of the scripts / letters",
    threshold: Threshold::Floor { default: 0.9 },
    compile: script,
};

pub(super) const PRINTABLE: Spec = Spec {
    name: "printable",
    family: Family::Property,
    passes: "enough of the characters can be shown: no control characters (but tab and line breaks), no U+FFFD for what could not be decoded, nothing of the private use areas, no noncharacters. An empty answer passes",
    value: ValueRule::None,
    parameters: &[],
    raw: Some("characters that cannot be shown"),
    score: "characters that can be shown / characters",
    threshold: Threshold::Floor { default: 1.0 },
    compile: printable,
};

/// A look at characters.
#[derive(Clone, Debug)]
pub struct Characters(Look);

#[derive(Clone, Debug)]
enum Look {
    Script(Operand<Scripts>),
    Printable,
}

fn script(fields: &mut Fields<'_>) -> Option<Kind> {
    let operand = fields.operand("value", scripts)?;
    Some(Kind::Characters(Characters(Look::Script(operand))))
}

#[expect(clippy::unnecessary_wraps, reason = "the table holds functions of one type")]
fn printable(_: &mut Fields<'_>) -> Option<Kind> {
    Some(Kind::Characters(Characters(Look::Printable)))
}

fn scripts(value: &Value) -> Result<Scripts, Problem> {
    let mut all = Scripts::default();
    for (index, name) in text::one_or_more(value)?.iter().enumerate() {
        all.extend(Scripts::named(name).ok_or_else(|| {
            let problem = Problem::new(format!("{} is no script of Unicode", excerpt::quote(name)));
            let problem = match closest(name, script::COMMON) {
                Some(best) => problem.help(format!("did you mean `{best}`?")),
                None => problem.help(
                    "write its name or its ISO 15924 code, such as `Latin`, `Cyrl` or `Han`; the value of `language` is a language",
                ),
            };
            match value {
                Value::Array(_) => problem.under(&index.to_string()),
                _ => problem,
            }
        })?);
    }
    Ok(all)
}

impl Characters {
    pub(super) fn score(
        &self,
        subject: &Subject<'_>,
        threshold: Option<f64>,
    ) -> Result<Verdict, String> {
        let least = threshold.ok_or("the assertion has no threshold")?;
        match &self.0 {
            Look::Script(operand) => {
                let scripts = operand.resolve(subject)?;
                let count = scripts.count(subject.output);
                if count.letters == 0 {
                    return Err("the answer has no letters".to_owned());
                }
                let share = count.of_scripts as f64 / count.letters as f64;
                let value = scripts.into_value();
                let reason = format!(
                    "{} of {} letters are {}, at least {least}",
                    count.of_scripts,
                    count.letters,
                    excerpt::show(&value)
                );
                let passed = share + ROUNDING >= least;
                Ok(Verdict { score: share, ..Verdict::decided(passed, reason) }
                    .raw((count.letters - count.of_scripts) as f64)
                    .value(value))
            }
            Look::Printable => {
                let seen = Shown::of(subject.output);
                let reason = match seen.first {
                    None => format!("all {} characters can be shown", seen.characters),
                    Some((place, character)) => format!(
                        "{} of {} characters cannot be shown, the first at character {place} (U+{:04X}), at least {least} must be",
                        seen.hidden,
                        seen.characters,
                        u32::from(character)
                    ),
                };
                let share = seen.share();
                let passed = share + ROUNDING >= least;
                Ok(Verdict { score: share, ..Verdict::decided(passed, reason) }
                    .raw(seen.hidden as f64))
            }
        }
    }
}

/// How much of a text can be shown.
pub(super) struct Shown {
    characters: usize,
    hidden: usize,
    /// The first character that cannot, and its place from 1.
    first: Option<(usize, char)>,
}

impl Shown {
    pub(super) fn of(text: &str) -> Self {
        let mut seen = Self { characters: 0, hidden: 0, first: None };
        for character in text.chars() {
            seen.characters += 1;
            if !is_shown(character) {
                seen.hidden += 1;
                seen.first = seen.first.or(Some((seen.characters, character)));
            }
        }
        seen
    }

    /// Of all characters; 1 for an empty text.
    pub(super) fn share(&self) -> f64 {
        if self.characters == 0 {
            return 1.0;
        }
        (self.characters - self.hidden) as f64 / self.characters as f64
    }
}

fn is_shown(character: char) -> bool {
    match character {
        '\n' | '\r' | '\t' => true,
        '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. | '\u{fdd0}'..='\u{fdef}' => false,
        character => !character.is_control() && u32::from(character) & 0xfffe != 0xfffe,
    }
}
