//! A tree read into a type, without making JSON of it first: a project holds as many trees as it has files, and each
//! would otherwise be in memory twice while it is read.
//!
//! What is read, and what is refused, is what [`serde_json::from_value`] makes of [`Node::to_json`].

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, Error as _, Expected, IntoDeserializer, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

use super::{Document, Entry, Node, NodeKind};

impl Document {
    /// The file as a type that can be read from JSON; an empty file as an empty mapping.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let read = match &self.root.kind {
            NodeKind::Null => T::deserialize(Nothing::new([].into_iter())),
            _ => T::deserialize(&self.root),
        };
        // The messages are those about JSON, which names the same things in a few other words.
        read.or_else(|_| match self.to_json() {
            Value::Null => serde_json::from_value(Value::Object(Map::new())),
            json => serde_json::from_value(json),
        })
    }
}

type Nothing<'a> = MapDeserializer<'a, std::array::IntoIter<(&'a str, &'a Node), 0>, Error>;

/// Methods for types that only one kind of value can be: a visitor may be content with others too, JSON is not.
macro_rules! only {
    ($($kind:pat => $($method:ident)+;)+) => {
        $($(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
                match self.kind {
                    $kind => self.deserialize_any(visitor),
                    _ => Err(unexpected(&visitor)),
                }
            }
        )+)+
    };
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.kind {
            NodeKind::Null => visitor.visit_unit(),
            NodeKind::Bool(truth) => visitor.visit_bool(*truth),
            NodeKind::Number(number) => number.deserialize_any(visitor),
            NodeKind::String(scalar) => visitor.visit_borrowed_str(&scalar.text),
            NodeKind::Sequence(items) => {
                let mut items = SeqDeserializer::new(items.iter());
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            NodeKind::Mapping(entries) => {
                let mut entries = MapDeserializer::new(entries.iter().map(pair));
                let value = visitor.visit_map(&mut entries)?;
                entries.end()?;
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.kind {
            NodeKind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.kind {
            NodeKind::String(scalar) => {
                let name: serde::de::value::StrDeserializer<'_, Error> =
                    (&*scalar.text).into_deserializer();
                visitor.visit_enum(name)
            }
            NodeKind::Mapping(entries) if entries.len() == 1 => {
                let entries = MapDeserializer::new(entries.iter().map(pair));
                MapAccessDeserializer::new(entries).deserialize_enum(name, variants, visitor)
            }
            _ => Err(Error::custom("neither a text nor a map with a single key")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.kind {
            NodeKind::Mapping(_) | NodeKind::Sequence(_) => self.deserialize_any(visitor),
            _ => Err(unexpected(&visitor)),
        }
    }

    only! {
        NodeKind::Bool(_) => deserialize_bool;
        NodeKind::Number(_) => deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
            deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
            deserialize_u128 deserialize_f32 deserialize_f64;
        NodeKind::String(_) => deserialize_char deserialize_str deserialize_string
            deserialize_identifier;
        NodeKind::Null => deserialize_unit;
        NodeKind::Sequence(_) => deserialize_seq;
        NodeKind::Mapping(_) => deserialize_map;
    }

    forward_to_deserialize_any! { bytes byte_buf unit_struct tuple tuple_struct }
}

fn unexpected(expected: &dyn Expected) -> Error {
    Error::invalid_type(Unexpected::Other("another value"), expected)
}

impl<'de> IntoDeserializer<'de, Error> for &'de Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn pair(entry: &Entry) -> (&str, &Node) {
    (&entry.key, &entry.value)
}
