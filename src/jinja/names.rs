//! The names that templates may use without declaring them.
//!
//! minijinja cannot be asked for its filters, tests and methods, so they are listed here; a test calls each of them.

/// Filters, in alphabetical order.
pub const FILTERS: [&str; 49] = [
    "abs", "attr", "batch", "bool", "capitalize", "chain", "count", "d", "default", "dictsort",
    "e", "escape", "first", "float", "format", "groupby", "indent", "int", "items", "join",
    "last", "length", "lines", "list", "lower", "map", "max", "min", "pprint", "reject",
    "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort",
    "split", "string", "sum", "title", "tojson", "trim", "unique", "upper", "urlencode", "zip",
];

/// Tests, in alphabetical order.
pub const TESTS: [&str; 36] = [
    "boolean", "defined", "divisibleby", "endingwith", "eq", "equalto", "escaped", "even", "false",
    "filter", "float", "ge", "greaterthan", "gt", "in", "int", "integer", "iterable", "le",
    "lessthan", "lower", "lt", "mapping", "ne", "none", "number", "odd", "safe", "sameas",
    "sequence", "startingwith", "string", "test", "true", "undefined", "upper",
];

/// Global functions, in alphabetical order.
pub const FUNCTIONS: [&str; 3] = ["dict", "namespace", "range"];

/// Methods of texts, maps and lists under their Python names, in alphabetical order.
pub const METHODS: [&str; 29] = [
    "capitalize", "count", "endswith", "find", "format", "get", "isalnum", "isalpha", "isascii",
    "isdigit", "islower", "isnumeric", "isspace", "isupper", "items", "join", "keys", "lower",
    "lstrip", "replace", "rfind", "rstrip", "split", "splitlines", "startswith", "strip", "title",
    "upper", "values",
];
