//! Counting tokens: exactly for models whose vocabulary is public, by a rule of thumb for the rest.

use crate::message::ModelSettings;

/// How many tokens texts have for a model, and whether that is exact for the texts themselves. What a provider adds
/// around messages is not counted.
pub fn count(model: Option<&ModelSettings>, texts: &[String]) -> (u64, bool) {
    #[cfg(feature = "tokens")]
    if let Some(count) = model.and_then(|model| exact(model, texts)) {
        return (count, true);
    }
    let _ = model;
    (texts.iter().map(|text| estimate(text)).sum(), false)
}

/// About four bytes of English make a token, in the vocabularies of all large vendors.
fn estimate(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

#[cfg(feature = "tokens")]
fn exact(model: &ModelSettings, texts: &[String]) -> Option<u64> {
    if model.provider != "openai" {
        return None;
    }
    let vocabulary = tiktoken_rs::bpe_for_model(&model.name).ok()?;
    Some(texts.iter().map(|text| vocabulary.encode_ordinary(text).len() as u64).sum())
}
