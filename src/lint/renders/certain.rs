//! Templates that cannot fail: what most of them do with their variables, the variables' schemas allow. It is far cheaper
//! to see that than to render.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::lint::tags::{Tag, TagKind, tags};
use crate::project::prompt::Prompt;
use crate::project::variable::Variable;
use crate::template::Closure;
use crate::template::closure::TemplateKind;

/// Whether rendering succeeds with all values that the variables allow, as far as that can be seen at once.
pub fn always_renders(prompt: &Prompt, closure: &Closure) -> bool {
    let variables = &prompt.file.variables;
    let own = closure.templates.iter().all(|template| match template.kind {
        TemplateKind::Text => Scope::new(variables).template(&template.text),
        TemplateKind::Expression => Scope::new(variables).condition(&template.text).is_some(),
    });
    own && closure.cycles.is_empty()
        && closure.partials.values().all(|partial| Scope::new(variables).template(partial.text()))
}

/// What is known of a value that is there.
#[derive(Clone, Copy)]
enum Kind<'a> {
    Text,
    Number,
    Bool,
    List(Option<&'a Map<String, Value>>),
    Object(&'a Map<String, Value>),
}

impl<'a> Kind<'a> {
    /// What a schema allows; `None` where that may be none, or one of several.
    fn of(schema: &'a Map<String, Value>) -> Option<Self> {
        if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
            return match choices {
                _ if choices.iter().all(Value::is_string) => Some(Self::Text),
                _ if choices.iter().all(Value::is_number) => Some(Self::Number),
                _ => None,
            };
        }
        match schema.get("type")?.as_str()? {
            "string" => Some(Self::Text),
            "integer" | "number" => Some(Self::Number),
            "boolean" => Some(Self::Bool),
            "array" => Some(Self::List(schema.get("items").and_then(Value::as_object))),
            "object" => Some(Self::Object(schema)),
            _ => None,
        }
    }

    /// The value of a property that is always there.
    fn property(self, name: &str) -> Option<Self> {
        let Self::Object(schema) = self else { return None };
        let required = schema.get("required")?.as_array()?;
        let property = schema.get("properties")?.get(name)?.as_object()?;
        required.iter().any(|required| required == name).then(|| Self::of(property)).flatten()
    }

    /// What a filter makes of it; `None` where the filter may fail. The arguments are constants.
    fn filtered(self, filter: &str) -> Option<Self> {
        match (filter, self) {
            ("trim" | "upper" | "lower" | "title" | "capitalize", Self::Text)
            | ("tojson" | "string", _) => Some(Self::Text),
            ("join", Self::List(Some(items))) => match Self::of(items)? {
                Self::Text | Self::Number | Self::Bool => Some(Self::Text),
                Self::List(_) | Self::Object(_) => None,
            },
            ("round" | "abs", Self::Number)
            | ("length" | "count", Self::Text | Self::List(_) | Self::Object(_)) => {
                Some(Self::Number)
            }
            ("default" | "d", kind) => Some(kind),
            _ => None,
        }
    }
}

/// What stands around a place of a template.
struct Scope<'a> {
    variables: &'a IndexMap<String, Variable>,
    blocks: Vec<Block<'a>>,
}

enum Block<'a> {
    /// Inside of it these are neither none nor empty.
    If(Vec<&'a str>),
    For(&'a str, Option<Kind<'a>>),
}

#[derive(Clone, Copy, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Constant,
    Sign(&'a str),
}

impl<'a> Scope<'a> {
    fn new(variables: &'a IndexMap<String, Variable>) -> Self {
        Self { variables, blocks: Vec::new() }
    }

    fn template(&mut self, text: &'a str) -> bool {
        tags(text).all(|tag| self.tag(&tag).is_some())
    }

    fn tag(&mut self, tag: &Tag<'a>) -> Option<()> {
        match tag.kind {
            TagKind::Comment => {}
            TagKind::Print => drop(self.printed(&tokens(tag.inner)?)?),
            TagKind::Block => {
                let rest = &tag.inner[tag.word().len()..];
                match tag.word() {
                    "include" | "raw" | "endraw" => {}
                    "if" => {
                        let known = self.condition(rest)?;
                        self.blocks.push(Block::If(known));
                    }
                    "elif" => {
                        self.blocks.pop()?;
                        let known = self.condition(rest)?;
                        self.blocks.push(Block::If(known));
                    }
                    "else" => match self.blocks.pop()? {
                        Block::If(_) => self.blocks.push(Block::If(Vec::new())),
                        // What runs when there is nothing to loop over does not see the name.
                        Block::For(..) => return None,
                    },
                    "for" => match tokens(rest)?.split_first()? {
                        (Token::Word(name), [Token::Word("in"), list @ ..])
                            if !self.variables.contains_key(*name) =>
                        {
                            let Kind::List(items) = self.printed(list)? else { return None };
                            self.blocks.push(Block::For(name, items.and_then(Kind::of)));
                        }
                        _ => return None,
                    },
                    "endif" | "endfor" => drop(self.blocks.pop()?),
                    _ => return None,
                }
            }
        }
        Some(())
    }

