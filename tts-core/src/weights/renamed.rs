//! Files of an older layout: other names for the same tensors, matrices kept as size and direction, names to pass over.
//!
//! A weight-normed matrix (Salimans and Kingma 2016) is `size * direction / |direction|`, row by row of its first dimension. It
//! is multiplied out when it is asked for, so that no more than one is held.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::tensor::{Content, Tensor};
use super::{Weights, WeightsError};

/// What a stored tensor is to the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nothing: it may be there, and is not read.
    Skipped,
    /// The tensor of this name.
    Whole(String),
    /// The sizes `[rows, 1, ..]` of the tensor of this name.
    Size(String),
    /// The directions of the tensor of this name.
    Direction(String),
}

/// Where a tensor stands in the file.
#[derive(Debug)]
enum Place {
    Whole(String),
    Pair { size: Option<String>, direction: Option<String> },
}

/// Names as the code knows them, to what stands in the file.
#[derive(Debug)]
pub(super) struct Renamed {
    places: BTreeMap<String, Place>,
}

impl Weights {
    /// The same file, its tensors asked for by the names that `meaning` gives to the stored ones.
    ///
    /// # Errors
    /// [`WeightsError::Twice`] if two get one name, [`WeightsError::Missing`] if half of a pair is not there.
    pub(crate) fn renamed(mut self, meaning: impl Fn(&str) -> Meaning) -> Result<Self, WeightsError> {
        let mut places = BTreeMap::new();
        let mut names: Vec<String> = self.metadata.tensors().into_keys().collect();
        names.sort_unstable();
        for stored in names {
            match meaning(&stored) {
                Meaning::Skipped => {
                    self.read.borrow_mut().insert(stored);
                }
                Meaning::Whole(name) => self.put(&mut places, name, Place::Whole(stored))?,
                Meaning::Size(name) => {
                    self.put(&mut places, name, Place::Pair { size: Some(stored), direction: None })?
                }
                Meaning::Direction(name) => {
                    self.put(&mut places, name, Place::Pair { size: None, direction: Some(stored) })?;
                }
            }
        }
        for (name, place) in &places {
            if let Place::Pair { size, direction } = place
                && (size.is_none() || direction.is_none())
            {
                let half = if size.is_none() { "size (weight_g)" } else { "direction (weight_v)" };
                return Err(WeightsError::Missing { origin: self.origin, name: format!("{name}: {half}") });
            }
        }
        self.renamed = Some(Renamed { places });
        Ok(self)
    }

    fn put(&self, places: &mut BTreeMap<String, Place>, name: String, new: Place) -> Result<(), WeightsError> {
        match places.entry(name) {
            Entry::Vacant(vacant) => {
                vacant.insert(new);
            }
            Entry::Occupied(mut old) => match (old.get_mut(), new) {
                (Place::Pair { size: free @ None, .. }, Place::Pair { size: Some(new), .. })
                | (Place::Pair { direction: free @ None, .. }, Place::Pair { direction: Some(new), .. }) => {
                    *free = Some(new);
                }
                _ => return Err(WeightsError::Twice { origin: self.origin.clone(), name: old.key().clone() }),
            },
        }
        Ok(())
    }

    /// The tensor of a name that the code knows, of exactly this shape.
    pub(super) fn find<const N: usize>(&self, name: &str, shape: [usize; N]) -> Result<Tensor<'_>, WeightsError> {
        if let Some(entry) = self.packed.get(name) {
            self.read.borrow_mut().insert(name.to_owned());
            return Ok(Tensor::new(self, name, &shape, Content::Packed(entry)));
        }
        let Some(renamed) = &self.renamed else { return self.stored(name, &shape) };
        match renamed.places.get(name) {
            None => Err(WeightsError::Missing { origin: self.origin.clone(), name: name.to_owned() }),
            Some(Place::Whole(stored)) => Ok(self.stored(stored, &shape)?.asked_as(name)),
            Some(Place::Pair { size, direction }) => {
                let missing = || WeightsError::Missing { origin: self.origin.clone(), name: name.to_owned() };
                let (size, direction) = (size.as_ref().ok_or_else(missing)?, direction.as_ref().ok_or_else(missing)?);
                let mut sizes = [1; N];
                if let (Some(rows), Some(all)) = (sizes.first_mut(), shape.first()) {
                    *rows = *all;
                }
                let sizes = self.stored(size, &sizes)?.floats()?;
                let values = self.stored(direction, &shape)?.floats()?;
                let made = Content::Made(multiplied(&sizes, values));
                Ok(Tensor::new(self, direction, &shape, made).asked_as(name))
            }
        }
    }
}

/// `size * row / |row|` for every row, as bytes. A row without a direction gives values that are not finite, which are found
/// where tensors are checked.
fn multiplied(sizes: &[f32], mut values: Vec<f32>) -> Vec<u8> {
    let width = values.len() / sizes.len().max(1);
    for (row, size) in values.chunks_exact_mut(width.max(1)).zip(sizes) {
        let norm = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        let scale = f64::from(*size) / norm;
        for value in row {
            *value = (f64::from(*value) * scale) as f32;
        }
    }
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
