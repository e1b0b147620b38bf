//! minijinja's filters, tests, functions and methods, each weighing its arguments before it runs.
//!
//! The originals are registered under names that a template cannot write (`pf.raw.…`), and what bears the usual name
//! spends from the budget first. What a filter returns lazily is collected: a chain of lazy values nests without bound.

use minijinja::value::{ObjectRepr, Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, filters, functions, tests};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::budget::{
    MAX_TEXT, charge, charge_deep, charge_flat, charge_text, deep, is_collected, too_large,
};

/// What the originals are called.
pub(super) const RAW: &str = "pf.raw.";
/// The largest number that a template may give as a width, a precision or an indentation.
const MAX_WIDTH: u64 = 10_000;
/// Numbers beyond this have no use in `range` and overflow its arithmetic.
const MAX_RANGE: i64 = 1 << 53;
/// What an item costs that is taken out of a text or put into a list.
const ITEM: u64 = 48;
/// How often sorting looks at an item.
const SORTING: u64 = 6;
/// How far JSON may be indented.
const MAX_INDENT: u64 = 16;

pub(super) fn install(environment: &mut Environment<'static>) {
    install_filters(environment);
    install_tests(environment);
    environment.remove_global("debug");
    environment.add_function("range", |arguments: Rest<ValueOrKwargs>| {
        let arguments = arguments.into_values();
        let sane =
            |value: &Value| value.as_i64().is_none_or(|n| (-MAX_RANGE..=MAX_RANGE).contains(&n));
        if !arguments.iter().all(sane) {
            return Err(Error::new(ErrorKind::InvalidOperation, "range has too many elements"));
        }
        let (lower, upper, step) = minijinja::value::from_args(&arguments)?;
        functions::range(lower, upper, step)
    });
    environment.add_function("dict", |state: &mut State, arguments: Rest<ValueOrKwargs>| {
        let arguments = arguments.into_values();
        let (value, entries) = minijinja::value::from_args(&arguments)?;
        let made = functions::dict(value, entries)?;
        charge_deep(state, &made)?;
        Ok::<_, Error>(made)
    });
    environment.add_function("namespace", |state: &mut State, values: Option<ValueOrKwargs>| {
        let made = functions::namespace(values)?;
        charge_deep(state, &made)?;
        Ok::<_, Error>(made)
    });
    environment.set_unknown_method_callback(call_method);
}

macro_rules! filters {
    ($environment:ident, $($name:literal => $function:path),* $(,)?) => {
        $(
            $environment.add_filter(concat!("pf.raw.", $name), $function);
            $environment.add_filter($name, |state: &mut State, arguments: Rest<ValueOrKwargs>| {
                filter(state, $name, &arguments.into_values())
            });
        )*
    };
}

fn install_filters(environment: &mut Environment<'static>) {
    filters! { environment,
        "attr" => filters::attr,
        "batch" => filters::batch,
        "capitalize" => filters::capitalize,
        "chain" => filters::chain,
        "count" => filters::length,
        "dictsort" => filters::dictsort,
        "e" => filters::escape,
        "escape" => filters::escape,
        "float" => filters::float,
        "format" => filters::format,
        "groupby" => filters::groupby,
        "indent" => filters::indent,
        "int" => filters::int,
        "items" => filters::items,
        "join" => filters::join,
        "last" => filters::last,
        "length" => filters::length,
        "lines" => filters::lines,
        "list" => filters::list,
        "lower" => filters::lower,
        "map" => filters::map,
        "max" => filters::max,
        "min" => filters::min,
        "pprint" => filters::pprint,
        "reject" => filters::reject,
        "rejectattr" => filters::rejectattr,
        "replace" => filters::replace,
        "reverse" => filters::reverse,
        "safe" => filters::safe,
        "select" => filters::select,
        "selectattr" => filters::selectattr,
        "slice" => filters::slice,
        "sort" => filters::sort,
        "split" => filters::split,
        "string" => filters::string,
        "sum" => filters::sum,
        "title" => filters::title,
        "tojson" => filters::tojson,
        "trim" => filters::trim,
        "unique" => filters::unique,
        "upper" => filters::upper,
        "urlencode" => filters::urlencode,
        "zip" => filters::zip,
    }
}

macro_rules! tests {
    ($environment:ident, $($name:literal => $function:path),* $(,)?) => {
        $(
            $environment.add_test(concat!("pf.raw.", $name), $function);
            $environment.add_test($name, |state: &mut State, arguments: Rest<ValueOrKwargs>| {
                let arguments = arguments.into_values();
                for argument in &arguments {
                    charge_deep(state, argument)?;
                }
                state.perform_test(concat!("pf.raw.", $name), &arguments)
            });
        )*
    };
}

