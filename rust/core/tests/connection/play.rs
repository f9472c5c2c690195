//! The real engine in this process: a worker with an application of its own, and clients that cut what they send.
//!
//! The fuzz target `connection` and the bounded trials of `cargo test` drive the same [`hold`]. Chooses no input.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

// The engine is reached as Python reaches it.
extern crate _core as _;
extern "C" {
    fn PyInit__core() -> *mut pyo3::ffi::PyObject;
}

const PATIENCE: Duration = Duration::from_secs(20);
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The last letter of the path says what the application does with the body, and how it answers.
const PYTHON: &str = r#"
import _core, hashlib, socket, tempfile, threading, types

SEEN = []

def application(environ, start_response):
    path, stream, note = environ["PATH_INFO"], environ["wsgi.input"], "whole"
    how, body = path[-1:], b""
    try:
        if how == "h":
            body = stream.read(3)
        elif how == "l":
            body = b"|".join(stream)
        elif how != "n":
            body = stream.read()
    except OSError:
        note = "cut"
    digest = hashlib.sha1(body).hexdigest()[:8]
    line = f"{environ['REQUEST_METHOD']} {path!r} {environ['QUERY_STRING']!r} {note} {len(body)} {digest}"
    SEEN.append(line)
    data = line.encode("ascii", "replace")
    if how == "x":
        start_response("204 No Content", [])
        return []
    if how == "s":
        start_response("200 OK", [])
        return iter([b"a", b"", data])
    if how == "f":
        raise ValueError("asked for")
    start_response("200 OK", [("Content-Length", str(len(data)))])
    return [data]

def start(cores):
    directory = tempfile.mkdtemp(prefix="imperator-connection-")
    listeners, kept = [], []
    for protocol in ("http", "uwsgi", "fastcgi", "scgi"):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(f"{directory}/{protocol}")
        sock.listen(64)
        kept.append(sock)
        listeners.append(types.SimpleNamespace(fd=sock.fileno(), protocol=protocol))
    ours, theirs = socket.socketpair()
    settings = types.SimpleNamespace(
        listeners=listeners, worker_id=1, threads=cores, workers=1, control_fd=theirs.fileno(),
        scoreboard_fd=_core.Scoreboard.create(1, cores), buffer_size=4096, max_vars=32, trusted=[],
        socket_timeout=60.0, mercy=60.0, log_requests=False, hostname="vm", limit_post=3000000)
    threading.Thread(target=_core.serve, args=(application, settings), daemon=True).start()
    kept += [ours, theirs]
    assert ours.recv(1) == b"R"
    ours.send(b"S")
    return directory, kept
"#;

struct Engine {
    directory: String,
    module: Py<PyModule>,
}

/// Start the engine, once.
fn engine(cores: usize) -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        // SAFETY: before Python is initialised, with a name that lives for ever and the function that Python calls.
        let status = unsafe { pyo3::ffi::PyImport_AppendInittab(c"_core".as_ptr(), Some(PyInit__core)) };
        assert_eq!(status, 0);
        Python::initialize();
        let started = Python::attach(|py| -> PyResult<Engine> {
            let code = std::ffi::CString::new(PYTHON)?;
            let module = PyModule::from_code(py, &code, c"play.py", c"play")?;
            let (directory, kept): (String, Py<PyAny>) = module.getattr("start")?.call1((cores,))?.extract()?;
            module.setattr("kept", kept)?;
            Ok(Engine { directory, module: module.unbind() })
        });
        // Whoever panics, the engine or who watches it: that is the end, and told where nobody swallows it.
        std::panic::set_hook(Box::new(|panic| {
            let _ = writeln!(std::io::stdout(), "{panic}");
            std::process::abort();
        }));
        started.unwrap_or_else(|error| panic!("the engine does not start: {error}"))
    })
}

/// What a connection came to: all bytes that came back, and the requests that the application saw.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Without `100 Continue`, which is said only to who seems to wait for it.
    pub answers: Vec<u8>,
    pub requests: Vec<String>,
}

/// Send `bytes` in pieces that end at `cuts`, say that nothing more comes, and read to the end.
fn talk(engine: &Engine, door: &str, bytes: &[u8], cuts: &[usize]) -> Outcome {
    let mut socket = UnixStream::connect(format!("{}/{door}", engine.directory)).expect("the engine listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket has a timeout");
    let mut start = 0;
    for &end in cuts.iter().chain([&bytes.len()]) {
        // An engine that has refused reads no more.
        if socket.write_all(&bytes[start..end]).is_err() {
            break;
        }
        start = end;
        let begun = Instant::now();
        while end < bytes.len() && unread(&socket) > 0 && begun.elapsed() < Duration::from_millis(2) {
            std::thread::yield_now();
        }
    }
    let _ = socket.shutdown(Shutdown::Write);
    let mut answers = Vec::new();
    let mut piece = [0; 65536];
    loop {
        match socket.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => answers.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("no end of the connection: {error}: {}", bytes.escape_ascii()),
        }
    }
    let requests = Python::attach(|py| -> PyResult<Vec<String>> {
        let seen = engine.module.bind(py).getattr("SEEN")?;
        let requests = seen.extract()?;
        seen.call_method0("clear")?;
        Ok(requests)
    });
    while let Some(at) = answers.windows(CONTINUE.len()).position(|window| window == CONTINUE) {
        answers.drain(at..at + CONTINUE.len());
    }
    Outcome { answers, requests: requests.expect("a list of strings") }
}

/// Bytes that the other end has not read.
fn unread(socket: &UnixStream) -> i32 {
    let mut count = 0;
    // SAFETY: the descriptor is open, and the kernel writes one int.
    unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut count) };
    count
}

/// However the bytes of a connection are cut on their way, the application sees the same requests and the client gets
/// the same answers, and the connection ends.
///
/// The first byte of `data` chooses the socket, the second the cuts; the rest is what the client says.
pub fn hold(data: &[u8], cores: usize) -> Option<Outcome> {
    let (&[choice, dice], bytes) = data.split_first_chunk::<2>()?;
    let engine = engine(cores);
    let door = ["http", "uwsgi", "fastcgi", "scgi"][usize::from(choice & 3)];
    let whole = talk(engine, door, bytes, &[]);
    let step = usize::from(dice).max(1);
    let few: Vec<usize> = (1..4).map(|n| bytes.len() * n * step / 1024).filter(|cut| *cut < bytes.len()).collect();
    let many: Vec<usize> = (1..bytes.len()).step_by(1 + step % 7 + bytes.len() / 200).collect();
    for cuts in [few, many] {
        let cut = talk(engine, door, bytes, &cuts);
        assert!(
            cut == whole,
            "cut at {cuts:?}: {}\n whole: {:?} {}\n   cut: {:?} {}",
            bytes.escape_ascii(),
            whole.requests,
            whole.answers.escape_ascii(),
            cut.requests,
            cut.answers.escape_ascii(),
        );
    }
    Some(whole)
}
