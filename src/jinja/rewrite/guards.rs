//! The filters that a rewritten template calls. Their names have a dot, which [`super::expression`] refuses to users.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Object, ObjectRepr, Tuple, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use crate::jinja::budget::{
    charge, charge_deep, charge_flat, charge_product, charge_text, is_collected, is_namespace,
    namespace_inside, nest_block, push_factor,
};
use crate::jinja::builtins::settle;

/// An operand of `~`: as long as its text.
pub(super) const TEXT: &str = "pf.text";
/// An operand of `+`: as long as its text or its items, which are not copied.
pub(super) const FLAT: &str = "pf.flat";
/// An operand of a comparison, which may look through all of it.
pub(super) const DEEP: &str = "pf.deep";
/// The left side of `*`.
pub(super) const TIMES: &str = "pf.times";
/// The right side of `*`.
pub(super) const PRODUCT: &str = "pf.product";
/// A list, tuple or map that was just built.
pub(super) const BUILT: &str = "pf.built";
/// What goes into a namespace.
pub(super) const ASSIGNED: &str = "pf.assigned";
/// What is looked up by a subscript that is not known: finding a character of a text counts all before it.
pub(super) const INDEXED: &str = "pf.indexed";
/// `value[start:stop:step]`.
pub(super) const SLICE: &str = "pf.slice";
/// Charges a number of bytes of text.
pub(super) const CHARGE: &str = "pf.charge";
/// Enters a block (1), and leaves it (0).
pub(super) const BLOCK: &str = "pf.block";
/// Notes where a piece of output begins.
pub(super) const MARK: &str = "pf.mark";
/// Notes that a branch is taken.
pub(super) const REACH: &str = "pf.reach";
/// Suspends marks while output is captured (1), and resumes them (0).
pub(super) const PAUSE: &str = "pf.pause";

/// The name under which the context holds the [`Sink`]; no template can write it.
pub(crate) const SINK: &str = "pf.sink";

/// Registers the guards.
pub(in crate::jinja) fn install(environment: &mut Environment<'static>) {
    environment.add_filter(TEXT, |state: &mut State, value: Value| {
        if !value.is_undefined() {
            charge_text(state, &value)?;
        }
        Ok::<_, Error>(value)
    });
    environment.add_filter(FLAT, |state: &mut State, value: Value| {
        charge_flat(state, &value)?;
        Ok::<_, Error>(value)
    });
    environment.add_filter(DEEP, |state: &mut State, value: Value| {
        if value.as_object().is_some() || value.kind() == ValueKind::String {
            charge_deep(state, &value)?;
        }
        Ok::<_, Error>(value)
    });
    environment.add_filter(TIMES, |state: &mut State, value: Value| {
        let value = collected(state, value)?;
        push_factor(state, &value);
        Ok::<_, Error>(value)
    });
    environment.add_filter(PRODUCT, |state: &mut State, value: Value| {
        let value = collected(state, value)?;
        charge_product(state, &value)?;
        Ok::<_, Error>(value)
    });
    environment.add_filter(BUILT, |state: &mut State, value: Value| {
        charge_deep(state, &value)?;
        Ok::<_, Error>(value)
    });
    environment.add_filter(ASSIGNED, |value: Value| {
        if is_namespace(&value) {
            return Err(namespace_inside());
        }
        Ok(value)
    });
    environment.add_filter(INDEXED, |state: &mut State, value: Value| {
        if let Some(text) = value.as_str() {
            charge(state, text.len() as u64)?;
        }
        Ok::<_, Error>(value)
    });
    environment.add_filter(
        SLICE,
        |state: &mut State,
         value: Value,
         start: Option<i64>,
         stop: Option<i64>,
         step: Option<i64>| { slice(state, &value, start, stop, step) },
    );
    environment.add_filter(CHARGE, |state: &mut State, amount: u64| {
        charge(state, amount)?;
        Ok::<_, Error>("")
    });
    environment.add_filter(BLOCK, |state: &mut State, enters: usize| {
        nest_block(state, enters == 1)?;
        Ok::<_, Error>("")
    });
    environment.add_filter(MARK, |id: usize| Value::from_object(Marked::Starts(id)));
    environment.add_filter(REACH, |id: usize| Value::from_object(Marked::Reaches(id)));
    environment.add_filter(PAUSE, |on: usize| Value::from_object(Marked::Pauses(on == 1)));
}

/// A repeated sequence is lazy; repeated again and again it would nest without bound.
fn collected(state: &mut State, value: Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable if !is_collected(&value) => settle(state, value),
        _ => Ok(value),
    }
}

