//! Why a request is not served. A closed list, sorted by whose fault it is; status, code and sentence are derived here
//! and nowhere else.

use core::fmt;

/// Who can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client, or the front-end that speaks for it, broke its protocol.
    Peer,
    /// A limit of the configuration was met; the administrator may raise it.
    Operator,
}

macro_rules! refusals {
    ($( $fault:ident { $( $(#[$doc:meta])* $variant:ident $({ $($(#[$fdoc:meta])* $field:ident : $ty:ty),+ })?
        => $code:literal, $status:expr, ($($sentence:tt)+); )+ } )+) => {
        /// Why a request is not served. The connection is closed after every one of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Refusal {
            $($( $(#[$doc])* $variant $({ $($(#[$fdoc])* $field: $ty),+ })? ),+),+
        }

        impl Refusal {
            /// Every code there is, for documentation and tests.
            pub const CODES: &'static [&'static str] = &[$($($code),+),+];

            /// A short name that does not change between releases.
            pub fn code(&self) -> &'static str {
                match self { $($( Refusal::$variant { .. } => $code ),+),+ }
            }

            /// The HTTP status to answer with (with any protocol: see [`crate::error_page`]), or `None` if the peer
            /// would not understand one: then close.
            pub fn status(&self) -> Option<u16> {
                match self { $($( Refusal::$variant { .. } => $status ),+),+ }
            }

            /// Whose fault it is.
            pub fn fault(&self) -> Fault {
                match self { $($( Refusal::$variant { .. } => Fault::$fault ),+),+ }
            }
        }

        /// One sentence for the log: the fact, and what to do where there is something to do.
        impl fmt::Display for Refusal {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $($( Refusal::$variant $({ $($field),+ })? => write!(f, $($sentence)+) ),+),+ }
            }
        }
    };
}

