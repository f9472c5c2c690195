//! The usual variables, as numbers, so that a caller can keep one ready-made key for each. Maps names to numbers and
//! back; knows nothing of values.

macro_rules! known {
    ($( $variant:ident $name:literal ),+ $(,)?) => {
        /// A variable that many requests have. `Known::ALL[known as usize]` has its name.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Known {
            /// None of them.
            #[default]
            Other,
            $(
                #[doc = $name]
                $variant
            ),+
        }

        impl Known {
            /// All of them, in the order of their numbers, with their environ key; `Other` is first and empty.
            pub const ALL: &'static [(Known, &'static str)] = &[(Known::Other, ""), $((Known::$variant, $name)),+];
        }
    };
}

known! {
    RequestMethod "REQUEST_METHOD",
    RequestUri "REQUEST_URI",
    PathInfo "PATH_INFO",
    QueryString "QUERY_STRING",
    ScriptName "SCRIPT_NAME",
    ServerProtocol "SERVER_PROTOCOL",
    ContentType "CONTENT_TYPE",
    ContentLength "CONTENT_LENGTH",
    ServerName "SERVER_NAME",
    ServerPort "SERVER_PORT",
    ServerAddr "SERVER_ADDR",
    ServerSoftware "SERVER_SOFTWARE",
    GatewayInterface "GATEWAY_INTERFACE",
    RemoteAddr "REMOTE_ADDR",
    RemotePort "REMOTE_PORT",
    RemoteHost "REMOTE_HOST",
    RemoteUser "REMOTE_USER",
    AuthType "AUTH_TYPE",
    RequestScheme "REQUEST_SCHEME",
    Https "HTTPS",
    DocumentRoot "DOCUMENT_ROOT",
    DocumentUri "DOCUMENT_URI",
    ScriptFilename "SCRIPT_FILENAME",
    PathTranslated "PATH_TRANSLATED",
    RedirectStatus "REDIRECT_STATUS",
    Scgi "SCGI",
    UwsgiScheme "UWSGI_SCHEME",
    UwsgiRouter "UWSGI_ROUTER",
    UwsgiFile "UWSGI_FILE",
    UwsgiScript "UWSGI_SCRIPT",
    UwsgiModule "UWSGI_MODULE",
    UwsgiCallable "UWSGI_CALLABLE",
    UwsgiAppid "UWSGI_APPID",
    UwsgiHome "UWSGI_HOME",
    UwsgiPyhome "UWSGI_PYHOME",
    UwsgiPostfile "UWSGI_POSTFILE",
    UwsgiSetenv "UWSGI_SETENV",
    UwsgiChdir "UWSGI_CHDIR",
    UwsgiTouchReload "UWSGI_TOUCH_RELOAD",
    UwsgiCacheGet "UWSGI_CACHE_GET",
    HttpHost "HTTP_HOST",
    HttpConnection "HTTP_CONNECTION",
    HttpKeepAlive "HTTP_KEEP_ALIVE",
    HttpUserAgent "HTTP_USER_AGENT",
    HttpAccept "HTTP_ACCEPT",
    HttpAcceptEncoding "HTTP_ACCEPT_ENCODING",
    HttpAcceptLanguage "HTTP_ACCEPT_LANGUAGE",
    HttpAcceptCharset "HTTP_ACCEPT_CHARSET",
    HttpAuthorization "HTTP_AUTHORIZATION",
    HttpProxyAuthorization "HTTP_PROXY_AUTHORIZATION",
    HttpProxy "HTTP_PROXY",
    HttpCacheControl "HTTP_CACHE_CONTROL",
    HttpPragma "HTTP_PRAGMA",
    HttpCookie "HTTP_COOKIE",
    HttpReferer "HTTP_REFERER",
    HttpOrigin "HTTP_ORIGIN",
    HttpDnt "HTTP_DNT",
    HttpExpect "HTTP_EXPECT",
    HttpTe "HTTP_TE",
    HttpTransferEncoding "HTTP_TRANSFER_ENCODING",
    HttpContentEncoding "HTTP_CONTENT_ENCODING",
    HttpUpgrade "HTTP_UPGRADE",
    HttpUpgradeInsecureRequests "HTTP_UPGRADE_INSECURE_REQUESTS",
    HttpRange "HTTP_RANGE",
    HttpIfRange "HTTP_IF_RANGE",
    HttpIfModifiedSince "HTTP_IF_MODIFIED_SINCE",
    HttpIfUnmodifiedSince "HTTP_IF_UNMODIFIED_SINCE",
    HttpIfMatch "HTTP_IF_MATCH",
    HttpIfNoneMatch "HTTP_IF_NONE_MATCH",
    HttpVia "HTTP_VIA",
    HttpForwarded "HTTP_FORWARDED",
    HttpXForwardedFor "HTTP_X_FORWARDED_FOR",
    HttpXForwardedProto "HTTP_X_FORWARDED_PROTO",
    HttpXForwardedHost "HTTP_X_FORWARDED_HOST",
    HttpXForwardedPort "HTTP_X_FORWARDED_PORT",
    HttpXForwardedSsl "HTTP_X_FORWARDED_SSL",
    HttpXForwardedPrefix "HTTP_X_FORWARDED_PREFIX",
    HttpXRealIp "HTTP_X_REAL_IP",
    HttpXRequestId "HTTP_X_REQUEST_ID",
    HttpXRequestedWith "HTTP_X_REQUESTED_WITH",
    HttpXCsrftoken "HTTP_X_CSRFTOKEN",
    HttpPriority "HTTP_PRIORITY",
    HttpSecFetchSite "HTTP_SEC_FETCH_SITE",
    HttpSecFetchMode "HTTP_SEC_FETCH_MODE",
    HttpSecFetchDest "HTTP_SEC_FETCH_DEST",
    HttpSecFetchUser "HTTP_SEC_FETCH_USER",
    HttpSecChUa "HTTP_SEC_CH_UA",
    HttpSecChUaMobile "HTTP_SEC_CH_UA_MOBILE",
    HttpSecChUaPlatform "HTTP_SEC_CH_UA_PLATFORM",
    HttpSecWebsocketKey "HTTP_SEC_WEBSOCKET_KEY",
    HttpSecWebsocketVersion "HTTP_SEC_WEBSOCKET_VERSION",
    HttpSecWebsocketProtocol "HTTP_SEC_WEBSOCKET_PROTOCOL",
    HttpSecWebsocketExtensions "HTTP_SEC_WEBSOCKET_EXTENSIONS",
    HttpTraceparent "HTTP_TRACEPARENT",
}