/// `value[start:stop:step]` as in Python, collected at once: minijinja's own is lazy, nests without bound, and panics
/// on `""[::-1]`.
fn slice(
    state: &mut State,
    value: &Value,
    start: Option<i64>,
    stop: Option<i64>,
    step: Option<i64>,
) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Error::new(ErrorKind::InvalidOperation, "cannot slice by step size of 0"));
    }
    if let Some(text) = value.as_str() {
        charge(state, text.len() as u64)?;
        let bounds = (start, stop);
        if step == 1 && bounds.0.is_none_or(|n| n >= 0) && bounds.1.is_none_or(|n| n >= 0) {
            let from = usize::try_from(start.unwrap_or(0)).unwrap_or(usize::MAX);
            let to = stop.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
            let taken = text.chars().skip(from).take(to.saturating_sub(from));
            return Ok(Value::from(taken.collect::<String>()));
        }
        charge(state, 4 * text.len() as u64)?;
        let characters: Vec<char> = text.chars().collect();
        let taken = indexes(characters.len(), start, stop, step).map(|index| characters[index]);
        return Ok(Value::from(taken.collect::<String>()));
    }
    let sequence = value
        .as_object()
        .filter(|object| matches!(object.repr(), ObjectRepr::Seq | ObjectRepr::Iterable));
    if value.is_none() {
        return Ok(Value::from(Vec::<Value>::new()));
    }
    if sequence.is_none() {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("value of type {} cannot be sliced", value.kind()),
        ));
    }
    charge_flat(state, value)?;
    charge(state, 48 * value.len().unwrap_or(0) as u64)?;
    let items = value.try_iter()?.checked().collect::<Result<Vec<_>, _>>()?;
    let taken = indexes(items.len(), start, stop, step).map(|index| items[index].clone());
    let taken: Vec<Value> = taken.collect();
    Ok(if value.is_tuple() { Value::from(Tuple::from(taken)) } else { Value::from(taken) })
}

/// Python's indexes of a slice, in order; each lies below `length`.
fn indexes(
    length: usize,
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let forward = step > 0;
    let (lowest, highest) = if forward { (0, length) } else { (-1, length - 1) };
    let bound = |bound: Option<i64>, otherwise: i64| match bound {
        None => otherwise,
        Some(n) if n < 0 => n.saturating_add(length).clamp(lowest, highest),
        Some(n) => n.clamp(lowest, highest),
    };
    let first = bound(start, if forward { 0 } else { length - 1 });
    let last = bound(stop, if forward { length } else { -1 });
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let index = next.filter(|n| if forward { *n < last } else { *n > last })?;
        next = index.checked_add(step);
        usize::try_from(index).ok()
    })
}

/// Where the pieces of an output begin, or which branches are taken, noted while it is written.
#[derive(Debug, Default)]
pub struct Sink {
    written: AtomicUsize,
    paused: AtomicUsize,
    starts: Mutex<Vec<(usize, usize)>>,
    reached: Mutex<BTreeSet<usize>>,
}

impl Sink {
    /// Counts bytes that reached the output.
    pub fn advance(&self, bytes: usize) {
        self.written.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Mark and offset of each piece, in order.
    pub fn starts(&self) -> Vec<(usize, usize)> {
        self.starts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The branches that were taken.
    pub fn reached(&self) -> BTreeSet<usize> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The value under which a template's context holds it, and its name there.
    pub fn binding(self: &Arc<Self>) -> (&'static str, Value) {
        (SINK, Value::from_dyn_object(Arc::clone(self)))
    }
}

impl Object for Sink {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// What is printed to note something instead.
#[derive(Debug)]
pub(in crate::jinja) enum Marked {
    /// The piece with this number begins.
    Starts(usize),
    /// The branch with this number is taken.
    Reaches(usize),
    /// Output is captured from here on, or no longer.
    Pauses(bool),
}

impl Object for Marked {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

impl Marked {
    /// Notes it in the sink of the render.
    pub(in crate::jinja) fn note(&self, state: &State) {
        let Some(value) = state.lookup(SINK) else { return };
        let Some(sink) = value.downcast_object_ref::<Sink>() else { return };
        match self {
            Self::Pauses(true) => {
                sink.paused.fetch_add(1, Ordering::Relaxed);
            }
            Self::Pauses(false) => {
                sink.paused.fetch_sub(1, Ordering::Relaxed);
            }
            Self::Starts(id) if sink.paused.load(Ordering::Relaxed) == 0 => {
                let offset = sink.written.load(Ordering::Relaxed);
                sink.starts.lock().unwrap_or_else(PoisonError::into_inner).push((*id, offset));
            }
            Self::Starts(_) => {}
            Self::Reaches(id) => {
                sink.reached.lock().unwrap_or_else(PoisonError::into_inner).insert(*id);
            }
        }
    }
}
