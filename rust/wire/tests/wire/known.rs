//! The usual variables.

use wire::{is_control_variable, Known};

#[test]
fn every_variable_is_found_by_its_key_and_by_its_header() {
    for (number, (known, key)) in Known::ALL.iter().enumerate().skip(1) {
        assert_eq!(*known as usize, number);
        assert_eq!(known.key(), *key);
        assert_eq!(Known::of_variable(key.as_bytes()), *known, "{key}");
        let header = match *key {
            "CONTENT_TYPE" | "CONTENT_LENGTH" => key,
            _ => match key.strip_prefix("HTTP_") {
                Some(header) => header,
                None => {
                    assert_eq!(Known::of_header(key.replace('_', "-").as_bytes()), Known::Other, "{key}");
                    continue;
                }
            },
        };
        let header = header.replace('_', "-");
        for spelling in [header.clone(), header.to_lowercase()] {
            assert_eq!(Known::of_header(spelling.as_bytes()), *known, "{spelling}");
        }
        if key.contains('_') && header.contains('-') {
            assert_eq!(Known::of_header(header.replace('-', "_").as_bytes()), Known::Other);
        }
    }
}

#[test]
fn a_header_with_one_other_byte_is_another_header() {
    for (known, key) in Known::ALL.iter().filter(|(_, key)| key.starts_with("HTTP_")) {
        let name = key.trim_start_matches("HTTP_").replace('_', "-").to_lowercase().into_bytes();
        for place in 0..name.len() {
            // Every byte that a decoder lets through to here.
            for byte in (b'!'..=b'~').filter(|byte| !byte.eq_ignore_ascii_case(&name[place])) {
                let mut other = name.clone();
                other[place] = byte;
                assert_ne!(Known::of_header(&other), *known, "{}", other.escape_ascii());
            }
        }
    }
}

#[test]
fn other_names_are_other() {
    for name in ["", "A", "request_method", "REQUEST_METHOD ", "HTTP_HOS", "HTTP_HOSTS", "HTTP_", "PATH_INFp"] {
        assert_eq!(Known::of_variable(name.as_bytes()), Known::Other, "{name}");
    }
    for name in ["", "hos", "hostx", "content-typf", "http-host", "request-method", "\0\0\0\0"] {
        assert_eq!(Known::of_header(name.as_bytes()), Known::Other, "{name}");
    }
}

#[test]
fn the_variables_that_act_on_the_server_are_listed() {
    let names = [
        "UWSGI_FILE", "UWSGI_SCRIPT", "UWSGI_MODULE", "UWSGI_CALLABLE", "UWSGI_APPID", "UWSGI_HOME", "UWSGI_PYHOME",
        "UWSGI_POSTFILE", "UWSGI_SETENV", "UWSGI_CHDIR", "UWSGI_TOUCH_RELOAD", "UWSGI_CACHE_GET",
    ];
    for name in names {
        assert!(is_control_variable(Known::of_variable(name.as_bytes())), "{name}");
    }
    assert_eq!(Known::ALL.iter().filter(|(known, _)| is_control_variable(*known)).count(), names.len());
}

#[test]
fn cookies_are_joined_with_a_semicolon() {
    assert_eq!(Known::HttpCookie.joiner(), "; ");
    assert_eq!(Known::HttpAccept.joiner(), ", ");
    assert_eq!(Known::Other.joiner(), ", ");
}
