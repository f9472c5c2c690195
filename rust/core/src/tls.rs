//! One TLS session on a socket: hello, handshake, records. Bytes go through rustls; which certificate and which rules are
//! `contexts.rs`. Never waits, and closes nothing.
//!
//! Several threads may hold a session (one reads the body, another writes the answer), so it is a lock around its
//! state; nobody waits for the peer inside it. Errors of the peer are `io::Error`s that say what happened; the alert
//! that tells the peer is sent on the way.

use std::io::{self, BufRead, IoSlice, Read, Write};
use std::os::raw::c_int;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::server::Acceptor;
use rustls::ServerConnection;

use crate::contexts::Contexts;
use crate::der::Certificate;
use crate::sys;

/// What is read of a file at once; two records.
const FILE_BLOCK: usize = 32 * 1024;

/// A session, shared by those who use its connection.
pub struct Session(Mutex<State>);

/// How far it is.
enum Stage {
    /// The client has not introduced itself yet.
    Hello(Box<Acceptor>),
    /// From the first answer to the end.
    Open(Box<ServerConnection>),
    /// Nothing more will come of it.
    Failed,
}

struct State {
    stage: Stage,
    contexts: Arc<Contexts>,
    /// First byte of the connection.
    first: Option<u8>,
    /// The last read took all that the socket had.
    emptied: bool,
    /// The stream has ended; what was decrypted before was taken.
    ended: bool,
    /// Of the client, once somebody asked.
    client: Option<Option<Arc<Client>>>,
    /// The peer is not to believe that it has everything.
    cut: bool,
    goodbye: bool,
}

/// Who the client is, by a certificate that was found good.
#[derive(Debug)]
pub struct Client {
    /// `/C=IT/CN=name`.
    pub subject: String,
    /// The certificate as it came.
    pub certificate: Vec<u8>,
    /// In PEM, if the application shall have that.
    pub text: Option<String>,
}

/// The client speaks plain HTTP where TLS is spoken.
#[derive(Debug)]
pub struct PlainHttp;

impl std::fmt::Display for PlainHttp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the client speaks plain HTTP")
    }
}

impl std::error::Error for PlainHttp {}

/// The socket, as rustls wants to see it.
struct Socket<'a> {
    fd: c_int,
    first: &'a mut Option<u8>,
    emptied: &'a mut bool,
}

