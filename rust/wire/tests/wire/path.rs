//! Paths: decode once, then resolve dots.

use wire::{decode_path, Refusal};

#[test]
fn paths_are_decoded_and_resolved() {
    let cases: &[(&str, &str)] = &[
        ("", ""),
        ("*", "*"),
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a//b/", "/a//b/"),
        ("//", "//"),
        ("/%41%7a", "/Az"),
        ("/a%2fb", "/a/b"),
        ("/%252e%252e", "/%2e%2e"),
        ("/a%3Fb%23c", "/a?b#c"),
        ("/a+b", "/a+b"),
        (".", "."),
        ("%2e%2e", ".."),
        // RFC 3986 5.2.4
        ("/a/b/c/./../../g", "/a/g"),
        ("/.", "/"),
        ("/./", "/"),
        ("/..", "/"),
        ("/../", "/"),
        ("/../..", "/"),
        ("/../../etc/passwd", "/etc/passwd"),
        ("/a/..", "/"),
        ("/a/../", "/"),
        ("/ab/cd/..", "/ab/"),
        ("/ab/cd/.", "/ab/cd/"),
        ("/../abc/.", "/abc/"),
        ("/../abc/..", "/"),
        ("/./abc/def/..", "/abc/"),
        ("/a//../b", "/a/b"),
        ("/a/.b/..c/...", "/a/.b/..c/..."),
        ("/.hidden", "/.hidden"),
        ("/static%2e%2e/x", "/static../x"),
        ("/static/%2e%2e%2fsecret", "/secret"),
        ("/static/..%2f..%2f..%2fetc", "/etc"),
        ("/a/%2E/b", "/a/b"),
    ];
    let mut scratch = b"dirt".to_vec();
    for (raw, want) in cases {
        let got = decode_path(raw.as_bytes(), &mut scratch).unwrap();
        assert_eq!(got.escape_ascii().to_string(), *want, "{raw}");
    }
}

#[test]
fn nothing_is_copied_when_there_is_nothing_to_do() {
    let raw = b"/a/b.html";
    let mut scratch = Vec::new();
    assert_eq!(decode_path(raw, &mut scratch).unwrap().as_ptr(), raw.as_ptr());
}

#[test]
fn broken_escapes_are_refused() {
    for raw in ["%", "/%", "/%4", "/%zz", "/%4g", "/%g4", "/a%00", "/%%41", "/% 1", "/%+1"] {
        assert_eq!(decode_path(raw.as_bytes(), &mut Vec::new()), Err(Refusal::PathEscape), "{raw}");
    }
}

#[test]
fn the_result_agrees_with_a_stack_of_segments() {
    // Every path of up to seven of these pieces.
    let pieces = ["/", "/.", "/..", "/a", "/bc"];
    for number in 0..5usize.pow(7) {
        let path: String = (0..7).map(|place| pieces[number / 5usize.pow(place) % 5]).collect();
        let mut stack: Vec<&str> = Vec::new();
        let mut ends_open = false;
        for segment in path.split('/').skip(1) {
            ends_open = segment == "." || segment == "..";
            match segment {
                "." => {}
                ".." => drop(stack.pop()),
                _ => stack.push(segment),
            }
        }
        let mut want: String = stack.iter().map(|segment| format!("/{segment}")).collect();
        if ends_open {
            want.push('/');
        }
        let mut scratch = Vec::new();
        assert_eq!(decode_path(path.as_bytes(), &mut scratch).unwrap(), want.as_bytes(), "{path}");
    }
}
