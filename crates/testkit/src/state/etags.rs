//! Writes that check the version they replace.

use std::collections::HashSet;

use dapr_spi::ErrorKind;
use dapr_spi::state::DeleteRequest;

use super::{Suite, delete_etag, first_write, set, set_etag, set_first};

const MISMATCH: &[ErrorKind] = &[ErrorKind::EtagMismatch];
/// Stores whose ETags have a form (a number) may refuse other text as invalid.
const REFUSED: &[ErrorKind] = &[ErrorKind::EtagMismatch, ErrorKind::EtagInvalid];

impl Suite {
    /// ETags change on each write; a wrong one refuses the write.
    ///
    /// # Panics
    /// The store does not conform.
    pub async fn etags(&self) {
        let key = self.key("etag");
        let mut seen = HashSet::new();
        for value in ["same", "same", "other"] {
            self.set(set(&key, value)).await;
            assert!(seen.insert(self.etag(&key).await), "each write must change the ETag, even with the same value");
        }
        let old = self.etag(&key).await;
        assert_eq!(self.etag(&key).await, old, "reading must not change the ETag");
        self.set(set_etag(&key, "by etag", &old)).await;
        assert_eq!(self.text(&key).await.as_deref(), Some("by etag"));
        self.set_fails(set_etag(&key, "late", &old), MISMATCH, "a write with the ETag before last").await;
        self.set_fails(set_etag(&key, "late", "no-etag-at-all"), REFUSED, "a write with garbage as ETag").await;
        self.set(set_etag(&key, "empty", "")).await;
        assert_eq!(self.text(&key).await.as_deref(), Some("empty"), "an empty ETag checks nothing");
        self.etag_of_missing_key(&old).await;
    }

    async fn etag_of_missing_key(&self, etag: &str) {
        let key = self.key("etag-missing");
        let request = set_etag(&key, "value", etag);
        if self.quirks.etag_of_missing_key_passes {
            self.set(request).await;
        } else {
            self.set_fails(request, MISMATCH, "a write with an ETag to a missing key").await;
        }
    }

    /// The first writer wins: without ETag only if the key is missing, with ETag only if it is the stored one.
    ///
    /// # Panics
    /// The store does not conform.
    pub async fn first_write(&self) {
        let key = self.key("first-write");
        self.set(set_first(&key, "first", None)).await;
        self.set_fails(set_first(&key, "second", None), MISMATCH, "first-write without ETag on an existing key").await;
        self.set_fails(set_first(&key, "second", Some("")), MISMATCH, "first-write with empty ETag on an existing key")
            .await;
        let etag = self.etag(&key).await;
        self.set(set_first(&key, "third", Some(&etag))).await;
        self.set_fails(set_first(&key, "fourth", Some(&etag)), MISMATCH, "first-write with an old ETag").await;
        assert_eq!(self.text(&key).await.as_deref(), Some("third"));
        self.delete(&key).await;
        self.set(set_first(&key, "again", None)).await;
        self.first_write_after_last_write().await;
    }

    async fn first_write_after_last_write(&self) {
        let key = self.key("last-then-first");
        self.set(set(&key, "last")).await;
        self.set_fails(set_first(&key, "first", None), MISMATCH, "first-write on a key of a last-write").await;
    }

    /// Deleting checks the ETag as writing does.
    ///
    /// # Panics
    /// The store does not conform.
    pub async fn delete_with_etag(&self) {
        let key = self.key("delete-etag");
        self.set(set(&key, "one")).await;
        let old = self.etag(&key).await;
        self.set(set(&key, "two")).await;
        self.delete_fails(delete_etag(&key, &old), MISMATCH, "a delete with an old ETag").await;
        self.delete_fails(delete_etag(&key, "no-etag-at-all"), REFUSED, "a delete with garbage as ETag").await;
        let first = DeleteRequest { options: first_write(), ..delete_etag(&key, &old) };
        self.delete_fails(first, MISMATCH, "a first-write delete with an old ETag").await;
        let current = self.etag(&key).await;
        self.store.delete(delete_etag(&key, &current)).await.expect("a delete with the current ETag");
        assert_eq!(self.text(&key).await, None);
        let again = self.store.delete(delete_etag(&key, &current)).await.map_err(|error| error.kind());
        let expected = if self.quirks.etag_of_missing_key_passes { Ok(()) } else { Err(ErrorKind::EtagMismatch) };
        assert_eq!(again, expected, "a delete with an ETag of a missing key");
        self.set(set(&key, "three")).await;
        self.store.delete(delete_etag(&key, "")).await.expect("a delete with an empty ETag checks nothing");
    }

    async fn delete_fails(&self, request: DeleteRequest, kinds: &[ErrorKind], what: &str) {
        let key = request.key.clone();
        let error = self.store.delete(request).await.expect_err(what);
        assert!(kinds.contains(&error.kind()), "{what}: expected {kinds:?}, found {:?}: {error}", error.kind());
        assert!(self.text(&key).await.is_some(), "{what}: the key must still be there");
    }
}
