//! What hides in a text: keys, personal data, characters that deceive, phrases that are meant for the model.
//!
//! Pure functions from a text to places in it. The lint rules say where in a project they look; assertions and guards
//! use the same functions on answers. Each of them reads a text without allocating until there is something to report.

pub mod phrase;
pub mod pii;
pub mod secret;
pub mod unicode;
