//! Placeholders of other tools, as variables: `${Name}` and `${Name:Default}`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use indexmap::IndexMap;
use regex::Regex;

use super::name::Names;
use super::{literal, name};

/// A name that starts with a letter; a default that holds no brace and no line break.
static DOLLAR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\$\{\s*(\p{L}[^{}:\n]*?)\s*(?::([^{}\n]*))?\}").expect("a valid pattern")
});

/// The variables of a prompt, found while its texts are read.
#[derive(Clone, Debug, Default)]
pub struct Placeholders {
    /// Name and default of each, in the order of their first use.
    pub variables: IndexMap<String, Option<String>>,
    /// Texts for those without a default: the placeholder as it was written.
    pub given: IndexMap<String, String>,
    /// The variable that stands for a name and a default; the first one for a name alone, too.
    known: BTreeMap<(String, Option<String>), String>,
    names: Names,
}

impl Placeholders {
    /// Makes a template of a text, and the text that it renders to with the defaults.
    ///
    /// A name without a default is the variable that has one elsewhere in the texts read so far; the same name with two
    /// defaults is two variables.
    pub fn read(&mut self, text: &str) -> (String, String) {
        let mut template = String::new();
        let mut rendered = String::new();
        let mut end = 0;
        for found in DOLLAR.captures_iter(text) {
            let whole = found.get(0).expect("a match has a text");
            let variable = name::variable(&found[1]);
            if variable.is_empty() {
                continue;
            }
            let default = found.get(2).map(|default| default.as_str().to_owned());
            let variable = self.variable(variable, default, whole.as_str());
            literal::push(&mut template, &text[end..whole.start()]);
            rendered.push_str(&text[end..whole.start()]);
            literal::push_tag(&mut template, &format!("{{{{ {variable} }}}}"));
            let value = self.variables[&variable].as_ref().or_else(|| self.given.get(&variable));
            rendered.push_str(value.map_or("", String::as_str));
            end = whole.end();
        }
        literal::push(&mut template, &text[end..]);
        rendered.push_str(&text[end..]);
        (template, rendered)
    }

    fn variable(&mut self, name: String, default: Option<String>, whole: &str) -> String {
        let key = (name, default);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let (name, default) = key;
        let variable = self.names.unique(&name, '_');
        if default.is_none() {
            self.given.insert(variable.clone(), whole.to_owned());
        }
        self.variables.insert(variable.clone(), default.clone());
        self.known.entry((name.clone(), None)).or_insert_with(|| variable.clone());
        self.known.insert((name, default), variable.clone());
        variable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_variables_with_defaults() {
        let mut placeholders = Placeholders::default();
        let (template, rendered) = placeholders.read(
            "Explain ${Topic:Rust: a tour} to ${ Target Reader }; ${Topic} {{x}} {${Topic:C}} ${1} ${} $5",
        );
        assert_eq!(
            template,
            "Explain {{ topic }} to {{ target_reader }}; {{ topic }} {% raw %}{{x}}{% endraw %} {{ \"{\" }}{{ topic_2 }}} ${1} ${} $5"
        );
        assert_eq!(
            rendered,
            "Explain Rust: a tour to ${ Target Reader }; Rust: a tour {{x}} {C} ${1} ${} $5"
        );
        let variables: Vec<_> = placeholders.variables.into_iter().collect();
        assert_eq!(
            variables,
            [
                ("topic".to_owned(), Some("Rust: a tour".to_owned())),
                ("target_reader".to_owned(), None),
                ("topic_2".to_owned(), Some("C".to_owned())),
            ]
        );
        assert_eq!(placeholders.given["target_reader"], "${ Target Reader }");
    }
}
