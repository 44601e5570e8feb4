// node tts-wasm/test/browser.mjs BROWSER MODULE.wasm: lets a headless Chromium speak index.html's text through WebAudio to the end,
// and compares what it heard with what node gets from the same module.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { Tts } from "../tts.mjs";

const [browser, module] = process.argv.slice(2);
assert(browser && module, "usage: node browser.mjs BROWSER MODULE.wasm");
const FILES = ["index.html", "page.mjs", "player.mjs", "tts.mjs", "worker.mjs"];
const TYPES = { ".html": "text/html", ".mjs": "text/javascript", ".wasm": "application/wasm" };

let told;
const result = new Promise((resolve) => (told = resolve));
const server = createServer((request, response) => {
    const name = new URL(request.url, "http://x").pathname.slice(1);
    if (request.method === "POST" && name === "result") {
        let body = "";
        request.on("data", (part) => (body += part));
        request.on("end", () => (response.end(), told(JSON.parse(body))));
    } else if (name === "tts_wasm.wasm" || FILES.includes(name)) {
        response.setHeader("content-type", TYPES[extname(name)]);
        response.end(readFileSync(name === "tts_wasm.wasm" ? module : new URL(`../${name}`, import.meta.url)));
    } else {
        response.writeHead(404).end();
    }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const profile = mkdtempSync(join(tmpdir(), "tts-browser-"));
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", `--user-data-dir=${profile}`];
const address = `http://127.0.0.1:${server.address().port}/index.html?test`;
const child = spawn(browser, [...flags, "--remote-debugging-port=0", address], { stdio: "ignore", detached: true });
child.on("error", (error) => told({ error: error.message }));
const late = setTimeout(() => told({ error: "no answer within 90 s" }), 90e3);
const heard = await result;
clearTimeout(late);
// the program may be a script that started others: all of its group, at once, or they write into their profile while it is removed
if (child.pid) process.kill(-child.pid, "SIGKILL");
server.close();
const gone = !child.pid || child.exitCode !== null || child.signalCode !== null;
if (!gone) await new Promise((resolve) => child.on("exit", resolve));
try {
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
} catch (error) {
    // says nothing of the speech
    console.warn(`the browser's profile stays behind: ${error.message}`);
}

assert(!heard.error, heard.error);
const tts = await Tts.load(readFileSync(module));
const hash = createHash("sha256");
let samples = 0;
for (const chunk of tts.speak(heard.text)) {
    hash.update(new Uint8Array(chunk.buffer));
    samples += chunk.length;
}
console.log(heard.agent);
console.log(
    `loaded in ${heard.load.toFixed(0)} ms; ${(heard.samples / tts.sampleRate).toFixed(2)} s heard to the end, ${heard.gaps} gaps; ` +
        `first chunk ${heard.first.toFixed(1)} ms, RTF ${heard.rtf.toFixed(3)}`,
);
assert.equal(heard.samples, samples);
assert.equal(heard.hash, hash.digest("hex"), "other samples than in node");
console.log("the same samples as in node");
