//! Mending JSON that is almost right: trailing commas, one missing bracket. Never more, and never silently.

use serde_json::Value;

/// The object or array at the start of `text` with commas removed and a bracket added, and what was done; `None` when
/// that does not make it JSON.
pub(super) fn repair(text: &str) -> Option<(String, String)> {
    let mut mended = Mended::default();
    let mut in_string = false;
    let mut escaped = false;
    for character in text.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
            mended.text.push(character);
            continue;
        }
        match character {
            '"' => in_string = true,
            '{' => mended.open.push('}'),
            '[' => mended.open.push(']'),
            '}' | ']' => {
                mended.close(character)?;
                if mended.open.is_empty() {
                    return mended.finish();
                }
                continue;
            }
            _ => {}
        }
        mended.text.push(character);
    }
    if in_string {
        return None;
    }
    while let Some(bracket) = mended.open.last().copied() {
        mended.add(bracket)?;
    }
    mended.finish()
}

#[derive(Default)]
struct Mended {
    text: String,
    /// The brackets that close what is open, innermost last.
    open: Vec<char>,
    commas: usize,
    added: Option<char>,
}

impl Mended {
    fn close(&mut self, bracket: char) -> Option<()> {
        if self.open.last() != Some(&bracket) {
            let expected = *self.open.last()?;
            self.add(expected)?;
        }
        if self.open.last() != Some(&bracket) {
            return None;
        }
        self.open.pop();
        self.drop_comma();
        self.text.push(bracket);
        Some(())
    }

    /// Writes a bracket that is missing; only one may be.
    fn add(&mut self, bracket: char) -> Option<()> {
        if self.added.replace(bracket).is_some() {
            return None;
        }
        self.open.pop();
        let end = self.text.trim_end().len();
        self.text.truncate(end);
        self.drop_comma();
        self.text.push(bracket);
        Some(())
    }

    fn drop_comma(&mut self) {
        let end = self.text.trim_end().len();
        if self.text[..end].ends_with(',') {
            self.text.remove(end - 1);
            self.commas += 1;
        }
    }

    fn finish(self) -> Option<(String, String)> {
        // An opening bracket alone is no answer that lacks only its end.
        match serde_json::from_str::<Value>(&self.text).ok()? {
            Value::Object(keys) if keys.is_empty() && self.added.is_some() => return None,
            Value::Array(items) if items.is_empty() && self.added.is_some() => return None,
            _ => {}
        }
        let commas = match self.commas {
            0 => None,
            1 => Some("removed a trailing comma".to_owned()),
            count => Some(format!("removed {count} trailing commas")),
        };
        let bracket = self.added.map(|bracket| format!("added a missing `{bracket}`"));
        let done: Vec<String> = commas.into_iter().chain(bracket).collect();
        Some((self.text, done.join(", ")))
    }
}