refusals! {
    Peer {
        /// The first byte starts none of the protocols.
        NoProtocol { /** That byte. */ first: u8 } => "no-protocol", Some(400),
            ("the connection starts with byte {first}, which no protocol of this socket does");
        /// The first byte is a TLS handshake.
        TlsOnPlainSocket => "tls-on-plain-socket", None,
            ("the client speaks TLS to a socket without TLS: use https in the front-end, or http in the client");
        /// The first byte is a letter where TLS must begin.
        PlainOnTlsSocket => "plain-on-tls-socket", Some(400),
            ("the client speaks HTTP without TLS to a TLS socket: write https:// in the client");
        /// A PROXY header that is malformed, or too long.
        ProxyHeader => "proxy-header", Some(400), ("the PROXY header before the request is malformed");
        /// A PROXY header from somebody who may not say one.
        ProxyUntrusted => "proxy-untrusted", Some(400),
            ("a PROXY header came from a peer that trusted-peers does not name: add it there if it is your load balancer");
        /// The request line is not `method SP target SP version`.
        RequestLine => "request-line", Some(400), ("the request line is not 'METHOD target HTTP/1.x'");
        /// The method is not a token.
        Method => "method", Some(400), ("the request method has a character that a method cannot have");
        /// CONNECT asks for a tunnel; this is no proxy.
        ConnectMethod => "connect-method", Some(501), ("CONNECT was asked for, but this server is not a proxy");
        /// The target has a character that a target cannot have, or a form that its method cannot have.
        Target => "target", Some(400), ("the request target is not a path, an http URI, or '*' with OPTIONS");
        /// A `%` without two hexadecimal digits in the path, or `%00`.
        PathEscape => "path-escape", Some(400), ("the path of the request has a % that two hexadecimal digits do not follow, or %00");
        /// Not HTTP/1.0 or a later HTTP/1.
        Version => "version", Some(505), ("the request's HTTP version is not 1.0 or 1.1");
        /// The preface of HTTP/2.
        Http2 => "http2", Some(505), ("the client speaks HTTP/2, this socket speaks HTTP/1.1: let the front-end translate");
        /// A line that ends with LF alone.
        BareLf => "bare-lf", Some(400), ("a line of the request head ends with LF instead of CR LF");
        /// A CR that no LF follows.
        BareCr => "bare-cr", Some(400), ("the request head has a CR that is not the end of a line");
        /// A header line that starts with white space (obs-fold).
        Fold => "fold", Some(400), ("a header line starts with white space; folded headers are obsolete and refused");
        /// No colon, an empty name, or a character that a name cannot have.
        HeaderName => "header-name", Some(400), ("a header line does not start with a valid name and a colon");
        /// White space between name and colon.
        SpaceBeforeColon => "space-before-colon", Some(400), ("a header has white space between its name and the colon");
        /// NUL or another control character in a value.
        HeaderValue => "header-value", Some(400), ("a header value has a control character");
        /// HTTP/1.1 without Host.
        NoHost => "no-host", Some(400), ("the HTTP/1.1 request has no Host header");
        /// More than one Host.
        TwoHosts => "two-hosts", Some(400), ("the request has more than one Host header");
        /// A Host that is no host.
        Host => "host", Some(400), ("the Host header, or the host in the request target, is not a host name with an optional port");
        /// Content-Length is not one number.
        ContentLength => "content-length", Some(400), ("the content length is not one decimal number");
        /// More than one Content-Length, equal or not.
        TwoContentLengths => "two-content-lengths", Some(400), ("the request has more than one Content-Length header");
        /// Content-Length and Transfer-Encoding: the means of request smuggling.
        LengthAndEncoding => "length-and-encoding", Some(400), ("the request has both Content-Length and Transfer-Encoding");
        /// Transfer-Encoding that does not end with chunked, repeats it, or is in an HTTP/1.0 request.
        TransferEncoding => "transfer-encoding", Some(400), ("the request's Transfer-Encoding does not tell where its body ends");
        /// A coding other than chunked.
        UnknownEncoding => "unknown-encoding", Some(501), ("the request body has a transfer coding other than chunked");
        /// An expectation other than 100-continue.
        Expectation => "expectation", Some(417), ("the request expects something other than 100-continue");
        /// The framing of a chunked body is broken.
        Chunk => "chunk", Some(400), ("the chunked request body is malformed");
        /// The extensions of one chunk, or the trailers, are longer than anyone needs.
        ChunkOverhead => "chunk-overhead", Some(400), ("the extensions or trailers of the chunked request body are too long");
        /// A uwsgi modifier that is not a request for the application.
        Modifier { /** modifier1 */ modifier1: u8, /** modifier2 */ modifier2: u8 } => "modifier", Some(501),
            ("uwsgi modifier {modifier1} (modifier2 {modifier2}) is not served here: only 0 and 30 (WSGI) and 100 (ping) are");
        /// A letter where modifier1 should be.
        HttpOnUwsgiSocket => "http-on-uwsgi-socket", Some(400),
            ("the client speaks HTTP to a socket that speaks uwsgi: declare it http-socket, or use uwsgi_pass in nginx");
        /// The block of variables is empty.
        NoVariables => "no-variables", Some(400), ("the request has no variables");
        /// A name or value runs over the end of the block, or a name is empty.
        Variables => "variables", Some(400), ("the block of variables is malformed: a name or value does not fit into it, or a name is empty");
        /// Not a FastCGI record where one must be.
        Record => "record", None, ("the FastCGI stream is malformed: version, type or id of a record is not what must come here");
        /// The front-end gave the request up.
        Aborted => "aborted", None, ("the front-end aborted the request");
        /// The SCGI netstring is broken.
        Netstring => "netstring", Some(400), ("the SCGI request does not start with a netstring of variables");
        /// The body ended before its announced length.
        BodyShort { /** Bytes that did not come. */ missing: u64 } => "body-short", Some(400),
            ("the request body ended {missing} bytes before its content length");
    }
    Operator {
        /// The head is larger than `buffer-size`.
        HeadTooLarge { /** Its size, or what of it was seen. */ size: usize, /** The limit. */ limit: usize }
            => "head-too-large", Some(431),
            ("invalid request block size: {size} (max {limit}): the request head is larger than buffer-size; raise buffer-size if the client is right");
        /// The request line alone is larger than `buffer-size`.
        TargetTooLong { /** The limit. */ limit: usize } => "target-too-long", Some(414),
            ("the request line is longer than {limit} bytes: raise buffer-size if the client is right");
        /// More variables than `max-vars`.
        TooManyVars { /** The limit. */ limit: usize } => "too-many-vars", Some(431),
            ("the request has more than {limit} variables or headers: raise max-vars if the client is right");
        /// The body is larger than `limit-post`.
        BodyTooLarge { /** Its size, or what of it was seen. */ size: u64, /** The limit. */ limit: u64 }
            => "body-too-large", Some(413),
            ("the request body of {size} bytes is larger than limit-post ({limit}): raise limit-post if the client is right");
    }
}
