//! pf: prompts as code.
//!
//! Prompts are YAML files in a git repository. This crate reads them from the worktree, the index or any
//! commit, checks them, renders them, runs them against datasets and says what a change means.
//!
//! ```text
//!  worktree ─┐
//!  index    ─┼─ snapshot ─ document ─ project ─ template ─ [Message] ─ provider ─ answer ─ assertion ─ eval::Run ─ report
//!  commit   ─┘   (files)    (spans)   (typed)                 └─────── cell store ───────┘                 │
//!                              └── schema, lint, diff ── Diagnostic ──────────────────────────────────────┘
//! ```
//!
//! The modules below stand in layer order: each may use only those above it. A test reads this list and
//! fails on an arrow that points the wrong way, so reading it from top to bottom is reading the flow of
//! the data.

// Ground: what everything else is said in.
pub mod path;
pub mod span;
pub mod diagnostic;
pub mod message;

// Sources: where text comes from, and what it says.
pub mod snapshot;
pub mod document;
pub mod schema;

// The machine: programs that people let pf run.
pub mod process;

// Facts: pure functions and tables.
pub mod price;
pub mod metric;
pub mod stats;
pub mod jinja;
pub mod detect;
pub mod assertion;

// Definitions: the files of a project, typed; prompts rendered; identity.
pub mod project;
pub mod template;
pub mod digest;

// Reading: what is wrong with a project, how its files are written, what changed, and when.
pub mod lint;
pub mod format;
pub mod change;
pub mod history;

// Bringing in: what others keep their prompts in.
pub mod import;

// Models: asking them, and remembering what they said.
pub mod provider;
pub mod store;

// Running, showing, and the doors.
pub mod eval;
pub mod report;
pub mod cli;
