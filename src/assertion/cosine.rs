//! Nearness in meaning: the cosine of the angle between the embeddings of two texts.

use super::consult::{self, Halt, Needs, Question, Replies, Reply};
use super::judge::{MODEL, plain};
use super::spec::{Family, Spec, Threshold, ValueRule};
use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, ROUNDING, Subject, Verdict, text};

pub(super) const COSINE: Spec = Spec {
    name: "cosine",
    family: Family::Asked,
    passes: "the embedding of the answer is near to that of the text; of several texts the nearest counts. What is near depends on the model: look at the scores of a few pairs first",
    value: ValueRule::Required("a text, or a list of texts"),
    parameters: &[MODEL],
    raw: Some("the cosine, −1 to 1"),
    score: "the cosine, at least 0",
    threshold: Threshold::Floor { default: 0.75 },
    compile: cosine,
};

/// A comparison of embeddings.
#[derive(Clone, Debug)]
pub struct Cosine {
    model: String,
    texts: Operand<Vec<String>>,
}

fn cosine(fields: &mut Fields<'_>) -> Option<Kind> {
    let texts = fields.operand("value", text::one_or_more);
    let Some(model) = plain(fields, "model")? else {
        fields.report(
            Problem::new("`cosine` needs a `model` that makes embeddings")
                .help("write, for example, `model: openai/text-embedding-3-small`"),
        );
        return None;
    };
    Some(Kind::Cosine(Cosine { model, texts: texts? }))
}

impl Cosine {
    pub(super) fn needs(&self) -> Needs<'_> {
        Needs::Embedding { model: &self.model }
    }

    pub(super) fn score(
        &self,
        subject: &Subject<'_>,
        threshold: Option<f64>,
        replies: &Replies,
    ) -> Result<Verdict, Halt> {
        let least = threshold.ok_or("the assertion has no threshold")?;
        if subject.output.trim().is_empty() {
            let verdict = Verdict::decided(false, "the answer is empty".to_owned());
            return Ok(verdict.raw(0.0));
        }
        let texts = self.texts.resolve(subject)?;
        let of =
            |text: &str| Question::Embedding { model: self.model.clone(), text: text.to_owned() };
        let asked = std::iter::once(subject.output).chain(texts.iter().map(String::as_str));
        let replies = consult::all(asked.map(of).collect(), replies)?;
        let mut vectors = Vec::new();
        for reply in replies {
            match reply {
                Reply::Vector(vector) => vectors.push(vector.as_slice()),
                Reply::Undecided(reason) => return Err(Halt::Unscored(reason.clone())),
                _ => return Err("the reply is no embedding".into()),
            }
        }
        let (output, others) = vectors.split_first().ok_or("there is no embedding")?;
        let mut best: Option<f64> = None;
        for other in others {
            let near = similarity(output, other)?;
            best = Some(best.map_or(near, |best| best.max(near)));
        }
        let raw = best.ok_or("there is no text to compare with")?;
        let score = raw.clamp(0.0, 1.0);
        let reason = format!("the cosine is {raw:.4}, at least {least}");
        let verdict = Verdict::decided(score + ROUNDING >= least, reason);
        Ok(Verdict { score, ..verdict }.raw(raw).value(texts.into_value()))
    }
}

/// The cosine of the angle between two vectors: a·b / (|a| |b|).
fn similarity(a: &[f64], b: &[f64]) -> Result<f64, String> {
    if a.len() != b.len() {
        return Err(format!("the embeddings have {} and {} numbers", a.len(), b.len()));
    }
    // The greatest number is taken out first, so that no square leaves the range of the type.
    let scale = |v: &[f64]| v.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let (of_a, of_b) = (scale(a), scale(b));
    let sum = |pairs: &mut dyn Iterator<Item = f64>| pairs.sum::<f64>();
    let dot = sum(&mut a.iter().zip(b).map(|(x, y)| (x / of_a) * (y / of_b)));
    let length = |v: &[f64], scale: f64| sum(&mut v.iter().map(|x| (x / scale).powi(2))).sqrt();
    let cosine = dot / (length(a, of_a) * length(b, of_b));
    if cosine.is_finite() {
        Ok(cosine.clamp(-1.0, 1.0))
    } else {
        Err("an embedding is zero, which has no direction".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_is_that_of_the_angle() {
        let near = |a: &[f64], b: &[f64], expected: f64| {
            let found = similarity(a, b).unwrap();
            assert!((found - expected).abs() < 1e-12, "{a:?} {b:?}: {found}");
        };
        near(&[1.0, 0.0], &[1.0, 0.0], 1.0);
        near(&[1.0, 0.0], &[0.0, 3.0], 0.0);
        near(&[1.0, 2.0], &[-2.0, -4.0], -1.0);
        near(&[3.0, 4.0], &[4.0, 3.0], 0.96);
        near(&[1e300, 1e300], &[1e-300, 0.0], std::f64::consts::FRAC_1_SQRT_2);
    }

    #[test]
    fn vectors_that_cannot_be_compared_have_none() {
        assert!(similarity(&[0.0, 0.0], &[1.0, 0.0]).is_err());
        assert!(similarity(&[1.0], &[1.0, 0.0]).is_err());
        assert!(similarity(&[], &[]).is_err());
    }
}
