//! Fields and connection strings together.

use super::*;
use crate::client::tls::SslMode;

fn fields<'a>(connection_string: &'a str, overrides: &[(&'static str, &'a str)]) -> ConnectionFields<'a> {
    let value = |name| overrides.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
    ConnectionFields {
        connection_string,
        overrides: ["host", "hostaddr", "port", "database", "user", "password", "sslrootcert"]
            .map(|name| (name, value(name))),
        timeout: Duration::from_secs(20),
        max_conns: 0,
        idle: None,
        query_exec_mode: "",
        use_azure_ad: false,
        use_aws_iam: false,
    }
}

fn read(connection_string: &str, overrides: &[(&'static str, &str)]) -> Settings {
    Settings::read(&fields(connection_string, overrides)).unwrap()
}

fn refusal(connection_string: &str) -> String {
    Settings::read(&fields(connection_string, &[])).err().unwrap().to_string()
}

#[test]
fn fields_override_the_connection_string() {
    let settings = read(
        "postgres://anna:old@first:6000/shop?sslmode=verify-full",
        &[("host", "second"), ("password", "new"), ("sslrootcert", "/ca.pem")],
    );
    assert_eq!(settings.target.address, "second:5432", "the port of a URI goes with its host");
    assert_eq!(settings.config.get_password(), Some(b"new".as_slice()));
    assert_eq!((settings.target.user.as_str(), settings.target.database.as_str()), ("anna", "shop"));
    assert_eq!((settings.tls.mode, settings.tls.root_cert.as_deref()), (SslMode::VerifyFull, Some("/ca.pem")));
    let settings = read("host=first port=6000", &[("host", "second"), ("database", "shop")]);
    assert_eq!(settings.target.address, "second:6000");
    assert_eq!(settings.config.get_dbname(), Some("shop"));
}

#[test]
fn fields_alone_are_enough() {
    let settings = read("", &[("host", "db"), ("port", "1"), ("user", "u"), ("password", "p"), ("database", "d")]);
    assert_eq!((settings.target.address.as_str(), settings.config.get_user()), ("db:1", Some("u")));
    assert!(refusal("").contains("give `connectionString`"));
}

#[test]
fn an_address_keeps_the_name_that_tls_checks() {
    let settings = read("", &[("host", "db.example"), ("hostaddr", "10.0.0.1"), ("user", "u")]);
    assert_eq!(settings.config.get_hostaddrs().len(), 1);
    assert_eq!(settings.config.get_hosts().len(), 1);
}

#[test]
fn a_name_that_is_no_option_is_a_parameter_of_the_server() {
    let settings = read("host=h user=u search_path='a, b' application_name=shop passfile=/x", &[]);
    assert_eq!(settings.config.get_options(), Some(r"-c search_path=a,\ b"));
    assert_eq!(settings.config.get_application_name(), Some("shop"));
}

#[test]
fn limits_come_from_fields_then_from_the_connection_string() {
    let settings = read("host=h pool_max_conns=7 pool_max_conn_idle_time=5m connect_timeout=3", &[]);
    assert_eq!((settings.max_connections, settings.idle), (7, Duration::from_secs(300)));
    assert_eq!(settings.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
    let mut given = fields("host=h pool_max_conns=7", &[]);
    (given.max_conns, given.idle, given.query_exec_mode) = (1, Some(Duration::from_secs(9)), "exec");
    let settings = Settings::read(&given).unwrap();
    assert_eq!((settings.max_connections, settings.idle, settings.prepared), (1, Duration::from_secs(9), false));
}

#[test]
fn what_is_wrong_is_said_without_the_password() {
    for (text, part) in [
        ("host=h sslmode=on", "`sslmode`: expected `disable`"),
        ("host=h port=seven", "`port`: expected a number"),
        ("hostaddr=db.example", "`hostaddr`: expected an IP address"),
        ("password=secret host", "`connectionString`: expected `name=value`"),
        ("postgres://u:secret@[::1/db", "IPv6"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(part) && !refusal.contains("secret"), "{text}: {refusal}");
    }
    let mut cloud = fields("host=h", &[]);
    cloud.use_aws_iam = true;
    assert!(Settings::read(&cloud).err().unwrap().to_string().contains("`useAWSIAM: true` is not supported"));
    let mut short = fields("host=h", &[]);
    short.timeout = Duration::from_millis(999);
    assert!(Settings::read(&short).err().unwrap().to_string().contains("`timeout` must be at least 1s"));
}
