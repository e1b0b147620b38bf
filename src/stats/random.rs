//! Random numbers that are the same for ever: a seed names the same resamples in each version of pf and on each machine.

/// A generator of one stream of random numbers: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014).
///
/// Written out, because figures in a report must not change with the version of a crate: those in use keep the right to
/// change their streams.
pub(super) struct Stream {
    state: u64,
}

impl Stream {
    /// The stream with this number of those of a seed. Work is split into streams and never into threads, so that the
    /// number of threads changes nothing.
    pub(super) fn new(seed: u64, number: u64) -> Self {
        // Twice through the finaliser: neighbouring seeds and numbers start at unrelated places of the period of 2⁶⁴.
        Self { state: mix(mix(seed.wrapping_add(GAMMA)) ^ number.wrapping_mul(GAMMA)) }
    }

    /// 64 random bits.
    #[inline]
    pub(super) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// A number of (0, 1), never 0 or 1.
    #[inline]
    pub(super) fn unit(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Two numbers below `bound`, from the two halves of one draw (Lemire, "Fast random integer generation in an
    /// interval", 2019, without the rejection: no number is off its probability by more than 2⁻³²).
    #[inline]
    pub(super) fn two_below(&mut self, bound: u32) -> [usize; 2] {
        let bits = self.bits();
        let below = |half: u32| ((u64::from(half) * u64::from(bound)) >> 32) as usize;
        [below((bits >> 32) as u32), below(bits as u32)]
    }
}

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64.
#[inline]
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs for the seed 1234567 of the generator's published implementation.
    #[test]
    fn is_the_published_generator() {
        let mut stream = Stream { state: 1_234_567 };
        let first: Vec<u64> = (0..3).map(|_| stream.bits()).collect();
        assert_eq!(
            first,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn streams_differ_by_seed_and_number() {
        let mut starts: Vec<u64> = (0..30)
            .flat_map(|seed| (0..30).map(move |number| Stream::new(seed, number).bits()))
            .collect();
        starts.sort_unstable();
        starts.dedup();
        assert_eq!(starts.len(), 900);
    }

    #[test]
    fn numbers_stay_in_their_range() {
        let mut stream = Stream::new(0, 0);
        for _ in 0..10_000 {
            assert!(stream.two_below(3).iter().all(|number| *number < 3));
            let unit = stream.unit();
            assert!(unit > 0.0 && unit < 1.0);
        }
    }
}
