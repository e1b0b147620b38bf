//! What one render may spend: bytes of text and values that it makes or looks through.
//!
//! Time and memory of every operation are at most proportional to what it is charged for before it runs, and all
//! charges of a render count against one sum. The sum bounds what is alive at any moment, because everything that is
//! alive was charged when it was made.

use std::fmt::{self, Write as _};

use minijinja::value::{ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

/// Bytes of text and values that one render may make and look through, all steps together.
pub const MAX_WORK: u64 = 64 << 20;
/// The longest single text in bytes that takes part in an operation.
pub const MAX_TEXT: u64 = 16 << 20;

/// What a value costs beside its text: its place in a list or map, with slack for growth.
const NODE: u64 = 48;
/// How many `block`s may run inside one another.
const MAX_BLOCKS: usize = 16;
/// What it costs to ask a lazy sequence for an item: up to 32 sequences may stand behind one another.
const LAZY: u64 = 8 * NODE;
/// How deep values may nest; values read from YAML and JSON nest 128 deep at most.
const MAX_DEPTH: usize = 150;

/// What is left of [`MAX_WORK`]; lives in the state of a render.
struct Budget {
    left: u64,
    /// Sizes of the left sides of multiplications whose right side is being evaluated.
    factors: Vec<Factor>,
    /// How many `block`s run inside one another.
    blocks: usize,
}

fn budget<'a>(state: &'a mut State<'_, '_>) -> &'a mut Budget {
    state.get_or_insert_extension_with(|| Budget { left: MAX_WORK, factors: Vec::new(), blocks: 0 })
}

/// The error of a render that wants too much.
pub(super) fn too_large() -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!(
            "the template makes too much text or too many values on the way (more than {} MiB)",
            MAX_WORK >> 20
        ),
    )
}

fn too_deep() -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("the value nests deeper than {MAX_DEPTH} levels"),
    )
}

/// Spends `amount`.
pub(super) fn charge(state: &mut State<'_, '_>, amount: u64) -> Result<(), Error> {
    let budget = budget(state);
    match budget.left.checked_sub(amount) {
        Some(left) => {
            budget.left = left;
            Ok(())
        }
        None => Err(too_large()),
    }
}

/// Spends what it costs to look through all of a value.
pub(super) fn charge_deep(state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let (weight, _) = deep(state, value)?;
    charge(state, weight)
}

/// The weight of a value with all that it holds, and how deep it nests, when the budget could pay for it.
pub(super) fn deep(state: &mut State<'_, '_>, value: &Value) -> Result<(u64, u64), Error> {
    let before = budget(state).left;
    let mut left = before;
    let depth = weigh(value, &mut left, 0)?;
    Ok((before - left, depth as u64))
}

/// Spends what it costs to handle a value without looking into its items.
pub(super) fn charge_flat(state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let amount = flat_weight(value)?;
    charge(state, amount)
}

/// Spends the length of the value as text.
pub(super) fn charge_text(state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let limit = budget(state).left.min(MAX_TEXT);
    let length = text_length(value, limit)?;
    charge(state, length)
}

/// The length of the value as text, in bytes, when that is at most `limit`.
pub(super) fn text_length(value: &Value, limit: u64) -> Result<u64, Error> {
    let length = match value.as_str() {
        Some(text) => text.len() as u64,
        None if value.as_object().is_none() => 40,
        None => {
            // Depth first: printing recurses.
            let mut budget = limit.saturating_mul(NODE).min(MAX_WORK);
            weigh(value, &mut budget, 0)?;
            let mut counter = Counter { length: 0, limit };
            let complete = write!(counter, "{value}").is_ok();
            if complete { counter.length } else { limit.saturating_add(1) }
        }
    };
    if length > limit { Err(too_large()) } else { Ok(length) }
}

/// A sink that counts and refuses to go past its limit.
struct Counter {
    length: u64,
    limit: u64,
}

impl fmt::Write for Counter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.length = self.length.saturating_add(text.len() as u64);
        if self.length > self.limit { Err(fmt::Error) } else { Ok(()) }
    }
}

fn flat_weight(value: &Value) -> Result<u64, Error> {
    if let Some(text) = value.as_str() {
        let length = text.len() as u64;
        return if length > MAX_TEXT { Err(too_large()) } else { Ok(length) };
    }
    Ok(match value.as_object() {
        Some(_) => (value.len().unwrap_or(0) as u64).saturating_mul(8).saturating_add(NODE),
        None => 0,
    })
}

