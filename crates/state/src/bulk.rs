//! Many single calls at once, bounded.

use std::collections::HashSet;
use std::future::Future;

use dapr_spi::{Error, ErrorKind};
use futures_util::{StreamExt, stream};

/// Calls in flight at once when the caller sets no limit.
pub(crate) const PARALLELISM: usize = 64;

/// Runs `call` for every item, all of them even when some fail.
///
/// Items with equal keys run in order, so that the last of them wins; then nothing runs in parallel.
///
/// # Errors
/// The worst of the failures, with the texts of all: an ETag mismatch only if nothing else went wrong.
pub(crate) async fn for_each<T, F>(items: Vec<T>, key: impl Fn(&T) -> &str, call: impl Fn(T) -> F) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let mut seen = HashSet::with_capacity(items.len());
    let distinct = items.iter().all(|item| seen.insert(key(item)));
    let limit = if distinct { PARALLELISM } else { 1 };
    let failures: Vec<Error> =
        stream::iter(items).map(call).buffered(limit).filter_map(|result| async { result.err() }).collect().await;
    join(failures)
}

fn join(mut failures: Vec<Error>) -> Result<(), Error> {
    match failures.len() {
        0 => Ok(()),
        1 => Err(failures.remove(0)),
        _ => {
            let is_etag = |error: &Error| matches!(error.kind(), ErrorKind::EtagMismatch | ErrorKind::EtagInvalid);
            let kind = failures.iter().find(|error| !is_etag(error)).unwrap_or(&failures[0]).kind();
            let texts: Vec<String> = failures.iter().map(ToString::to_string).collect();
            Err(Error::new(kind, texts.join("\n")))
        }
    }
}
