//! Bodies in upper case, whole and in pieces.

use bytes::Bytes;
use dapr_spi::http_middleware::FromFn;
use dapr_spi::registry::open;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use proptest::prelude::*;

use super::*;

fn stream(pieces: Vec<Bytes>) -> Body {
    let frames = pieces.into_iter().map(|piece| Ok::<_, std::convert::Infallible>(Frame::data(piece)));
    Body::stream(StreamBody::new(futures_util::stream::iter(frames)))
}

/// Sends `request` through, to an end that answers with the request's headers and body after `echo: `.
async fn through(direction: &str, request: Request) -> Response {
    let links = [open::<Uppercase>(&[("direction", direction)]).await.unwrap()];
    let end = FromFn(|request: Request| async move {
        let (parts, body) = request.into_parts();
        let body = body.collect(1 << 20).await.unwrap();
        let mut response = Response::new(Body::full([b"echo: ", &body[..]].concat()));
        *response.headers_mut() = parts.headers;
        response
    });
    Next::new(&links, &end).run(request).await
}

fn request(body: Body) -> Request {
    let length = body.length();
    let mut request = Request::new(body);
    if let Some(length) = length {
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    request
}

async fn text(direction: &str, body: &'static str) -> String {
    let response = through(direction, request(Body::full(body))).await;
    String::from_utf8(response.into_body().collect(1 << 20).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn each_direction() {
    assert_eq!(text("request", "hello").await, "echo: HELLO");
    assert_eq!(text("Response", "hello").await, "ECHO: HELLO");
    assert_eq!(text("both", "ché ß ǰ ᾳ").await, "ECHO: CHÉ ß ǰ ᾼ");
    assert_eq!(text("sideways", "hello").await, "echo: HELLO");
}

#[tokio::test]
async fn the_length_is_that_of_the_new_text() {
    // U+0250 has two bytes, its upper case U+2C6F three.
    let response = through("request", request(Body::full("\u{250}"))).await;
    assert_eq!(response.headers()[CONTENT_LENGTH], "3");
    let mut streamed = request(stream(vec![Bytes::from_static(b"abc")]));
    streamed.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(3));
    let response = through("request", streamed).await;
    assert!(!response.headers().contains_key(CONTENT_LENGTH), "unknown before its end");
    assert_eq!(response.into_body().collect(100).await.unwrap(), "echo: ABC");
}

#[tokio::test]
async fn an_answer_without_a_body_keeps_its_length() {
    let links = [open::<Uppercase>(&[("direction", "response")]).await.unwrap()];
    let end = FromFn(|_| async {
        let mut response = Response::new(Body::empty());
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(10));
        response
    });
    let response = Next::new(&links, &end).run(Request::new(Body::empty())).await;
    assert_eq!(response.headers()[CONTENT_LENGTH], "10", "an answer to HEAD");
}

#[tokio::test]
async fn a_long_body_is_never_held() {
    // Every piece is dropped before the next is asked for: at most one is alive.
    let alive = Arc::new(());
    let piece = {
        let alive = alive.clone();
        move |_| {
            Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from_owner(Piece(
                vec![b'a'; 64 << 10],
                alive.clone(),
            ))))
        }
    };
    let frames = futures_util::stream::iter((0..1600).map(piece));
    let mut body = uppercased(Body::stream(StreamBody::new(frames)), &mut HeaderMap::new());
    let mut total = 0;
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        assert!(data.iter().all(|byte| *byte == b'A'));
        total += data.len();
        assert!(Arc::strong_count(&alive) <= 3, "the input's pieces are gone");
    }
    assert_eq!(total, 1600 * (64 << 10));
}

struct Piece(Vec<u8>, #[expect(dead_code, reason = "counts the pieces")] Arc<()>);

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[tokio::test]
async fn trailers_pass() {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let frames =
        [Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from_static(b"a"))), Ok(Frame::trailers(trailers))];
    let body = Body::stream(StreamBody::new(futures_util::stream::iter(frames)));
    let (bytes, trailers) = uppercased(body, &mut HeaderMap::new()).collect_all(10).await.unwrap();
    assert_eq!((&bytes[..], trailers.unwrap()["grpc-status"].to_str().unwrap()), (&b"A"[..], "0"));
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #[test]
    fn pieces_give_what_the_whole_gives(text in "\\PC{0,40}", cuts in prop::collection::vec(1usize..6, 1..20)) {
        check(text.as_bytes(), &cuts)?;
    }

    #[test]
    fn bytes_that_are_no_text_pass_too(bytes in prop::collection::vec(any::<u8>(), 0..60), cuts in prop::collection::vec(1usize..6, 1..20)) {
        check(&bytes, &cuts)?;
    }
}

fn check(bytes: &[u8], cuts: &[usize]) -> Result<(), TestCaseError> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        pieces.push(Bytes::copy_from_slice(piece));
        rest = after;
    }
    let upper = run(uppercased(stream(pieces), &mut HeaderMap::new()).collect(1 << 20)).unwrap();
    prop_assert_eq!(&upper[..], &body::uppercase_all(bytes)[..]);
    Ok(())
}