impl Known {
    /// How many there are, `Other` included.
    pub const COUNT: usize = Known::ALL.len();

    /// The environ key; empty for `Other`.
    pub fn key(self) -> &'static str {
        Known::ALL.get(self as usize).map_or("", |(_, name)| name)
    }

    /// What joins the values of an HTTP header field that came more than once (RFC 9110 5.3, RFC 9113 8.2.3).
    pub fn joiner(self) -> &'static str {
        if self == Known::HttpCookie {
            "; "
        } else {
            ", "
        }
    }

    /// The variable with this environ key.
    #[inline]
    pub fn of_variable(name: &[u8]) -> Known {
        let mut slot = hash(name, 0);
        // Ends: less than half of the table is taken.
        loop {
            match VARIABLES.get(slot & MASK).copied().and_then(entry) {
                None => return Known::Other,
                Some((known, key)) if key.as_bytes() == name => return known,
                Some(_) => slot += 1,
            }
        }
    }

    /// The variable that an HTTP header field of this name becomes, whatever its case. `_` is not `-`.
    #[inline]
    pub fn of_header(name: &[u8]) -> Known {
        let mut slot = hash(name, LOWER);
        loop {
            let number = HEADERS.get(slot & MASK).copied().unwrap_or(0);
            match entry(number) {
                None => return Known::Other,
                Some((known, _)) if NAMES.get(usize::from(number)).is_some_and(|listed| is_header(name, listed)) => {
                    return known
                }
                Some(_) => slot += 1,
            }
        }
    }
}

/// Two tables of numbers with open addressing, built by the compiler: a look-up is one hash of five bytes of the name
/// and, nearly always, one comparison.
const SLOTS: usize = 256;
const MASK: usize = SLOTS - 1;
static VARIABLES: [u8; SLOTS] = build(false);
static HEADERS: [u8; SLOTS] = build(true);
const _: () = assert!(Known::COUNT < SLOTS / 2);

/// The longest name of a header; what is longer is `Other`.
const LONGEST: usize = 32;

