//! `tts models` against a hub of the test's own: what comes, what is refused, what goes on, and what is left behind.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::hub::{Asked, Hub, Reply, serve};
use crate::support::{Ended, World, ended};

mod names;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// `printf 'a model, byte by byte' | sha256sum`
const BYTES: &[u8] = b"a model, byte by byte";
const SUM: &str = "fd75569a0f28d058779df3bdc96eb9744e90630b816cdac2b2ecd850ec144c75";

fn uri() -> String {
    format!("hf://owner/repo/folder/model.safetensors@{COMMIT}")
}

/// `tts` that knows this hub alone.
fn tts(world: &World, hub: &Hub, arguments: &[&str]) -> Command {
    let mut command = world.tts(arguments);
    for name in
        ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "SSL_CERT_FILE", "HF_TOKEN_PATH"]
            .into_iter()
            .chain(["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"])
    {
        command.env_remove(name);
    }
    command.env("HF_ENDPOINT", &hub.url).env("TTS_CACHE", world.path("cache")).env("HF_HOME", world.path("hf"));
    command.env("HF_HUB_DOWNLOAD_TIMEOUT", "20");
    command
}

fn run(command: &mut Command) -> Ended {
    ended(command.spawn().expect("tts"))
}

fn get(world: &World, hub: &Hub) -> Ended {
    run(&mut tts(world, hub, &["models", "get", &uri()]))
}

fn target(world: &World) -> PathBuf {
    world.path("cache").join("hub/owner/repo").join(COMMIT).join("folder/model.safetensors")
}

fn part(world: &World) -> PathBuf {
    target(world).with_file_name("model.safetensors.part")
}

/// A part of the file as an earlier run left it.
fn half(world: &World, bytes: &[u8], etag: &str, sha256: &str) {
    std::fs::create_dir_all(target(world).parent().expect("folder")).expect("folder");
    std::fs::write(part(world), bytes).expect("part");
    let note = serde_json::json!({ "uri": uri(), "sha256": sha256, "etag": etag, "bytes": BYTES.len() });
    std::fs::write(target(world).with_file_name("model.safetensors.part.json"), note.to_string()).expect("note");
}

/// Names in the folder of the target.
fn left(world: &World) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(target(world).parent().expect("folder")) else { return Vec::new() };
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[track_caller]
fn says(ended: &Ended, words: &[&str]) {
    for word in words {
        assert!(ended.stderr.contains(word), "{word:?} is not in: {}", ended.stderr);
    }
}

#[test]
fn a_file_comes_whole_is_pinned_and_comes_once() {
    let world = World::new();
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    let ended = get(&world, &hub).with(0);
    assert_eq!(ended.text().trim(), target(&world).to_str().expect("UTF-8"));
    assert_eq!(std::fs::read(target(&world)).expect("file"), BYTES);
    assert_eq!(left(&world), ["model.safetensors"]);
    let pins = std::fs::read_to_string(world.path("cache").join("pins.json")).expect("pins");
    assert!(pins.contains(SUM) && pins.contains("\"hub\""), "{pins}");
    let asked = hub.asked();
    assert_eq!(asked.iter().map(|asked| asked.method.as_str()).collect::<Vec<_>>(), ["HEAD", "GET"]);
    assert_eq!(asked[0].path, format!("/owner/repo/resolve/{COMMIT}/folder/model.safetensors"));
    assert_eq!(asked[0].header("user-agent"), Some(concat!("tts/", env!("CARGO_PKG_VERSION"))));
    get(&world, &hub).with(0);
    assert_eq!(hub.asked().len(), 2, "what is here is not asked for");
    run(&mut tts(&world, &hub, &["models", "verify", &uri()])).with(0);
    std::fs::write(target(&world), "something else").expect("file");
    let ended = run(&mut tts(&world, &hub, &["models", "verify"])).with(3);
    assert!(ended.text().contains("WRONG") && ended.text().contains(SUM), "{}", ended.text());
    run(&mut tts(&world, &hub, &["models", "rm", &uri()])).with(0);
    assert!(!world.path("cache").join("hub").exists());
    says(&run(&mut tts(&world, &hub, &["models", "rm", &uri()])).with(3), &["nothing of", "tts models get"]);
    says(&run(&mut tts(&world, &hub, &["models", "path", &uri()])).with(3), &["nothing of"]);
}

