//! Assertions: scorers with a value and a threshold.

use schemars::JsonSchema;
use serde::Deserialize;

/// An assertion as a file writes it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Syntax {}
