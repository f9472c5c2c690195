//! The worker's ear: the control socket, the signals and the deadline of a drain, in one native thread that never
//! needs the GIL. It changes the phase and wakes the cores; what a phase means is theirs.

use std::os::raw::c_int;
use std::sync::atomic::{AtomicI32, AtomicU8, Ordering::Relaxed, Ordering::SeqCst};

use crate::cores::{Engine, Phase};
use crate::outbox::Watch;
use crate::sys;

/// Where the signal handler writes, and for which process: a fork of the application is not this worker.
static SIGNAL_FD: AtomicI32 = AtomicI32::new(-1);
static OWNER: AtomicI32 = AtomicI32::new(0);
static LAST: AtomicU8 = AtomicU8::new(0);

const SIGNALS: [c_int; 4] = [libc::SIGTERM, libc::SIGINT, libc::SIGQUIT, libc::SIGHUP];

extern "C" fn on_signal(signal: c_int) {
    // SAFETY: everything here is async-signal-safe; errno is put back.
    unsafe {
        let errno = libc::__errno_location();
        let saved = *errno;
        if libc::getpid() == OWNER.load(Relaxed) {
            LAST.store(signal as u8, Relaxed);
            sys::notify(SIGNAL_FD.load(Relaxed));
        } else {
            // A child that the application forked: it dies of the signal, as it would anywhere else. The signal is
            // blocked while it is handled, and is delivered when the handler returns.
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
        *errno = saved;
    }
}

/// Take over the four signals that end a worker, and ignore SIGPIPE. No mask is touched: programs that the
/// application starts inherit masks, but no handlers.
pub fn take_signals() -> std::io::Result<()> {
    SIGNAL_FD.store(sys::eventfd()?, Relaxed);
    // SAFETY: a zeroed sigaction is valid, the handler is async-signal-safe.
    unsafe {
        OWNER.store(libc::getpid(), Relaxed);
        for signal in SIGNALS {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_signal as extern "C" fn(c_int) as usize;
            action.sa_flags = libc::SA_RESTART;
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
    Ok(())
}

/// A word from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Serve,
    Drain,
    Kill,
}

fn read_control(fd: c_int) -> (Vec<Word>, bool) {
    let mut buf: Vec<u8> = Vec::with_capacity(64);
    match sys::recv_append(fd, &mut buf) {
        Ok(0) => (vec![Word::Drain], true),
        Ok(_) => {
            let word = |byte: &u8| match byte {
                b'S' => Some(Word::Serve),
                b'D' => Some(Word::Drain),
                b'K' => Some(Word::Kill),
                _ => None,
            };
            (buf.iter().filter_map(word).collect(), false)
        }
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => (Vec::new(), false),
        Err(_) => (vec![Word::Drain], true),
    }
}

/// Listen until the process ends. Runs in its own thread.
pub fn listen(engine: &'static Engine) {
    let control = engine.settings.control_fd;
    let signals = SIGNAL_FD.load(Relaxed);
    let mut hears_control = true;
    let mut signalled = 0;
    let mut until: Option<u64> = None;
    let mut watch = Watch::default();
    loop {
        let patience = until.map(|until| until.saturating_sub(sys::now_ms()).min(60_000));
        let look = watch.look(&engine.outbox);
        let timeout = patience.into_iter().chain(look).min().map_or(-1, |timeout| timeout as c_int);
        let mut entries = [
            libc::pollfd { fd: if hears_control { control } else { -1 }, events: libc::POLLIN, revents: 0 },
            libc::pollfd { fd: signals, events: libc::POLLIN, revents: 0 },
            libc::pollfd { fd: engine.outbox.bell(), events: libc::POLLIN, revents: 0 },
        ];
        // SAFETY: three entries, counted as three.
        unsafe { libc::poll(entries.as_mut_ptr(), 3, timeout) };
        if entries[2].revents != 0 {
            sys::hush(engine.outbox.bell());
        }
        let mut words = Vec::new();
        if entries[1].revents != 0 {
            sys::hush(signals);
            signalled += 1;
            words.push(if signalled > 1 { Word::Kill } else { Word::Drain });
        }
        if entries[0].revents != 0 {
            let (heard, ended) = read_control(control);
            hears_control = !ended;
            words.extend(heard);
        }
        for word in words {
            match word {
                Word::Serve => engine.enter(Phase::Serving),
                Word::Drain => {
                    engine.enter(Phase::Draining);
                    until.get_or_insert_with(|| sys::now_ms().saturating_add(engine.settings.mercy));
                }
                Word::Kill => end(engine, 2, 0),
            }
        }
        if until.is_some_and(|until| sys::now_ms() >= until) {
            complain_of_the_unfinished(engine);
            end(engine, 3, 1);
        }
    }
}

fn complain_of_the_unfinished(engine: &Engine) {
    let mut text = format!(
        "worker {} (pid {}) did not finish within {} s (worker-reload-mercy) and ends now",
        engine.settings.worker_id,
        std::process::id(),
        engine.settings.mercy as f64 / 1000.0,
    );
    for core in 0..engine.settings.threads {
        if let Some(row) = engine.board.core(engine.settings.seat, core) {
            if row.in_request.load(Relaxed) != 0 {
                text += &format!("; core {core} was in {}", row.request());
            }
        }
    }
    engine.log.last_words(&text);
}

/// End the process without asking Python.
fn end(engine: &Engine, how: u32, status: c_int) -> ! {
    engine.outbox.send();
    engine.log.last_words("");
    if let Some(row) = engine.board.worker(engine.settings.seat) {
        row.exit.store(how, SeqCst);
        row.accepting.store(0, SeqCst);
    }
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}