#[test]
fn a_wrong_sum_leaves_nothing() {
    let world = World::new();
    let hub = Hub::new(|asked| serve(asked, b"not the promised one.", Some(SUM)));
    says(&get(&world, &hub).with(3), &["SHA-256", SUM, "said the hub", "thrown away"]);
    assert!(left(&world).is_empty() && !world.path("cache").join("pins.json").exists());
}

#[test]
fn a_pinned_file_never_becomes_another() {
    let world = World::new();
    // no sum from the hub: the first download pins
    let first = Hub::new(|asked| serve(asked, BYTES, None));
    get(&world, &first).with(0);
    let pins = std::fs::read_to_string(world.path("cache").join("pins.json")).expect("pins");
    assert!(pins.contains(SUM) && pins.contains("first-download"), "{pins}");
    run(&mut tts(&world, &first, &["models", "rm", &uri()])).with(0);
    let second = Hub::new(|asked| serve(asked, b"another file, as long", None));
    says(&get(&world, &second).with(3), &["SHA-256", SUM, "pinned when it was first seen"]);
    let other = "f".repeat(64);
    let third = Hub::new(move |asked| serve(asked, b"another file, as long", Some(&other)));
    says(&get(&world, &third).with(3), &["another content", SUM, "not to be trusted"]);
    assert_eq!(third.gets().len(), 0, "not even asked for");
    assert!(left(&world).is_empty());
}

#[test]
fn what_is_cut_off_goes_on_in_the_same_run() {
    let world = World::new();
    let hub = Hub::new(|asked| {
        let mut reply = serve(asked, BYTES, Some(SUM));
        if asked.method == "GET" {
            reply.length = Some(reply.body.len());
            reply.body.truncate(8);
        }
        reply
    });
    get(&world, &hub).with(0);
    assert_eq!(std::fs::read(target(&world)).expect("file"), BYTES);
    assert_eq!(hub.gets().iter().map(Asked::start).collect::<Vec<_>>(), [None, Some(8), Some(16)]);
    assert!(hub.gets()[1..].iter().all(|asked| asked.header("if-range") == Some("\"version-1\"")));
}

#[test]
fn a_server_that_always_cuts_is_given_up_and_the_part_kept() {
    let world = World::new();
    let hub = Hub::new(|asked| {
        let mut reply = serve(asked, BYTES, Some(SUM));
        if asked.method == "GET" {
            reply.length = Some(reply.body.len());
            reply.body.truncate(if asked.start().is_some() { 0 } else { 8 });
        }
        reply
    });
    says(&get(&world, &hub).with(3), &["ended after 8 of 21 bytes", "kept", "goes on from there"]);
    assert_eq!(left(&world), ["model.safetensors.part", "model.safetensors.part.json"]);
    assert_eq!(std::fs::read(part(&world)).expect("part"), &BYTES[..8]);
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    get(&world, &hub).with(0);
    assert_eq!(hub.gets().iter().map(Asked::start).collect::<Vec<_>>(), [Some(8)]);
    assert_eq!(std::fs::read(target(&world)).expect("file"), BYTES);
    assert_eq!(left(&world), ["model.safetensors"]);
}

