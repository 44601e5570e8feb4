//! Text encoder: phones that see each other.

use burn_tensor::{Device, Int, Tensor, TensorData};

use crate::config::FlowConfig;
use crate::layers::{CentredConv, Norm, gelu};
use crate::transformer::Transformer;
use crate::weights::{LoadError, Scope};

/// Phones, stresses, word starts, classes of punctuation.
const IDS: [(&str, usize); 4] = [("phone", 42), ("stress", 3), ("word_start", 2), ("punct", 6)];
const KERNEL: usize = 5;

/// Four embeddings, convolutions, a transformer, a norm.
#[derive(Debug, Clone)]
pub struct TextEncoder {
    /// Each `[ids, dim]`.
    tables: Vec<Tensor<2>>,
    convs: Vec<(Norm, CentredConv)>,
    transformer: Transformer,
    out_norm: Norm,
    device: Device,
}

impl TextEncoder {
    pub(crate) fn load(scope: &Scope<'_>, config: &FlowConfig, device: &Device) -> Result<Self, LoadError> {
        let dim = config.dim;
        let tables = IDS.map(|(name, ids)| scope.at(name).tensor("weight", [ids, dim]));
        let conv = |n| {
            let norm = Norm::load(&scope.item("conv_norms", n), dim, 1e-5)?;
            Ok((norm, CentredConv::load(&scope.item("convs", n), dim, KERNEL)?))
        };
        Ok(Self {
            tables: tables.into_iter().collect::<Result<_, _>>()?,
            convs: (0..config.text_convs).map(conv).collect::<Result<_, LoadError>>()?,
            transformer: Transformer::load(&scope.at("transformer"), config, config.text_layers)?,
            out_norm: Norm::load(&scope.at("out_norm"), dim, 1e-5)?,
            device: device.clone(),
        })
    }

    /// Phone, stress, word start and punctuation of every phone to `[phones, dim]`.
    #[must_use]
    pub fn encode(&self, phones: &[[u8; 4]]) -> Tensor<2> {
        let embedded = self.tables.iter().enumerate().map(|(n, table)| {
            let ids: Vec<i64> = phones.iter().map(|ids| ids[n].into()).collect();
            let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [phones.len()]), &self.device);
            table.clone().select(0, ids)
        });
        let [_, dim] = self.tables[0].dims();
        let mut x = embedded.fold(Tensor::zeros([phones.len(), dim], &self.device), |sum, x| sum + x);
        for (norm, conv) in &self.convs {
            x = x.clone() + gelu(conv.apply(norm.apply(x)));
        }
        self.out_norm.apply(self.transformer.whole(x))
    }
}