impl Read for Socket<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = sys::recv_into(self.fd, room)?;
        *self.emptied = count < room.len();
        if self.first.is_none() && count > 0 {
            *self.first = room.first().copied();
        }
        Ok(count)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        sys::send(self.fd, data, false)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        sys::send_slices(self.fd, pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn would_block() -> io::Error {
    io::ErrorKind::WouldBlock.into()
}

fn broken(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl State {
    /// Send what waits as far as the socket takes it; true when nothing is left.
    fn flush(&mut self, fd: c_int) -> io::Result<bool> {
        let Stage::Open(session) = &mut self.stage else { return Ok(true) };
        while session.wants_write() {
            match session.write_tls(&mut Socket { fd, first: &mut self.first, emptied: &mut self.emptied }) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Read once from the socket and draw the consequences. `Ok(false)`: the socket has ended.
    fn pull(&mut self, fd: c_int) -> io::Result<bool> {
        let mut socket = Socket { fd, first: &mut self.first, emptied: &mut self.emptied };
        match &mut self.stage {
            Stage::Failed => Err(io::ErrorKind::BrokenPipe.into()),
            Stage::Hello(acceptor) => {
                if acceptor.read_tls(&mut socket)? == 0 {
                    return Ok(false);
                }
                match acceptor.accept() {
                    Ok(None) => {}
                    Ok(Some(accepted)) => {
                        let config = self.contexts.choose(&accepted.client_hello());
                        match accepted.into_connection(config) {
                            Ok(session) => self.stage = Stage::Open(Box::new(session)),
                            Err((error, mut alert)) => {
                                // The peer may be gone already.
                                let _ = alert.write(&mut socket);
                                self.stage = Stage::Failed;
                                return Err(broken(error));
                            }
                        }
                    }
                    Err((error, mut alert)) => {
                        self.stage = Stage::Failed;
                        if self.first.is_some_and(|byte| byte.is_ascii_uppercase()) {
                            return Err(io::Error::new(io::ErrorKind::InvalidData, PlainHttp));
                        }
                        let _ = alert.write(&mut Socket { fd, first: &mut self.first, emptied: &mut self.emptied });
                        return Err(broken(error));
                    }
                }
                Ok(true)
            }
            Stage::Open(session) => {
                let count = session.read_tls(&mut socket)?;
                if let Err(error) = session.process_new_packets() {
                    let _ = session.write_tls(&mut socket);
                    self.stage = Stage::Failed;
                    return Err(broken(error));
                }
                Ok(count > 0)
            }
        }
    }

    /// Move decrypted bytes to `buf`, at most `most`; notes the end.
    fn take(&mut self, buf: &mut Vec<u8>, most: usize) -> usize {
        let Stage::Open(session) = &mut self.stage else { return 0 };
        let mut taken = 0;
        while taken < most {
            let mut reader = session.reader();
            match reader.fill_buf() {
                Ok([]) => {
                    self.ended = true;
                    break;
                }
                Ok(bytes) => {
                    let count = bytes.len().min(most - taken);
                    buf.extend_from_slice(bytes.get(..count).unwrap_or(&[]));
                    reader.consume(count);
                    taken += count;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    // Without a goodbye. What a request is, its own framing tells.
                    self.ended = true;
                    break;
                }
            }
        }
        taken
    }

    fn recv(&mut self, fd: c_int, buf: &mut Vec<u8>, max: usize) -> io::Result<usize> {
        let most = (buf.capacity() - buf.len()).min(max);
        let mut taken = 0;
        loop {
            taken += self.take(buf, most - taken);
            // As with a plain socket, a short read has emptied it: a new edge will tell of more.
            if taken == most || self.ended || (taken > 0 && self.emptied) {
                return Ok(taken);
            }
            // The peer may wait for it before it says more; what the socket does not take now is owed.
            self.flush(fd)?;
            match self.pull(fd) {
                Ok(true) => {}
                Ok(false) => {
                    taken += self.take(buf, most - taken);
                    self.ended = taken < most;
                    return Ok(taken);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && taken > 0 => return Ok(taken),
                Err(_) if taken > 0 => {
                    // First what was good. The next call finds the end, for which no edge must come.
                    self.ended = true;
                    return Ok(taken);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Encrypt and send; answers how much was taken.
    fn send(&mut self, fd: c_int, pieces: &[&[u8]]) -> io::Result<usize> {
        let total: usize = pieces.iter().map(|piece| piece.len()).sum();
        let mut taken = 0;
        while taken < total {
            // A bounded number of bytes is kept for a socket that takes none.
            if !self.flush(fd)? {
                return if taken > 0 { Ok(taken) } else { Err(would_block()) };
            }
            let Stage::Open(session) = &mut self.stage else { return Err(io::ErrorKind::BrokenPipe.into()) };
            let mut rest = [IoSlice::new(&[]); 4];
            let mut skip = taken;
            for (slot, piece) in rest.iter_mut().zip(pieces) {
                let gone = skip.min(piece.len());
                skip -= gone;
                *slot = IoSlice::new(piece.get(gone..).unwrap_or(&[]));
            }
            match session.writer().write_vectored(&rest)? {
                0 => return if taken > 0 { Ok(taken) } else { Err(would_block()) },
                count => taken += count,
            }
        }
        self.flush(fd)?;
        Ok(taken)
    }
}

/// A certificate as text, in lines of 64.
fn pem(der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in der.chunks(48) {
        for group in line.chunks(3) {
            let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for place in 0..4 {
                let digit = DIGITS.get((bits >> (18 - 6 * place)) as usize & 63).copied().unwrap_or(b'=');
                text.push(if place <= group.len() { char::from(digit) } else { '=' });
            }
        }
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

impl Session {
    /// A session that waits for the client's hello.
    pub fn new(contexts: Arc<Contexts>) -> Session {
        Session(Mutex::new(State {
            stage: Stage::Hello(Box::default()),
            contexts,
            first: None,
            emptied: false,
            ended: false,
            client: None,
            cut: false,
            goodbye: false,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See `Transport::recv`.
    pub fn recv(&self, fd: c_int, buf: &mut Vec<u8>, max: usize) -> io::Result<usize> {
        self.lock().recv(fd, buf, max)
    }

    /// See `Transport::has_end`.
    pub fn has_end(&self) -> bool {
        self.lock().ended
    }

    /// Bytes are decrypted and wait to be taken.
    pub fn has_plaintext(&self) -> bool {
        match &mut self.lock().stage {
            Stage::Open(session) => matches!(session.reader().fill_buf(), Ok(bytes) if !bytes.is_empty()),
            _ => false,
        }
    }

    /// See `Transport::send_pieces`.
    pub fn send(&self, fd: c_int, pieces: &[&[u8]]) -> io::Result<usize> {
        self.lock().send(fd, pieces)
    }

    /// See `Transport::send_file`.
    pub fn send_file(&self, fd: c_int, file: c_int, offset: &mut i64, count: usize) -> io::Result<usize> {
        let mut state = self.lock();
        if !state.flush(fd)? {
            return Err(would_block());
        }
        let mut block = vec![0; count.min(FILE_BLOCK)];
        let read = sys::read_at(file, &mut block, *offset)?;
        if read == 0 {
            return Ok(0);
        }
        let sent = state.send(fd, &[block.get(..read).unwrap_or(&[])])?;
        *offset += sent as i64;
        Ok(sent)
    }

    /// See `Transport::flush`.
    pub fn flush(&self, fd: c_int) -> io::Result<bool> {
        self.lock().flush(fd)
    }

    /// See `Transport::owes`.
    pub fn owes(&self) -> bool {
        matches!(&self.lock().stage, Stage::Open(session) if session.wants_write())
    }

    /// The client's certificate, if it showed one.
    pub fn client(&self) -> Option<Arc<Client>> {
        let mut state = self.lock();
        if let Some(client) = &state.client {
            return client.clone();
        }
        let leaf = match &state.stage {
            Stage::Open(session) => session.peer_certificates().and_then(|chain| chain.first()),
            _ => None,
        };
        let client = leaf.map(|leaf| {
            let subject = Certificate::read(leaf).map_or_else(String::new, |found| found.subject());
            let text = state.contexts.exports_certificate.then(|| pem(leaf));
            Arc::new(Client { subject, certificate: leaf.to_vec(), text })
        });
        state.client = Some(client.clone());
        client
    }

    /// Tell the peer that this was all, if it was.
    pub fn say_goodbye(&self, fd: c_int) {
        let mut state = self.lock();
        if state.cut || state.goodbye {
            return;
        }
        state.goodbye = true;
        if let Stage::Open(session) = &mut state.stage {
            session.send_close_notify();
            // A socket that takes no more has a peer that does not listen.
            let _ = state.flush(fd);
        }
    }

    /// See `Transport::cut`.
    pub fn cut(&self) {
        self.lock().cut = true;
    }
}
