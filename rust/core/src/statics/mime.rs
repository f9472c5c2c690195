//! Content types by the ending of a file's name: the tables that `mimefile` names (/etc/mime.types by default), then one
//! that is built in. Looks at no content.

use std::collections::HashMap;
use std::path::PathBuf;

const DEFAULT: &str = "/etc/mime.types";
/// For endings that no table has.
const UNKNOWN: &[u8] = b"application/octet-stream";

/// What web applications serve, for systems without a table and tables older than these types.
const BUILT_IN: &[(&str, &str)] = &[
    ("7z", "application/x-7z-compressed"),
    ("apng", "image/apng"),
    ("atom", "application/atom+xml"),
    ("avif", "image/avif"),
    ("bin", "application/octet-stream"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("cjs", "text/javascript"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("geojson", "application/geo+json"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/vnd.microsoft.icon"),
    ("ics", "text/calendar"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("jsonld", "application/ld+json"),
    ("m4a", "audio/mp4"),
    ("m4v", "video/mp4"),
    ("map", "application/json"),
    ("md", "text/markdown"),
    ("mid", "audio/midi"),
    ("mjs", "text/javascript"),
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("opus", "audio/ogg"),
    ("otf", "font/otf"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("ps", "application/postscript"),
    ("rss", "application/rss+xml"),
    ("rtf", "application/rtf"),
    ("svg", "image/svg+xml"),
    ("svgz", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain"),
    ("vcf", "text/vcard"),
    ("vtt", "text/vtt"),
    ("wasm", "application/wasm"),
    ("wav", "audio/x-wav"),
    ("weba", "audio/webm"),
    ("webm", "video/webm"),
    ("webmanifest", "application/manifest+json"),
    ("webp", "image/webp"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("xhtml", "application/xhtml+xml"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("xml", "application/xml"),
    ("xz", "application/x-xz"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zip", "application/zip"),
    ("zst", "application/zstd"),
];

/// The types by ending, in lower case and without the dot.
#[derive(Debug, Default)]
pub struct Types(HashMap<Box<[u8]>, Box<[u8]>>);

impl Types {
    /// Read the tables; the second half says which could not be read, and why.
    pub fn read(files: &[PathBuf]) -> (Types, Vec<String>) {
        let mut types = Types::default();
        for (ending, kind) in BUILT_IN {
            types.0.insert(ending.as_bytes().into(), kind.as_bytes().into());
        }
        let mut problems = Vec::new();
        if files.is_empty() {
            // Without it there is the table above, which is what most need.
            types.add(&std::fs::read(DEFAULT).unwrap_or_default());
        }
        for file in files {
            match std::fs::read(file) {
                Ok(text) => types.add(&text),
                Err(error) => problems.push(format!("cannot read the types of mimefile {}: {error}", file.display())),
            }
        }
        (types, problems)
    }

    /// Lines of a type and its endings; `#` begins a comment.
    fn add(&mut self, text: &[u8]) {
        for line in text.split(|&byte| byte == b'\n') {
            let line = line.split(|&byte| byte == b'#').next().unwrap_or(&[]);
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let Some(kind) = words.next().filter(|kind| kind.contains(&b'/') && kind.iter().all(u8::is_ascii_graphic))
            else {
                continue;
            };
            for ending in words {
                self.0.insert(ending.to_ascii_lowercase().into(), kind.into());
            }
        }
    }

    /// The type of a file of this name.
    pub fn of<'a>(&'a self, name: &[u8]) -> &'a [u8] {
        let last = name.rsplit(|&byte| byte == b'/').next().unwrap_or(&[]);
        let Some(dot) = last.iter().rposition(|&byte| byte == b'.') else { return UNKNOWN };
        let ending = last.get(dot + 1..).unwrap_or(&[]);
        match self.0.get(ending) {
            Some(kind) => kind,
            None => self.0.get(ending.to_ascii_lowercase().as_slice()).map_or(UNKNOWN, |kind| kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_it_is_written() {
        let (mut types, _) = Types::read(&[PathBuf::from("/nowhere/mime.types")]);
        types.add(b"# text/css no\ntext/x-new\tnew NEWER # comment\n\nbroken\ntext/css2 css\nbad/\x01type bad\n");
        let cases: [(&str, &[u8]); 10] = [
            ("/a/b.new", b"text/x-new"),
            ("b.newer", b"text/x-new"),
            ("b.NEW", b"text/x-new"),
            ("b.css", b"text/css2"),
            ("b.no", UNKNOWN),
            ("b.bad", UNKNOWN),
            ("a.js/b", UNKNOWN),
            ("b.tar.gz", b"application/gzip"),
            ("b.", UNKNOWN),
            ("", UNKNOWN),
        ];
        for (name, kind) in cases {
            assert_eq!(types.of(name.as_bytes()), kind, "{name}");
        }
    }

    #[test]
    fn a_table_that_is_missing_is_told() {
        let (types, problems) = Types::read(&[PathBuf::from("/nowhere/mime.types")]);
        assert!(problems.len() == 1 && problems.iter().all(|problem| problem.contains("/nowhere/mime.types")));
        assert_eq!(types.of(b"a.html"), b"text/html");
    }

    #[test]
    fn the_table_is_sorted_so_that_nothing_is_twice() {
        assert!(BUILT_IN.windows(2).all(|pair| pair.first() < pair.last()));
    }
}
