//! What filters, tests and methods take and give.
//!
//! The tables say what the engine does with each kind of value; a test asks the engine itself.

use super::kinds::Kinds;
use super::lattice::{ListFacts, Type};

/// What a filter does with its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Takes {
    /// Rendering fails on these.
    pub(super) fails: Kinds,
    /// These are written out in Python's notation, `None` and `['a', 'b']`.
    pub(super) dumps: Kinds,
    /// A text is taken apart into its characters.
    pub(super) spells: bool,
}

/// What cannot be iterated.
const ITERATES_NOT: Kinds = Kinds::NUMBER.or(Kinds::BOOL);

/// What a filter takes; `has_arguments` tells whether it is given any.
pub(super) fn takes(filter: &str, has_arguments: bool) -> Takes {
    let takes = |fails, dumps| Takes { fails, dumps, spells: false };
    let spells = |fails| Takes { fails, dumps: Kinds::NOTHING, spells: true };
    let undefined = Kinds::UNDEFINED;
    match filter {
        "capitalize" | "lower" | "title" | "trim" | "upper" | "replace" | "indent" | "safe" => {
            takes(undefined, Kinds::COLLECTION | Kinds::NONE)
        }
        "e" | "escape" => takes(Kinds::NOTHING, Kinds::COLLECTION | Kinds::NONE),
        "string" => takes(undefined, Kinds::NONE),
        "urlencode" => takes(Kinds::NOTHING, Kinds::LIST),
        "split" | "lines" | "format" => takes(Kinds::ALL - Kinds::STRING, Kinds::NOTHING),
        "length" | "count" | "first" => takes(ITERATES_NOT | Kinds::ABSENT, Kinds::NOTHING),
        "last" => takes(ITERATES_NOT | Kinds::ABSENT | Kinds::OBJECT, Kinds::NOTHING),
        "abs" | "round" => takes(Kinds::ALL - Kinds::NUMBER, Kinds::NOTHING),
        "int" | "float" if has_arguments => takes(undefined, Kinds::NOTHING),
        "int" | "float" => takes(undefined | Kinds::COLLECTION, Kinds::NOTHING),
        "items" | "dictsort" => takes(Kinds::ALL - Kinds::OBJECT, Kinds::NOTHING),
        "join" | "groupby" => spells(ITERATES_NOT),
        "map" | "select" | "selectattr" | "reject" | "rejectattr" | "sum" => {
            spells(ITERATES_NOT | undefined)
        }
        "list" | "sort" | "unique" | "batch" | "slice" | "max" | "min" => {
            takes(ITERATES_NOT | undefined, Kinds::NOTHING)
        }
        "zip" | "chain" | "reverse" => takes(ITERATES_NOT, Kinds::NOTHING),
        "attr" | "bool" => takes(undefined, Kinds::NOTHING),
        _ => takes(Kinds::NOTHING, Kinds::NOTHING),
    }
}

/// What a filter gives for an input that it takes. `map` and `default` also look at their arguments.
pub(super) fn gives(filter: &str, input: &Type) -> Type {
    match filter {
        "capitalize" | "lower" | "title" | "trim" | "upper" | "replace" | "indent" | "e"
        | "escape" | "string" | "urlencode" | "format" | "join" | "pprint" | "tojson" => {
            Type::of(Kinds::STRING)
        }
        "split" | "lines" => Type::list_of(Type::of(Kinds::STRING)),
        "length" | "count" | "abs" | "round" => Type::of(Kinds::NUMBER),
        "bool" => Type::of(Kinds::BOOL),
        "first" | "last" | "max" | "min" => items(input),
        "list" | "sort" | "unique" | "select" | "selectattr" | "reject" | "rejectattr" => {
            list(input)
        }
        "reverse" if input.is_known() && input.kinds.within(Kinds::ALL - Kinds::OBJECT) => {
            Type { constants: None, ..input.clone() }
        }
        "batch" | "slice" => Type::list_of(list(input)),
        "items" | "dictsort" | "groupby" | "zip" => Type::of(Kinds::LIST),
        "safe" if input.kinds == Kinds::STRING => input.clone(),
        "safe" => Type::of(Kinds::STRING),
        _ => Type::unknown(),
    }
}

