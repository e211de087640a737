#!/bin/bash
# axum 0.8.9 and tower 0.5.3: a limit of concurrent requests holds for each connection apart, or for all of them, by how the same router is served.
#
# Expected: `get(handler).layer(ConcurrencyLimitLayer::new(2))`, the example in axum's own documentation, lets two requests into the handler and
#           has the others wait. `axum::serve(listener, app)` and `axum::serve(listener, app.into_make_service())` are the same server.
# Seen:     with the first, each connection has a router built anew, and with it a limit of its own: ten clients are ten at once in the handler. With
#           the second, or after `.with_state(())` where there is no state, they are two. GlobalConcurrencyLimitLayer has two in both.
# For Mola: over HTTP/1.1 a connection to a task carries one request at a time, so such a task limits nothing, and over `scheme: h2c` it limits each
#           worker of Mola apart. `task_max_inflight` counts the requests of the task, whatever the connection (doc/overload.md).
set -u
version=0.8.9 tower=0.5.3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
cargo=$(PATH=$PATH:$HOME/.cargo/bin command -v cargo) || give_up "needs Rust"
mkdir "$dir/src"
cat >"$dir/Cargo.toml" <<END_TOML
[package]
name = "tried"
version = "0.1.0"
edition = "2021"

[dependencies]
axum = { version = "=$version", default-features = false, features = ["http1", "tokio"] }
tokio = { version = "=1.54.1", features = ["rt", "time", "macros", "net", "io-util"] }
tower = { version = "=$tower", features = ["limit"] }
END_TOML
cat >"$dir/src/main.rs" <<'END_RS'
use std::{sync::atomic::{AtomicUsize, Ordering::SeqCst}, sync::Arc, time::Duration};

use axum::{routing::get, Router};
use tokio::{io::{AsyncReadExt, AsyncWriteExt}, net::{TcpListener, TcpStream}};
use tower::limit::{ConcurrencyLimitLayer, GlobalConcurrencyLimitLayer};

/// Requests in the handler: now, and at the most.
#[derive(Default)]
struct Count(AtomicUsize, AtomicUsize);

async fn slow(count: Arc<Count>) -> &'static str {
    count.1.fetch_max(count.0.fetch_add(1, SeqCst) + 1, SeqCst);
    tokio::time::sleep(Duration::from_millis(300)).await;
    count.0.fetch_sub(1, SeqCst);
    "done"
}

/// Ten clients, each with a connection of its own.
async fn try_out(what: &str, ready_made: bool, build: impl FnOnce(Arc<Count>) -> Router) {
    let count = Arc::new(Count::default());
    let app = build(count.clone());
    let listener = TcpListener::bind((std::env::args().nth(1).unwrap(), 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        if ready_made { axum::serve(listener, app.into_make_service()).await } else { axum::serve(listener, app).await }
    });
    let mut clients = vec![];
    for _ in 0..10 {
        clients.push(tokio::spawn(async move {
            let mut s = TcpStream::connect(address).await.unwrap();
            s.write_all(b"GET / HTTP/1.1\r\nHost: a.example.org\r\nConnection: close\r\n\r\n").await.unwrap();
            let mut text = String::new();
            s.read_to_string(&mut text).await.unwrap();
            text.ends_with("done") as usize
        }));
    }
    let mut good = 0;
    for client in clients {
        good += client.await.unwrap();
    }
    server.abort();
    println!("{what}: {good} served, {} at once", count.1.load(SeqCst));
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let limited = |c: Arc<Count>| Router::new().route("/", get(move || slow(c.clone())).layer(ConcurrencyLimitLayer::new(2)));
    try_out("serve(app)", false, limited).await;
    try_out("serve(app.into_make_service())", true, limited).await;
    try_out("serve(app.with_state(()))", false, |c| limited(c).with_state(())).await;
    try_out("serve(app), limit around the router", false, |c| {
        Router::new().route("/", get(move || slow(c.clone()))).layer(ConcurrencyLimitLayer::new(2))
    }).await;
    try_out("serve(app), GlobalConcurrencyLimitLayer", false, |c| {
        Router::new().route("/", get(move || slow(c.clone())).layer(GlobalConcurrencyLimitLayer::new(2)))
    }).await;
}
END_RS
(cd "$dir" && CARGO_TARGET_DIR="$dir/target" "$cargo" build -q -j 2 >build.log 2>&1) || give_up "it cannot be built: $(tail -n 3 "$dir/build.log")"
seen=$(timeout 60 "$dir/target/debug/tried" "127.86.$(($$ % 250)).1") || give_up "it did not run"
echo "axum $version, tower $tower, a limit of 2, ten clients"
echo "$seen"
[ "$seen" = 'serve(app): 10 served, 10 at once
serve(app.into_make_service()): 10 served, 2 at once
serve(app.with_state(())): 10 served, 2 at once
serve(app), limit around the router: 10 served, 10 at once
serve(app), GlobalConcurrencyLimitLayer: 10 served, 2 at once' ]
