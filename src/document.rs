//! YAML text to a spanned tree.

use std::sync::Arc;

use crate::span::SourceFile;

/// A parsed YAML file.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file.
    pub file: Arc<SourceFile>,
}
