//! Remembering what models said: no answer is paid for twice.
//!
//! Caching, resuming and replaying are one mechanism with two places. [`recordings`] are files in the repository that
//! are reviewed like code and let a run go without keys or network; [`cells`] is a database on this machine that many
//! processes may use at once. [`Store::open`] never fails a run: where it cannot keep answers it says so and keeps them
//! in memory.

pub mod archive;
pub mod cells;
pub mod exchange;
pub mod nearest;
mod open;
pub mod recordings;
mod row;
pub mod runs;
mod salvage;
mod schema;
mod writer;

pub use archive::Archive;
pub use cells::{Cell, Receipt, Store, StoreError};
pub use open::{Warning, make_folder};
pub use recordings::{Recording, RecordingError, Replay};
