//! Which certificate, keys and rules a TLS client meets: read once from Python's settings, looked up at every hello by
//! the name that the client asks for. Knows no sockets; files were read by the master.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rustls::crypto::{ring as provider, CryptoProvider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig};

use crate::der::Certificate;
use crate::tickets::Tickets;

/// What one listening socket offers.
#[derive(Debug)]
pub struct Contexts {
    default: Arc<ServerConfig>,
    names: HashMap<String, Arc<ServerConfig>>,
    /// Tell the application the certificate of its client, and not only the name in it.
    pub exports_certificate: bool,
}

impl Contexts {
    /// The rules for a client that introduced itself so.
    pub fn choose(&self, hello: &ClientHello<'_>) -> Arc<ServerConfig> {
        let named = hello.server_name().filter(|_| !self.names.is_empty());
        named.and_then(|name| self.find(&name.to_ascii_lowercase())).unwrap_or(&self.default).clone()
    }

    fn find(&self, name: &str) -> Option<&Arc<ServerConfig>> {
        self.names.get(name).or_else(|| {
            let (_, domain) = name.split_once('.')?;
            self.names.get(&format!("*.{domain}"))
        })
    }
}

/// What is wrong with the files of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    NoCertificate,
    Certificate,
    NoKey,
    EncryptedKey,
    Key,
    Mismatch,
    ClientCa,
}

impl Flaw {
    /// A word that does not change.
    pub fn word(self) -> &'static str {
        match self {
            Flaw::NoCertificate => "no-certificate",
            Flaw::Certificate => "certificate",
            Flaw::NoKey => "no-key",
            Flaw::EncryptedKey => "encrypted-key",
            Flaw::Key => "key",
            Flaw::Mismatch => "mismatch",
            Flaw::ClientCa => "client-ca",
        }
    }
}

/// The certificates in a PEM text; none of them may be malformed.
fn certificates(text: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().ok()
}

