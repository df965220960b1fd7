//! Adam for dfdx modules, with a state that can be read, saved and put back.
//!
//! Kingma and Ba 2015, Algorithm 1, with `beta1 = 0.9`, `beta2 = 0.999`, `epsilon = 1e-8`. dfdx has an
//! Adam of its own, but keeps its step count and moments to itself, and a run that can't save them
//! can't be continued.

use std::collections::BTreeMap;

use ae_model::dfdx::nn::TensorCollection;
use ae_model::dfdx::tensor::{Cpu, Gradients};
use ae_model::{ModelError, update_parameters};

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// Everything Adam remembers from one step to the next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AdamState {
    /// Steps taken.
    pub t: u64,
    /// The moments of each parameter, by the tensor's name.
    pub moments: BTreeMap<String, Moments>,
}

/// Moments of one tensor, in the tensor's own order and length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moments {
    /// Decaying mean of the gradient.
    pub m: Vec<f32>,
    /// Decaying mean of the gradient's square.
    pub v: Vec<f32>,
}

#[derive(Debug, Default)]
pub(crate) struct Adam {
    state: AdamState,
}

impl Adam {
    pub(crate) fn state(&self) -> &AdamState {
        &self.state
    }

    /// Goes on from what another had come to.
    pub(crate) fn set_state(&mut self, state: AdamState) {
        self.state = state;
    }

    /// Moves every parameter of `model` one step of size `rate` down `gradients`.
    pub(crate) fn update<M: TensorCollection<f32, Cpu, To<f32, Cpu> = M>>(
        &mut self,
        rate: f32,
        model: &mut M,
        gradients: &mut Gradients<f32, Cpu>,
    ) -> Result<(), ModelError> {
        self.state.t += 1;
        let t = self.state.t as f64;
        let correct_m = (1.0 / (1.0 - f64::from(BETA1).powf(t))) as f32;
        let correct_v = (1.0 / (1.0 - f64::from(BETA2).powf(t))) as f32;
        let moments = &mut self.state.moments;
        update_parameters(model, gradients, |name, values, gradient| {
            if !moments.contains_key(name) {
                let zeros = vec![0.0; values.len()];
                moments.insert(name.to_owned(), Moments { m: zeros.clone(), v: zeros });
            }
            let Moments { m, v } = moments.get_mut(name).expect("it was just put there");
            for (((p, &g), m), v) in values.iter_mut().zip(gradient).zip(m).zip(v) {
                *m = BETA1 * *m + (1.0 - BETA1) * g;
                *v = BETA2 * *v + (1.0 - BETA2) * g * g;
                *p -= rate * (*m * correct_m) / ((*v * correct_v).sqrt() + EPSILON);
            }
        })
    }
}