fn install_tests(environment: &mut Environment<'static>) {
    tests! { environment,
        "!=" => tests::is_ne,
        "<" => tests::is_lt,
        "<=" => tests::is_le,
        "==" => tests::is_eq,
        ">" => tests::is_gt,
        ">=" => tests::is_ge,
        "endingwith" => tests::is_endingwith,
        "eq" => tests::is_eq,
        "equalto" => tests::is_eq,
        "ge" => tests::is_ge,
        "greaterthan" => tests::is_gt,
        "gt" => tests::is_gt,
        "in" => tests::is_in,
        "le" => tests::is_le,
        "lessthan" => tests::is_lt,
        "lower" => tests::is_lower,
        "lt" => tests::is_lt,
        "ne" => tests::is_ne,
        "sameas" => tests::is_sameas,
        "startingwith" => tests::is_startingwith,
        "upper" => tests::is_upper,
    }
}

/// Applies a filter after spending what it may cost.
fn filter(state: &mut State, name: &'static str, arguments: &[Value]) -> Result<Value, Error> {
    let cheap = matches!(name, "attr" | "count" | "float" | "int" | "last" | "length");
    for argument in arguments {
        if cheap {
            charge_flat(state, argument)?;
        } else {
            charge_deep(state, argument)?;
        }
    }
    if let Some(value) = arguments.first() {
        let extra = extra_cost(state, name, value, &arguments[1..])?;
        charge(state, extra)?;
    }
    if let Some(inner) = arguments.get(1).and_then(Value::as_str)
        && name == "map"
        && inner.starts_with("pf.")
    {
        return Err(Error::from(ErrorKind::UnknownFilter));
    }
    let result = state.apply_filter(&format!("{RAW}{name}"), arguments)?;
    if cheap { Ok(result) } else { settle(state, result) }
}

/// What a filter costs beyond looking through its arguments: the size of what it will make, and how often it looks.
fn extra_cost(state: &mut State, name: &str, value: &Value, rest: &[Value]) -> Result<u64, Error> {
    let length = text_length(value).unwrap_or(0);
    let items = match text_length(value) {
        Some(length) => length,
        None => value.len().unwrap_or(0) as u64,
    };
    // Joiners, names of attributes and arguments of inner filters are used again for each item.
    let each = items.saturating_mul(text_arguments(rest));
    // Texts are taken apart into characters.
    let characters = length * ITEM;
    Ok(match name {
        "batch" if argument(rest, 1, "fill_with").is_some() => {
            number(rest, 0, "count").saturating_mul(ITEM)
        }
        "slice" => number(rest, 0, "count").saturating_mul(2 * ITEM).saturating_add(characters),
        "batch" | "chain" | "list" | "zip" => characters,
        "map" | "select" | "selectattr" | "reject" | "rejectattr" | "max" | "min" => {
            each.saturating_add(characters)
        }
        "sort" | "groupby" | "unique" | "dictsort" => {
            let weight = deep(state, value)?.0;
            weight.saturating_mul(SORTING).saturating_add(characters).saturating_add(each)
        }
        // Adding up texts or lists copies the sum so far each time.
        "sum" if argument(rest, 1, "start").is_some_and(|start| !start.is_number()) => {
            items.saturating_mul(deep(state, value)?.0)
        }
        "join" | "sum" => each,
        "split" => pieces(value, rest.first()).saturating_mul(ITEM),
        "lines" => pieces(value, Some(&Value::from("\n"))).saturating_mul(ITEM),
        // Each character is looked for among those to trim.
        "trim" => length.saturating_mul(text_arguments(rest)),
        "e" | "escape" | "urlencode" => deep(state, value)?.0.saturating_mul(6),
        "tojson" | "pprint" => {
            let indent = if name == "pprint" { 4 } else { number(rest, 0, "indent") };
            if indent > MAX_INDENT {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    format!("an indentation has at most {MAX_INDENT} spaces"),
                ));
            }
            let (weight, depth) = deep(state, value)?;
            weight.saturating_mul(6 + indent * depth / ITEM)
        }
        "replace" => replacing(value, rest),
        "indent" => {
            let width = match argument(rest, 0, "width") {
                Some(_) => number(rest, 0, "width"),
                None => 4,
            };
            let lines = value.as_str().map_or(0, |text| text.matches('\n').count() as u64);
            width.saturating_mul(lines + 2)
        }
        "format" => formatting(state, value, rest, '%')?,
        _ => 0,
    })
}

/// The length of all texts among the arguments.
fn text_arguments(arguments: &[Value]) -> u64 {
    let mut length = 0;
    for argument in arguments {
        match argument.as_object().filter(|_| argument.is_kwargs()) {
            Some(named) => {
                let values = named.try_iter_pairs().into_iter().flatten();
                length += values.filter_map(|(_, value)| text_length(&value)).sum::<u64>();
            }
            None => length += text_length(argument).unwrap_or(0),
        }
    }
    length
}

