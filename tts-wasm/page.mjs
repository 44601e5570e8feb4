// What index.html does: hands text to the worker, its chunks to the player, and says how long it took.
// With `?test` it speaks by itself and sends what came of it to /result: see test/browser.mjs.

import { Player } from "./player.mjs";

/** Seconds of sound that are made ahead of the ear. */
const AHEAD = 2;
const MODULE = new URLSearchParams(location.search).get("module") ?? "tts_wasm.wasm";

const [text, voices, speak, stop, state] = ["text", "voice", "speak", "stop", "state"].map((id) => document.getElementById(id));
const worker = new Worker("worker.mjs", { type: "module" });
let context;
let turn = 0;
let loaded;

/** One message to the worker and the answer to it. */
function ask(message) {
    return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
        worker.onerror = (event) => reject(new Error(event.message || "the worker cannot be loaded"));
        worker.postMessage(message);
    });
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1e3 * seconds));

/** Speaks until the last sample was heard, or another turn began: what was measured meanwhile. */
async function say(words, voice, heard = () => {}) {
    const mine = (turn += 1);
    context ??= new AudioContext();
    await context.resume();
    const player = new Player(context, loaded.sampleRate);
    stop.onclick = () => (turn += 1);
    const start = performance.now();
    let [first, compute] = [undefined, 0];
    let message = { speak: words, voice, seed: 0, turn: mine };
    while (mine === turn) {
        const { samples, milliseconds } = await ask(message);
        if (mine !== turn) break;
        first ??= performance.now() - start;
        compute += milliseconds;
        if (samples === null) break;
        player.add(samples);
        heard(samples);
        const seconds = player.samples / loaded.sampleRate;
        state.textContent = `first chunk after ${first.toFixed(1)} ms, ${(compute / 1e3 / seconds).toFixed(3)} of real time`;
        if (player.ahead > AHEAD) await pause(player.ahead - AHEAD);
        message = { more: mine };
    }
    while (mine === turn && player.ahead > 0) await pause(0.02);
    player.stop();
    return { first, rtf: compute / 1e3 / (player.samples / loaded.sampleRate), samples: player.samples, gaps: player.gaps };
}

async function test() {
    const pcm = [];
    const measured = await say(text.value, "default", (samples) => pcm.push(samples.slice()));
    const bytes = await new Blob(pcm).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return { ...measured, hash, load: loaded.milliseconds, text: text.value, agent: navigator.userAgent };
}

async function run() {
    loaded = await ask({ load: MODULE });
    voices.replaceChildren(...loaded.voices.map((name) => new Option(name)));
    state.textContent = `loaded in ${Math.round(loaded.milliseconds)} ms`;
    speak.disabled = false;
    speak.onclick = () => say(text.value, voices.value).catch(fail);
    if (!new URLSearchParams(location.search).has("test")) return;
    const result = await test().catch((error) => ({ error: error.message }));
    await fetch("/result", { method: "POST", body: JSON.stringify(result) });
}

function fail(error) {
    state.textContent = error.message;
}

run().catch((error) => {
    fail(error);
    fetch("/result", { method: "POST", body: JSON.stringify({ error: error.message }) }).catch(() => {});
});
