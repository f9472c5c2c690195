//! The closed list of refusals.

use std::collections::HashSet;
use wire::{Fault, Refusal};

#[test]
fn codes_are_unique_and_plain() {
    let set: HashSet<_> = Refusal::CODES.iter().collect();
    assert_eq!(set.len(), Refusal::CODES.len());
    for code in Refusal::CODES {
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{code}");
    }
}

#[test]
fn what_the_administrator_can_change_names_the_option() {
    let limits = [
        (Refusal::HeadTooLarge { size: 5000, limit: 4096 }, "buffer-size", 431),
        (Refusal::TargetTooLong { limit: 4096 }, "buffer-size", 414),
        (Refusal::TooManyVars { limit: 128 }, "max-vars", 431),
        (Refusal::BodyTooLarge { size: 9, limit: 8 }, "limit-post", 413),
    ];
    for (refusal, option, status) in limits {
        assert_eq!(refusal.fault(), Fault::Operator);
        assert!(refusal.to_string().contains(option));
        assert_eq!(refusal.status(), Some(status));
    }
    // The words that people's scripts look for.
    assert!(limits[0].0.to_string().starts_with("invalid request block size: 5000 (max 4096)"));
}

#[test]
fn statuses_are_errors_of_the_client_or_of_what_it_asks() {
    assert_eq!(Refusal::Version.status(), Some(505));
    assert_eq!(Refusal::UnknownEncoding.status(), Some(501));
    assert_eq!(Refusal::BareLf.status(), Some(400));
    assert_eq!(Refusal::TlsOnPlainSocket.status(), None);
    assert_eq!(Refusal::Fold.fault(), Fault::Peer);
}

#[test]
fn every_code_has_a_case() {
    let cases = [include_str!("http.rs"), include_str!("uwsgi.rs"), include_str!("scgi.rs"), include_str!("fastcgi.rs")];
    // Bodies are compared by variant, and the first byte of a connection is the caller's to judge.
    let elsewhere = [
        "plain-on-tls-socket", "proxy-header", "proxy-untrusted", "no-protocol", "aborted", "body-short", "body-too-large", "chunk", "chunk-overhead",
    ];
    for code in Refusal::CODES {
        let quoted = [format!("\"{code}\""), format!("refused {code}\"")];
        let has_case = cases.iter().any(|text| quoted.iter().any(|quoted| text.contains(quoted)));
        assert_ne!(has_case, elsewhere.contains(code), "{code}");
    }
}
