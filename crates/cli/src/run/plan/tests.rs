//! Plans: ports, app ids, and the files of a new machine.

use super::*;
use std::os::unix::fs::PermissionsExt;

/// A home with a `daprd` that is never run.
fn home() -> (tempfile::TempDir, Home) {
    let base = tempfile::tempdir().unwrap();
    let home = Home::under(base.path()).unwrap();
    std::fs::create_dir_all(home.bin()).unwrap();
    let daprd = home.bin().join("daprd");
    std::fs::write(&daprd, "").unwrap();
    std::fs::set_permissions(&daprd, std::fs::Permissions::from_mode(0o755)).unwrap();
    (base, home)
}

fn plan(settings: Settings, home: &Home) -> Result<Plan> {
    Planner::new(&[], false).plan(settings, home)
}

#[test]
fn a_new_machine_gets_the_default_components() {
    let (_base, home) = home();
    let plan = plan(Settings::default(), &home).unwrap();
    assert_eq!(plan.settings.resources_paths, [home.components()]);
    assert!(home.components().join("statestore.yaml").exists());
    assert_eq!(plan.settings.config, Some(home.config_file()));
    assert!(!plan.settings.app_id.is_empty());
    assert_eq!(plan.daprd, home.bin().join("daprd"));
    assert_eq!(plan.profile_port, None);
}

#[test]
fn resources_of_the_user_leave_the_home_alone() {
    let (base, home) = home();
    let settings = Settings { resources_paths: vec![base.path().to_path_buf()], ..Settings::default() };
    plan(settings, &home).unwrap();
    assert!(!home.components().exists());
}

#[test]
fn an_emptied_components_directory_stays_empty() {
    let (_base, home) = home();
    std::fs::create_dir_all(home.components()).unwrap();
    let plan = plan(Settings::default(), &home).unwrap();
    assert_eq!(std::fs::read_dir(home.components()).unwrap().count(), 0);
    assert_eq!(plan.settings.config, None);
}

#[test]
fn what_cannot_work_is_refused_before_anything_starts() {
    let (_base, home) = home();
    let wrong = [
        (
            Settings { resources_paths: vec!["/no/such".into()], ..Settings::default() },
            "error validating resources path /no/such",
        ),
        (Settings { config: Some("/no/config".into()), ..Settings::default() }, "/no/config does not exist"),
        (Settings { max_body_size: "big".into(), ..Settings::default() }, "invalid max request body size"),
        (
            Settings { command: vec!["no-such-program".into()], ..Settings::default() },
            "Failed to find command no-such-program",
        ),
    ];
    for (settings, message) in wrong {
        let error = plan(settings, &home).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_program_is_looked_up_where_the_app_will_run() {
    let settings = Settings { directory: Some("/bin".into()), ..Settings::default() };
    assert!(can_be_run("./sh", &settings));
    assert!(can_be_run("sh", &settings));
    assert!(!can_be_run("./sh", &Settings { directory: Some("/".into()), ..Settings::default() }));
}

#[test]
fn a_port_that_a_later_app_names_is_not_given_to_an_earlier_one() {
    let (_base, home) = home();
    let port = std::net::TcpListener::bind(("0.0.0.0", 0)).unwrap().local_addr().unwrap().port();
    let later = Settings { http_port: port.into(), app_port: 7, ..Settings::default() };
    assert_eq!(later.ports().collect::<Vec<_>>(), [7, i32::from(port)]);
    let mut planner = Planner::new(&[], false);
    planner.reserve([&later]);
    planner.plan(Settings::default(), &home).unwrap();
    assert_eq!(planner.plan(later, &home).unwrap().http_port, port);
}

#[test]
fn two_apps_of_one_run_get_different_ports_and_names() {
    let (_base, home) = home();
    let mut planner = Planner::new(&[], false);
    let (one, two) =
        (planner.plan(Settings::default(), &home).unwrap(), planner.plan(Settings::default(), &home).unwrap());
    assert_ne!(one.settings.app_id, two.settings.app_id);
    let ports: std::collections::HashSet<u16> =
        [&one, &two].iter().flat_map(|p| [p.http_port, p.grpc_port, p.metrics_port, p.internal_grpc_port]).collect();
    assert_eq!(ports.len(), 8);
}
