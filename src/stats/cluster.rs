//! Values that are not independent of each other, taken together.

use std::collections::BTreeMap;

/// The values of one cluster: what is resampled, and flipped, as a whole.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Cluster {
    pub(super) sum: f64,
    pub(super) count: f64,
}

/// The values by cluster, in the order of the cluster numbers; without clusters each value is one. A value without a
/// cluster number is left out. `None` where a value is not finite.
pub(super) fn gather(values: &[f64], clusters: Option<&[usize]>) -> Option<Vec<Cluster>> {
    if values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let Some(clusters) = clusters else {
        return Some(values.iter().map(|value| Cluster { sum: *value, count: 1.0 }).collect());
    };
    let mut gathered: BTreeMap<usize, Cluster> = BTreeMap::new();
    for (value, cluster) in values.iter().zip(clusters) {
        let cluster = gathered.entry(*cluster).or_insert(Cluster { sum: 0.0, count: 0.0 });
        cluster.sum += value;
        cluster.count += 1.0;
    }
    Some(gathered.into_values().collect())
}
