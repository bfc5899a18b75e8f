//! Contexts in headers.

use super::*;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn a_parent_reads_and_writes_as_itself() {
    let context = Context::from_text(PARENT, "").unwrap();
    assert_eq!(context.traceparent().as_str(), PARENT);
    assert!(context.is_valid() && context.is_sampled());
    assert!(!Context::from_text(&PARENT.replace("-01", "-02"), "").unwrap().is_sampled());
}

#[test]
fn versions_and_parts() {
    let ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
    for (text, valid) in [
        (format!("00-{ids}-01"), true),
        (format!("01-{ids}-01"), true),
        (format!("fe-{ids}-01-what-comes"), true),
        (format!("FE-{ids}-0A"), true),
        (format!("ff-{ids}-01"), false),
        (format!("00-{ids}-01-more"), false),
        (format!("00-{ids}"), false),
        (format!("0-{ids}-01"), false),
        (format!("00-{ids}-"), false),
        (format!("00-{ids}-0"), false),
        (format!("00-{ids}-zz"), false),
        (format!("00-{}-01", ids.to_uppercase()), false),
        (format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)), false),
        (format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", "0".repeat(16)), false),
        (String::new(), false),
        ("-".repeat(60), false),
    ] {
        assert_eq!(Context::from_text(&text, "").is_some(), valid, "{text}");
    }
}

#[test]
fn http_headers() {
    let context = Context::from_http(&headers(&[("traceparent", PARENT), ("tracestate", "a=1 , b=2")])).unwrap();
    assert_eq!(context.tracestate(), Some("a=1,b=2"));
    let split = headers(&[("traceparent", PARENT), ("tracestate", "a=1"), ("tracestate", "b=2")]);
    assert_eq!(Context::from_http(&split).unwrap().tracestate(), Some("a=1,b=2"));
    let bad = headers(&[("traceparent", PARENT), ("tracestate", "nonsense")]);
    assert_eq!(Context::from_http(&bad).unwrap().tracestate(), None);
    assert_eq!(Context::from_http(&headers(&[("tracestate", "a=1")])), None);

    let mut out = headers(&[("traceparent", "old"), ("tracestate", "old=1")]);
    context.write_http(&mut out);
    assert_eq!(out["traceparent"], PARENT);
    assert_eq!(out["tracestate"], "a=1,b=2");
    Context::from_text(PARENT, "").unwrap().write_http(&mut out);
    assert!(!out.contains_key("tracestate"), "the state of another trace must not stay");
}

#[test]
fn a_long_state_is_not_sent_on() {
    let member = |key: &str| format!("{key}={}", "v".repeat(254));
    let context = Context::from_text(PARENT, &format!("{},{}", member("a"), member("b"))).unwrap();
    assert_eq!(context.tracestate(), None, "513 bytes");
    let mut out = HeaderMap::new();
    context.write_http(&mut out);
    assert!(out.contains_key("traceparent") && !out.contains_key("tracestate"));
    let fits = format!("a={},b={}", "v".repeat(254), "v".repeat(253));
    assert_eq!(Context::from_text(PARENT, &fits).unwrap().tracestate().map(str::len), Some(512));
}

/// The bytes of OpenCensus' documentation of the format.
#[test]
fn binary_form() {
    let bytes = [
        0, 0, 75, 249, 47, 53, 119, 179, 77, 166, 163, 206, 146, 157, 14, 14, 71, 54, 1, 0, 240, 103, 170, 11, 169, 2,
        183, 2, 1,
    ];
    let context = Context::from_binary(&bytes).unwrap();
    assert_eq!(context.traceparent().as_str(), PARENT);
    assert_eq!(context.to_binary(), bytes);
    assert!(Context::from_binary(&bytes[..18]).is_some_and(|context| !context.is_valid()), "a trace without a span");
    for broken in [&bytes[..17], &bytes[1..], &[], &[1, 0, 75]] {
        assert_eq!(Context::from_binary(broken), None);
    }
}

#[test]
fn grpc_metadata() {
    let context = Context::from_text(PARENT, "a=1").unwrap();
    let mut out = HeaderMap::new();
    context.write_grpc(&mut out);
    assert_eq!(out["traceparent"], PARENT);
    assert_eq!(out["grpc-trace-bin"], "AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE");
    assert_eq!(Context::from_grpc(&out), Some(context));

    let other = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    let both = headers(&[("grpc-trace-bin", "AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE="), ("traceparent", other)]);
    assert_eq!(Context::from_grpc(&both).unwrap().traceparent().as_str(), PARENT, "the binary form is preferred");
    let text = headers(&[("traceparent", other)]);
    assert_eq!(Context::from_grpc(&text).unwrap().traceparent().as_str(), other);
    for broken in ["AA", "!", "AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgEAABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE"] {
        assert_eq!(Context::from_grpc(&headers(&[("grpc-trace-bin", broken), ("traceparent", other)])), None);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,70}") {
        Context::from_text(&text, &text);
    }

    #[test]
    fn near_parents_are_read(text in "[0-9a-f]{2}-[0-9a-f]{31,33}-[0-9a-f]{15,17}-[0-9a-f]{0,3}(-.{0,3})?") {
        if let Some(context) = Context::from_text(&text, "") {
            let written = context.traceparent().to_string();
            assert_eq!(written[2..], text[2..55], "all but the version is kept");
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(0_u8.., 0..40)) {
        if let Some(context) = Context::from_binary(&bytes) {
            assert_eq!(Context::from_binary(&context.to_binary()), Some(context));
        }
        let text = BASE64.encode(&bytes);
        Context::from_grpc(&headers(&[("grpc-trace-bin", text.as_str())]));
    }
}
