"""Tiny configurations, one of every family of pocket-tts 4.0.1; sizes that are no multiple of anything a kernel likes."""

APOSTROPHES = {"\u2019": "'", "\u2018": "'"}
DASHES = {"\u2013": ",", "\u2014": ",", **APOSTROPHES}


def seanet(dimension, filters, ratios, kernel=5, blocks=1, pad="constant"):
    return dict(
        dimension=dimension, channels=1, n_filters=filters, n_residual_layers=blocks, ratios=ratios, kernel_size=kernel,
        residual_kernel_size=3, last_kernel_size=3, dilation_base=2, pad_mode=pad, compress=2,
    )


def transformer(dim, heads, layers, context, feedforward, outside=None):
    return dict(
        d_model=dim, num_heads=heads, num_layers=layers, layer_scale=0.01, context=context, dim_feedforward=feedforward,
        input_dimension=outside or dim, output_dimensions=[outside or dim],
    )


def mimi(rate, frame_rate, latent, side, codec, inner=None, outer=None, own=None):
    out = dict(
        dtype="float32", sample_rate=rate, channels=1, frame_rate=frame_rate, seanet=side, transformer=codec,
        quantizer=dict(dimension=latent, output_dimension=outer or side["dimension"]), outer_dim=outer or side["dimension"],
    )
    if inner:
        out["inner_dim"] = inner
    if own:
        out["decoder_seanet"], out["decoder_transformer"] = own
    return out


def lm(kind, tokenizer, bins, dim=20, heads=2, layers=2, scale=2, head=18, bos=True, z=None, rank=None, **more):
    table = dict(dim=dim, n_bins=bins, tokenizer="tokenizers" if tokenizer.endswith("json") else "sentencepiece")
    out = dict(
        dtype="float32", insert_bos_before_voice=bos, flow=dict(dim=head, depth=2, type=kind),
        transformer=dict(d_model=dim, hidden_scale=scale, max_period=10000, num_heads=heads, num_layers=layers, **more),
        lookup_table=dict(**table, tokenizer_path=tokenizer),
    )
    if z:
        out["z_dim"] = z
    if rank:
        out["lookup_table"]["rank"] = rank
    return out


# 24 kHz and 12.5 Hz as released; elsewhere small frames, so that sound takes little room
REAL = dict(rate=24000, frame_rate=12.5)
SMALL = dict(rate=8000, frame_rate=100.0)
PLAIN = seanet(12, 2, [5, 4])
CODEC = transformer(12, 2, 2, 11, 18)

FAMILIES = {
    # english and its sisters
    "lsd": dict(
        weights_path="model.safetensors", replace_characters=APOSTROPHES,
        flow_lm=lm("lsd", "bytes.json", 480),
        mimi=mimi(**REAL, latent=6, side=seanet(16, 2, [6, 5, 4], 7), codec=transformer(16, 2, 2, 40, 24), inner=8),
    ),
    # english_2026-01: no vector before the voice, encoded as wide as the encoder; dilated blocks, sound continued backwards
    "lsd_v1": dict(
        weights_path="model.safetensors", pad_with_spaces_for_short_inputs=True, remove_semicolons=True,
        flow_lm=lm("lsd", "bytes.model", 480, bos=False),
        mimi=mimi(**SMALL, latent=5, side=seanet(12, 2, [5, 4], blocks=2, pad="replicate"), codec=CODEC),
    ),
    # english_drifting_26-09; narrow transformers between linear maps
    "drifting": dict(
        weights_path="model.safetensors", append_terminal_punctuation=False,
        flow_lm=lm("drifting", "bytes.json", 480, layers=3),
        mimi=mimi(**SMALL, latent=6, side=PLAIN, codec=transformer(8, 2, 1, 7, 10, 12), inner=7),
    ),
    # community models
    "flow_matching": dict(
        weights_path="model.safetensors", capitalize_first_letter=False,
        flow_lm=lm("flow_matching", "plain.json", 400),
        mimi=mimi(**SMALL, latent=6, side=PLAIN, codec=CODEC, inner=7),
    ),
    # english_18m and 7m: grouped keys, attention wider than the stream, a narrow condition, a decoder of its own
    "small": dict(
        weights_path="model.safetensors", replace_characters=DASHES, default_eos_threshold=-1.0,
        flow_lm=lm("drifting", "bytes.model", 480, heads=4, scale=1, z=14, attn_dim=24, num_kv_heads=2),
        mimi=mimi(
            **REAL, latent=6, side=seanet(16, 2, [6, 5, 4], 7), codec=transformer(16, 2, 1, 40, 24), inner=8, outer=10,
            own=(seanet(10, 2, [6, 5, 4], 3), transformer(10, 1, 3, 9, 14)),
        ),
    ),
    # english_2m: one head of keys, a table of low rank, a feed-forward part of its own width
    "pointwise": dict(
        weights_path="model.safetensors", replace_characters=DASHES, default_eos_threshold=-1.0,
        flow_lm=lm(
            "pointwise", "plain.model", 400, dim=22, heads=3, scale=1, z=9, rank=7, attn_dim=18, num_kv_heads=1, dim_feedforward=13
        ),
        mimi=mimi(
            **SMALL, latent=6, side=PLAIN, codec=CODEC, inner=7, outer=8,
            own=(seanet(8, 2, [5, 4], 3), transformer(8, 2, 3, 9, 14)),
        ),
    ),
    # two files with older names
    "old": dict(
        flow_lm=dict(weights_path="flow_lm.safetensors", **lm("lsd", "bytes.json", 480)),
        mimi=dict(weights_path="mimi.safetensors", **mimi(**SMALL, latent=6, side=PLAIN, codec=CODEC, inner=7)),
    ),
}
