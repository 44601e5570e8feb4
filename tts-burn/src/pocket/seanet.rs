//! SEANet, the convolutions between sound and frames.

use burn_tensor::Tensor;
use burn_tensor::activation::elu;

use super::config::SeanetConfig;
use super::conv::{Conv, Transposed};
use crate::weights::{LoadError, Scope};

#[derive(Debug, Clone)]
enum Layer {
    Elu,
    Down(Conv),
    Up(Transposed),
    /// `x + second(elu(first(elu(x))))`
    Residual(Box<[Conv; 2]>),
}

/// `model.N`, in order.
#[derive(Debug, Clone)]
pub(crate) struct Seanet(Vec<Layer>);

/// Names layers by their place in the list.
struct Builder<'s, 'w> {
    scope: &'s Scope<'w>,
    config: &'s SeanetConfig,
    layers: Vec<Layer>,
}

impl Builder<'_, '_> {
    fn next(&self) -> Scope<'_> {
        self.scope.item("model", self.layers.len())
    }

    fn conv(&mut self, shape: [usize; 3], stride: usize) -> Result<(), LoadError> {
        let conv = Conv::load(&self.next().at("conv"), shape)?;
        self.layers.push(Layer::Down(conv.with(stride, 1, self.config.pad_mode)));
        Ok(())
    }

    fn up(&mut self, inputs: usize, outputs: usize, stride: usize) -> Result<(), LoadError> {
        let up = Transposed::load(&self.next().at("convtr"), inputs, outputs, stride)?;
        self.layers.push(Layer::Up(up));
        Ok(())
    }

    fn residuals(&mut self, channels: usize) -> Result<(), LoadError> {
        let SeanetConfig { compress, residual_kernel_size, dilation_base, pad_mode, .. } = *self.config;
        let inner = channels / compress;
        for n in 0..self.config.n_residual_layers {
            let block = self.next().at("block");
            let first = Conv::load(&block.at("1.conv"), [inner, channels, residual_kernel_size])?;
            let first = first.with(1, dilation_base.pow(n as u32), pad_mode);
            let second = Conv::load(&block.at("3.conv"), [channels, inner, 1])?;
            self.layers.push(Layer::Residual(Box::new([first, second])));
        }
        Ok(())
    }
}

impl Seanet {
    /// Sound to frames, the last ratio first.
    pub(crate) fn encoder(scope: &Scope<'_>, config: &SeanetConfig) -> Result<Self, LoadError> {
        let mut builder = Builder { scope, config, layers: Vec::new() };
        let mut channels = config.n_filters;
        builder.conv([channels, 1, config.kernel_size], 1)?;
        for &ratio in config.ratios.iter().rev() {
            builder.residuals(channels)?;
            builder.layers.push(Layer::Elu);
            builder.conv([2 * channels, channels, 2 * ratio], ratio)?;
            channels *= 2;
        }
        builder.layers.push(Layer::Elu);
        builder.conv([config.dimension, channels, config.last_kernel_size], 1)?;
        Ok(Self(builder.layers))
    }

    /// Frames to sound.
    pub(crate) fn decoder(scope: &Scope<'_>, config: &SeanetConfig) -> Result<Self, LoadError> {
        let mut builder = Builder { scope, config, layers: Vec::new() };
        let mut channels = config.n_filters << config.ratios.len();
        builder.conv([channels, config.dimension, config.kernel_size], 1)?;
        for &ratio in &config.ratios {
            builder.layers.push(Layer::Elu);
            builder.up(channels, channels / 2, ratio)?;
            channels /= 2;
            builder.residuals(channels)?;
        }
        builder.layers.push(Layer::Elu);
        builder.conv([1, channels, config.last_kernel_size], 1)?;
        Ok(Self(builder.layers))
    }

    /// `[samples, 1]` to `[frames, dimension]`, or back.
    pub(crate) fn apply(&self, mut x: Tensor<2>) -> Tensor<2> {
        for layer in &self.0 {
            x = match layer {
                Layer::Elu => elu(x, 1.0),
                Layer::Down(conv) => conv.apply(x),
                Layer::Up(conv) => conv.apply(x),
                Layer::Residual(convs) => {
                    let [first, second] = &**convs;
                    x.clone() + second.apply(elu(first.apply(elu(x, 1.0)), 1.0))
                }
            };
        }
        x
    }
}