#[test]
fn a_part_of_another_version_is_thrown_away() {
    // the server minds If-Range and sends all
    let world = World::new();
    half(&world, b"a mod", "\"version-0\"", SUM);
    let hub = Hub::new(|asked| {
        let asked = Asked { headers: Vec::new(), ..asked.clone() };
        serve(&asked, BYTES, Some(SUM))
    });
    get(&world, &hub).with(0);
    assert_eq!(hub.gets()[0].header("if-range"), Some("\"version-0\""));
    assert_eq!(std::fs::read(target(&world)).expect("file"), BYTES);
    // it does not mind: then the version tells
    let world = World::new();
    half(&world, b"other", "\"version-0\"", SUM);
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    get(&world, &hub).with(0);
    assert_eq!(hub.gets().iter().map(Asked::start).collect::<Vec<_>>(), [Some(5), None]);
    // the hub names another sum
    let world = World::new();
    half(&world, b"other", "\"version-1\"", &"0".repeat(64));
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    get(&world, &hub).with(0);
    assert_eq!(hub.gets().iter().map(Asked::start).collect::<Vec<_>>(), [None]);
    // the version is the same and the bytes are not: the sum tells, and the next run begins anew
    let world = World::new();
    half(&world, b"other", "\"version-1\"", SUM);
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    says(&get(&world, &hub).with(3), &["SHA-256", "thrown away"]);
    assert!(left(&world).is_empty());
    get(&world, &hub).with(0);
}

#[test]
fn a_range_that_cannot_be_had_starts_again_or_is_all_there_is() {
    // 416 though the part is shorter than the file
    let world = World::new();
    half(&world, &BYTES[..5], "\"version-1\"", SUM);
    let hub = Hub::new(|asked| match asked.start() {
        Some(_) => Reply::new(416, "").with("Content-Range", "bytes */3"),
        None => serve(asked, BYTES, Some(SUM)),
    });
    get(&world, &hub).with(0);
    assert_eq!(std::fs::read(target(&world)).expect("file"), BYTES);
    // a range from elsewhere
    let world = World::new();
    half(&world, &BYTES[..5], "\"version-1\"", SUM);
    let hub = Hub::new(|asked| match asked.start() {
        Some(_) => Reply::new(206, &BYTES[7..]).with("Content-Range", "bytes 7-20/21"),
        None => serve(asked, BYTES, Some(SUM)),
    });
    get(&world, &hub).with(0);
    assert_eq!(std::fs::read(target(&world)).expect("file"), BYTES);
    // all was there already
    let world = World::new();
    half(&world, BYTES, "\"version-1\"", SUM);
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    get(&world, &hub).with(0);
    assert!(hub.gets().is_empty());
    // more than there is
    let world = World::new();
    half(&world, &[BYTES, b"..."].concat(), "\"version-1\"", SUM);
    get(&world, &hub).with(0);
    assert_eq!(std::fs::read(target(&world)).expect("file"), BYTES);
}

#[test]
fn other_lengths_than_promised_are_refused() {
    let world = World::new();
    let hub = Hub::new(|asked| match asked.method.as_str() {
        "HEAD" => serve(asked, BYTES, Some(SUM)),
        _ => Reply::new(200, [BYTES, b"and more"].concat()),
    });
    says(&get(&world, &hub).with(3), &["has 29 bytes, expected 21"]);
    assert!(left(&world).is_empty());
    let endless = Hub::new(|asked| match asked.method.as_str() {
        "HEAD" => Reply::new(200, "").with("X-Linked-Size", u64::MAX),
        _ => Reply::new(200, BYTES),
    });
    says(&get(&world, &endless).with(3), &["is longer than"]);
}

#[test]
fn a_slow_server_is_given_up() {
    let world = World::new();
    let hub = Hub::new(|asked| {
        let mut reply = serve(asked, BYTES, Some(SUM));
        if asked.method == "GET" {
            reply.length = Some(reply.body.len());
            reply.body.truncate(4);
            reply.then_wait = Duration::from_secs(30);
        }
        reply
    });
    let mut command = tts(&world, &hub, &["models", "get", &uri()]);
    // four bytes, then silence, again and again
    let begun = std::time::Instant::now();
    let ended = run(command.env("HF_HUB_DOWNLOAD_TIMEOUT", "1")).with(0);
    drop(ended);
    assert!(begun.elapsed() > Duration::from_secs(4));
    assert_eq!(std::fs::read(target(&world)).expect("file"), BYTES);
    let world = World::new();
    let hub =
        Hub::new(|asked| Reply { then_wait: Duration::from_secs(30), length: Some(9), ..serve(asked, b"", None) });
    let mut command = tts(&world, &hub, &["models", "get", &uri()]);
    says(&run(command.env("HF_HUB_DOWNLOAD_TIMEOUT", "1")).with(3), &["sent nothing for 1 s", "goes on from there"]);
}

