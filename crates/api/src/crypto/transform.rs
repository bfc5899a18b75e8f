//! A stream that becomes a document, or a document that becomes a stream, with memory for a few segments.

use bytes::Bytes;
use dapr_crypto::Provider;
use dapr_crypto::scheme::{DataCipher, Decryption, Encryption, FileKey, HeaderReader, KeyAlgorithm};
use dapr_errors::{Error, Result, table};
use futures_util::{Stream, StreamExt};

/// The largest piece that comes out at a time.
const PIECE: usize = 64 << 10;

/// What comes in; the text says why the source broke.
pub(super) type Piece = std::result::Result<Bytes, String>;

/// How a document is to be made.
#[derive(Debug, Default)]
pub(super) struct EncryptOptions {
    pub(super) key_name: String,
    pub(super) algorithm: String,
    /// Empty for the default.
    pub(super) cipher: String,
    /// The document does not say which key decrypts it.
    pub(super) omits_key_name: bool,
    /// What it says instead of `key_name`; empty for that.
    pub(super) decryption_key_name: String,
}

/// What happens to the bytes.
enum Job {
    Encrypt(Encryption),
    Decrypt(Decryption),
}

/// Bytes on their way through the scheme.
pub(super) struct Transform<S> {
    source: S,
    /// `None` when the source has ended.
    job: Option<Job>,
    ready: Bytes,
}

impl<S: Stream<Item = Piece> + Unpin> Transform<S> {
    /// Begins a document.
    pub(super) async fn encrypt(provider: &Provider, options: EncryptOptions, source: S) -> Result<Self> {
        let algorithm = KeyAlgorithm::of_name(&options.algorithm).map_err(failed)?;
        let cipher = match options.cipher.as_str() {
            "" => DataCipher::default(),
            name => DataCipher::of_name(name).map_err(failed)?,
        };
        let key = FileKey::generate(cipher).map_err(failed)?;
        let wrapped = provider.wrap_file_key(&key, &options.key_name, algorithm).await?;
        let name = match (options.omits_key_name, options.decryption_key_name) {
            (true, _) => String::new(),
            (false, name) if name.is_empty() => options.key_name,
            (false, name) => name,
        };
        let (job, header) = Encryption::begin(key, &name, algorithm, &wrapped).map_err(failed)?;
        Ok(Self { source, job: Some(Job::Encrypt(job)), ready: header })
    }

    /// Reads a document's header; an empty `key_name` leaves the one that it names.
    pub(super) async fn decrypt(provider: &Provider, key_name: &str, mut source: S) -> Result<Self> {
        let mut reader = HeaderReader::default();
        loop {
            let Some(piece) = source.next().await else { return Err(failed(reader.unfinished())) };
            if let Some((header, rest)) = reader.push(&piece.map_err(failed)?).map_err(failed)? {
                let mut job = Decryption::begin(provider.open_header(&header, key_name).await?);
                let ready = job.push(&rest).map_err(failed)?;
                return Ok(Self { source, job: Some(Job::Decrypt(job)), ready });
            }
        }
    }

    /// The next piece that comes out.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if !self.ready.is_empty() {
                return Ok(Some(self.ready.split_to(self.ready.len().min(PIECE))));
            }
            let Some(job) = &mut self.job else { return Ok(None) };
            self.ready = match (self.source.next().await, job) {
                (Some(piece), Job::Encrypt(job)) => job.push(&piece.map_err(failed)?).map_err(failed)?,
                (Some(piece), Job::Decrypt(job)) => job.push(&piece.map_err(failed)?).map_err(failed)?,
                (None, _) => match self.job.take() {
                    Some(Job::Encrypt(job)) => job.finish().map_err(failed)?,
                    Some(Job::Decrypt(job)) => job.finish().map_err(failed)?,
                    None => Bytes::new(),
                },
            };
        }
    }
}

fn failed(cause: impl std::fmt::Display) -> Error {
    Error::new(&table::CRYPTO, &[&cause])
}
