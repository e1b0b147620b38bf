//! The cells of a saved run, one at a time and whole.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Kind, SavedError, kind};

/// Hands each cell of a saved run to `act`, as the file has it, until one fails. Only one of them is held.
pub fn each_cell<E>(
    bytes: &[u8],
    act: &mut dyn FnMut(Value) -> Result<(), E>,
) -> Result<Result<(), E>, SavedError> {
    let mut cells = Cells { act, result: Ok(()) };
    match kind(bytes)? {
        Kind::Run => {
            let mut text = serde_json::Deserializer::from_slice(bytes);
            text.deserialize_map(Run(&mut cells))?;
        }
        Kind::Cells => {
            for cell in serde_json::Deserializer::from_slice(bytes).into_iter() {
                cells.take(cell?);
            }
        }
    }
    Ok(cells.result)
}

struct Cells<'a, E> {
    act: &'a mut dyn FnMut(Value) -> Result<(), E>,
    result: Result<(), E>,
}

impl<E> Cells<'_, E> {
    fn take(&mut self, cell: Value) {
        if self.result.is_ok() {
            self.result = (self.act)(cell);
        }
    }
}

/// The object of a run, of which only the cells are looked at.
struct Run<'a, 'b, E>(&'a mut Cells<'b, E>);

impl<'de, E> Visitor<'de> for Run<'_, '_, E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a run")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "cells" => map.next_value_seed(List(&mut *self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct List<'a, 'b, E>(&'a mut Cells<'b, E>);

impl<'de, E> DeserializeSeed<'de> for List<'_, '_, E> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, E> Visitor<'de> for List<'_, '_, E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of cells")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(cell) = list.next_element::<Value>()? {
            self.0.take(cell);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cells(bytes: &[u8]) -> Vec<Value> {
        let mut found = Vec::new();
        let act = &mut |cell| -> Result<(), ()> {
            found.push(cell);
            Ok(())
        };
        each_cell(bytes, act).unwrap().unwrap();
        found
    }

    #[test]
    fn cells_are_those_of_a_run_or_of_lines() {
        let both = vec![json!({"case": "a", "more": [1]}), json!({"case": "b"})];
        let run = json!({"version": 1, "kind": "run", "cells": &both, "results": [{"cells": [1]}]});
        assert_eq!(cells(run.to_string().as_bytes()), both);
        assert_eq!(cells(b"{\"case\":\"a\",\"more\":[1]}\n{\"case\":\"b\"}\n"), both);
    }

    #[test]
    fn the_first_failure_is_the_last_cell_that_is_looked_at() {
        let mut seen = 0;
        let result = each_cell(b"{\"case\":\"a\"}{\"case\":\"b\"}", &mut |_| {
            seen += 1;
            Err("full")
        });
        assert_eq!((result.unwrap(), seen), (Err("full"), 1));
    }
}