/// The items of what is iterated.
pub(super) fn items(input: &Type) -> Type {
    if !input.is_known() {
        return Type::unknown();
    }
    let mut item = Type::of(Kinds::NOTHING);
    if input.kinds.meets(Kinds::LIST) {
        item = item.union(input.item());
    }
    if input.kinds.meets(Kinds::STRING | Kinds::OBJECT) {
        item = item.union(Type::of(Kinds::STRING));
    }
    item
}

fn list(input: &Type) -> Type {
    let mut list = Type::list_of(items(input));
    if input.list == ListFacts::Unbounded {
        list.list = ListFacts::Unbounded;
    }
    list
}

/// Methods of texts, with what they give.
pub(super) const TEXT_METHODS: [(&str, Gives); 25] = [
    ("capitalize", Gives::Text),
    ("count", Gives::Number),
    ("endswith", Gives::Bool),
    ("find", Gives::Number),
    ("format", Gives::Text),
    ("isalnum", Gives::Bool),
    ("isalpha", Gives::Bool),
    ("isascii", Gives::Bool),
    ("isdigit", Gives::Bool),
    ("islower", Gives::Bool),
    ("isnumeric", Gives::Bool),
    ("isspace", Gives::Bool),
    ("isupper", Gives::Bool),
    ("join", Gives::Text),
    ("lower", Gives::Text),
    ("lstrip", Gives::Text),
    ("replace", Gives::Text),
    ("rfind", Gives::Number),
    ("rstrip", Gives::Text),
    ("split", Gives::Texts),
    ("splitlines", Gives::Texts),
    ("startswith", Gives::Bool),
    ("strip", Gives::Text),
    ("title", Gives::Text),
    ("upper", Gives::Text),
];

/// Methods of objects, with what they give.
pub(super) const OBJECT_METHODS: [(&str, Gives); 4] = [
    ("get", Gives::Unknown),
    ("items", Gives::List),
    ("keys", Gives::Texts),
    ("values", Gives::List),
];

/// Methods of lists, with what they give.
pub(super) const LIST_METHODS: [(&str, Gives); 1] = [("count", Gives::Number)];

/// What a method gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    Text,
    Texts,
    Number,
    Bool,
    List,
    Unknown,
}

impl Gives {
    pub(super) fn of(self) -> Type {
        match self {
            Self::Text => Type::of(Kinds::STRING),
            Self::Texts => Type::list_of(Type::of(Kinds::STRING)),
            Self::Number => Type::of(Kinds::NUMBER),
            Self::Bool => Type::of(Kinds::BOOL),
            Self::List => Type::of(Kinds::LIST),
            Self::Unknown => Type::unknown(),
        }
    }
}

/// The methods of a kind of value.
pub(super) fn methods(kind: Kinds) -> &'static [(&'static str, Gives)] {
    if kind == Kinds::STRING {
        &TEXT_METHODS
    } else if kind == Kinds::OBJECT {
        &OBJECT_METHODS
    } else if kind == Kinds::LIST {
        &LIST_METHODS
    } else {
        &[]
    }
}

/// What a test says of the kind of a value: the kinds for which it holds.
pub(super) fn test_kinds(test: &str) -> Option<Kinds> {
    Some(match test {
        "boolean" | "true" | "false" => Kinds::BOOL,
        "mapping" => Kinds::OBJECT,
        "none" => Kinds::NONE,
        "number" => Kinds::NUMBER | Kinds::BOOL,
        "integer" | "int" | "float" => Kinds::NUMBER,
        "sequence" => Kinds::LIST | Kinds::UNDEFINED,
        "string" => Kinds::STRING,
        "undefined" => Kinds::UNDEFINED,
        "defined" => Kinds::ALL - Kinds::UNDEFINED,
        "iterable" => Kinds::ALL - Kinds::NUMBER - Kinds::BOOL,
        _ => return None,
    })
}

/// Whether a test holds for all values of its kinds, so that its failing rules them out.
pub(super) fn test_is_exact(test: &str) -> bool {
    !matches!(test, "true" | "false" | "integer" | "int" | "float")
}