#[test]
fn trouble_that_passes_is_waited_for() {
    let world = World::new();
    let times = AtomicUsize::new(0);
    let hub = Hub::new(move |asked| {
        let busy = asked.method == "GET" && times.fetch_add(1, Ordering::SeqCst) < 2;
        if busy { Reply::new(503, "busy") } else { serve(asked, BYTES, Some(SUM)) }
    });
    get(&world, &hub).with(0);
    assert_eq!(hub.gets().len(), 3);
    let world = World::new();
    let hub = Hub::new(|_| Reply::new(500, "broken"));
    says(&get(&world, &hub).with(3), &["127.0.0.1", "answers 500"]);
    let gone = Hub::gone();
    says(&get(&world, &gone).with(3), &["cannot reach 127.0.0.1:", "HTTPS_PROXY", "HF_ENDPOINT"]);
}

#[test]
fn a_gated_model_says_what_to_do() {
    let world = World::new();
    let gated = |status: u16| Hub::new(move |_| Reply::new(status, "no").with("X-Error-Code", "GatedRepo"));
    let arguments = ["models", "get", "english"];
    // the tokenizer is free; the weights are not
    let hub = Hub::new(|asked| match asked.path.starts_with("/kyutai/pocket-tts/") {
        true => Reply::new(401, "no").with("X-Error-Code", "GatedRepo"),
        false => serve(asked, BYTES, Some(SUM)),
    });
    let way_out = ["https://huggingface.co/kyutai/pocket-tts", "HF_TOKEN", "tts models get english --without-cloning"];
    let ended = run(&mut tts(&world, &hub, &arguments)).with(3);
    says(&ended, &way_out);
    says(&ended, &["401", "settings/tokens"]);
    assert!(hub.gets().is_empty(), "nothing was downloaded before all was sure");
    let hub = gated(403);
    let ended = run(tts(&world, &hub, &["models", "get", &uri()]).env("HF_TOKEN", "hf_secret")).with(3);
    says(&ended, &["403", "accept the terms at https://huggingface.co/owner/repo", "gated repositories"]);
    assert!(!ended.stderr.contains("hf_secret"));
    assert_eq!(hub.asked()[0].header("authorization"), Some("Bearer hf_secret"));
    let hub = gated(401);
    let ended = run(tts(&world, &hub, &["models", "get", &uri()]).env("HF_TOKEN", "hf_secret")).with(3);
    says(&ended, &["The token was refused"]);
    assert!(!world.path("cache").exists(), "nothing is left");
}

#[test]
fn what_is_not_there_is_named() {
    let world = World::new();
    for (code, words) in
        [("EntryNotFound", "no such file"), ("RevisionNotFound", "no such revision"), ("", "no such file")]
    {
        let hub = Hub::new(move |_| Reply::new(404, "").with("X-Error-Code", code));
        says(&get(&world, &hub).with(3), &[words, "404", "https://huggingface.co/owner/repo", &uri()]);
    }
    let hub = Hub::new(|_| Reply::new(404, ""));
    for (arguments, words) in [
        (vec!["models", "get", "englisch"], vec!["no model 'englisch'", "is it english", "tts models list"]),
        (vec!["models", "get", "english", "--voice", "bob"], vec!["no voice 'bob'", "alba"]),
        (
            vec!["models", "path", "english"],
            vec!["not on this machine", "tts models get english", "up to 439 MB", "--without-cloning"],
        ),
        (vec!["models", "path", "english", "--voice", "alba"], vec!["tts models get english --voice alba"]),
        (vec!["models", "verify", "english"], vec!["nothing of english is here"]),
        (vec!["models", "rm", "english"], vec!["nothing of english is here"]),
        (vec!["models", "get", "hf://owner/repo/../../etc/passwd"], vec!["'..'", "cannot be a part of a path"]),
        (vec!["models", "get", "hf://owner/repo/a\\b"], vec!["cannot be a part of a path"]),
        (vec!["models", "get", "http://example.org/x"], vec!["https", "not encrypted"]),
        (vec!["models", "get", "file:///etc/passwd"], vec!["https://"]),
    ] {
        let words: Vec<_> = words.iter().map(|word| &**word).collect();
        says(&run(&mut tts(&world, &hub, &arguments)).with(3), &words);
    }
    assert!(hub.asked().is_empty() && world.names().is_empty(), "nobody was asked and nothing left");
    says(
        &run(tts(&world, &hub, &["models", "list"]).env("HF_ENDPOINT", "nonsense")).with(2),
        &["HF_ENDPOINT", "https://"],
    );
}

