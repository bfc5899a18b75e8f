//! An identity from start to renewal, and handshakes with good and bad peers, against an authority in the process.

mod authority;
mod go;
mod handshake;
mod life;

use std::sync::Arc;

use dapr_kit::clock::Clock;

use crate::{Security, Settings, TrustAnchors};

use authority::{Authority, Source};

/// Settings of an app with mTLS that trusts these roots.
fn settings(app_id: &str, roots: &[&Authority]) -> Settings {
    let pem: String = roots.iter().map(|authority| authority.root_pem()).collect();
    Settings { mtls: true, app_id: app_id.to_owned(), trust_anchors: TrustAnchors::Inline(pem), ..Settings::default() }
}

/// An identity that this authority signs, with an id of its choice.
async fn workload(authority: &Arc<Authority>, id: &str, roots: &[&Authority], clock: &Clock) -> Security {
    let source = Arc::new(Source::new(authority, id, clock));
    Security::start(settings("app", roots), source, Arc::new(()), clock.clone()).await.unwrap()
}