/// Takes the weight of a value and of all that it holds from `left`; what is held twice weighs twice. Says how deep it
/// nests, counted from `depth`.
fn weigh(value: &Value, left: &mut u64, depth: usize) -> Result<usize, Error> {
    let own = NODE + value.as_str().map_or(0, |text| text.len() as u64);
    spend(left, own)?;
    let Some(object) = value.as_object() else {
        return Ok(depth);
    };
    if depth > 0 && is_namespace(value) {
        return Err(namespace_inside());
    }
    if depth >= MAX_DEPTH {
        return Err(too_deep());
    }
    let mut deepest = depth;
    match object.repr() {
        ObjectRepr::Seq | ObjectRepr::Iterable => {
            let lazy = !is_collected(value);
            for item in value.try_iter()? {
                if lazy {
                    spend(left, LAZY)?;
                }
                deepest = deepest.max(weigh(&item, left, depth + 1)?);
            }
        }
        ObjectRepr::Map => {
            for (key, item) in object.try_iter_pairs().into_iter().flatten() {
                weigh(&key, left, depth + 1)?;
                deepest = deepest.max(weigh(&item, left, depth + 1)?);
            }
        }
        _ => {}
    }
    Ok(deepest)
}

fn spend(left: &mut u64, amount: u64) -> Result<(), Error> {
    *left = left.checked_sub(amount).ok_or_else(too_large)?;
    Ok(())
}

/// Whether the items of a sequence lie in memory.
pub(super) fn is_collected(value: &Value) -> bool {
    value.is_tuple() || value.downcast_object_ref::<Vec<Value>>().is_some()
}

/// A namespace is the one value that can change, so one that came to hold itself would never end.
pub(super) fn namespace_inside() -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        "a namespace cannot be put into a list, a map or another namespace",
    )
}

/// Whether a value is what `namespace()` makes: the one value that can change after it was made.
pub(super) fn is_namespace(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.type_name().ends_with("::Namespace"))
}

/// Enters or leaves a `block`. minijinja counts one as a single step of recursion, but it takes as much stack as a macro
/// call does, which counts four.
pub(super) fn nest_block(state: &mut State<'_, '_>, enters: bool) -> Result<(), Error> {
    let blocks = &mut budget(state).blocks;
    if !enters {
        *blocks = blocks.saturating_sub(1);
        return Ok(());
    }
    *blocks += 1;
    if *blocks > MAX_BLOCKS {
        return Err(Error::new(ErrorKind::InvalidOperation, "recursion limit exceeded"));
    }
    Ok(())
}

/// A side of a multiplication, as far as it decides the size of the product.
#[derive(Clone, Copy)]
enum Factor {
    /// How often.
    Times(u64),
    /// The weight of a text or of the items of a sequence.
    Repeated(u64),
    Other,
}

impl Factor {
    fn of(value: &Value) -> Self {
        match value.kind() {
            ValueKind::Number => Self::Times(
                value.as_i64().map_or(u64::MAX, |number| u64::try_from(number).unwrap_or(0)),
            ),
            ValueKind::String => Self::Repeated(value.as_str().map_or(0, |text| text.len() as u64)),
            ValueKind::Seq | ValueKind::Iterable => {
                Self::Repeated((value.len().unwrap_or(0) as u64).saturating_mul(NODE))
            }
            _ => Self::Other,
        }
    }
}

/// Remembers the left side of a multiplication while the right one is evaluated.
pub(super) fn push_factor(state: &mut State<'_, '_>, value: &Value) {
    let factor = Factor::of(value);
    budget(state).factors.push(factor);
}

/// Spends the size of a product before it is made.
pub(super) fn charge_product(state: &mut State<'_, '_>, right: &Value) -> Result<(), Error> {
    let left = budget(state).factors.pop().unwrap_or(Factor::Other);
    match (left, Factor::of(right)) {
        (Factor::Times(times), Factor::Repeated(size))
        | (Factor::Repeated(size), Factor::Times(times)) => {
            let amount = size.saturating_mul(times);
            if amount > MAX_TEXT { Err(too_large()) } else { charge(state, amount) }
        }
        _ => Ok(()),
    }
}
