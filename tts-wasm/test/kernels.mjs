// node tts-wasm/test/kernels.mjs KERNELS.wasm [--times]: the intrinsics against the portable body. Every bit must be the same;
// with --times, how long both take (least of 15, in turn).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
const { prepare, multiply, differing, has_simd128 } = instance.exports;
const STORED = ["f32", "f16", "bf16", "int8"];
assert(has_simd128(), "compiled without simd128: see .cargo/config.toml");

let products = 0;
for (const storage of STORED.keys()) {
    for (const outputs of [1, 2, 15, 16, 17, 33, 64, 65, 80, 130]) {
        for (const inputs of [1, 2, 31, 32, 33, 64, 100]) {
            for (const rows of [1, 2, 3, 4, 5, 9]) {
                prepare(storage, outputs, inputs, rows);
                assert.equal(differing(), 0, `${STORED[storage]} ${outputs}x${inputs} T=${rows}`);
                products += 1;
            }
        }
    }
}
console.log(`${products} products have the same bits`);

if (process.argv[3] === "--times") {
    console.log("| linear | portable | simd128 | times as fast |\n|---|---|---|---|");
    for (const [outputs, inputs, rows] of [[768, 256, 1], [256, 1024, 1], [480, 160, 4], [768, 256, 60]]) {
        for (const storage of STORED.keys()) {
            prepare(storage, outputs, inputs, rows);
            const times = Math.ceil(2e7 / (outputs * inputs * rows));
            const least = [Infinity, Infinity];
            for (let turn = 0; turn < 15; turn++) {
                for (const best of [0, 1]) {
                    const start = performance.now();
                    multiply(best, times);
                    least[best] = Math.min(least[best], (performance.now() - start) / times);
                }
            }
            const rate = (time) => `${(1e3 * time).toFixed(1)} us, ${((2 * outputs * inputs * rows) / time / 1e6).toFixed(1)} GFLOP/s`;
            console.log(`| ${STORED[storage]} ${outputs}x${inputs} T=${rows} | ${rate(least[0])} | ${rate(least[1])} | ${(least[0] / least[1]).toFixed(2)} |`);
        }
    }
}
