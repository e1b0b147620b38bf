//! Shards: a run in parts on several machines. Which part a case is in depends on its identity alone, so every machine
//! finds the same parts, wherever the case stands in its file.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::sha256;

/// Parts of one run that are more than anybody wants.
const MOST: u32 = 10_000;

/// One part of a run: `I/N`.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "Numbers")]
pub struct Shard {
    /// Which, from 1.
    index: u32,
    /// Of how many.
    of: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Numbers {
    index: u32,
    of: u32,
}

/// Why something is no shard.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ShardError {
    /// Not of the form I/N.
    #[error("`{0}` is no shard: expected I/N, such as 2/4, with I from 1 to N")]
    Shape(String),
    /// I is not from 1 to N.
    #[error(
        "there is no shard {index} of {of}: shards are counted from 1 to N, and N is at most {MOST}"
    )]
    Range {
        /// Which.
        index: u64,
        /// Of how many.
        of: u64,
    },
    /// The environment says something that is no number.
    #[error("the environment variable {name} is `{value}`, which is no number of shards")]
    Environment {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// Only one of the two numbers is known.
    #[error(
        "{there} is set and {missing} is not, so it is not known how many shards there are: say --shard I/N"
    )]
    Half {
        /// The variable that is set.
        there: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
    /// No job of a known system.
    #[error(
        "no variable of GitLab, Kubernetes, Slurm or a matrix says which shard this is: say --shard I/N"
    )]
    Unknown,
}

impl Shard {
    /// The shard `index`, from 1, of `of`.
    pub fn new(index: u64, of: u64) -> Result<Self, ShardError> {
        let refused = ShardError::Range { index, of };
        match (u32::try_from(index), u32::try_from(of)) {
            (Ok(index), Ok(of)) if index >= 1 && index <= of && of <= MOST => {
                Ok(Self { index, of })
            }
            _ => Err(refused),
        }
    }

    /// Which, from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// Of how many.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether the case is in it.
    pub fn holds(self, case: &str) -> bool {
        shard_of(case, self.of) == self.index
    }

    /// The one of as many shards that holds the case.
    pub fn beside(self, case: &str) -> Self {
        Self { index: shard_of(case, self.of), of: self.of }
    }

    /// The shard that the job's environment names. A name that is not set, or set to nothing, is `None` for `lookup`.
    ///
    /// In this order: `PF_SHARD` (`I/N`) and `PF_SHARD_INDEX` with `PF_SHARD_TOTAL`, which a matrix of GitHub sets from
    /// `strategy.job-index` (from 0) and `strategy.job-total`; `CI_NODE_INDEX` (from 1) and `CI_NODE_TOTAL` of GitLab;
    /// `SLURM_ARRAY_TASK_ID`, `SLURM_ARRAY_TASK_MIN` and `SLURM_ARRAY_TASK_COUNT` of Slurm; `JOB_COMPLETION_INDEX` (from
    /// 0) of Kubernetes, which says no total: that is `PF_SHARD_TOTAL`.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ShardError> {
        let number = |name: &'static str| -> Result<Option<u64>, ShardError> {
            lookup(name)
                .map(|value| {
                    value.trim().parse().map_err(|_| ShardError::Environment { name, value })
                })
                .transpose()
        };
        if let Some(text) = lookup("PF_SHARD") {
            return text.parse();
        }
        // The first index that is set decides; `first` is the number of the first shard.
        let total = "PF_SHARD_TOTAL";
        let slurm_first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
        let known = [
            ("PF_SHARD_INDEX", total, 0),
            ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
            ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", slurm_first),
            ("JOB_COMPLETION_INDEX", total, 0),
        ];
        for (there, missing, first) in known {
            let Some(index) = number(there)? else { continue };
            let of = number(missing)?.ok_or(ShardError::Half { there, missing })?;
            let refused = ShardError::Range { index, of };
            let index = index.checked_sub(first).and_then(|index| index.checked_add(1));
            return Self::new(index.ok_or(refused)?, of);
        }
        Err(ShardError::Unknown)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let shape = || ShardError::Shape(text.chars().take(80).collect());
        let (index, of) = text.split_once('/').ok_or_else(shape)?;
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| shape());
        Self::new(number(index)?, number(of)?)
    }
}