/// Calls a method of a text, a map or a list after spending what it may cost.
fn call_method(
    state: &mut State,
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Value, Error> {
    match (value.kind(), method) {
        (ValueKind::Map, "get") => return unknown_method_callback(state, value, method, arguments),
        (ValueKind::Map, _) => charge_flat(state, value)?,
        (ValueKind::Plain | ValueKind::Number | ValueKind::Bool, _) => {}
        _ => {
            charge_deep(state, value)?;
        }
    }
    for argument in arguments {
        charge_deep(state, argument)?;
    }
    let extra = match (method, value.as_str()) {
        ("replace", Some(_)) => replacing(value, arguments),
        ("split", Some(_)) => pieces(value, arguments.first()).saturating_mul(ITEM),
        ("splitlines", Some(_)) => pieces(value, Some(&Value::from("\n"))).saturating_mul(ITEM),
        ("join", Some(text)) => {
            let items = arguments.first().map_or(0, |items| match items.as_str() {
                Some(text) => text.len(),
                None => items.len().unwrap_or(0),
            });
            (items as u64).saturating_mul(text.len() as u64)
        }
        ("format", Some(_)) => formatting(state, value, arguments, '{')?,
        // Each character is looked for among those to strip.
        ("strip" | "lstrip" | "rstrip", Some(text)) => {
            (text.len() as u64).saturating_mul(text_arguments(arguments))
        }
        _ => 0,
    };
    charge(state, extra)?;
    let result = unknown_method_callback(state, value, method, arguments)?;
    settle(state, result)
}

/// Spends what a result weighs, and collects it when it is lazy.
pub(super) fn settle(state: &mut State, value: Value) -> Result<Value, Error> {
    let Some(object) = value.as_object() else {
        charge_text(state, &value)?;
        return Ok(value);
    };
    charge_deep(state, &value)?;
    Ok(match object.repr() {
        ObjectRepr::Seq | ObjectRepr::Iterable if !is_collected(&value) => {
            Value::from(value.try_iter()?.checked().collect::<Result<Vec<_>, _>>()?)
        }
        ObjectRepr::Map if object.type_name().ends_with("::MergeDict") => {
            let mut pairs = Vec::new();
            for key in value.try_iter()?.checked() {
                let key = key?;
                let item = value.get_item(&key)?;
                pairs.push((key, item));
            }
            Value::from_pairs(pairs)
        }
        _ => value,
    })
}

/// An argument by place or by name.
fn argument(arguments: &[Value], place: usize, name: &str) -> Option<Value> {
    if let Some(named) = arguments.last().filter(|last| last.is_kwargs())
        && let Ok(value) = named.get_attr(name)
        && !value.is_undefined()
    {
        return Some(value);
    }
    arguments.get(place).filter(|value| !value.is_kwargs()).cloned()
}

/// A number by place or by name; 0 when it is none.
fn number(arguments: &[Value], place: usize, name: &str) -> u64 {
    argument(arguments, place, name)
        .and_then(|value| value.as_usize())
        .map_or(0, |number| number as u64)
}

fn text_length(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.len() as u64)
}

/// How many pieces a text falls into.
fn pieces(value: &Value, separator: Option<&Value>) -> u64 {
    let Some(text) = value.as_str() else { return 0 };
    let count = match separator.and_then(Value::as_str) {
        Some("") => text.len() + 2,
        Some(separator) => text.matches(separator).count() + 1,
        None => text.split_whitespace().count(),
    };
    count as u64
}

/// The length of what replacing makes.
fn replacing(value: &Value, arguments: &[Value]) -> u64 {
    let (Some(from), Some(to)) = (arguments.first(), arguments.get(1)) else {
        return 0;
    };
    let Some(to) = text_length(to) else { return 0 };
    pieces(value, Some(from)).saturating_mul(to)
}

/// The length of what formatting makes, at most: `mark` begins a placeholder.
fn formatting(
    state: &mut State,
    format: &Value,
    arguments: &[Value],
    mark: char,
) -> Result<u64, Error> {
    let Some(format) = format.as_str() else { return Ok(0) };
    let mut widths: u64 = 0;
    for digits in format.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty()) {
        let width = digits.parse::<u64>().unwrap_or(u64::MAX);
        if width > MAX_WIDTH {
            return Err(too_large());
        }
        widths += width;
    }
    let placeholders = format.matches(mark).count() as u64;
    // `%*d` takes its width from an argument, `{:{}}` likewise.
    let borrowed = if mark == '%' { format.contains('*') } else { nested_braces(format) };
    if borrowed {
        let sane = |value: &Value| value.as_i64().is_none_or(|n| n.unsigned_abs() <= MAX_WIDTH);
        if !arguments.iter().all(sane) {
            return Err(too_large());
        }
        widths = widths.saturating_add(placeholders * MAX_WIDTH);
    }
    let mut largest = 40;
    for argument in arguments {
        largest = largest.max(deep(state, argument)?.0);
    }
    let amount = placeholders.saturating_mul(largest).saturating_add(widths.saturating_mul(4));
    if amount > MAX_TEXT { Err(too_large()) } else { Ok(amount) }
}

fn nested_braces(format: &str) -> bool {
    let mut open = 0_u32;
    for character in format.chars() {
        match character {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > 1 {
            return true;
        }
    }
    false
}