/// The names of the headers, in lower case and with hyphens; empty for a variable that no header becomes.
static NAMES: [Name; Known::COUNT] = {
    let mut names = [Name { bytes: [0; LONGEST], len: 0 }; Known::COUNT];
    let mut i = 1;
    while i < Known::COUNT {
        names[i] = header_name(Known::ALL[i].1.as_bytes());
        i += 1;
    }
    names
};

#[derive(Clone, Copy)]
struct Name {
    bytes: [u8; LONGEST],
    len: usize,
}

/// Lower case for letters, no change for hyphens. Among the bytes of a token no other two become equal.
const LOWER: u8 = 0x20;

const fn hash(name: &[u8], fold: u8) -> usize {
    let len = name.len();
    if len == 0 {
        return 0;
    }
    // Five bytes that differ in most pairs of names, and the length: one word, one multiplication.
    let word = (name[0] | fold) as u64
        | ((name[len / 4] | fold) as u64) << 8
        | ((name[len / 2] | fold) as u64) << 16
        | ((name[len - len / 4 - 1] | fold) as u64) << 24
        | ((name[len - 1] | fold) as u64) << 32
        | (len as u64) << 40;
    (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as usize
}

const fn build(of_headers: bool) -> [u8; SLOTS] {
    let mut table = [0u8; SLOTS];
    let mut i = 1;
    while i < Known::COUNT {
        let key = Known::ALL[i].1.as_bytes();
        let name = header_name(key);
        let mut slot = if of_headers { hash(name.bytes.split_at(name.len).0, LOWER) } else { hash(key, 0) };
        if !of_headers || name.len > 0 {
            while table[slot & MASK] != 0 {
                slot += 1;
            }
            table[slot & MASK] = i as u8;
        }
        i += 1;
    }
    table
}

/// The name of the header that becomes this environ key.
const fn header_name(key: &[u8]) -> Name {
    let part = match key {
        [b'H', b'T', b'T', b'P', b'_', part @ ..] => part,
        b"CONTENT_TYPE" | b"CONTENT_LENGTH" => key,
        _ => &[],
    };
    let mut name = Name { bytes: [0; LONGEST], len: part.len() };
    let mut i = 0;
    while i < part.len() {
        name.bytes[i] = if part[i] == b'_' { b'-' } else { part[i] | LOWER };
        i += 1;
    }
    name
}

/// Eight bytes at a time; the last eight overlap.
#[inline]
fn is_header(name: &[u8], listed: &Name) -> bool {
    const FOLD: u64 = 0x0101_0101_0101_0101 * LOWER as u64;
    if name.len() != listed.len {
        return false;
    }
    let want = listed.bytes.get(..listed.len).unwrap_or(&[]);
    let same = |have: &[u8; 8], want: &[u8; 8]| u64::from_le_bytes(*have) | FOLD == u64::from_le_bytes(*want);
    let (Some(have_end), Some(want_end)) = (name.last_chunk(), want.last_chunk()) else {
        return name.iter().zip(want).all(|(have, want)| have | LOWER == *want);
    };
    let (mut have_rest, mut want_rest) = (name, want);
    while let (Some((have, have_after)), Some((want, want_after))) =
        (have_rest.split_first_chunk(), want_rest.split_first_chunk())
    {
        if !same(have, want) {
            return false;
        }
        (have_rest, want_rest) = (have_after, want_after);
    }
    same(have_end, want_end)
}

fn entry(number: u8) -> Option<(Known, &'static str)> {
    if number == 0 {
        return None;
    }
    Known::ALL.get(usize::from(number)).copied()
}

/// A variable with which a peer of uWSGI could load code, read files or change the process (`UWSGI_FILE`,
/// `UWSGI_SETENV`, `UWSGI_POSTFILE` …). Ignore them unless the configuration trusts this socket to that extent.
pub fn is_control_variable(known: Known) -> bool {
    matches!(
        known,
        Known::UwsgiFile
            | Known::UwsgiScript
            | Known::UwsgiModule
            | Known::UwsgiCallable
            | Known::UwsgiAppid
            | Known::UwsgiHome
            | Known::UwsgiPyhome
            | Known::UwsgiPostfile
            | Known::UwsgiSetenv
            | Known::UwsgiChdir
            | Known::UwsgiTouchReload
            | Known::UwsgiCacheGet
    )
}