impl TryFrom<Numbers> for Shard {
    type Error = ShardError;

    fn try_from(Numbers { index, of }: Numbers) -> Result<Self, ShardError> {
        Self::new(index.into(), of.into())
    }
}

/// Which of `n` shards a case is in, from 1: the first 8 bytes of the SHA-256 of its identity, as a share of all there
/// are. All repeats of a case, on all models, are in one shard, so that figures of cases can be made in each.
pub fn shard_of(case: &str, n: u32) -> u32 {
    let digest = sha256(case).to_string();
    let first = u64::from_str_radix(&digest[..16], 16).expect("a digest is hexadecimal");
    let place = (u128::from(first) * u128::from(n.max(1))) >> 64;
    u32::try_from(place).expect("it is below n") + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(index: u64, of: u64) -> Shard {
        Shard::new(index, of).unwrap()
    }

    #[test]
    fn every_case_is_in_one_shard_and_the_shards_are_alike() {
        for n in [1, 2, 3, 7] {
            let mut counts = vec![0; n as usize];
            for case in 0..7000 {
                let at = shard_of(&format!("case-{case}"), n);
                assert!(shard(u64::from(at), u64::from(n)).holds(&format!("case-{case}")));
                counts[at as usize - 1] += 1;
            }
            let expected = 7000 / n;
            assert!(counts.iter().all(|count| expected.abs_diff(*count) < 200), "{counts:?}");
        }
    }

    #[test]
    fn a_case_never_moves_between_versions_of_pf() {
        assert_eq!(["ada", "bob", "gsm8k-0001", ""].map(|case| shard_of(case, 4)), [4, 3, 1, 4]);
    }

    #[test]
    fn a_shard_is_written_as_one_of_several() {
        assert_eq!("2/4".parse(), Ok(shard(2, 4)));
        assert_eq!(shard(2, 4).to_string(), "2/4");
        for text in ["", "2", "a/b", "2/", "-1/4", "1/4/2"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::Shape(text.to_owned())), "{text}");
        }
        for (index, of) in [(0, 4), (5, 4), (1, 0), (1, 20_000)] {
            assert_eq!(Shard::new(index, of), Err(ShardError::Range { index, of }));
        }
        assert!(serde_json::from_str::<Shard>(r#"{"index":3,"of":2}"#).is_err());
    }

    #[test]
    fn the_environment_of_each_system_names_it() {
        let found = |set: &[(&str, &str)]| {
            Shard::from_environment(|name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(found(&[("PF_SHARD", "3/8")]), Ok(shard(3, 8)));
        assert_eq!(found(&[("PF_SHARD_INDEX", "0"), ("PF_SHARD_TOTAL", "3")]), Ok(shard(1, 3)));
        assert_eq!(found(&[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "3")]), Ok(shard(2, 3)));
        assert_eq!(
            found(&[("JOB_COMPLETION_INDEX", "2"), ("PF_SHARD_TOTAL", "3")]),
            Ok(shard(3, 3))
        );
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "11"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
            ("SLURM_ARRAY_TASK_MIN", "10"),
        ];
        assert_eq!(found(&slurm), Ok(shard(2, 4)));
        assert_eq!(found(&slurm[..2]), Err(ShardError::Range { index: 12, of: 4 }));
        assert_eq!(found(&[]), Err(ShardError::Unknown));
        let (there, missing) = ("CI_NODE_INDEX", "CI_NODE_TOTAL");
        assert_eq!(found(&[(there, "2")]), Err(ShardError::Half { there, missing }));
        assert_eq!(
            found(&[(there, "two"), (missing, "3")]),
            Err(ShardError::Environment { name: there, value: "two".to_owned() })
        );
    }
}
