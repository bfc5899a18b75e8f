//! The spellings of the incumbent's public cases, and properties that hold for all.

use proptest::prelude::*;

use super::*;

fn http(escaped: &str) -> (String, String) {
    let path = MethodPath::from_http(escaped).unwrap_or_else(|error| panic!("{escaped}: {error}"));
    (path.decision().to_owned(), path.dispatch(false).unwrap().into_owned())
}

#[test]
fn what_http_callers_write() {
    for (escaped, decision, dispatch) in [
        ("public", "/public", "/public"),
        ("public/", "/public", "/public"),
        ("", "/", "/"),
        ("test%22stream", "/test\"stream", "/test%22stream"),
        ("test%2Astream", "/test*stream", "/test*stream"),
        ("test%5Cstream", r"/test\stream", "/test%5Cstream"),
        (r"test\stream", r"/test\stream", "/test%5Cstream"),
        ("admin%2F..%2Fpublic", "/public", "/public"),
        ("admin%2F..%2F..%2Fpublic", "/public", "/public"),
        ("..%2Fpublic", "/public", "/public"),
        ("public///extra", "/public/extra", "/public/extra"),
        ("public%23../../admin", "/admin", "/admin"),
        ("public%23%00%2F..%2Fadmin", "/admin", "/admin"),
        ("public%25%2F..%2Fadmin", "/admin", "/admin"),
        ("public%0D/../unauthorized", "/unauthorized", "/unauthorized"),
        ("a%20b/%C3%A4", "/a b/ä", "/a%20b/%C3%A4"),
        ("a+b", "/a+b", "/a+b"),
        ("a%2520b", "/a%20b", "/a%20b"),
        ("/admin/../public", "/public", "/public"),
        ("a;v=1,b:c@d", "/a;v=1,b:c@d", "/a;v=1,b:c@d"),
    ] {
        assert_eq!(http(escaped), (decision.to_owned(), dispatch.to_owned()), "{escaped}");
    }
}

#[test]
fn what_http_callers_may_not_write() {
    for escaped in [
        "test%23stream",
        "test%3Fstream",
        "test%00stream",
        "test%0Dstream",
        "a%23b%3Fc%25d",
        "test%7F",
        "/test%23stream",
    ] {
        assert!(matches!(MethodPath::from_http(escaped), Err(InvalidMethod::Forbidden { .. })), "{escaped}");
    }
    for escaped in ["%", "%4", "%zz", "a%"] {
        assert!(matches!(MethodPath::from_http(escaped), Err(InvalidMethod::BadEscape { .. })), "{escaped}");
    }
    assert!(matches!(MethodPath::from_http("%C0%AF"), Err(InvalidMethod::NotUtf8 { .. })));
    let percent = MethodPath::from_http("admin%25stream").unwrap();
    assert_eq!(percent.decision(), "/admin%stream");
    assert_eq!(percent.dispatch(false).unwrap_err(), InvalidMethod::BadEscape { method: "admin%stream".into() });
}

#[test]
fn what_grpc_callers_write() {
    for (method, wire, decision, dispatch) in [
        ("public", "public", "/public", "/public"),
        ("/public", "/public", "/public", "//public"),
        ("public/", "public", "/public", "/public"),
        ("", "", "/", "/"),
        ("/", "/", "/", "//"),
        ("api///v1///users", "api/v1/users", "/api/v1/users", "/api/v1/users"),
        ("admin/../../public", "public", "/public", "/public"),
        ("../../etc/passwd", "etc/passwd", "/etc/passwd", "/etc/passwd"),
        ("test\"stream", "test\"stream", "/test\"stream", "/test%22stream"),
        ("test%stream", "test%stream", "/test%stream", "/test%25stream"),
        ("test%25stream", "test%25stream", "/test%25stream", "/test%2525stream"),
        ("test%2Fstream", "test%2Fstream", "/test%2Fstream", "/test%252Fstream"),
        ("admin%2F..%2Fpublic", "admin%2F..%2Fpublic", "/admin%2F..%2Fpublic", "/admin%252F..%252Fpublic"),
        ("/admin%0D/../public", "/public", "/public", "//public"),
        (r"admin\..\public", r"admin\..\public", r"/admin\..\public", "/admin%5C..%5Cpublic"),
        ("/public;../../admin", "/admin", "/admin", "//admin"),
        ("/pkg.Service/Method", "/pkg.Service/Method", "/pkg.Service/Method", "//pkg.Service/Method"),
    ] {
        let path = MethodPath::from_grpc(method).unwrap();
        assert_eq!(
            (path.wire(), path.decision(), &*path.dispatch(true).unwrap()),
            (wire, decision, dispatch),
            "{method}"
        );
    }
    for method in ["a#b", "a?b", "a\0b", "a\rb", "/admin\t/../public", "a\nb", "a\u{7f}b", "public#/../admin"] {
        assert!(matches!(MethodPath::from_grpc(method), Err(InvalidMethod::Forbidden { .. })), "{method:?}");
    }
}

/// A message must not grow with what a caller sends.
#[test]
fn messages_repeat_little() {
    let error = MethodPath::from_grpc(&"#".repeat(100_000)).unwrap_err();
    assert!(error.to_string().len() < 300);
}

proptest! {
    #[test]
    fn canonical_paths_have_nothing_left_to_clean(method in "[a-c./%2FeE\\\\; ü]{0,40}") {
        for path in [MethodPath::from_grpc(&method).ok(), MethodPath::from_http(&method).ok()].into_iter().flatten() {
            prop_assert_eq!(clean(path.decision()), path.decision());
            prop_assert!(path.decision().starts_with('/'));
            prop_assert_eq!(path.wire().trim_start_matches('/'), &path.decision()[1..]);
            let again = MethodPath::from_grpc(path.wire()).unwrap();
            prop_assert_eq!(&again, &path, "the callee's sidecar sees what the caller's saw");
        }
    }

    #[test]
    fn applications_see_what_was_decided_about(method in "[a-c./%2FeE\\\\;\" ü]{0,40}") {
        let Ok(path) = MethodPath::from_grpc(&method) else { return Ok(()) };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        prop_assert_eq!(&decoded(&path.dispatch(true).unwrap())[1..], path.wire());
        if let Ok(dispatched) = path.dispatch(false) {
            prop_assert_eq!(decoded(&dispatched), decoded(path.decision()));
            prop_assert!(dispatched.parse::<http::Uri>().is_ok_and(|uri| *uri.path() == *dispatched && uri.query().is_none()));
            if !path.decision().contains('%') {
                prop_assert_eq!(decoded(&dispatched), path.decision());
            }
        }
    }

    #[test]
    fn any_text_is_a_method_or_refused(text in "\\PC{0,60}") {
        let _ = MethodPath::from_http(&text).map(|path| path.dispatch(false).map(Cow::into_owned));
        let _ = MethodPath::from_grpc(&text).map(|path| path.dispatch(false).map(Cow::into_owned));
    }
}
