//! The training step in burn, on its flex backend: pure Rust, `gemm` products, SIMD, rayon.

use burn::module::{Initializer, Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use peer_protocol::{AnyError, Job};

#[derive(Module, Debug)]
struct Autoencoder {
    layers: Vec<Linear>,
}

impl Autoencoder {
    /// Glorot weights, zero biases.
    fn new(widths: &[usize], device: &Device) -> Self {
        let layer = |sizes: &[usize]| {
            let mut layer = LinearConfig::new(sizes[0], sizes[1])
                .with_initializer(Initializer::XavierUniform { gain: 1.0 })
                .init(device);
            layer.bias = Some(Param::from_tensor(Tensor::zeros([sizes[1]], device)));
            layer
        };
        Self { layers: widths.windows(2).map(layer).collect() }
    }

    fn forward(&self, mut x: Tensor<2>, relu_behind: &[bool]) -> Tensor<2> {
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if relu_behind.get(index) == Some(&true) {
                x = relu(x);
            }
        }
        x
    }
}

fn main() -> Result<(), AnyError> {
    let job = Job::from_args(|_, _| Ok(false))?;
    rayon::ThreadPoolBuilder::new().num_threads(job.threads).build_global()?;
    rayon::scope(|_| train(&job))
}

fn train(job: &Job) -> Result<(), AnyError> {
    let plain = Device::flex();
    plain.seed(0);
    let device = plain.clone().autodiff();
    let (pixels, images) = job.pixels()?;
    let images_f32 = Tensor::<2>::from_data(TensorData::new(pixels, [images, job.model.widths[0]]), &plain);

    // Taken for a block and put back after it: a step consumes the model, and a clone would cost it copies.
    let mut trained = Some(Autoencoder::new(job.model.widths, &device));
    let mut optimizer = AdamConfig::new().with_epsilon(1e-8).init();

    job.measure("burn", "0.22.0", "flex", images, |batches| {
        let mut model = trained.take().ok_or("a block failed")?;
        let mut losses = Vec::with_capacity(batches.len());
        for rows in batches {
            let rows: Vec<i64> = rows.iter().map(|&row| i64::from(row)).collect();
            let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [job.model.batch]), &plain);
            let x = images_f32.clone().select(0, rows).autodiff();
            let loss = bce_with_logits(model.forward(x.clone(), job.model.relu), x);
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            losses.push(loss.inner());
            model = optimizer.step(1e-3, model, gradients);
        }
        trained = Some(model);
        Ok(f64::from(Tensor::cat(losses, 0).mean().into_scalar::<f32>()))
    })
}

/// Mean of `max(z, 0) - z t + ln(1 + exp(-|z|))`: burn's own loss takes whole-number targets only.
fn bce_with_logits(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let tail = logits.clone().abs().neg().exp().log1p();
    (relu(logits.clone()) - logits * targets + tail).mean()
}