#[test]
fn offline_nobody_is_asked() {
    let world = World::new();
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    says(
        &run(&mut tts(&world, &hub, &["models", "get", &uri(), "--offline"])).with(3),
        &["not on this machine", "--offline"],
    );
    says(
        &run(tts(&world, &hub, &["models", "get", "english"]).env("HF_HUB_OFFLINE", "1")).with(3),
        &["HF_HUB_OFFLINE", "--without-cloning"],
    );
    assert!(hub.asked().is_empty());
    get(&world, &hub).with(0);
    run(&mut tts(&world, &hub, &["models", "get", &uri(), "--offline"])).with(0);
    assert_eq!(hub.asked().len(), 2);
}

#[test]
fn the_token_does_not_travel() {
    let world = World::new();
    let store = Hub::new(|asked| serve(asked, BYTES, None));
    let elsewhere = format!("{}/signed?key=1", store.url);
    let hub = Hub::new(move |asked| match asked.path.as_str() {
        // first within the hub, then away
        "/again" => Reply::new(302, "")
            .with("Location", &elsewhere)
            .with("X-Linked-ETag", SUM)
            .with("X-Linked-Size", BYTES.len()),
        _ => Reply::new(307, "").with("Location", "/again"),
    });
    run(tts(&world, &hub, &["models", "get", &uri()]).env("HF_TOKEN", "hf_secret")).with(0);
    assert_eq!(std::fs::read(target(&world)).expect("file"), BYTES);
    assert_eq!(hub.asked().len(), 4);
    assert!(hub.asked().iter().all(|asked| asked.header("authorization") == Some("Bearer hf_secret")));
    let away = store.asked();
    assert_eq!(
        away.iter().map(|asked| (asked.method.as_str(), asked.path.as_str())).collect::<Vec<_>>(),
        [("GET", "/signed?key=1")]
    );
    assert_eq!(away[0].header("authorization"), None);
    // a file of any server gets none either
    let web = format!("{}/x.bin", store.url);
    run(tts(&world, &hub, &["models", "get", &web]).env("HF_TOKEN", "hf_secret")).with(0);
    assert_eq!(store.asked()[1].header("authorization"), None);
    // round and round
    let hub = Hub::new(|_| Reply::new(302, "").with("Location", "/again"));
    says(&get(&World::new(), &hub).with(3), &["points on"]);
    let hub = Hub::new(|_| Reply::new(302, "").with("Location", "file:///etc/passwd"));
    says(&get(&World::new(), &hub).with(3), &["points astray"]);
}