fn is_encrypted(text: &[u8]) -> bool {
    let holds = |mark: &[u8]| text.windows(mark.len()).any(|window| window == mark);
    holds(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || holds(b"Proc-Type: 4,ENCRYPTED")
}

/// Certificates and key of a context, if they are some and belong together.
pub fn certified(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, Flaw> {
    let chain = certificates(certificate).ok_or(Flaw::Certificate)?;
    let leaf = chain.first().ok_or(Flaw::NoCertificate)?;
    let facts = Certificate::read(leaf).ok_or(Flaw::Certificate)?;
    if is_encrypted(key) {
        return Err(Flaw::EncryptedKey);
    }
    let der = match PrivateKeyDer::from_pem_slice(key) {
        Ok(der) => der,
        Err(rustls::pki_types::pem::Error::NoItemsFound) => return Err(Flaw::NoKey),
        Err(_) => return Err(Flaw::Key),
    };
    let key = provider::sign::any_supported_type(&der).map_err(|_| Flaw::Key)?;
    if key.public_key().is_some_and(|public| public.as_ref() != facts.public_key) {
        return Err(Flaw::Mismatch);
    }
    Ok(CertifiedKey::new(chain, key))
}

/// The certificates that certificates of clients must come from.
pub fn authorities(text: &[u8]) -> Result<RootCertStore, Flaw> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(text).ok_or(Flaw::ClientCa)? {
        store.add(certificate).map_err(|_| Flaw::ClientCa)?;
    }
    if store.is_empty() {
        return Err(Flaw::ClientCa);
    }
    Ok(store)
}

/// One context as Python's settings describe it; see `_core.pyi`.
struct Described {
    name: String,
    certificate: String,
    key: String,
    suites: Vec<String>,
    client_ca: String,
    demands_client: bool,
}

/// Everything that the settings say about TLS.
pub struct Tls {
    described: Vec<Described>,
    secret: Vec<u8>,
    lifetime: u32,
    exports_certificate: bool,
}

fn told(flaw: Flaw) -> PyErr {
    PyValueError::new_err(format!("a TLS context cannot be used: {}", flaw.word()))
}

impl Tls {
    /// Read them; `None` if there are none.
    pub fn read(settings: &Bound<'_, PyAny>) -> PyResult<Option<Tls>> {
        let Some(tls) = settings.getattr_opt("tls")?.filter(|tls| !tls.is_none()) else { return Ok(None) };
        let mut described = Vec::new();
        for context in tls.getattr("contexts")?.try_iter()? {
            let context = context?;
            described.push(Described {
                name: context.getattr("name")?.extract()?,
                certificate: context.getattr("certificate")?.extract()?,
                key: context.getattr("key")?.extract()?,
                suites: context.getattr("suites")?.extract()?,
                client_ca: context.getattr("client_ca")?.extract()?,
                demands_client: context.getattr("demands_client")?.extract()?,
            });
        }
        Ok(Some(Tls {
            described,
            secret: tls.getattr("secret")?.extract::<String>()?.into_bytes(),
            lifetime: tls.getattr("lifetime")?.extract()?,
            exports_certificate: tls.getattr("exports_certificate")?.extract()?,
        }))
    }

    /// What the listener offers whose default context has this index. `http`: it speaks HTTP, and says so.
    pub fn contexts(&self, index: usize, http: bool) -> PyResult<Contexts> {
        let default = self.described.get(index).ok_or_else(|| {
            PyValueError::new_err(format!("a listener has TLS context {index}, and there is none of this number"))
        })?;
        let mut names = HashMap::new();
        for (number, context) in self.described.iter().enumerate().filter(|(_, context)| !context.name.is_empty()) {
            names.insert(context.name.to_ascii_lowercase(), self.config(number, context, http)?);
        }
        let default = self.config(index, default, http)?;
        Ok(Contexts { default, names, exports_certificate: self.exports_certificate })
    }

    fn config(&self, number: usize, context: &Described, http: bool) -> PyResult<Arc<ServerConfig>> {
        let mut crypto = provider::default_provider();
        if !context.suites.is_empty() {
            crypto.cipher_suites = chosen(&crypto, &context.suites);
        }
        let crypto = Arc::new(crypto);
        let broken = |error: String| PyValueError::new_err(format!("a TLS context cannot be used: {error}"));
        let builder = ServerConfig::builder_with_provider(crypto.clone())
            .with_protocol_versions(rustls::DEFAULT_VERSIONS)
            .map_err(|error| broken(error.to_string()))?;
        let builder = if context.client_ca.is_empty() {
            builder.with_no_client_auth()
        } else {
            let roots = Arc::new(authorities(context.client_ca.as_bytes()).map_err(told)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, crypto);
            let verifier = if context.demands_client { verifier } else { verifier.allow_unauthenticated() };
            builder.with_client_cert_verifier(verifier.build().map_err(|error| broken(error.to_string()))?)
        };
        let certified = certified(context.certificate.as_bytes(), context.key.as_bytes()).map_err(told)?;
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        if http {
            config.alpn_protocols = vec![b"http/1.1".to_vec(), b"http/1.0".to_vec()];
        }
        // A session must be resumed by whichever worker the client meets next.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        let identity = [number.to_be_bytes().as_slice(), &[u8::from(http)]].concat();
        config.ticketer = Arc::new(Tickets::new(&self.secret, &identity, self.lifetime));
        Ok(Arc::new(config))
    }
}

/// The suites of these names, in this order; names of none are left out.
fn chosen(crypto: &CryptoProvider, names: &[String]) -> Vec<rustls::SupportedCipherSuite> {
    let named = |name: &String| crypto.cipher_suites.iter().find(|one| one.suite().as_str() == Some(name)).copied();
    names.iter().filter_map(named).collect()
}

/// What Python asks before it starts a generation: the flaw of a context's files (empty: none), and of its
/// certificate the first and last valid second and the subject.
pub fn examine(certificate: &[u8], key: &[u8], client_ca: &[u8]) -> (&'static str, i64, i64, String) {
    let result = certified(certificate, key).and_then(|certified| {
        if !client_ca.is_empty() {
            authorities(client_ca)?;
        }
        let leaf = certified.cert.first().ok_or(Flaw::NoCertificate)?;
        let facts = Certificate::read(leaf).ok_or(Flaw::Certificate)?;
        Ok((facts.not_before, facts.not_after, facts.subject()))
    });
    match result {
        Ok((not_before, not_after, subject)) => ("", not_before, not_after, subject),
        Err(flaw) => (flaw.word(), 0, 0, String::new()),
    }
}
