//! The way from the root of a document to a value in it.

use std::fmt;

/// The way from the root of a document to a value: keys and indexes, outermost first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Route(Vec<Segment>);

/// One step of a [`Route`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Segment {
    /// Into a mapping.
    Key(String),
    /// Into a sequence, counted from 0.
    Index(usize),
}

impl Route {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// One step further, into a mapping.
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.push(Segment::Key(key.into()))
    }

    /// One step further, into a sequence.
    pub fn index(&self, index: usize) -> Self {
        self.push(Segment::Index(index))
    }

    /// The steps.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The last step and the way to where it starts.
    pub fn split_last(&self) -> Option<(&Segment, Self)> {
        self.0.split_last().map(|(last, rest)| (last, Self(rest.to_vec())))
    }

    fn push(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl FromIterator<Segment> for Route {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for Route {
    /// `messages[1].content`; the root is `the file`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the file");
        }
        for (place, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if place == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