#[test]
fn the_library_s_cache_is_used_and_left_alone() {
    let world = World::new();
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    let snapshot = world.path("hf").join("hub/models--owner--repo/snapshots").join(COMMIT).join("folder");
    std::fs::create_dir_all(&snapshot).expect("folder");
    std::fs::write(snapshot.join("model.safetensors"), BYTES).expect("file");
    let ended = get(&world, &hub).with(0);
    assert_eq!(ended.text().trim(), snapshot.join("model.safetensors").to_str().expect("UTF-8"));
    assert!(hub.asked().is_empty() && !world.path("cache").join("hub").exists());
    run(&mut tts(&world, &hub, &["models", "verify", &uri()])).with(0);
    says(&run(&mut tts(&world, &hub, &["models", "rm", &uri()])).with(3), &["kept", "library"]);
    // pinned when it was first seen, and so it must stay
    std::fs::write(snapshot.join("model.safetensors"), "damaged").expect("file");
    says(&get(&world, &hub).with(3), &["is damaged", SUM]);
    run(&mut tts(&world, &hub, &["models", "verify", &uri()])).with(3);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said_and_nothing_pretends_to_be_whole() {
    let world = World::new();
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    std::fs::create_dir_all(target(&world).parent().expect("folder")).expect("folder");
    std::os::unix::fs::symlink("/dev/full", part(&world)).expect("link");
    says(&get(&world, &hub).with(4), &["no space left in", "for 21 bytes", "TTS_CACHE"]);
    assert!(!target(&world).exists() && !world.path("cache").join("pins.json").exists());
    // and where nothing can be written at all
    let world = World::new();
    world.write("cache", "a file, no folder");
    says(&get(&world, &hub).with(4), &["cannot create"]);
}

#[test]
fn two_at_once_do_not_write_one_file() {
    let world = World::new();
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    half(&world, &BYTES[..5], "\"version-1\"", SUM);
    let held = std::fs::File::options().write(true).open(part(&world)).expect("part");
    held.lock().expect("lock");
    says(&get(&world, &hub).with(4), &["another process is downloading"]);
    assert!(hub.gets().is_empty());
    drop(held);
    get(&world, &hub).with(0);
}

#[test]
fn a_proxy_is_used_or_refused() {
    let world = World::new();
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    let proxy = Hub::new(|_| Reply::new(502, ""));
    let mut command = tts(&world, &hub, &["models", "get", &uri()]);
    run(command.env("HTTPS_PROXY", &proxy.url).env_remove("NO_PROXY").env_remove("no_proxy")).with(3);
    assert!(
        hub.asked().is_empty()
            && proxy.asked().iter().all(|asked| asked.method == "CONNECT")
            && !proxy.asked().is_empty()
    );
    let mut command = tts(&world, &hub, &["models", "get", &uri()]);
    run(command.env("HTTPS_PROXY", &proxy.url).env("NO_PROXY", "127.0.0.1")).with(0);
    let mut command = tts(&world, &hub, &["models", "get", "hf://owner/repo/other"]);
    says(&run(command.env("HTTPS_PROXY", "gopher://x")).with(2), &["HTTPS_PROXY", "http://host:port"]);
}

#[test]
fn https_is_believed_only_with_a_certificate_that_is_trusted() {
    let world = World::new();
    let plain = Hub::new(|asked| serve(asked, BYTES, None));
    let elsewhere = plain.url.clone();
    let hub = Hub::secure(move |asked| match asked.path.ends_with("/down") {
        true => Reply::new(302, "").with("Location", &elsewhere),
        false => serve(asked, BYTES, Some(SUM)),
    });
    let ended = get(&world, &hub).with(3);
    assert!(ended.stderr.contains("certificate") && ended.stderr.contains("UnknownIssuer"), "{}", ended.stderr);
    assert!(hub.asked().is_empty() && left(&world).is_empty());
    let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tls/authority.pem");
    let ended = run(tts(&world, &hub, &["models", "get", &uri()]).env("SSL_CERT_FILE", authority).env("HF_TOKEN", "t"));
    ended.with(0);
    assert_eq!(std::fs::read(target(&world)).expect("file"), BYTES);
    assert!(hub.asked().iter().all(|asked| asked.header("authorization") == Some("Bearer t")));
    // from https nothing leads to http
    let mut command = tts(&world, &hub, &["models", "get", "hf://owner/repo/down"]);
    says(&run(command.env("SSL_CERT_FILE", authority)).with(3), &["from https to http"]);
    assert!(plain.asked().is_empty());
    let mut command = tts(&world, &hub, &["models", "get", "hf://owner/repo/other"]);
    says(&run(command.env("SSL_CERT_FILE", "nowhere.pem")).with(2), &["SSL_CERT_FILE", "nowhere.pem"]);
    let key = world.write("empty.pem", "no certificate");
    let mut command = tts(&world, &hub, &["models", "get", "hf://owner/repo/other"]);
    says(&run(command.env("SSL_CERT_FILE", key)).with(2), &["SSL_CERT_FILE", "no certificate in PEM form"]);
}
