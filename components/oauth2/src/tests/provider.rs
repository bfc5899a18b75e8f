//! The provider as a child of the test (tests/oidc/provider.mjs), and what a caller and an application do.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use dapr_net::Body;
use dapr_net::fetch::Client;
use dapr_spi::http_middleware::{FromFn, HttpMiddleware, Next, Request, Response};
use dapr_testkit::process::{Ready, Server, Spec};
use http::header::AUTHORIZATION;

pub(super) const SECRET: &str = "s3cret/+&";

pub(super) struct Provider {
    pub(super) server: Server,
    pub(super) issuer: String,
}

impl Provider {
    /// Starts a provider; `style` is `basic` or `post`.
    pub(super) async fn start(style: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oidc");
        assert!(folder.join("node_modules").is_dir(), "tests/oidc/node_modules is missing: run `tests/setup` first");
        let script = folder.join("provider.mjs");
        let spec = Spec::new("node", [script.to_str().unwrap(), "{port}", style])
            .ready(Ready::LogLine("the provider listens".into()));
        let server = Server::start(spec).await.unwrap();
        let issuer = format!("http://127.0.0.1:{}", server.port());
        Self { server, issuer }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// New keys in place of the old ones.
    pub(super) async fn rotate(&self) {
        let request = http::Request::post(self.url("/rotate")).body(Bytes::new()).unwrap();
        assert!(Client::new().send(request, 1_000).await.unwrap().status().is_success());
    }
}

/// Calls through one middleware; the application answers with the `authorization` it saw.
pub(super) async fn call(link: &Arc<dyn HttpMiddleware>, request: Request) -> Response {
    let end = FromFn(|request: Request| async move {
        let seen = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
        Response::new(Body::full(seen.unwrap_or_else(|| "nothing".into())))
    });
    Next::new(std::slice::from_ref(link), &end).run(request).await
}

pub(super) fn get(path: &str) -> Request {
    http::Request::get(path).header("host", "sidecar.test").body(Body::empty()).unwrap()
}

pub(super) async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect(100_000).await.unwrap().to_vec()).unwrap()
}
