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
        let mut slot = hash(name, Fold::Exact);
        // Ends: the table is less than half full, see `build`.
        loop {
            match VARIABLES.get(slot & MASK).copied().and_then(entry) {
                None => return Known::Other,
                Some((known, key)) if key.as_bytes() == name => return known,
                Some(_) => slot += 1,
            }
        }
    }

    /// The variable that an HTTP header field of this name becomes, whatever its case.
    #[inline]
    pub fn of_header(name: &[u8]) -> Known {
        let mut slot = hash(name, Fold::Header);
        loop {
            match HEADERS.get(slot & MASK).copied().and_then(entry) {
                None => return Known::Other,
                Some((known, key)) if is_header_of(name, key) => return known,
                Some(_) => slot += 1,
            }
        }
    }
}

/// Two tables of numbers with open addressing, built by the compiler: a look-up is one hash of five bytes of the name
/// and, nearly always, one comparison.
const SLOTS: usize = 256;
const MASK: usize = SLOTS - 1;
static VARIABLES: [u8; SLOTS] = build(Fold::Exact);
static HEADERS: [u8; SLOTS] = build(Fold::Header);
const _: () = assert!(Known::COUNT < SLOTS / 2);

#[derive(Clone, Copy)]
enum Fold {
    Exact,
    Header,
}

/// A byte of a header's name as it is in the environ key. `_` matches nothing: `X_Foo` is not `X-Foo`.
const fn fold(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => byte - 32,
        b'-' => b'_',
        b'_' => 0,
        _ => byte,
    }
}

const fn hash(name: &[u8], how: Fold) -> usize {
    let len = name.len();
    if len == 0 {
        return 0;
    }
    let picks = [0, len / 4, len / 2, len - len / 4 - 1, len - 1];
    let mut value = len as u32;
    let mut i = 0;
    while i < picks.len() {
        let byte = name[picks[i]];
        let byte = match how {
            Fold::Exact => byte,
            Fold::Header => fold(byte),
        };
        value = value.wrapping_mul(0x9E37_79B1) ^ byte as u32;
        i += 1;
    }
    (value.wrapping_mul(0x9E37_79B1) >> 20) as usize
}

const fn build(how: Fold) -> [u8; SLOTS] {
    let mut table = [0u8; SLOTS];
    let mut i = 1;
    while i < Known::ALL.len() {
        let key = Known::ALL[i].1.as_bytes();
        let mut slot = match how {
            Fold::Exact => Some(hash(key, how)),
            Fold::Header => match header_part(key) {
                Some(part) => Some(hash_key(part)),
                None => None,
            },
        };
        while let Some(at) = slot {
            if table[at & MASK] == 0 {
                table[at & MASK] = i as u8;
                slot = None;
            } else {
                slot = Some(at + 1);
            }
        }
        i += 1;
    }
    table
}

/// The hash that a header gets whose key ends like this: the key is folded already.
const fn hash_key(part: &[u8]) -> usize {
    hash(part, Fold::Exact)
}

/// What of an environ key is the header's name, if it comes from a header at all.
const fn header_part(key: &[u8]) -> Option<&[u8]> {
    match key {
        [b'H', b'T', b'T', b'P', b'_', part @ ..] => Some(part),
        b"CONTENT_TYPE" | b"CONTENT_LENGTH" => Some(key),
        _ => None,
    }
}

fn is_header_of(name: &[u8], key: &str) -> bool {
    header_part(key.as_bytes())
        .is_some_and(|part| part.len() == name.len() && name.iter().zip(part).all(|(have, want)| fold(*have) == *want))
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
