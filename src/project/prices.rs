//! The project's own prices, in the file that `prices:` in `pf.yaml` names.

use super::Project;
use crate::diagnostic::Diagnostic;
use crate::document;
use crate::path::RepoPath;
use crate::price::Prices;
use crate::snapshot::SnapshotError;

/// Why there are no prices.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    /// There is no such file, or it is no table of prices.
    #[error("`prices: {name}` in pf.yaml: {message}")]
    Wrong {
        /// The file as `pf.yaml` names it.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// It cannot be read as YAML.
    #[error("the file of prices cannot be read")]
    Findings(Vec<Diagnostic>),
    /// It cannot be read at all.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

impl Project {
    /// The project's own prices; none where it names no file of them.
    pub fn prices(&self) -> Result<Prices, PricesError> {
        let Some(name) = &self.config.prices else { return Ok(Prices::default()) };
        let wrong = |message: String| PricesError::Wrong { name: name.clone(), message };
        let path = RepoPath::new(name).map_err(|error| wrong(error.to_string()))?;
        let file = self.source(&path)?.ok_or_else(|| wrong("there is no such file".to_owned()))?;
        let (document, findings) = document::parse(&file);
        let Some(document) = document.filter(|_| findings.is_empty()) else {
            return Err(PricesError::Findings(findings));
        };
        let prices: Prices =
            serde_json::from_value(document.to_json()).map_err(|error| wrong(error.to_string()))?;
        match prices.0.iter().find(|(_, price)| !price.is_sound()) {
            Some((model, _)) => Err(wrong(format!("a price of `{model}` is below 0"))),
            None => Ok(prices),
        }
    }
}