    /// What an expression prints: a value by its path, and filters.
    fn printed(&self, tokens: &[Token<'a>]) -> Option<Kind<'a>> {
        let (path, mut rest) = path(tokens)?;
        let mut kind = match rest {
            // None and undefined have a text of their own.
            [
                Token::Sign("|"),
                Token::Word("default" | "d"),
                Token::Sign("("),
                Token::Constant,
                Token::Sign(","),
                Token::Word("true"),
                Token::Sign(")"),
                after @ ..,
            ] if path.len() == 1 && self.variables.contains_key(path[0]) => {
                rest = after;
                Kind::Text
            }
            _ => self.value(&path)?,
        };
        while let [Token::Sign("|"), Token::Word(filter), after @ ..] = rest {
            kind = kind.filtered(filter)?;
            rest = after;
            if let [Token::Sign("("), arguments @ ..] = rest {
                let end = arguments.iter().position(|token| *token == Token::Sign(")"))?;
                let constant =
                    |token: &Token<'_>| matches!(token, Token::Constant | Token::Sign(","));
                if !arguments[..end].iter().all(constant) {
                    return None;
                }
                rest = &arguments[end + 1..];
            }
        }
        rest.is_empty().then_some(kind)
    }

    /// The value at a path, if it is always there.
    fn value(&self, path: &[&'a str]) -> Option<Kind<'a>> {
        let (name, properties) = path.split_first()?;
        let bound = self.blocks.iter().rev().find_map(|block| match block {
            Block::For(bound, kind) if bound == name => Some(*kind),
            _ => None,
        });
        let root = match (bound, self.variables.get(*name)) {
            (Some(kind), _) => kind?,
            (None, Some(variable)) => {
                let asked = |block: &Block<'a>| match block {
                    Block::If(known) => known.contains(name),
                    Block::For(..) => false,
                };
                let given = variable.required()
                    || variable.default().is_some_and(|value| !value.is_null())
                    || self.blocks.iter().any(asked);
                given.then(|| Kind::of(variable.keys()))??
            }
            (None, None) if *name == "loop" && self.in_loop() => {
                let [property] = properties else { return None };
                return match *property {
                    "index" | "index0" | "revindex" | "revindex0" | "length" => Some(Kind::Number),
                    "first" | "last" => Some(Kind::Bool),
                    _ => None,
                };
            }
            (None, None) => return None,
        };
        properties.iter().try_fold(root, |kind, name| kind.property(name))
    }

    fn in_loop(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::For(..)))
    }

    /// Reads a condition that cannot fail: values, constants and comparisons, joined by `and`, `or` and `not`. Gives the
    /// variables that are neither none nor empty where it holds.
    fn condition(&self, text: &'a str) -> Option<Vec<&'a str>> {
        let tokens = tokens(text)?;
        let mut known = Vec::new();
        let mut plain = true;
        let mut ordered = false;
        let mut numbers = true;
        let mut rest = tokens.as_slice();
        let mut after = Token::Word("and");
        while let Some(token) = rest.first() {
            match token {
                Token::Word("and") | Token::Constant | Token::Sign("==" | "!=" | "(" | ")") => {
                    rest = &rest[1..];
                }
                Token::Word("or" | "not" | "true" | "false") => {
                    plain = false;
                    rest = &rest[1..];
                }
                Token::Word(_) => {
                    let (path, next) = path(rest)?;
                    let alone = matches!(next.first(), None | Some(Token::Word("and")));
                    if path.len() == 1 && self.variables.contains_key(path[0]) {
                        if alone && after == Token::Word("and") {
                            known.push(path[0]);
                        }
                        numbers &= matches!(self.value(&path), Some(Kind::Number));
                    } else {
                        numbers &= matches!(self.value(&path)?, Kind::Number);
                    }
                    rest = next;
                }
                Token::Sign("<" | ">" | "<=" | ">=") => {
                    ordered = true;
                    rest = &rest[1..];
                }
                Token::Sign(_) => return None,
            }
            after = *token;
        }
        (!ordered || numbers).then_some(if plain { known } else { Vec::new() })
    }
}

/// A name with its attributes, and what follows.
fn path<'a, 't>(tokens: &'t [Token<'a>]) -> Option<(Vec<&'a str>, &'t [Token<'a>])> {
    let (Token::Word(name), mut rest) = tokens.split_first()? else { return None };
    let mut path = vec![*name];
    while let [Token::Sign("."), Token::Word(name), after @ ..] = rest {
        path.push(name);
        rest = after;
    }
    Some((path, rest))
}

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let (token, length) = match first {
            '"' | '\'' => match rest[1..].find([first, '\\']) {
                Some(end) if rest[1 + end..].starts_with(first) => (Token::Constant, end + 2),
                _ => return None,
            },
            c if c.is_ascii_digit() => {
                let number = |c: char| c.is_ascii_digit() || c == '.';
                (Token::Constant, rest.find(|c| !number(c)).unwrap_or(rest.len()))
            }
            c if word(c) => {
                let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
                (Token::Word(&rest[..end]), end)
            }
            _ => {
                let known = ["==", "!=", "<=", ">=", "<", ">", "(", ")", ".", "|", ","];
                let sign = known.into_iter().find(|sign| rest.starts_with(sign))?;
                (Token::Sign(sign), sign.len())
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certain(text: &str) -> bool {
        let variables = serde_json::from_value(serde_json::json!({
            "name": "string",
            "tone": {"enum": ["warm", "plain"], "default": "plain"},
            "note": {"type": "string", "required": false},
            "maybe": {"type": ["string", "null"]},
            "any": {},
            "n": "integer",
            "list": {"type": "array", "items": {"type": "string"}},
            "open": {"type": "array"},
            "user": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "age": {"type": "integer"}}},
            "rows": {"type": "array", "default": [], "items": {
                "type": "object", "required": ["id", "sum"],
                "properties": {"id": {"type": "string"}, "sum": {"type": "number"}, "more": {"type": "string"}},
            }},
        }));
        Scope::new(&variables.unwrap()).template(text)
    }

    #[test]
    fn what_cannot_fail_is_told_from_what_can() {
        for text in [
            "plain {name}",
            "{{ name }} {{- tone -}} {{ n }} {{ list }} {# note #}",
            "{{ name | trim | upper }} {{ tone | title }}",
            "{% if note and (tone == 'warm' or not name) %}a{% elif n > 3 %}b{% else %}c{% endif %}",
            "{% if note %}{{ note }}{% endif %}",
            "{% if name and note %}{{ note }}{% endif %}",
            "{{ note | default(\"none\", true) }}",
            "{% include \"a.md\" %}{% raw %}{{ note }}{% endraw %}",
            "{{ user.id | upper }}",
            "{% for row in rows %}{{ loop.index }}. {{ row.id }} {{ row.sum | round(2) }}{% endfor %}",
            "{% for x in list %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "{{ list | join(', ') }} {{ list | length }} {{ open | tojson }}",
        ] {
            assert!(certain(text), "{text}");
        }
        for text in [
            "{{ note }}",
            "{% if note %}a{% else %}{{ note }}{% endif %}",
            "{% if note or name %}{{ note }}{% endif %}",
            "{% if not note %}{{ note }}{% endif %}",
            "{% if note %}{% endif %}{{ note }}",
            "{% if note is defined %}{{ note }}{% endif %}",
            "{{ maybe }}",
            "{{ any }}",
            "{{ nmae }}",
            "{{ n | upper }}",
            "{{ name | replace('a') }}",
            "{{ list[0] }}",
            "{{ name ~ note }}",
            "{{ user.age }}",
            "{{ user.nmae }}",
            "{% for x in open %}{{ x }}{% endfor %}",
            "{% for x in name %}{{ x }}{% endfor %}",
            "{% for row in rows %}{{ row.more }}{% endfor %}",
            "{% for x in list %}{% endfor %}{{ x }}",
            "{% for name in rows %}{{ name }}{% endfor %}",
            "{{ loop.index }}",
            "{% if name > 3 %}{% endif %}",
            "{% if note > 3 %}{% endif %}",
            "{% if name.x %}{% endif %}",
            "{% if name == 'it\\'s' %}{% endif %}",
            "{{ rows | join(',') }}",
        ] {
            assert!(!certain(text), "{text}");
        }
    }
}
