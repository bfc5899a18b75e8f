//! The names that patterns give, and the patterns that are refused.

use dapr_spi::registry::open;
use proptest::prelude::*;

use super::*;
use crate::kubernetes::Kubernetes;
use crate::name_format::NameFormat;
use crate::template::Template;

fn query(app_id: &str, namespace: &str) -> Query {
    Query { app_id: app_id.into(), namespace: namespace.into(), port: 50_002, ..Query::default() }
}

async fn kubernetes(pairs: &[(&str, &str)], app_id: &str) -> Vec<String> {
    let resolver = open::<Kubernetes>(pairs).await.unwrap();
    resolver.resolve(&query(app_id, "shop")).await.unwrap()
}

#[tokio::test]
async fn kubernetes_names_the_service_of_the_app() {
    assert_eq!(kubernetes(&[], "orders").await, ["orders-dapr.shop.svc.cluster.local:50002"]);
    assert_eq!(kubernetes(&[("clusterDomain", "")], "orders").await, ["orders-dapr.shop.svc.cluster.local:50002"]);
    assert_eq!(kubernetes(&[("clusterDomain", "corp.test")], "a").await, ["a-dapr.shop.svc.corp.test:50002"]);
}

#[tokio::test]
async fn kubernetes_takes_a_template() {
    for (template, expected) in [
        ("{{.ID}}-{{.Namespace}}.internal:{{.Port}}", "a-shop.internal:50002"),
        ("{{ .ID }}.mesh", "a.mesh:50002"),
        ("x- {{- .ID -}} .y:80", "x-a.y:80"),
        ("{{/* {{ a comment }} */}}{{.ID}}:1", "a:1"),
        ("[::1]:{{.Port}}", "[::1]:50002"),
    ] {
        assert_eq!(kubernetes(&[("template", template)], "a").await, [expected], "{template}");
    }
}

#[tokio::test]
async fn templates_that_cannot_be_rendered_are_refused() {
    for (template, part) in [
        ("{{.Data.region}}.x", "{{.Data.region}}"),
        ("{{if .ID}}x{{end}}", "{{if .ID}}"),
        ("{{.id}}", "{{.id}}"),
        ("{{.ID", "no `}}`"),
        ("{{/* never closed }}x", "no `}}`"),
        ("http://{{.ID}}", "`/`"),
        (" {{.ID}}", "` `"),
        ("{{.ID}}:http", "no port"),
        ("fd00::1", "brackets"),
        ("[::1]x", "no port"),
        (":{{.Port}}", "no host name"),
    ] {
        let error = open::<Kubernetes>(&[("template", template)]).await.err().expect(template).to_string();
        assert!(error.contains("`template`") && error.contains(part), "{error}");
    }
    let error = open::<Kubernetes>(&[("clusterDomain", "a b")]).await.err().expect("refused").to_string();
    assert!(error.contains("`clusterDomain`"), "{error}");
}

#[tokio::test]
async fn name_format_puts_the_id_into_the_pattern() {
    for (format, expected) in [
        ("service-{appid}.default.svc.cluster.local", "service-a.default.svc.cluster.local:50002"),
        ("{appid}.{appid}:7001", "a.a:7001"),
    ] {
        let resolver = open::<NameFormat>(&[("format", format)]).await.unwrap();
        assert_eq!(resolver.resolve(&query("a", "")).await.unwrap(), [expected]);
    }
    for (pairs, part) in [
        (&[("format", "service")][..], "must contain {appid} placeholder"),
        (&[("format", "")], "required"),
        (&[], "needs the field `format`"),
        (&[("format", "https://{appid}")], "`/`"),
        (&[("format", "{appid}:{port}")], "`{`"),
    ] {
        let error = open::<NameFormat>(pairs).await.err().expect("refused").to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn an_id_cannot_lead_elsewhere() {
    for id in ["", "evil.test:80/", "a b", "a@b", "a/../b", "é", "a:1"] {
        assert!(kubernetes(&[], id).await.is_empty(), "{id}");
        let resolver = open::<NameFormat>(&[("format", "{appid}.x")]).await.unwrap();
        assert!(resolver.resolve(&query(id, "")).await.unwrap().is_empty(), "{id}");
    }
    let resolver = open::<Kubernetes>(&[]).await.unwrap();
    assert!(resolver.resolve(&query("a", "b#c")).await.unwrap().is_empty());
}

proptest! {
    #[test]
    fn any_template_is_read_or_refused(text in "[{}./*a-zI D-]{0,40}|\\PC{0,40}") {
        if let Ok(template) = Template::parse(&text) {
            let address = with_port(template.render(&query("app", "n")), 1);
            let _ = problem_of(&address);
        }
    }

    #[test]
    fn text_without_actions_is_itself(text in "[a-z. -]{0,40}") {
        prop_assert_eq!(Template::parse(&text).unwrap().render(&query("app", "n")), text);
    }

    #[test]
    fn fields_stand_where_they_were_written(before in "[a-z.-]{0,8}", after in "[a-z.-]{0,8}", space in " {0,3}") {
        let text = format!("{before}{{{{{space}.ID{space}}}}}{after}");
        prop_assert_eq!(Template::parse(&text).unwrap().render(&query("app", "n")), format!("{before}app{after}"));
    }
}
